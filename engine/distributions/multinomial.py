"""The multinomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..ops.comparison import where
from ..ops.creation import ones_like, zeros
from . import constraints
from .binomial import Binomial
from .categorical import Categorical
from .distribution import Distribution
from .utils import broadcast_all

Tensor = _core.Tensor


class Multinomial(Distribution):
    """The multinomial distribution, of the counts of k categories in a number of trials.

    P(x) = n! * product of probs_i ** x_i / x_i!, with n the total count

    Args:
        total_count: Number of trials.
        probs: Probabilities >= 0; they are divided by their sum.
        logits: Their logarithms, up to a constant; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: (*batch_shape, k); event: (k,).

    Raises:
        ValueError: both or none of probs and logits are given, or a probability is negative.
        NotImplementedError: total_count is no number.

    Example:
        >>> distributions.Multinomial(4, tensor([1.0, 3.0])).mean
        tensor([1., 3.])
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    _params: ClassVar = {}

    def __init__(
        self, total_count: int = 1, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise expected("Multinomial", "total_count to be an int", total_count, error=NotImplementedError)
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self._binomial = Binomial(total_count=total_count, probs=self.probs)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        new.total_count = self.total_count
        new._categorical = self._categorical.expand(batch_shape)
        new._binomial = self._binomial.expand((*batch_shape, *self.event_shape))

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

    @property
    def logits(self) -> Tensor:
        """Logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        with _core.no_grad():
            drawn = self._categorical.sample((self.total_count, *sample_shape))
            # trials to the last dimension, where they are counted
            drawn = drawn.permute(*range(1, drawn.ndim), 0)
            counts = zeros(self._extended_shape(sample_shape), dtype=self._categorical._param.dtype)
            return counts.scatter_add_(-1, drawn, ones_like(drawn, dtype=counts.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        # what cannot happen and did not: 0 * -inf is 0
        possible = where((value == 0) & logits.isneginf(), 0.0, logits)
        return ways + (possible * value).sum(-1)

    def entropy(self) -> Tensor:
        n = self.total_count
        support = self._binomial.enumerate_support(expand=False)[1:]
        chance = self._binomial.log_prob(support).exp()
        ways = (chance * (support + 1).lgamma()).sum((0, -1))
        return n * self._categorical.entropy() - self.probs.new_tensor(n + 1.0).lgamma() + ways
