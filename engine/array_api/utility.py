"""Utility functions: whether all or any elements hold, and differences of neighbours."""

from __future__ import annotations

from workbench.ext.core._core import Tensor

from ._operands import axes_of, promoted
from ._ops import torch
from .statistical import Axis, reduce_over


def all(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether no element is 0; of no elements none is."""
    return reduce_over("all", torch.all, x != 0, axis, keepdims)


def any(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether an element is not 0."""
    return reduce_over("any", torch.any, x != 0, axis, keepdims)


def diff(x: Tensor, /, *, axis: int = -1, n: int = 1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """Each element less the one before it along an axis, `n` times over.

    Args:
        x: A tensor of one or more dimensions.
        axis: The axis.
        n: How many times; 0 leaves x as it is.
        prepend: What is put before x along the axis first.
        append: What is put behind x along the axis first.

    Shape:
        result: that of x with its ends, n shorter along the axis

    Example:
        >>> diff(tensor([1, 4, 9]), n=2)
        tensor([2])
    """
    (a,) = axes_of("diff", axis, x.ndim)
    parts = promoted("diff", *(part for part in (prepend, x, append) if part is not None))
    return torch.diff(torch.cat(parts, dim=a) if len(parts) > 1 else x, n=n, dim=a)


__all__ = ["all", "any", "diff"]
