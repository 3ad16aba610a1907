"""Mixtures of distributions of one family."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from . import constraints
from .categorical import Categorical
from .distribution import Distribution

Tensor = _core.Tensor


class MixtureSameFamily(Distribution):
    """A mixture: a component is chosen, then a sample of it drawn.

    p(x) = sum over i of weight_i * p_i(x)

    Args:
        mixture_distribution: The weights.
        component_distribution: The components, along the last dimension of its batch.
        validate_args: Whether arguments are checked.

    Shape:
        mixture: batch that broadcasts with the components' without their last dimension; event: that of the components.

    Raises:
        ValueError: the arguments are no such distributions, or their numbers of components differ.

    Example:
        >>> weights = distributions.Categorical(ones(2))
        >>> distributions.MixtureSameFamily(weights, distributions.Normal(tensor([-1.0, 3.0]), ones(2))).mean
        tensor(1.)
    """

    arg_constraints: ClassVar[dict[str, Any]] = {}
    has_rsample = False
    _params: ClassVar[dict[str, int]] = {}

    def __init__(self, mixture_distribution: Categorical, component_distribution: Distribution, validate_args: bool | None = None) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise expected("MixtureSameFamily", "mixture_distribution to be a Categorical", mixture_distribution)
        if not isinstance(component_distribution, Distribution):
            raise expected("MixtureSameFamily", "component_distribution to be a Distribution", component_distribution)
        mixed, batch = mixture_distribution.batch_shape, component_distribution.batch_shape
        for a, b in zip(reversed(mixed), reversed(batch[:-1])):
            if a != 1 and b != 1 and a != b:
                raise expected("MixtureSameFamily", f"weights of a batch that broadcasts with {tuple(batch[:-1])}", f"{tuple(mixed)}")
        k = mixture_distribution.logits.shape[-1]
        if not batch or batch[-1] != k:
            raise expected("MixtureSameFamily", f"{k} components along the last dimension of the batch", f"a batch of {tuple(batch)}")
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        self._num_component = k
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        new._component_distribution = self._component_distribution.expand((*batch_shape, self._num_component))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        new._num_component = self._num_component

    @constraints.dependent_property
    def support(self) -> Any:
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """The weights."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """The components."""
        return self._component_distribution

    def _averaged(self, x: Tensor) -> Tensor:
        """The mean over the components of values with event dimensions."""
        n = len(self._event_shape)
        p = self._mixture_distribution.probs
        return (p.reshape((*p.shape, *[1] * n)) * x).sum(-1 - n)

    @property
    def mean(self) -> Tensor:
        return self._averaged(self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances, and the variance of the means."""
        means = self._component_distribution.mean
        between = means - self._averaged(means).unsqueeze(-1 - len(self._event_shape))
        return self._averaged(self._component_distribution.variance) + self._averaged(between.square())

    def cdf(self, x: Tensor) -> Tensor:
        return (self._component_distribution.cdf(self._beside(x)) * self._mixture_distribution.probs).sum(-1)

    def _beside(self, x: Tensor) -> Tensor:
        """A value with a dimension for the components."""
        return x.unsqueeze(-1 - len(self._event_shape))

    def log_prob(self, x: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(x)
        return (self._component_distribution.log_prob(self._beside(x)) + self._mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        with _core.no_grad():
            at, n = len(sample_shape) + len(self.batch_shape), len(self.event_shape)
            chosen = self._mixture_distribution.expand(self.batch_shape).sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)
            index = chosen.reshape((*chosen.shape, 1, *[1] * n)).expand((*chosen.shape, 1, *self.event_shape))
            return drawn.gather(at, index).squeeze(at)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"
