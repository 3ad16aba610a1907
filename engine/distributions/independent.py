"""Dimensions of the batch taken as dimensions of the event."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from . import constraints
from .distribution import Distribution
from .utils import sum_rightmost

Tensor = _core.Tensor
Size = _core.Size


class Independent(Distribution):
    """A distribution whose last batch dimensions count as one event of independent parts.

    Args:
        base_distribution: The distribution.
        reinterpreted_batch_ndims: How many dimensions.
        validate_args: Whether arguments are checked.

    Shape:
        event: the last reinterpreted_batch_ndims of the base's batch_shape, and the base's event_shape.

    Raises:
        ValueError: the batch has fewer dimensions.

    Example:
        >>> distributions.Independent(distributions.Normal(zeros(2), ones(2)), 1).log_prob(zeros(2))
        tensor(-1.8379)
    """

    arg_constraints: ClassVar = {}
    _params: ClassVar = {}

    def __init__(self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None) -> None:
        batch, n = base_distribution.batch_shape, reinterpreted_batch_ndims
        if n > len(batch):
            raise expected("Independent", f"reinterpreted_batch_ndims of at most {len(batch)}", n)
        at = len(batch) - n
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = n
        super().__init__(batch[:at], (*batch[at:], *base_distribution.event_shape), validate_args=validate_args)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        new.base_dist = self.base_dist.expand((*batch_shape, *self.event_shape[: self.reinterpreted_batch_ndims]))
        new.reinterpreted_batch_ndims = self.reinterpreted_batch_ndims

    @property
    def has_rsample(self) -> bool:
        """Whether the base has reparameterised samples."""
        return self.base_dist.has_rsample

    @property
    def has_enumerate_support(self) -> bool:
        """Whether the base enumerates its support and nothing is reinterpreted."""
        return self.reinterpreted_batch_ndims == 0 and self.base_dist.has_enumerate_support

    @constraints.dependent_property
    def support(self) -> Any:
        found = self.base_dist.support
        return constraints.independent(found, self.reinterpreted_batch_ndims) if self.reinterpreted_batch_ndims else found

    @property
    def mean(self) -> Tensor:
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        return self.base_dist.mode

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        if self.reinterpreted_batch_ndims > 0:
            raise NotImplementedError("Independent: the product of the supports of independent parts is not enumerated")
        return self.base_dist.enumerate_support(expand)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_dist}, {self.reinterpreted_batch_ndims})"
