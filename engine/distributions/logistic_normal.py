"""The logistic-normal distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from . import constraints
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import StickBreakingTransform

Tensor = _core.Tensor


class LogisticNormal(TransformedDistribution):
    """The logistic-normal distribution, of vectors of probabilities that normal variables break a stick into.

    y = StickBreakingTransform(x), x ~ N(loc, scale)

    Args:
        loc: Means of the normal variables.
        scale: Standard deviations of the normal variables, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        loc, scale: shapes that broadcast to (*batch_shape, k - 1); event: (k,).

    Raises:
        ValueError: a scale is not positive, or a parameter is nan.

    Example:
        >>> distributions.LogisticNormal(zeros(2), ones(2)).event_shape
        torch.Size([3])
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True
    _params: ClassVar = {}

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """Means of the normal variables."""
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """Standard deviations of the normal variables."""
        return self.base_dist.base_dist.scale
