"""What masked functions share: the mask in the shape of the input, dimensions, and the value that stands where the mask is false."""

from __future__ import annotations

from math import inf
from typing import Any

from workbench.ext.core import _core

from ..errors import expected
from ..limits import iinfo

Tensor = _core.Tensor


def checked(op: str, name: str, input: Any) -> Tensor:
    """The input, if it is a tensor.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(input, Tensor):
        raise expected(op, f"{name} to be a Tensor", type(input).__name__, error=TypeError)
    return input


def broadcast(op: str, input: Tensor, mask: Tensor) -> Tensor:
    """The mask as bool, in the shape of the input.

    Raises:
        TypeError: the mask is not a tensor.
        IndexError: the mask has more dimensions than the input.
        RuntimeError: the mask does not broadcast to the shape of the input.
    """
    mask = checked(op, "mask", mask)
    if mask.ndim > input.ndim:
        raise expected(op, f"a mask of at most the {input.ndim} dimensions of input", f"{mask.ndim}", error=IndexError)
    return mask.bool().expand(input.shape)


def filled(op: str, input: Tensor, mask: Tensor | None, value: Any) -> Tensor:
    """The input, with a value where the mask is false."""
    return input if mask is None else input.masked_fill(broadcast(op, input, mask).logical_not(), value)


def dims(op: str, dim: Any, ndim: int) -> tuple[int, ...]:
    """Dimensions to reduce over, counted from the front and sorted; None and () mean all of them.

    Raises:
        IndexError: a dimension that the input does not have.
        RuntimeError: a dimension is named twice.
    """
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    places = max(ndim, 1)
    found = set()
    for d in (dim,) if isinstance(dim, int) else dim:
        if not -places <= d < places:
            raise expected(op, f"dim from {-places} to {places - 1}", d, error=IndexError)
        if d % places in found:
            raise expected(op, "every dim to be named once", tuple(dim), error=RuntimeError)
        found.add(d % places)
    return tuple(sorted(found))


def lowest(op: str, input: Tensor) -> Any:
    """The value that no other is below: what a maximum starts from.

    Raises:
        NotImplementedError: there is none of bool.
        TypeError: complex numbers have no order.
    """
    return -inf if input.is_floating_point() else iinfo(_whole(op, input)).min


def highest(op: str, input: Tensor) -> Any:
    """The value that no other is above: what a minimum starts from.

    Raises:
        NotImplementedError: there is none of bool.
        TypeError: complex numbers have no order.
    """
    return inf if input.is_floating_point() else iinfo(_whole(op, input)).max


def _whole(op: str, input: Tensor) -> Any:
    """The dtype of whole numbers."""
    if input.is_complex() or input.dtype is _core.bool_:
        error = TypeError if input.is_complex() else NotImplementedError
        raise expected(op, "input to be of real numbers where it has a mask", input, error=error)
    return input.dtype


def summed_dtype(input: Tensor, dtype: Any) -> Any:
    """The dtype of sums and products: the one asked for, int64 for whole numbers and bool, else that of the input."""
    if dtype is not None:
        return dtype
    return input.dtype if input.is_floating_point() or input.is_complex() else _core.int64
