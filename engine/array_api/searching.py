"""Searching functions: where elements are."""

from __future__ import annotations

from typing import Any, Literal

from workbench.ext.core._core import Tensor

from ..errors import expected
from ._operands import promoted
from ._ops import torch
from .statistical import reduce_over


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the largest element along an axis, the first of several; None: among all, in row-major order."""
    return torch.argmax(x, dim=axis, keepdim=keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the smallest element along an axis, the first of several; None: among all, in row-major order."""
    return torch.argmin(x, dim=axis, keepdim=keepdims)


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """The places of the elements that are not 0, in row-major order: their indices along each axis.

    Raises:
        ValueError: x has no axes.
    """
    if x.ndim == 0:
        raise expected("nonzero", "x of 1 or more dimensions", x)
    return tuple(torch.nonzero(x, as_tuple=True))


def count_nonzero(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """How many elements are not 0, over one, several or all axes."""
    return reduce_over("count_nonzero", torch.sum, x != 0, axis, keepdims)


def searchsorted(x1: Tensor, x2: Any, /, *, side: Literal["left", "right"] = "left", sorter: Tensor | None = None) -> Tensor:
    """Where elements would have to be put into a sorted tensor for it to stay sorted.

    Args:
        x1: A tensor of one dimension, in ascending order.
        x2: The elements, of any shape, or a number.
        side: "left": before those that are equal; "right": behind them.
        sorter: The places of the elements of x1 in ascending order, where it is not sorted itself.

    Shape:
        x1: (n,); result: that of x2

    Example:
        >>> searchsorted(tensor([1, 3, 3]), tensor([3, 0]), side="right")
        tensor([3, 0])
    """
    a, b = promoted("searchsorted", x1, x2)
    if sorter is not None:
        a = torch.index_select(a, 0, sorter)
    return torch.searchsorted(a.contiguous(), b.contiguous(), side=side)


def where(condition: Tensor, x1: Any, x2: Any, /) -> Tensor:
    """The elements of x1 where `condition` holds, else those of x2; all three broadcast."""
    return torch.where(condition, *promoted("where", x1, x2))


__all__ = ["argmax", "argmin", "count_nonzero", "nonzero", "searchsorted", "where"]
