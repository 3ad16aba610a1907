"""Transforms that regard dimensions: independent ones, other shapes, parts and slices, and the distribution function as a transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ext.core import _core

from ...errors import expected
from ...ops.creation import zeros
from .. import constraints
from ..utils import sum_rightmost
from .transform import Shape, Transform

Tensor = _core.Tensor
Size = _core.Size


class IndependentTransform(Transform):
    """A transform whose last batch dimensions count as dimensions of the event.

    Args:
        base_transform: The transform.
        reinterpreted_batch_ndims: How many dimensions.
        cache_size: Whether the last argument and result are kept.

    Shape:
        as of the base.

    Example:
        >>> distributions.IndependentTransform(distributions.ExpTransform(), 1).log_abs_det_jacobian(ones(2), ones(2))
        tensor(2.)
    """

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    def with_cache(self, cache_size: int = 1) -> Transform:
        same = self._cache_size == cache_size
        return self if same else IndependentTransform(self.base_transform, self.reinterpreted_batch_ndims, cache_size=cache_size)

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:
        return constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:
        return constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def bijective(self) -> bool:
        return self.base_transform.bijective

    @property
    def sign(self) -> Any:
        return self.base_transform.sign

    def _call(self, x: Tensor) -> Tensor:
        self._check(x, self.domain)
        return self.base_transform(x)

    def _inverse(self, y: Tensor) -> Tensor:
        self._check(y, self.codomain)
        return self.base_transform.inv(y)

    def _check(self, x: Tensor, domain: Any) -> None:
        if x.ndim < domain.event_dim:
            raise expected("IndependentTransform", f"a tensor of {domain.event_dim} or more dimensions", x)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_transform!r}, {self.reinterpreted_batch_ndims})"

    def forward_shape(self, shape: Shape) -> Shape:
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return self.base_transform.inverse_shape(shape)


class ReshapeTransform(Transform):
    """Gives events another shape.

    Args:
        in_shape: The shape of an event before.
        out_shape: The shape of an event after, of as many elements.
        cache_size: Whether the last argument and result are kept.

    Shape:
        x: (*, *in_shape); y: (*, *out_shape).

    Raises:
        ValueError: the shapes have different numbers of elements.

    Example:
        >>> distributions.ReshapeTransform((2,), (1, 2))(tensor([3.0, 4.0]))
        tensor([[3., 4.]])
    """

    bijective = True

    def __init__(self, in_shape: Sequence[int], out_shape: Sequence[int], cache_size: int = 0) -> None:
        self.in_shape = Size(in_shape)
        self.out_shape = Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise expected("ReshapeTransform", "shapes of as many elements", f"{tuple(in_shape)} and {tuple(out_shape)}")
        super().__init__(cache_size=cache_size)

    @constraints.dependent_property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, len(self.in_shape))

    @constraints.dependent_property
    def codomain(self) -> Any:
        return constraints.independent(constraints.real, len(self.out_shape))

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else ReshapeTransform(self.in_shape, self.out_shape, cache_size=cache_size)

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape((*x.shape[: x.ndim - len(self.in_shape)], *self.out_shape))

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape((*y.shape[: y.ndim - len(self.out_shape)], *self.in_shape))

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return zeros(x.shape[: x.ndim - len(self.in_shape)], dtype=x.dtype)

    def forward_shape(self, shape: Shape) -> Shape:
        return _replaced("ReshapeTransform", shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return _replaced("ReshapeTransform", shape, self.out_shape, self.in_shape)


def _replaced(name: str, shape: Shape, old: Shape, new: Shape) -> Shape:
    """A shape with another end."""
    at = len(shape) - len(old)
    if at < 0 or tuple(shape[at:]) != tuple(old):
        raise expected(name, f"a shape that ends with {tuple(old)}", repr(tuple(shape)))
    return (*shape[:at], *new)


class CumulativeDistributionTransform(Transform):
    """y = P(a sample is at most x), which is even over [0, 1] if x is a sample.

    Args:
        distribution: The distribution, of numbers.
        cache_size: Whether the last argument and result are kept.

    Shape:
        x, y: the batch of the distribution, or what broadcasts with it.

    Example:
        >>> distributions.CumulativeDistributionTransform(distributions.Normal(0.0, 1.0))(tensor([0.0]))
        tensor([0.5000])
    """

    bijective = True
    codomain = constraints.unit_interval
    sign = +1

    def __init__(self, distribution: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> Any:
        return self.distribution.support

    def _call(self, x: Tensor) -> Tensor:
        return self.distribution.cdf(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.distribution.log_prob(x)

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else CumulativeDistributionTransform(self.distribution, cache_size=cache_size)
