"""Pareto's distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.ext.core import _core

from . import constraints
from .exponential import Exponential
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, ExpTransform
from .utils import broadcast_all

Tensor = _core.Tensor


class Pareto(TransformedDistribution):
    """Pareto's distribution, with a tail that falls by a power.

    p(x) = alpha * scale ** alpha / x ** (alpha + 1), x >= scale

    Args:
        scale: Least value, > 0.
        alpha: The power, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        scale, alpha: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a parameter is not positive.

    Example:
        >>> distributions.Pareto(1.0, 2.0).mean
        tensor(2.)
    """

    arg_constraints: ClassVar = {"alpha": constraints.positive, "scale": constraints.positive}
    _params: ClassVar = {"scale": 0, "alpha": 0}

    def __init__(self, scale: Tensor | float, alpha: Tensor | float, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args=validate_args)
        super().__init__(base, [ExpTransform(), AffineTransform(loc=0, scale=self.scale)], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        a = self.alpha.clamp(min=1)  # inf where there is none
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        a = self.alpha.clamp(min=2)  # inf where there is none
        return self.scale.square() * a / ((a - 1).square() * (a - 2))

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        return constraints.greater_than_eq(self.scale)

    def entropy(self) -> Tensor:
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())
