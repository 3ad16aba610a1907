"""Transforms of the parts or slices of a tensor, one for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.ext.core import _core

from ...errors import expected
from ...ops.pieces import cat, stack
from .. import constraints
from ..utils import sum_rightmost
from .transform import Transform

Tensor = _core.Tensor


class _Joined(Transform):
    """Transforms of pieces along a dimension."""

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        if not all(isinstance(t, Transform) for t in tseq):
            raise expected(type(self).__name__, "a sequence of transforms", repr(list(tseq)), error=AssertionError)
        super().__init__(cache_size=cache_size)
        self.transforms = [t.with_cache(cache_size) for t in tseq]
        self.dim = dim

    @property
    def bijective(self) -> bool:
        return all(t.bijective for t in self.transforms)

    def _pieces(self, x: Tensor) -> list[Tensor]:
        raise NotImplementedError

    _together: Callable[..., Tensor]

    def _call(self, x: Tensor) -> Tensor:
        return self._together([t(piece) for t, piece in zip(self.transforms, self._pieces(x))], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return self._together([t.inv(piece) for t, piece in zip(self.transforms, self._pieces(y))], self.dim)

    def _changes(self, x: Tensor, y: Tensor) -> list[Tensor]:
        return [t.log_abs_det_jacobian(a, b) for t, a, b in zip(self.transforms, self._pieces(x), self._pieces(y))]


class CatTransform(_Joined):
    """Transforms of the parts of a dimension.

    Args:
        tseq: The transforms.
        dim: The dimension.
        lengths: The lengths of the parts; None means 1 each.
        cache_size: Whether the last argument and result are kept.

    Shape:
        x: the lengths add up to the size of `dim`.

    Example:
        >>> parts = [distributions.ExpTransform(), distributions.AffineTransform(1.0, 1.0)]
        >>> distributions.CatTransform(parts, lengths=[1, 2])(zeros(3))
        tensor([1., 1., 1.])
    """

    _together = staticmethod(cat)

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise expected("CatTransform", f"{len(self.transforms)} lengths", f"{len(self.lengths)}", error=AssertionError)

    @property
    def event_dim(self) -> int:
        return max(t.event_dim for t in self.transforms)

    @property
    def length(self) -> int:
        """The size of the dimension."""
        return sum(self.lengths)

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    def _pieces(self, x: Tensor) -> list[Tensor]:
        if x.shape[self.dim] != self.length:
            raise expected("CatTransform", f"size {self.length} of dimension {self.dim}", x, error=AssertionError)
        return x.split(self.lengths, self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        changes = [
            sum_rightmost(change, self.event_dim - t.event_dim) if t.event_dim < self.event_dim else change
            for t, change in zip(self.transforms, self._changes(x, y))
        ]
        dim = (self.dim - x.ndim if self.dim >= 0 else self.dim) + self.event_dim
        if dim < 0:
            return cat(changes, dim)
        total = changes[0]
        for change in changes[1:]:
            total = total + change
        return total

    @constraints.dependent_property
    def domain(self) -> Any:
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @constraints.dependent_property
    def codomain(self) -> Any:
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)


class StackTransform(_Joined):
    """Transforms of the slices of a dimension.

    Args:
        tseq: The transforms.
        dim: The dimension.
        cache_size: Whether the last argument and result are kept.

    Shape:
        x: the size of `dim` is the number of transforms.

    Example:
        >>> distributions.StackTransform([distributions.ExpTransform(), distributions.AffineTransform(2.0, 1.0)])(zeros(2))
        tensor([1., 2.])
    """

    _together = staticmethod(stack)

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else StackTransform(self.transforms, self.dim, cache_size)

    def _pieces(self, x: Tensor) -> list[Tensor]:
        if x.shape[self.dim] != len(self.transforms):
            raise expected("StackTransform", f"size {len(self.transforms)} of dimension {self.dim}", x, error=AssertionError)
        return x.unbind(self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return stack(self._changes(x, y), self.dim)

    @constraints.dependent_property
    def domain(self) -> Any:
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @constraints.dependent_property
    def codomain(self) -> Any:
        return constraints.stack([t.codomain for t in self.transforms], self.dim)
