"""The distribution of Fisher and Snedecor."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..limits import finfo
from ..ops.comparison import where
from . import constraints
from .distribution import Distribution
from .gamma import Gamma
from .utils import broadcast_all

Tensor = _core.Tensor


class FisherSnedecor(Distribution):
    """The F-distribution, of the ratio of two mean squares.

    p(x) = (df1 / df2) ** (df1 / 2) * x ** (df1 / 2 - 1) * (1 + x df1 / df2) ** (-(df1 + df2) / 2) / B(df1 / 2, df2 / 2)

    Args:
        df1: Degrees of freedom above, > 0.
        df2: Degrees of freedom below, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        df1, df2: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a parameter is not positive.

    Example:
        >>> distributions.FisherSnedecor(1.0, 4.0).mean
        tensor(2.)
    """

    arg_constraints: ClassVar = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True
    _params: ClassVar = {"df1": 0, "df2": 0}

    def __init__(self, df1: Tensor | float, df2: Tensor | float, validate_args: bool | None = None) -> None:
        self.df1, self.df2 = broadcast_all(df1, df2)
        self._gammas = [Gamma(0.5 * df, df, validate_args=False) for df in (self.df1, self.df2)]
        super().__init__(self.df1.shape, validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        new._gammas = [g.expand(batch_shape) for g in self._gammas]

    @property
    def mean(self) -> Tensor:
        return where(self.df2 > 2, self.df2 / (self.df2 - 2), math.nan)

    @property
    def mode(self) -> Tensor:
        return where(self.df1 > 2, (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2), math.nan)

    @property
    def variance(self) -> Tensor:
        a, b = self.df1, self.df2
        return where(b > 4, 2 * b.square() * (a + b - 2) / (a * (b - 2).square() * (b - 4)), math.nan)

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        tiny = finfo(self.df1.dtype).tiny
        above, below = (g.rsample(sample_shape) for g in self._gammas)
        return (above / below.clamp(min=tiny)).clamp(min=tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        a, b = 0.5 * self.df1, 0.5 * self.df2
        ratio = self.df1 / self.df2
        normalizer = (a + b).lgamma() - a.lgamma() - b.lgamma()
        return normalizer + a * ratio.log() + (a - 1) * value.log() - (a + b) * (ratio * value).log1p()
