"""The gamma distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from ..limits import finfo
from ..ops.gamma import igamma
from ..ops.sampling import _standard_gamma
from . import constraints
from .exp_family import ExponentialFamily
from .utils import broadcast_all

Tensor = _core.Tensor


def standard_gamma(concentration: Tensor) -> Tensor:
    """Samples of gamma distributions of rate 1, with a derivative for the concentration."""
    return _standard_gamma(concentration)


class Gamma(ExponentialFamily):
    """The gamma distribution.

    p(x) = rate ** concentration * x ** (concentration - 1) * exp(-rate x) / gamma(concentration)

    Args:
        concentration: Shape parameter, > 0.
        rate: One over the scale, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        concentration, rate: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a parameter is not positive.

    Example:
        >>> distributions.Gamma(3.0, 2.0).mean
        tensor(1.5000)
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0
    _params: ClassVar = {"concentration": 0, "rate": 0}

    def __init__(self, concentration: Tensor | float, rate: Tensor | float, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.square()

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        value = standard_gamma(self.concentration.expand(shape)) / self.rate
        return value.clamp(min=finfo(value.dtype).tiny)  # at 0 the density may be infinite

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        a, rate = self.concentration, self.rate
        return a.xlogy(rate) + (a - 1).xlogy(value) - rate * value - a.lgamma()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return igamma(self.concentration, self.rate * value)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        return (x + 1).lgamma() - (x + 1) * (-y).log()
