"""The inverse gamma distribution."""

from __future__ import annotations

import math
from typing import ClassVar

from workbench.ext.core import _core

from ..ops.comparison import where
from . import constraints
from .gamma import Gamma
from .transformed_distribution import TransformedDistribution
from .transforms import PowerTransform

Tensor = _core.Tensor


class InverseGamma(TransformedDistribution):
    """The inverse gamma distribution, of one over a gamma variable.

    p(x) = rate ** concentration / gamma(concentration) * x ** (-concentration - 1) * exp(-rate / x)

    Args:
        concentration: Shape parameter, > 0.
        rate: Rate of the gamma variable, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        concentration, rate: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a parameter is not positive.

    Example:
        >>> distributions.InverseGamma(3.0, 4.0).mean
        tensor(2.)
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True
    _params: ClassVar = {}

    def __init__(self, concentration: Tensor | float, rate: Tensor | float, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        super().__init__(base, PowerTransform(-base.rate.new_ones(())), validate_args=validate_args)

    @property
    def concentration(self) -> Tensor:
        """Shape parameter."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Tensor:
        """Rate of the gamma variable."""
        return self.base_dist.rate

    @property
    def mean(self) -> Tensor:
        a = self.concentration
        return where(a > 1, self.rate / (a - 1), math.inf)

    @property
    def mode(self) -> Tensor:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        a = self.concentration
        return where(a > 2, self.rate.square() / ((a - 1).square() * (a - 2)), math.inf)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()
