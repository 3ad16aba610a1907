"""Data type functions: casts, promotion, and what dtypes can hold."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from .. import limits
from ..errors import expected
from ._operands import KINDS, common_dtype, rank
from ._ops import torch


def astype(x: Tensor, dtype: core.dtype, /, *, copy: bool = True, device: Any = None) -> Tensor:
    """Cast a tensor.

    Args:
        x: The tensor.
        dtype: The dtype of the result.
        copy: False: `x` itself where it has this dtype already.
        device: The device; None means that of `x`.

    Raises:
        TypeError: `x` is complex and `dtype` is not, where the imaginary part would be lost: say `real(x)` first.

    Example:
        >>> astype(tensor([1.7, -1.7]), int32)
        tensor([ 1, -1], dtype=torch.int32)
    """
    if rank(x.dtype) == 3 and rank(dtype) in (1, 2):
        raise expected("astype", "a complex dtype for a complex tensor", str(dtype), "say real(x) first", TypeError)
    return x.to(dtype, copy=copy).to_device(core.as_device(device))


def broadcast_arrays(*arrays: Tensor) -> tuple[Tensor, ...]:
    """Tensors repeated along their dimensions of size 1 until all have one shape; views, which share memory."""
    return tuple(torch.broadcast_tensors(*arrays))


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that tensors of these shapes are broadcast to."""
    return tuple(torch.broadcast_shapes(*shapes))


def broadcast_to(x: Tensor, /, shape: tuple[int, ...]) -> Tensor:
    """A tensor repeated along its dimensions of size 1 until it has this shape; a view, which shares memory."""
    return torch.broadcast_to(x, tuple(shape))


def can_cast(from_: core.dtype | Tensor, to: core.dtype, /) -> bool:
    """Whether promotion leads from one dtype (or that of a tensor) to another.

    Kinds are not mixed, but for floating and complex: what the standard leaves open, as int32 with float64, is no promotion.
    """
    dtype = from_.dtype if isinstance(from_, Tensor) else from_
    same = rank(dtype) == rank(to) or (rank(dtype) == 2 and rank(to) == 3)
    return same and core.promote_types(dtype, to) is to


class finfo:  # noqa: N801 - the standard's name
    """The limits of a floating dtype (or that of a tensor); of a complex one, those of its parts.

    Attributes:
        bits: Size in bits.
        eps: Distance from 1 to the next larger number.
        max, min: Largest and smallest finite number.
        smallest_normal: Smallest positive number of full precision.
        dtype: The dtype.

    Raises:
        TypeError: The dtype is not floating.

    Example:
        >>> finfo(float64).bits
        64
    """

    def __init__(self, type: core.dtype | Tensor, /) -> None:
        known = limits.finfo(type.dtype if isinstance(type, Tensor) else type)
        self.bits, self.eps, self.max, self.min = known.bits, known.eps, known.max, known.min
        self.smallest_normal, self.dtype = known.smallest_normal, core.as_dtype(known.dtype)

    def __repr__(self) -> str:
        return f"finfo(bits={self.bits}, eps={self.eps:g}, max={self.max:g}, min={self.min:g}, dtype={self.dtype})"


class iinfo:  # noqa: N801 - the standard's name
    """The limits of an integer dtype (or that of a tensor).

    Attributes:
        bits: Size in bits.
        max, min: Largest and smallest number.
        dtype: The dtype.

    Raises:
        TypeError: The dtype is not one of whole numbers.

    Example:
        >>> iinfo(int16).max
        32767
    """

    def __init__(self, type: core.dtype | Tensor, /) -> None:
        known = limits.iinfo(type.dtype if isinstance(type, Tensor) else type)
        self.bits, self.max, self.min, self.dtype = known.bits, known.max, known.min, core.as_dtype(known.dtype)

    def __repr__(self) -> str:
        return f"iinfo(bits={self.bits}, max={self.max}, min={self.min}, dtype={self.dtype})"


def isdtype(dtype: core.dtype, kind: core.dtype | str | tuple[core.dtype | str, ...]) -> bool:
    """Whether a dtype is of a kind.

    Args:
        dtype: The dtype.
        kind: A dtype; "bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating" or "numeric"; or a
            tuple of these, of which one has to hold.

    Raises:
        ValueError: There is no such kind.
        TypeError: `kind` is neither a str, a dtype nor a tuple.

    Example:
        >>> isdtype(int64, ("real floating", "signed integer"))
        True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, core.dtype):
        return dtype is kind
    if not isinstance(kind, str):
        raise expected("isdtype", "kind to be a dtype, a str or a tuple", kind, error=TypeError)
    if kind == "numeric":
        return rank(dtype) > 0
    if kind in ("signed integer", "unsigned integer"):
        return rank(dtype) == 1 and dtype.is_signed == (kind == "signed integer")
    if kind not in KINDS:
        raise expected("isdtype", f"kind numeric, signed integer, unsigned integer, {', '.join(KINDS)}", kind)
    return KINDS[rank(dtype)] == kind


def result_type(*arrays_and_dtypes: Tensor | core.dtype | complex) -> core.dtype:
    """The dtype that tensors, dtypes and Python's numbers are promoted to."""
    return common_dtype("result_type", arrays_and_dtypes)


__all__ = [
    "astype", "broadcast_arrays", "broadcast_shapes", "broadcast_to", "can_cast", "finfo", "iinfo", "isdtype", "result_type",
]  # fmt: skip
