"""Student's t-distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..ops.comparison import where
from . import constraints
from .chi2 import Chi2
from .distribution import Distribution
from .utils import broadcast_all, standard_normal

Tensor = _core.Tensor


class StudentT(Distribution):
    """Student's t-distribution.

    p(x) = gamma((df + 1) / 2) / (gamma(df / 2) sqrt(pi df) scale) * (1 + y ** 2 / df) ** (-(df + 1) / 2), with y = (x - loc) / scale

    Args:
        df: Degrees of freedom, > 0.
        loc: Mode, and mean where df > 1.
        scale: Scale, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        df, loc, scale: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: df or a scale is not positive.

    Example:
        >>> distributions.StudentT(4.0).variance
        tensor(2.)
    """

    arg_constraints: ClassVar = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _params: ClassVar = {"df": 0, "loc": 0, "scale": 0}

    def __init__(
        self, df: Tensor | float, loc: Tensor | float = 0.0, scale: Tensor | float = 1.0, validate_args: bool | None = None
    ) -> None:
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        self._chi2 = Chi2(self.df, validate_args=False)
        super().__init__(self.df.shape, validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        new._chi2 = self._chi2.expand(batch_shape)

    @property
    def mean(self) -> Tensor:
        return where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        finite = self.scale.square() * self.df / (self.df - 2)
        return where(self.df > 2, finite, where(self.df > 1, math.inf, math.nan).to(finite.dtype))

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        normal = standard_normal(self._extended_shape(sample_shape), self.df)
        return self.loc + self.scale * normal * (self._chi2.rsample(sample_shape) / self.df).rsqrt()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        df = self.df
        half = 0.5 * (df + 1)
        y = (value - self.loc) / self.scale
        normalizer = self.scale.log() + 0.5 * (df.log() + math.log(math.pi)) + (0.5 * df).lgamma() - half.lgamma()
        return -half * (y.square() / df).log1p() - normalizer

    def entropy(self) -> Tensor:
        df = self.df
        log_beta = (0.5 * df).lgamma() + math.lgamma(0.5) - (0.5 * (df + 1)).lgamma()
        slopes = (0.5 * (df + 1)).digamma() - (0.5 * df).digamma()
        return self.scale.log() + 0.5 * (df + 1) * slopes + 0.5 * df.log() + log_beta
