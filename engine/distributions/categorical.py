"""The categorical distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..limits import finfo
from ..ops.creation import full
from ..ops.order import broadcast_shapes
from ..ops.sampling import category_at, even
from ..ops.sequence import arange
from . import constraints
from .distribution import Distribution
from .odds import Odds, one_of

Tensor = _core.Tensor


class Categorical(Odds, Distribution):
    """The categorical distribution, of one of k categories 0 to k - 1.

    P(i) = probs[i]

    Args:
        probs: Probabilities >= 0; they are divided by their sum.
        logits: Their logarithms, up to a constant; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: (*batch_shape, k); event: ().

    Raises:
        ValueError: both or none of the parameters are given, they have no dimension, or a probability is negative.

    Example:
        >>> distributions.Categorical(tensor([1.0, 3.0])).probs
        tensor([0.2500, 0.7500])
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _binary = False
    _params: ClassVar = {"probs": 1, "logits": 1}

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None) -> None:
        one_of("Categorical", probs, logits)
        given: Any = logits if probs is None else probs
        if given.ndim < 1:
            raise expected("Categorical", "probs or logits of one or more dimensions", given)
        if probs is not None:
            self.probs = given / given.sum(-1, True)
        else:
            self.logits = given - given.logsumexp(-1, True)
        super().__init__(given.shape[:-1], validate_args=validate_args)

    @property
    def _num_events(self) -> int:
        return self._param.shape[-1]

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Tensor:
        return full(self._extended_shape(), math.nan, dtype=self.probs.dtype)

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Tensor:
        return full(self._extended_shape(), math.nan, dtype=self.probs.dtype)

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        with _core.no_grad():
            drawn = category_at(self.probs, even((math.prod(sample_shape), *self._batch_shape)))
            return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, index = self.logits, value.long()
        if index.shape != logits.shape[:-1]:
            shape = broadcast_shapes(index.shape, logits.shape[:-1])
            logits, index = logits.expand((*shape, -1)), index.expand(shape)
        return logits.gather(-1, index.unsqueeze(-1)).squeeze(-1)

    def entropy(self) -> Tensor:
        # log 0 would be -inf, and 0 * -inf nan
        return -(self.logits.clamp(min=finfo(self.logits.dtype).min) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = arange(self._num_events).view(-1, *[1] * len(self.batch_shape))
        return values.expand(-1, *self.batch_shape) if expand else values
