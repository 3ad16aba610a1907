"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..ops.comparison import where
from ..ops.loss import binary_cross_entropy_with_logits
from . import constraints
from .exp_family import ExponentialFamily
from .odds import Odds, one_of
from .utils import broadcast_all, clamp_probs, even

Tensor = _core.Tensor


class ContinuousBernoulli(Odds, ExponentialFamily):
    """The continuous Bernoulli distribution, over [0, 1].

    p(x) = C * probs ** x * (1 - probs) ** (1 - x), with C = 2 atanh(1 - 2 probs) / (1 - 2 probs), which is 2 at 1 / 2

    Args:
        probs: Parameter in (0, 1); not the mean.
        logits: Its log odds; either is given.
        lims: Between these, where the closed forms lose digits, Taylor series around 1 / 2 are used.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: batch_shape; event: ().

    Raises:
        ValueError: both or none of the parameters are given, or a parameter is out of its range.

    References:
        Loaiza-Ganem and Cunningham (2019), arXiv:1907.06845.

    Example:
        >>> distributions.ContinuousBernoulli(0.5).mean
        tensor(0.5000)
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0
    _params: ClassVar = {"probs": 0, "logits": 0}

    def __init__(
        self,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        one_of("ContinuousBernoulli", probs, logits)
        if probs is not None:
            (given,) = broadcast_all(probs)
            if validate_args and not constraints.unit_interval.check(given).all():
                raise expected("ContinuousBernoulli", "probs in [0, 1]", f"{given!r}")
            self.probs = clamp_probs(given)
        else:
            (self.logits,) = broadcast_all(logits)
        self._lims = lims
        super().__init__(self._param.shape, validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        new._lims = self._lims

    def _closed(self) -> Tensor:
        """Where the closed forms are good."""
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _kept(self) -> Tensor:
        """The parameter, and a harmless value where the closed forms are not used, so that their gradients stay finite."""
        return where(self._closed(), self.probs, self._lims[0])

    def _log_odds(self, p: Tensor) -> Tensor:
        return p.log() - (-p).log1p()

    def _log_constant(self) -> Tensor:
        """log C."""
        p = self._kept()
        closed = self._log_odds(p).abs().log() - (1 - 2 * p).abs().log()
        x = (self.probs - 0.5).square()
        return where(self._closed(), closed, math.log(2) + (4 / 3 + 104 / 45 * x) * x)

    @property
    def mean(self) -> Tensor:
        p, x = self._kept(), self.probs - 0.5
        return where(self._closed(), p / (2 * p - 1) - 1 / self._log_odds(p), 0.5 + (1 / 3 + 16 / 45 * x.square()) * x)

    @property
    def variance(self) -> Tensor:
        p, x = self._kept(), (self.probs - 0.5).square()
        closed = p * (p - 1) / (1 - 2 * p).square() + 1 / self._log_odds(p).square()
        return where(self._closed(), closed, 1 / 12 - (1 / 15 - 128 / 945 * x) * x)

    @property
    def stddev(self) -> Tensor:
        return self.variance.sqrt()

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        return self.icdf(even(self._extended_shape(sample_shape), self.probs))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return self._log_constant() - binary_cross_entropy_with_logits(logits, value, reduction="none")

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        p = self._kept()
        closed = (p.pow(value) * (1 - p).pow(1 - value) + p - 1) / (2 * p - 1)
        inside = where(self._closed(), closed, value)
        return where(value <= 0, 0.0, where(value >= 1, 1.0, inside))

    def icdf(self, value: Tensor) -> Tensor:
        p = self._kept()
        closed = ((-p + value * (2 * p - 1)).log1p() - (-p).log1p()) / self._log_odds(p)
        return where(self._closed(), closed, value)

    def entropy(self) -> Tensor:
        return -self.mean * self._log_odds(self.probs) - self._log_constant() - (-self.probs).log1p()

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        # log((e ** x - 1) / x), and its series around 0
        near = (self._lims[0] - 0.5) * 4 < x
        near = near & (x <= (self._lims[1] - 0.5) * 4)
        kept = where(near, (self._lims[0] - 0.5) * 4, x)
        return where(near, 0.5 * x + x.square() / 24 - x.pow(4) / 2880, kept.expm1().abs().log() - kept.abs().log())
