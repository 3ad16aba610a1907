"""The half-Cauchy distribution."""

from __future__ import annotations

import math
from typing import ClassVar

from workbench.ext.core import _core

from ..ops.comparison import where
from ..ops.creation import full_like, zeros_like
from ..ops.data import as_tensor
from . import constraints
from .cauchy import Cauchy
from .transformed_distribution import TransformedDistribution
from .transforms import AbsTransform

Tensor = _core.Tensor


class HalfCauchy(TransformedDistribution):
    """The half-Cauchy distribution, of the absolute value of a Cauchy variable of median 0.

    p(x) = 2 / (pi scale (1 + (x / scale) ** 2)), x >= 0

    Args:
        scale: Half the width at half the height of the Cauchy variable, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        scale: batch_shape; event: ().

    Raises:
        ValueError: a scale is not positive.

    Example:
        >>> distributions.HalfCauchy(1.0).cdf(tensor(1.0))
        tensor(0.5000)
    """

    arg_constraints: ClassVar = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _params: ClassVar = {}

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    @property
    def scale(self) -> Tensor:
        """Half the width at half the height of the Cauchy variable."""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        return full_like(self.scale, math.inf)

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        value = as_tensor(value, dtype=self.scale.dtype)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, prob: Tensor) -> Tensor:
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
