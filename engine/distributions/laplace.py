"""Laplace's distribution."""

from __future__ import annotations

import math
from typing import ClassVar

from workbench.ext.core import _core

from ..limits import finfo
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, even

Tensor = _core.Tensor


class Laplace(Distribution):
    """Laplace's distribution, of two exponential tails.

    p(x) = exp(-abs(x - loc) / scale) / (2 scale)

    Args:
        loc: Mean.
        scale: Mean distance from `loc`, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        loc, scale: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a scale is not positive, or a parameter is nan.

    Example:
        >>> distributions.Laplace(0.0, 1.0).log_prob(tensor(1.0))
        tensor(-1.6931)
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _params: ClassVar = {"loc": 0, "scale": 0}

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return 2 * self.scale.square()

    @property
    def stddev(self) -> Tensor:
        return math.sqrt(2) * self.scale

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        # in (-1, 1): at the ends the logarithm would be infinite
        u = (2 * even(self._extended_shape(sample_shape), self.loc) - 1).clamp(min=finfo(self.loc.dtype).eps - 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        offset = value - self.loc
        return 0.5 - 0.5 * offset.sign() * (-offset.abs() / self.scale).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        offset = value - 0.5
        return self.loc - self.scale * offset.sign() * (-2 * offset.abs()).log1p()

    def entropy(self) -> Tensor:
        return 1 + (2 * self.scale).log()
