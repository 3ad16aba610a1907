"""Poisson's distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from ..ops.sampling_count import poisson
from . import constraints
from .exp_family import ExponentialFamily
from .utils import broadcast_all

Tensor = _core.Tensor


class Poisson(ExponentialFamily):
    """Poisson's distribution, of the number of events.

    P(k) = rate ** k * exp(-rate) / k!

    Args:
        rate: Mean, >= 0.
        validate_args: Whether arguments are checked.

    Shape:
        rate: batch_shape; event: ().

    Raises:
        ValueError: a rate is negative.

    Example:
        >>> distributions.Poisson(2.0).log_prob(tensor(0.0))
        tensor(-2.)
    """

    arg_constraints: ClassVar = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer
    _params: ClassVar = {"rate": 0}

    def __init__(self, rate: Tensor | float, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate

    @property
    def mode(self) -> Tensor:
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        return self.rate

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        with _core.no_grad():
            return poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return value.xlogy(self.rate) - self.rate - (value + 1).lgamma()

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.rate.log(),)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return x.exp()
