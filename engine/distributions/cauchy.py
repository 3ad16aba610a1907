"""Cauchy's distribution."""

from __future__ import annotations

import math
from typing import ClassVar

from workbench.ext.core import _core

from ..ops.creation import full_like
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, even

Tensor = _core.Tensor


class Cauchy(Distribution):
    """Cauchy's distribution, that of the ratio of two normal variables; it has no mean and no variance.

    p(x) = 1 / (pi scale (1 + ((x - loc) / scale) ** 2))

    Args:
        loc: Median and mode.
        scale: Half the width at half the height, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        loc, scale: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a scale is not positive, or a parameter is nan.

    Example:
        >>> distributions.Cauchy(0.0, 1.0).cdf(tensor(1.0))
        tensor(0.7500)
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
        return full_like(self.loc, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return full_like(self.loc, math.inf)

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        u = even(self._extended_shape(sample_shape), self.loc)
        return self.loc + (math.pi * (u - 0.5)).tan() * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -math.log(math.pi) - self.scale.log() - ((value - self.loc) / self.scale).square().log1p()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Tensor:
        return math.log(4 * math.pi) + self.scale.log()
