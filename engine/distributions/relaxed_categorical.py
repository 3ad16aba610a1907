"""The categorical distribution made continuous."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from . import constraints
from .categorical import Categorical
from .distribution import Distribution
from .transformed_distribution import TransformedDistribution
from .transforms import ExpTransform
from .utils import broadcast_all, clamp_probs, even

Tensor = _core.Tensor


class ExpRelaxedCategorical(Distribution):
    """The logarithms of a sample of `RelaxedOneHotCategorical`.

    y = log softmax((logits + g) / temperature), with g of Gumbel's distribution

    Args:
        temperature: The lower, the nearer to vectors with a single one the samples come.
        probs: Probabilities >= 0; they are divided by their sum.
        logits: Their logarithms, up to a constant; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: (*batch_shape, k); event: (k,).

    References:
        Maddison, Mnih and Teh (2016), arXiv:1611.00712.

    Example:
        >>> ExpRelaxedCategorical(tensor(1.0), ones(2)).event_shape
        torch.Size([2])
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector  # the logarithm of a simplex, which no constraint says
    has_rsample = True
    _params: ClassVar = {}

    def __init__(
        self, temperature: Tensor, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        new.temperature = self.temperature
        new._categorical = self._categorical.expand(batch_shape)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def logits(self) -> Tensor:
        """Logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        """Logarithms of samples, differentiable in the parameters."""
        u = clamp_probs(even(self._extended_shape(sample_shape), self.logits))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, True)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at logarithms."""
        if self._validate_args:
            self._validate_sample(value)
        k = self.event_shape[0]
        logits, value = broadcast_all(self.logits, value)
        scores = logits - value * self.temperature
        return (scores - scores.logsumexp(-1, True)).sum(-1) + math.lgamma(k) + (k - 1) * self.temperature.log()


class RelaxedOneHotCategorical(TransformedDistribution):
    """The categorical distribution made continuous: vectors of probabilities that have a gradient.

    y = softmax((logits + g) / temperature), with g of Gumbel's distribution

    Args:
        temperature: The lower, the nearer to vectors with a single one the samples come.
        probs: Probabilities >= 0; they are divided by their sum.
        logits: Their logarithms, up to a constant; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: (*batch_shape, k); event: (k,).

    Raises:
        ValueError: both or none of the parameters are given, or a probability is negative.

    References:
        Maddison, Mnih and Teh (2016), arXiv:1611.00712.
        Jang, Gu and Poole (2016), arXiv:1611.01144.

    Example:
        >>> distributions.RelaxedOneHotCategorical(tensor(0.5), ones(3)).sample((2,)).shape
        torch.Size([2, 3])
    """

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True
    _params: ClassVar = {}

    def __init__(
        self, temperature: Tensor, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Tensor:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """Logarithms of the probabilities."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self.base_dist.probs
