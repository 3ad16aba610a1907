"""The generalised Pareto distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..ops.comparison import where
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, even

Tensor = _core.Tensor


class GeneralizedPareto(Distribution):
    """The generalised Pareto distribution, of what exceeds a high threshold.

    p(x) = (1 + concentration * y) ** (-1 / concentration - 1) / scale, with y = (x - loc) / scale; exp(-y) / scale at concentration 0

    Args:
        loc: Least value.
        scale: Scale, > 0.
        concentration: Weight of the tail; below 0 the support ends at loc - scale / concentration.
        validate_args: Whether arguments are checked.

    Shape:
        loc, scale, concentration: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a scale is not positive.

    Example:
        >>> distributions.GeneralizedPareto(0.0, 1.0, 0.5).mean
        tensor(2.)
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real}
    has_rsample = True
    _params: ClassVar = {"loc": 0, "scale": 0, "concentration": 0}

    def __init__(
        self, loc: Tensor | float, scale: Tensor | float, concentration: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def _split(self) -> tuple[Tensor, Tensor]:
        """Where the distribution is an exponential one, and the concentration with 1 in place of 0 there."""
        c = self.concentration
        exponential = c.isclose(c.new_zeros(()))
        return exponential, where(exponential, 1.0, c)

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        return self.icdf(even(self._extended_shape(sample_shape), self.loc))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        exponential, c = self._split()
        return where(exponential, -y, -(1 / c + 1) * (c * y).log1p()) - self.scale.log()

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of more than a value."""
        if self._validate_args:
            self._validate_sample(value)
        y = (value - self.loc) / self.scale
        exponential, c = self._split()
        return where(exponential, -y, -(c * y).log1p() / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of at most a value."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        exponential, c = self._split()
        left = (-value).log1p()
        return self.loc + self.scale * where(exponential, -left, (-c * left).expm1() / c)

    @property
    def mean(self) -> Tensor:
        c = self.concentration
        below = c < 1
        return where(below, self.loc + self.scale / (1 - where(below, c, 0.5)), math.inf)

    @property
    def variance(self) -> Tensor:
        below = self.concentration < 0.5
        c = where(below, self.concentration, 0.25)
        return where(below, self.scale.square() / ((1 - c).square() * (1 - 2 * c)), math.nan)

    def entropy(self) -> Tensor:
        return self.scale.log() + self.concentration + 1

    @property
    def mode(self) -> Tensor:
        return self.loc

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        return constraints.interval(self.loc, where(self.concentration < 0, self.loc - self.scale / self.concentration, math.inf))
