"""Bernoulli's distribution made continuous."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.ext.core import _core

from . import constraints
from .distribution import Distribution
from .odds import Odds, one_of
from .transformed_distribution import TransformedDistribution
from .transforms import SigmoidTransform
from .utils import broadcast_all, clamp_probs, even

Tensor = _core.Tensor


class LogitRelaxedBernoulli(Odds, Distribution):
    """The log odds of a sample of `RelaxedBernoulli`.

    y = (logits + log u - log(1 - u)) / temperature, with u even in (0, 1)

    Args:
        temperature: The lower, the nearer to 0 and 1 the samples come.
        probs: Probability of 1, in [0, 1].
        logits: Its log odds; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: batch_shape; event: ().

    References:
        Maddison, Mnih and Teh (2016), arXiv:1611.00712.

    Example:
        >>> LogitRelaxedBernoulli(tensor(1.0), 0.5).log_prob(tensor(0.0))
        tensor(-1.3863)
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    has_rsample = True
    _params: ClassVar = {"probs": 0, "logits": 0}

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        one_of("LogitRelaxedBernoulli", probs, logits)
        self.temperature = temperature
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
        else:
            (self.logits,) = broadcast_all(logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        new.temperature = self.temperature

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        """Log odds of samples, differentiable in the parameters."""
        shape = self._extended_shape(sample_shape)
        p, u = clamp_probs(self.probs.expand(shape)), clamp_probs(even(shape, self.probs))
        return (u.log() - (-u).log1p() + p.log() - (-p).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density at log odds."""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        offset = logits - value * self.temperature
        return self.temperature.log() + offset - 2 * offset.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """Bernoulli's distribution made continuous: samples in (0, 1) that have a gradient.

    y = sigmoid((logits + log u - log(1 - u)) / temperature), with u even in (0, 1)

    Args:
        temperature: The lower, the nearer to 0 and 1 the samples come.
        probs: Probability of 1, in [0, 1].
        logits: Its log odds; either is given.
        validate_args: Whether arguments are checked.

    Shape:
        probs, logits: batch_shape; event: ().

    Raises:
        ValueError: both or none of the parameters are given, or a probability is not in [0, 1].

    References:
        Maddison, Mnih and Teh (2016), arXiv:1611.00712.
        Jang, Gu and Poole (2016), arXiv:1611.01144.

    Example:
        >>> distributions.RelaxedBernoulli(tensor(0.5), 0.5).sample((3,)).shape
        torch.Size([3])
    """

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _params: ClassVar = {}

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(LogitRelaxedBernoulli(temperature, probs, logits), SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Tensor:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """Log odds."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """Probability of 1."""
        return self.base_dist.probs
