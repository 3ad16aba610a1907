"""The negative binomial distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from ..ops.comparison import where
from ..ops.sampling_count import poisson
from ..ops.smooth import logsigmoid
from . import constraints
from .distribution import Distribution
from .gamma import standard_gamma
from .odds import Odds, one_of
from .utils import broadcast_all

Tensor = _core.Tensor


class NegativeBinomial(Odds, Distribution):
    """The negative binomial distribution, of the number of successes before a number of failures.

    P(k) = gamma(k + n) / (k! gamma(n)) * (1 - probs) ** n * probs ** k, with n the total count

    Args:
        total_count: Number of failures, >= 0, not necessarily whole.
        probs: Probability of success, in [0, 1).
        logits: Its log odds; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        total_count, probs, logits: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: both or none of probs and logits are given, or a parameter is out of its range.

    Example:
        >>> distributions.NegativeBinomial(2, tensor([0.5])).mean
        tensor([2.])
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    _params: ClassVar = {"total_count": 0, "probs": 0, "logits": 0}

    def __init__(
        self,
        total_count: Tensor | float,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        one_of("NegativeBinomial", probs, logits)
        if probs is not None:
            count, self.probs = broadcast_all(total_count, probs)
        else:
            count, self.logits = broadcast_all(total_count, logits)
        self.total_count = count.type_as(self._param)
        super().__init__(self._param.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        # events at a rate that is itself drawn from a gamma distribution
        with _core.no_grad():
            return poisson(standard_gamma(self.total_count.expand(self._extended_shape(sample_shape))) * self.logits.exp())

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n, logits = self.total_count, self.logits
        ways = (n + value).lgamma() - (1 + value).lgamma() - n.lgamma()
        # without failures to wait for there is one way of no success
        ways = where(n + value == 0, 0.0, ways)
        return n * logsigmoid(-logits) + value * logsigmoid(logits) + ways
