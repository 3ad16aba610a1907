"""Indexing functions: elements at given places along an axis. Indices below 0 count from the end."""

from __future__ import annotations

from workbench.ext.core._core import Tensor

from ..errors import expected
from ._operands import axes_of
from ._ops import torch


def _from_front(indices: Tensor, size: int) -> Tensor:
    return torch.where(indices < 0, indices + size, indices).to(torch.arange(0).dtype)


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """The elements at `indices` along an axis.

    Args:
        x: A tensor of one or more dimensions.
        indices: Where to look; whole numbers.
        axis: The axis; may be left out where there is one only.

    Shape:
        result: that of x, with that of indices in the place of the axis

    Raises:
        ValueError: `axis` is left out for a tensor of several dimensions.

    Example:
        >>> take(tensor([5, 6, 7]), tensor([-1, 0]))
        tensor([7, 5])
    """
    if axis is None and x.ndim != 1:
        raise expected("take", "axis for a tensor that has not one dimension", x)
    (a,) = axes_of("take", 0 if axis is None else axis, x.ndim)
    found = torch.index_select(x, a, _from_front(indices, x.shape[a]).reshape(-1))
    return found.reshape(*x.shape[:a], *indices.shape, *x.shape[a + 1 :])


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """For each line along an axis the elements at the places of its own that `indices` names.

    Args:
        x: A tensor of one or more dimensions.
        indices: Whole numbers, of as many dimensions; the other axes broadcast.
        axis: The axis.

    Shape:
        result: that of x and indices broadcast, with the size of indices along the axis

    Example:
        >>> take_along_axis(tensor([[5, 6], [7, 8]]), tensor([[1], [0]]))
        tensor([[6],
                [7]])
    """
    (a,) = axes_of("take_along_axis", axis, x.ndim)
    return torch.take_along_dim(x, _from_front(indices, x.shape[a]), a)


__all__ = ["take", "take_along_axis"]
