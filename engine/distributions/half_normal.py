"""The half-normal distribution."""

from __future__ import annotations

import math
from typing import ClassVar

from workbench.ext.core import _core

from ..ops.comparison import where
from ..ops.creation import zeros_like
from . import constraints
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import AbsTransform

Tensor = _core.Tensor


class HalfNormal(TransformedDistribution):
    """The half-normal distribution, of the absolute value of a normal variable of mean 0.

    p(x) = sqrt(2 / pi) / scale * exp(-(x / scale) ** 2 / 2), x >= 0

    Args:
        scale: Standard deviation of the normal variable, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        scale: batch_shape; event: ().

    Raises:
        ValueError: a scale is not positive.

    Example:
        >>> distributions.HalfNormal(1.0).mean
        tensor(0.7979)
    """

    arg_constraints: ClassVar = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _params: ClassVar = {}

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    @property
    def scale(self) -> Tensor:
        """Standard deviation of the normal variable."""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        return self.scale.square() * (1 - 2 / math.pi)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, prob: Tensor) -> Tensor:
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
