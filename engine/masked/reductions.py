"""Reductions over the elements that a mask leaves in."""

from __future__ import annotations

from math import inf, nan
from math import prod as product
from typing import Any

from workbench.ext.core import _core

from ..errors import expected
from ..ops.exponential import logaddexp as plain_logaddexp
from ..ops.magnitude import vector_norm
from ..ops.middle import nanmedian
from .filling import broadcast, checked, dims, filled, highest, lowest, summed_dtype

Tensor = _core.Tensor


def sum(input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Add up the elements that the mask leaves in; of none, 0.

    Args:
        input: Any tensor.
        dim: Dimension or dimensions to reduce over; None and () mean all.
        keepdim: Whether the reduced dimensions stay, with size 1.
        dtype: dtype to add up in and of the result; None means int64 for whole numbers and bool, else that of `input`.
        mask: True where an element counts; broadcast to the shape of `input`. None means everywhere.

    Shape:
        input: (*); mask: broadcasts to (*); result: (*) without `dim`, or with size 1 there.

    Raises:
        IndexError: a dim that `input` does not have, or a mask of more dimensions.
        RuntimeError: a dim named twice, or a mask that does not broadcast.

    Example:
        >>> masked.sum(tensor([[1, 2], [3, 4]]), 1, mask=tensor([[True, False], [False, False]]))
        tensor([1, 0])
    """
    input = checked("sum", "input", input)
    over = dims("sum", dim, input.ndim)
    return filled("sum", input, mask, 0).sum(over, keepdim=bool(keepdim), dtype=summed_dtype(input, dtype))


def prod(input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Multiply the elements that the mask leaves in; of none, 1.

    Arguments, shapes and errors are those of `sum`; unlike `torch.prod` it takes several dimensions.

    Example:
        >>> masked.prod(tensor([2.0, 3.0, 4.0]), mask=tensor([True, False, True]))
        tensor(8.)
    """
    input = checked("prod", "input", input)
    result = filled("prod", input, mask, 1).to(summed_dtype(input, dtype))
    for d in reversed(dims("prod", dim, input.ndim)):
        result = result.prod(d, keepdim=bool(keepdim))
    return result


def amax(input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Find the largest of the elements that the mask leaves in; of none, the least value of the dtype (-inf for floating ones).

    Arguments and shapes are those of `sum`; `dtype` is that of the result, None means that of `input`.

    Raises:
        NotImplementedError: a mask for bool.
        TypeError: a mask for complex numbers, which have no order.

    Example:
        >>> masked.amax(tensor([[1.0, 5.0], [2.0, 3.0]]), 1, mask=tensor([[True, False], [True, True]]))
        tensor([1., 3.])
    """
    input = checked("amax", "input", input)
    kept = input if mask is None else filled("amax", input, mask, lowest("amax", input))
    return kept.amax(dims("amax", dim, input.ndim), bool(keepdim)).to(input.dtype if dtype is None else dtype)


def amin(input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Find the smallest of the elements that the mask leaves in; of none, the largest value of the dtype (inf for floating ones).

    Arguments and shapes are those of `sum`; `dtype` is that of the result, None means that of `input`.

    Raises:
        NotImplementedError: a mask for bool.
        TypeError: a mask for complex numbers, which have no order.

    Example:
        >>> masked.amin(tensor([[1.0, 5.0], [2.0, 3.0]]), 1, mask=tensor([[False, True], [True, True]]))
        tensor([5., 2.])
    """
    input = checked("amin", "input", input)
    kept = input if mask is None else filled("amin", input, mask, highest("amin", input))
    return kept.amin(dims("amin", dim, input.ndim), bool(keepdim)).to(input.dtype if dtype is None else dtype)


def argmax(input: Tensor, dim: int | None = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Find where the largest of the elements that the mask leaves in stands.

    Args:
        input: Tensor of real numbers.
        dim: Dimension to search along; None means all, and a place in the flattened tensor.
        keepdim: Whether the dimension stays, with size 1.
        dtype: dtype of the result; None means that of `input`, as in PyTorch (not int64).
        mask: True where an element counts; broadcast to the shape of `input`. None means everywhere.

    Shape:
        input: (*); mask: broadcasts to (*); result: (*) without `dim`, or with size 1 there.

    Raises:
        IndexError: a dim that `input` does not have, or a mask of more dimensions.
        NotImplementedError: a mask for bool.
        TypeError: a mask for complex numbers, which have no order.

    Example:
        >>> masked.argmax(tensor([1, 5, 2]), mask=tensor([True, False, True]))
        tensor(2)
    """
    input = checked("argmax", "input", input)
    kept = input if mask is None else filled("argmax", input, mask, lowest("argmax", input))
    return kept.argmax(dim, bool(keepdim)).to(input.dtype if dtype is None else dtype)


def argmin(input: Tensor, dim: int | None = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Find where the smallest of the elements that the mask leaves in stands.

    Arguments, shapes and errors are those of `argmax`.

    Example:
        >>> masked.argmin(tensor([1, 5, 2]), mask=tensor([False, True, True]))
        tensor(2)
    """
    input = checked("argmin", "input", input)
    kept = input if mask is None else filled("argmin", input, mask, highest("argmin", input))
    return kept.argmin(dim, bool(keepdim)).to(input.dtype if dtype is None else dtype)


def mean(input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Average the elements that the mask leaves in; of none, nan.

    Arguments, shapes and errors are those of `sum`.

    Raises:
        ValueError: neither `input` nor `dtype` is floating or complex.

    Example:
        >>> masked.mean(tensor([[1.0, 2.0], [3.0, 4.0]]), 0, mask=tensor([[True, True], [False, True]]))
        tensor([1., 3.])
    """
    input = checked("mean", "input", input)
    dtype = input.dtype if dtype is None else dtype
    if not (dtype.is_floating_point or dtype.is_complex):
        raise expected("mean", "input or dtype to be floating or complex", str(dtype).removeprefix("torch."))
    over = dims("mean", dim, input.ndim)
    return sum(input, over, keepdim=keepdim, dtype=dtype, mask=mask) / _count("mean", input, over, bool(keepdim), mask)


def median(input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Find the middle one (the lower of two) of the elements that the mask leaves in; of none, nan. nan counts as left out.

    Args:
        input: Tensor of real numbers.
        dim: Dimension to search along.
        keepdim: Whether the dimension stays, with size 1.
        dtype: dtype of the result where `input` is of whole numbers; None means that of `input`.
        mask: True where an element counts; broadcast to the shape of `input`. None means everywhere.

    Shape:
        input: (*); mask: broadcasts to (*); result: (*) without `dim`, or with size 1 there.

    Raises:
        IndexError: a dim that `input` does not have, or a mask of more dimensions.
        ValueError: of whole numbers none is left in somewhere.

    Example:
        >>> masked.median(tensor([3.0, 9.0, 1.0]), mask=tensor([True, False, True]))
        tensor(1.)
    """
    input = checked("median", "input", input)
    (d,) = dims("median", (dim,), input.ndim)
    kept = filled("median", input if input.is_floating_point() else input.float(), mask, nan)
    found = nanmedian(kept, d, keepdim).values
    if input.is_floating_point():
        return found
    if found.isnan().any():
        raise expected("median", "a mask that leaves in at least one whole number everywhere", "none somewhere")
    return found.to(input.dtype if dtype is None else dtype)


def logsumexp(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """Take the logarithm of the sum of exponentials of the elements that the mask leaves in; of none, -inf.

    Arguments, shapes and errors are those of `sum`; `dtype` is that of the result, None means that of `input`.

    Example:
        >>> masked.logsumexp(tensor([0.0, 0.0, 50.0]), mask=tensor([True, True, False]))
        tensor(0.6931)
    """
    input = checked("logsumexp", "input", input)
    low = -inf if input.is_complex() or mask is None else lowest("logsumexp", input)
    over = dims("logsumexp", dim, input.ndim)
    return filled("logsumexp", input, mask, low).logsumexp(over, keepdim).to(input.dtype if dtype is None else dtype)


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: Any = None, input_mask: Tensor | None = None, other_mask: Tensor | None = None
) -> Tensor:
    """Take the logarithm of the sum of exponentials of two tensors, each of which counts as -inf where its mask is false.

    Args:
        input: Tensor of real numbers.
        other: Tensor of real numbers.
        dtype: dtype of the result; None means that of `input`.
        input_mask: True where an element of `input` counts; None means everywhere.
        other_mask: True where an element of `other` counts; None means everywhere.

    Shape:
        input and other: broadcast to (*); each mask: broadcasts to the shape of its tensor; result: (*).

    Raises:
        IndexError: a mask of more dimensions than its tensor.
        NotImplementedError: a mask for bool.
        TypeError: a mask for complex numbers.

    Example:
        >>> masked.logaddexp(tensor([0.0, 0.0]), tensor([0.0, 7.0]), other_mask=tensor([True, False]))
        tensor([0.6931, 0.0000])
    """
    a, b = checked("logaddexp", "input", input), checked("logaddexp", "other", other)
    a = a if input_mask is None else filled("logaddexp", a, input_mask, lowest("logaddexp", a))
    b = b if other_mask is None else filled("logaddexp", b, other_mask, lowest("logaddexp", b))
    return plain_logaddexp(a, b).to(input.dtype if dtype is None else dtype)


def norm(
    input: Tensor, ord: float | None = 2.0, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """Measure the length of the elements that the mask leaves in, taken as vectors; of none, 0 (of order -inf, inf).

    Args:
        input: Tensor of floating or complex numbers.
        ord: Order of the norm: sum(|x|**ord) ** (1 / ord), inf and -inf included.
        dim: Dimension or dimensions of the vectors; None and () mean all.
        keepdim: Whether the reduced dimensions stay, with size 1.
        dtype: dtype to compute in; None means that of `input`.
        mask: True where an element counts; broadcast to the shape of `input`. None means everywhere.

    Shape:
        input: (*); mask: broadcasts to (*); result: (*) without `dim`, or with size 1 there.

    Raises:
        IndexError: a dim that `input` does not have, or a mask of more dimensions.
        RuntimeError: `input` is neither floating nor complex.

    Example:
        >>> masked.norm(tensor([3.0, 4.0, 9.0]), mask=tensor([True, True, False]))
        tensor(5.)
    """
    input = checked("norm", "input", input)
    kept = filled("norm", input, mask, inf if ord == -inf else 0)
    return vector_norm(kept, ord, dims("norm", dim, input.ndim), bool(keepdim), dtype=input.dtype if dtype is None else dtype)


def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool | None = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Take the variance of the n elements that the mask leaves in: sum(|x - mean|**2) / max(0, n - correction); of none, nan.

    Args:
        input: Tensor of numbers.
        dim: Dimension or dimensions to reduce over; None and () mean all.
        unbiased: True for a correction of 1, False for one of 0.
        correction: What is taken from the count; None means 1. Only one of `unbiased` and `correction` may be given.
        keepdim: Whether the reduced dimensions stay, with size 1.
        dtype: dtype of the result; None means float32 for whole numbers, else that of `input`.
        mask: True where an element counts; broadcast to the shape of `input`. None means everywhere.

    Shape:
        input: (*); mask: broadcasts to (*); result: (*) without `dim`, or with size 1 there.

    Raises:
        AssertionError: both `unbiased` and `correction` are given, as in PyTorch.
        IndexError: a dim that `input` does not have, or a mask of more dimensions.
        RuntimeError: `input` is bool.

    Example:
        >>> masked.var(tensor([1.0, 3.0, 50.0]), mask=tensor([True, True, False]))
        tensor(2.)
    """
    return _spread("var", input, dim, unbiased, correction, keepdim, dtype, mask)


def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    *,
    correction: int | None = None,
    keepdim: bool | None = False,
    dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Take the standard deviation of the elements that the mask leaves in: the root of `var`, which has the same arguments and errors.

    Example:
        >>> masked.std(tensor([1.0, 5.0, 50.0]), unbiased=False, mask=tensor([True, True, False]))
        tensor(2.)
    """
    return _spread("std", input, dim, unbiased, correction, keepdim, dtype, mask).sqrt()


def _count(op: str, input: Tensor, over: tuple[int, ...], keepdim: bool, mask: Tensor | None) -> Any:
    """How many elements count: a number without a mask."""
    if mask is None:
        return product(input.shape[d] for d in over) if input.ndim else 1
    return broadcast(op, input, mask).sum(over, keepdim=keepdim)


def _spread(
    op: str, input: Tensor, dim: Any, unbiased: bool | None, correction: float | None, keepdim: bool | None, dtype: Any, mask: Tensor | None
) -> Tensor:
    """The variance in the name of `op`."""
    input = checked(op, "input", input)
    if unbiased is not None and correction is not None:
        raise expected(op, "one of unbiased and correction", "both", error=AssertionError)
    less = float(unbiased is not False) if correction is None else float(correction)
    smooth = input.is_floating_point() or input.is_complex()
    dtype = dtype if dtype is not None else input.dtype if smooth else _core.float32
    wide = dtype if dtype.is_floating_point or dtype.is_complex else _core.float32
    over = dims(op, dim, input.ndim)
    away = input - sum(input, over, keepdim=True, dtype=dtype, mask=mask) / _count(op, input, over, True, mask)
    total = sum(away * away.conj(), over, keepdim=keepdim, dtype=wide, mask=mask)
    count = _count(op, input, over, bool(keepdim), mask)
    left = max(count - less, 0) if mask is None else (count - less).clamp(min=0)
    return (total / left).to(dtype)
