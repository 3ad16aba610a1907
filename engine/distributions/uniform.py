"""The even distribution over an interval."""

from __future__ import annotations

import math
from typing import Any

from workbench.ext.core import _core

from ..errors import expected
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, even

Tensor = _core.Tensor


class Uniform(Distribution):
    """The even distribution over [low, high).

    p(x) = 1 / (high - low)

    Args:
        low: Least value.
        high: Upper end, above `low`.
        validate_args: Whether arguments are checked.

    Shape:
        low, high: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: `low` is not below `high`.

    Example:
        >>> distributions.Uniform(0.0, 4.0).log_prob(tensor(1.0))
        tensor(-1.3863)
    """

    has_rsample = True
    _params = {"low": 0, "high": 0}  # noqa: RUF012

    def __init__(self, low: Tensor | float, high: Tensor | float, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not (self.low < self.high).all():
            raise expected("Uniform", "low < high", f"{self.low!r} and {self.high!r}")

    @property
    def arg_constraints(self) -> Any:
        return {"low": constraints.less_than(self.high), "high": constraints.greater_than(self.low)}

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        return math.nan * self.high

    @property
    def stddev(self) -> Tensor:
        return (self.high - self.low) / math.sqrt(12)

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low).square() / 12

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        return self.low + even(self._extended_shape(sample_shape), self.low) * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        inside = (self.low <= value) & (value < self.high)
        return inside.type_as(self.low).log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Tensor) -> Tensor:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()
