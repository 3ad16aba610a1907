"""The exponential distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from ..ops.creation import zeros_like
from . import constraints
from .exp_family import ExponentialFamily
from .utils import broadcast_all, even

Tensor = _core.Tensor


class Exponential(ExponentialFamily):
    """The exponential distribution, of waiting times.

    p(x) = rate * exp(-rate * x)

    Args:
        rate: One over the mean, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        rate: batch_shape; event: ().

    Raises:
        ValueError: a rate is not positive.

    Example:
        >>> distributions.Exponential(2.0).mean
        tensor(0.5000)
    """

    arg_constraints: ClassVar = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0
    _params: ClassVar = {"rate": 0}

    def __init__(self, rate: Tensor | float, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate.reciprocal()

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.rate)

    @property
    def stddev(self) -> Tensor:
        return self.rate.reciprocal()

    @property
    def variance(self) -> Tensor:
        return self.rate.pow(-2)

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        return -(-even(self._extended_shape(sample_shape), self.rate)).log1p() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -(-self.rate * value).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        return -(-value).log1p() / self.rate

    def entropy(self) -> Tensor:
        return 1 - self.rate.log()

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (-self.rate,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return -(-x).log()
