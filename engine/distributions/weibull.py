"""Weibull's distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from ..ops.comparison import where
from ..ops.creation import ones_like
from . import constraints
from .exponential import Exponential
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, PowerTransform
from .utils import broadcast_all, euler_constant

Tensor = _core.Tensor


class Weibull(TransformedDistribution):
    """Weibull's distribution, of times to failure.

    P(at most x) = 1 - exp(-(x / scale) ** concentration)

    Args:
        scale: Scale, > 0.
        concentration: Shape parameter, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        scale, concentration: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a parameter is not positive.

    Example:
        >>> distributions.Weibull(2.0, 1.0).mean
        tensor(2.)
    """

    arg_constraints: ClassVar = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive
    _params: ClassVar = {"scale": 0, "concentration": 0}

    def __init__(self, scale: Tensor | float, concentration: Tensor | float, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        base = Exponential(ones_like(self.scale), validate_args=validate_args)
        transforms = [PowerTransform(exponent=self.concentration.reciprocal()), AffineTransform(loc=0, scale=self.scale)]
        super().__init__(base, transforms, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale * (1 + self.concentration.reciprocal()).lgamma().exp()

    @property
    def mode(self) -> Tensor:
        """0 where the concentration is 1 or less."""
        c = where(self.concentration > 1, self.concentration, 1.0)
        return self.scale * ((c - 1) / c).pow(1 / c)

    @property
    def variance(self) -> Tensor:
        first, second = ((1 + n / self.concentration).lgamma() for n in (1, 2))
        return self.scale.square() * (second.exp() - (2 * first).exp())

    def entropy(self) -> Tensor:
        inverse = self.concentration.reciprocal()
        return euler_constant * (1 - inverse) + (self.scale * inverse).log() + 1
