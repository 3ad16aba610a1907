"""The geometric distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..limits import finfo
from ..ops.comparison import where
from ..ops.creation import zeros_like
from ..ops.loss import binary_cross_entropy_with_logits
from . import constraints
from .distribution import Distribution
from .odds import Odds, one_of
from .utils import broadcast_all, even

Tensor = _core.Tensor


class Geometric(Odds, Distribution):
    """The geometric distribution, of the number of failures before the first success.

    P(k) = (1 - probs) ** k * probs

    Args:
        probs: Probability of success, in (0, 1].
        logits: Its log odds; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: batch_shape; event: ().

    Raises:
        ValueError: both or none of the parameters are given, or a probability is not in (0, 1].

    Example:
        >>> distributions.Geometric(0.25).mean
        tensor(3.)
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    _params: ClassVar = {"probs": 0, "logits": 0}

    def __init__(
        self, probs: Tensor | float | None = None, logits: Tensor | float | None = None, validate_args: bool | None = None
    ) -> None:
        one_of("Geometric", probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
        else:
            (self.logits,) = broadcast_all(logits)
        super().__init__(self._param.shape, validate_args=validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0).all():
            raise expected("Geometric", "probs > 0", f"{self.probs!r}", "or say validate_args=False")

    @property
    def mean(self) -> Tensor:
        return 1 / self.probs - 1

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        with _core.no_grad():
            u = even(self._extended_shape(sample_shape), self.probs).clamp(min=finfo(self.probs.dtype).tiny)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        # where success is certain, no failure is certain too: 0 * log 0 is 0
        failing = where((probs == 1) & (value == 0), 0.0, probs)
        return value * (-failing).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
