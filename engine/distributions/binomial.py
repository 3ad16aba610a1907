"""The binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.ext.core import _core

from ..ops.sampling_count import binomial
from ..ops.sequence import arange
from ..ops.smooth import logsigmoid
from . import constraints
from .distribution import Distribution
from .odds import Odds, one_of
from .utils import broadcast_all

Tensor = _core.Tensor


class Binomial(Odds, Distribution):
    """The binomial distribution, of the number of successes.

    P(k) = n! / (k! (n - k)!) * probs ** k * (1 - probs) ** (n - k), with n the total count

    Args:
        total_count: Number of trials, >= 0.
        probs: Probability of success, in [0, 1].
        logits: Its log odds; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        total_count, probs, logits: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: both or none of probs and logits are given, or a parameter is out of its range.
        NotImplementedError: entropy or enumerate_support of a batch with different counts.

    Example:
        >>> distributions.Binomial(4, tensor([0.25, 0.5])).mean
        tensor([1., 2.])
    """

    arg_constraints: ClassVar = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True
    _params: ClassVar = {"total_count": 0, "probs": 0, "logits": 0}

    def __init__(
        self,
        total_count: Tensor | int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        one_of("Binomial", probs, logits)
        if probs is not None:
            count, self.probs = broadcast_all(total_count, probs)
        else:
            count, self.logits = broadcast_all(total_count, logits)
        self.total_count = count.type_as(self._param)
        super().__init__(self._param.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().minimum(self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with _core.no_grad():
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n, logits = self.total_count, self.logits
        ways = (n + 1).lgamma() - (value + 1).lgamma() - (n - value + 1).lgamma()
        return ways + value * logits + n * logsigmoid(-logits)

    def entropy(self) -> Tensor:
        self._one_count("entropy")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def _one_count(self, what: str) -> int:
        count = int(self.total_count.max())
        if not int(self.total_count.min()) == count:
            raise NotImplementedError(f"Binomial: {what} needs one total_count for the whole batch")
        return count

    def enumerate_support(self, expand: bool = True) -> Tensor:
        count = self._one_count("enumerate_support")
        values = arange(1 + count, dtype=self._param.dtype).view(-1, *[1] * len(self.batch_shape))
        return values.expand(-1, *self.batch_shape) if expand else values
