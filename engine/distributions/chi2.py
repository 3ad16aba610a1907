"""The chi-squared distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from . import constraints
from .gamma import Gamma

Tensor = _core.Tensor


class Chi2(Gamma):
    """The chi-squared distribution, of the sum of squares of `df` standard normal variables.

    The gamma distribution with concentration df / 2 and rate 1 / 2.

    Args:
        df: Degrees of freedom, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        df: batch_shape; event: ().

    Raises:
        ValueError: a degree of freedom is not positive.

    Example:
        >>> distributions.Chi2(3.0).mean
        tensor(3.)
    """

    arg_constraints: ClassVar = {"df": constraints.positive}
    _params: ClassVar = {"concentration": 0, "rate": 0}

    def __init__(self, df: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    @property
    def df(self) -> Tensor:
        """Degrees of freedom."""
        return self.concentration * 2
