"""Bernoulli's distribution."""

from __future__ import annotations

import math
from typing import ClassVar

from workbench.ext.core import _core

from ..ops.comparison import where
from ..ops.loss import binary_cross_entropy_with_logits
from ..ops.random import bernoulli
from ..ops.sequence import arange
from ..ops.smooth import softplus
from . import constraints
from .exp_family import ExponentialFamily
from .odds import Odds, one_of
from .utils import broadcast_all

Tensor = _core.Tensor


class Bernoulli(Odds, ExponentialFamily):
    """Bernoulli's distribution, of one trial.

    P(1) = probs, P(0) = 1 - probs

    Args:
        probs: Probability of 1, in [0, 1].
        logits: Its log odds; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: batch_shape; event: ().

    Raises:
        ValueError: both or none of the parameters are given, or a probability is not in [0, 1].

    Example:
        >>> distributions.Bernoulli(0.25).variance
        tensor(0.1875)
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0
    _params: ClassVar = {"probs": 0, "logits": 0}

    def __init__(
        self, probs: Tensor | float | None = None, logits: Tensor | float | None = None, validate_args: bool | None = None
    ) -> None:
        one_of("Bernoulli", probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
        else:
            (self.logits,) = broadcast_all(logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return where(self.probs == 0.5, math.nan, (self.probs >= 0.5).to(self.probs.dtype))

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        with _core.no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = arange(2, dtype=self._param.dtype).view(-1, *[1] * len(self.batch_shape))
        return values.expand(-1, *self.batch_shape) if expand else values

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.probs.logit(),)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return softplus(x)
