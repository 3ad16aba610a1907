"""Statistical functions: reductions over one, several, all or no axes, and running sums and products.

Where no dtype is said, sums and products of whole numbers are int64, those of uint8 included, for which the standard has uint64.
"""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ._operands import axes_of, rank
from ._ops import torch

Axis = int | tuple[int, ...] | None


def reduce_over(name: str, op: Any, x: Tensor, axis: Axis, keepdims: bool, **options: Any) -> Tensor:
    """A reduction over axes, with a view for an axis of size 1 where there is none: PyTorch takes () for all axes."""
    axes = axes_of(name, axis, x.ndim)
    if not axes:
        return op(x[..., None], dim=(-1,), keepdim=False, **options)
    return op(x, dim=axes, keepdim=keepdims, **options)


def _wide(x: Tensor, dtype: core.dtype | None) -> core.dtype:
    """The dtype of a sum or product."""
    return dtype if dtype is not None else x.dtype if rank(x.dtype) > 1 else core.int64


def max(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element; nan where there is one."""
    return reduce_over("max", torch.amax, x, axis, keepdims)


def min(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element; nan where there is one."""
    return reduce_over("min", torch.amin, x, axis, keepdims)


def sum(x: Tensor, /, *, axis: Axis = None, dtype: core.dtype | None = None, keepdims: bool = False) -> Tensor:
    """The sum, added up in `dtype`; None means int64 for whole numbers, else that of x."""
    return reduce_over("sum", torch.sum, x, axis, keepdims, dtype=_wide(x, dtype)).to(_wide(x, dtype))


def prod(x: Tensor, /, *, axis: Axis = None, dtype: core.dtype | None = None, keepdims: bool = False) -> Tensor:
    """The product, multiplied in `dtype`; None means int64 for whole numbers, else that of x."""
    return reduce_over("prod", torch.prod, x, axis, keepdims, dtype=_wide(x, dtype))


def mean(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean."""
    return reduce_over("mean", torch.mean, x, axis, keepdims)


def var(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The variance: the sum of squared distances from the mean over n - `correction`."""
    return reduce_over("var", torch.var, x, axis, keepdims, correction=correction)


def std(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The standard deviation, the root of `var`."""
    return reduce_over("std", torch.std, x, axis, keepdims, correction=correction)


def _running(name: str, op: Any, first: int, x: Tensor, axis: int | None, dtype: core.dtype | None, include_initial: bool) -> Tensor:
    if axis is None and x.ndim != 1:
        raise expected(name, "axis for a tensor that has not one dimension", x)
    if x.ndim == 0:
        raise expected(name, "x of 1 or more dimensions", x)
    (a,) = axes_of(name, 0 if axis is None else axis, x.ndim)
    found = op(x, a, dtype=_wide(x, dtype))
    if not include_initial:
        return found
    shape = [1 if i == a else size for i, size in enumerate(x.shape)]
    return torch.cat([torch.full(shape, first, dtype=found.dtype), found], dim=a)


def cumulative_sum(x: Tensor, /, *, axis: int | None = None, dtype: core.dtype | None = None, include_initial: bool = False) -> Tensor:
    """The sums of the elements up to each along an axis.

    Args:
        x: A tensor of one or more dimensions.
        axis: The axis; may be left out where there is one only.
        dtype: The dtype; None means int64 for whole numbers, else that of x.
        include_initial: Begin with 0, the sum of none: one element more.

    Raises:
        ValueError: `axis` is left out for a tensor of several dimensions.

    Example:
        >>> cumulative_sum(tensor([1, 2, 3]), include_initial=True)
        tensor([0, 1, 3, 6])
    """
    return _running("cumulative_sum", torch.cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(x: Tensor, /, *, axis: int | None = None, dtype: core.dtype | None = None, include_initial: bool = False) -> Tensor:
    """The products of the elements up to each along an axis.

    Args:
        x: A tensor of one or more dimensions.
        axis: The axis; may be left out where there is one only.
        dtype: The dtype; None means int64 for whole numbers, else that of x.
        include_initial: Begin with 1, the product of none: one element more.

    Raises:
        ValueError: `axis` is left out for a tensor of several dimensions.

    Example:
        >>> cumulative_prod(tensor([2, 3, 4]))
        tensor([ 2,  6, 24])
    """
    return _running("cumulative_prod", torch.cumprod, 1, x, axis, dtype, include_initial)


__all__ = ["cumulative_prod", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]
