"""Functions that keep the shape of their input, over the elements that a mask leaves in."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core

from ..ops.bounds import maximum
from .filling import checked, dims, filled, highest, lowest
from .reductions import norm

Tensor = _core.Tensor


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Exponentials of the elements that the mask leaves in, divided by their sum; 0 elsewhere, nan where none is left.

    Args:
        input: Floating tensor.
        dim: Dimension whose elements add up to 1.
        dtype: dtype to compute in; None means that of `input`.
        mask: True where an element counts; broadcast to the shape of `input`. None means everywhere.

    Shape:
        input: (*); mask: broadcasts to (*); result: (*).

    Raises:
        IndexError: a dim that `input` does not have, or a mask of more dimensions.
        RuntimeError: a mask that does not broadcast.

    Example:
        >>> masked.softmax(tensor([0.0, 5.0, 0.0]), 0, mask=tensor([True, False, True]))
        tensor([0.5000, 0.0000, 0.5000])
    """
    input, d, kept = _low("softmax", input, dim, mask)
    return kept.softmax(d, dtype=input.dtype if dtype is None else dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `softmax`, which has the same arguments and errors: -inf where the mask is false.

    Example:
        >>> masked.log_softmax(tensor([0.0, 5.0, 0.0]), 0, mask=tensor([True, False, True]))
        tensor([-0.6931,    -inf, -0.6931])
    """
    input, d, kept = _low("log_softmax", input, dim, mask)
    return kept.log_softmax(d, dtype=input.dtype if dtype is None else dtype)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """`softmax` of the negative input, with the same arguments and errors.

    Example:
        >>> masked.softmin(tensor([0.0, -5.0, 0.0]), 0, mask=tensor([True, False, True]))
        tensor([0.5000, 0.0000, 0.5000])
    """
    input = checked("softmin", "input", input)
    (d,) = dims("softmin", (dim,), input.ndim)
    kept = input if mask is None else filled("softmin", input, mask, highest("softmin", input))
    return (-kept).softmax(d, dtype=input.dtype if dtype is None else dtype)


def normalize(input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Divide the elements that the mask leaves in by their norm, or by `eps` if that is larger; 0 elsewhere.

    Args:
        input: Tensor of floating or complex numbers.
        ord: Order of the norm, as in `norm`.
        dim: Dimension or dimensions of the vectors.
        eps: The least that is divided by; > 0.
        dtype: dtype to compute the norm in; None means that of `input`.
        mask: True where an element counts; broadcast to the shape of `input`. None means everywhere.

    Shape:
        input: (*); mask: broadcasts to (*); result: (*).

    Raises:
        IndexError: a dim that `input` does not have, or a mask of more dimensions.
        RuntimeError: `input` is neither floating nor complex.

    Example:
        >>> masked.normalize(tensor([3.0, 9.0, 4.0]), 2.0, 0, mask=tensor([True, False, True]))
        tensor([0.6000, 0.0000, 0.8000])
    """
    input = checked("normalize", "input", input)
    length = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return filled("normalize", input, mask, 0) / maximum(length, length.new_full((), eps))


def cumsum(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Running sums in which an element counts as 0 where the mask is false.

    Args:
        input: Any tensor.
        dim: Dimension to go along.
        dtype: dtype to add up in; None means that of `input`, unlike `torch.cumsum` for whole numbers too.
        mask: True where an element counts; broadcast to the shape of `input`. None means everywhere.

    Shape:
        input: (*); mask: broadcasts to (*); result: (*).

    Raises:
        IndexError: a dim that `input` does not have, or a mask of more dimensions.
        RuntimeError: a mask that does not broadcast.

    Example:
        >>> masked.cumsum(tensor([1, 2, 3]), 0, mask=tensor([True, False, True]))
        tensor([1, 1, 4])
    """
    input = checked("cumsum", "input", input)
    (d,) = dims("cumsum", (dim,), input.ndim)
    return filled("cumsum", input, mask, 0).cumsum(d, dtype=input.dtype if dtype is None else dtype)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Running products in which an element counts as 1 where the mask is false; arguments and errors are those of `cumsum`.

    Example:
        >>> masked.cumprod(tensor([2, 3, 4]), 0, mask=tensor([True, False, True]))
        tensor([2, 2, 8])
    """
    input = checked("cumprod", "input", input)
    (d,) = dims("cumprod", (dim,), input.ndim)
    return filled("cumprod", input, mask, 1).cumprod(d, dtype=input.dtype if dtype is None else dtype)


def _low(op: str, input: Tensor, dim: int, mask: Tensor | None) -> tuple[Tensor, int, Tensor]:
    """The input, its dimension, and what a softmax sees: the least value where the mask is false."""
    input = checked(op, "input", input)
    (d,) = dims(op, (dim,), input.ndim)
    return input, d, input if mask is None else filled(op, input, mask, lowest(op, input))
