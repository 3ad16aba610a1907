"""The categorical distribution of vectors with a single one."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.ext.core import _core

from ..ops.one_hot import one_hot
from ..ops.sequence import eye
from . import constraints
from .categorical import Categorical
from .distribution import Distribution

Tensor = _core.Tensor


class OneHotCategorical(Distribution):
    """The categorical distribution of vectors with a single one.

    P(the one is at i) = probs[i]

    Args:
        probs: Probabilities >= 0; they are divided by their sum.
        logits: Their logarithms, up to a constant; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: (*batch_shape, k); event: (k,).

    Raises:
        ValueError: both or none of the parameters are given, or a probability is negative.

    Example:
        >>> distributions.OneHotCategorical(tensor([0.0, 1.0])).sample()
        tensor([0., 1.])
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True
    _params: ClassVar = {}

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        new._categorical = self._categorical.expand(batch_shape)

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return one_hot(self.probs.argmax(-1), self.event_shape[0]).to(self.probs.dtype)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        with _core.no_grad():
            return one_hot(self._categorical.sample(sample_shape), self.event_shape[0]).to(self._categorical._param.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = self.event_shape[0]
        values = eye(n, dtype=self._categorical._param.dtype).view(n, *[1] * len(self.batch_shape), n)
        return values.expand(n, *self.batch_shape, n) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """The same, whose samples pass the gradient straight through to the probabilities.

    Args:
        probs: Probabilities >= 0; they are divided by their sum.
        logits: Their logarithms, up to a constant; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: (*batch_shape, k); event: (k,).

    References:
        Bengio, Leonard and Courville (2013), arXiv:1308.3432.

    Example:
        >>> distributions.OneHotCategoricalStraightThrough(tensor([0.0, 1.0])).rsample()
        tensor([0., 1.])
    """

    has_rsample = True

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        """A sample that counts as the probabilities in backward."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
