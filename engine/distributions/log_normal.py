"""The log-normal distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from . import constraints
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import ExpTransform

Tensor = _core.Tensor


class LogNormal(TransformedDistribution):
    """The log-normal distribution, of e to the power of a normal variable.

    p(x) = exp(-((log x - loc) / scale) ** 2 / 2) / (x scale sqrt(2 pi))

    Args:
        loc: Mean of the logarithm.
        scale: Standard deviation of the logarithm, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        loc, scale: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a scale is not positive, or a parameter is nan.

    Example:
        >>> distributions.LogNormal(0.0, 1.0).mean
        tensor(1.6487)
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True
    _params: ClassVar = {}

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args=validate_args), ExpTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """Mean of the logarithm."""
        return self.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """Standard deviation of the logarithm."""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        return (self.loc + self.scale.square() / 2).exp()

    @property
    def mode(self) -> Tensor:
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self) -> Tensor:
        square = self.scale.square()
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() + self.loc
