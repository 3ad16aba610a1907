"""Copies of a tensor in which another one stands where a view would look."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import ALL, COMPLEX, Unsupported, op, refuses, samples
from ._help import axis
from .errors import expected
from .primitive import clone, restride
from .slices import diagonal, getitem, select, strided_place

Tensor = core.Tensor
NO_FORM = Unsupported("assignments are not part of a network")


def _put(name, input, src, part):
    """A copy of `input` with `src` in the part that a view shows."""
    if not isinstance(src, Tensor):
        raise expected(name, "src to be a Tensor", type(src).__name__, error=TypeError)
    result = clone(input)
    shown = part(result)
    if tuple(src.shape) != tuple(shown.shape):
        raise expected(name, f"src of shape {tuple(shown.shape)}", src, error=RuntimeError)
    shown.copy_(src)
    return result


@op("composite", tensors=("input", "src"), dtypes=(*ALL, *COMPLEX), onnx=NO_FORM)
def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """Copy a tensor and put another one on a diagonal of two dimensions.

    Args:
        input: Tensor of 2 or more dimensions.
        src: What is put there.
        offset: Which diagonal: 0 the main one, above it > 0, below it < 0.
        dim1: First dimension.
        dim2: Second dimension.

    Shape:
        input: (*, n, *, m, *); src: (*, *, *, length); result: that of input.

    Returns:
        A copy.

    Raises:
        RuntimeError: `src` has another shape than the diagonal.

    Example:
        >>> diagonal_scatter(zeros(2, 2), tensor([1.0, 2.0]))
        tensor([[1., 0.],
                [0., 2.]])
    """
    return _put("diagonal_scatter", input, src, lambda whole: diagonal(whole, offset, dim1, dim2))


@op("composite", tensors=("input", "src"), dtypes=(*ALL, *COMPLEX), onnx=NO_FORM)
def select_scatter(input, src, dim, index):
    """Copy a tensor and put another one at an index of a dimension.

    Args:
        input: Tensor.
        src: What is put there.
        dim: The dimension.
        index: Where; negative ones count from the end.

    Shape:
        input: (*, n, *); src: (*, *); result: that of input.

    Returns:
        A copy.

    Raises:
        IndexError: there is no such index or dimension.
        RuntimeError: `src` has another shape than the slice.

    Example:
        >>> select_scatter(zeros(2, 2), tensor([1.0, 2.0]), 0, 1)
        tensor([[0., 0.],
                [1., 2.]])
    """
    return _put("select_scatter", input, src, lambda whole: select(whole, dim, index))


def slice_along(input, dim=0, start=None, end=None, step=1):
    """The part of a tensor that a slice of one dimension shows.

    Args:
        input: Tensor of 1 or more dimensions.
        dim: The dimension.
        start: First index; None means 0, negative ones count from the end.
        end: Where to stop; None means at the end.
        step: From one index to the next, > 0.

    Shape:
        input: (*, n, *); result: (*, m, *).

    Returns:
        A view.
    """
    if not input.ndim:
        raise expected("slice", "a tensor of 1 or more dimensions", input, error=RuntimeError)
    if step < 1:
        raise expected("slice", "step of 1 or more", step, error=RuntimeError)
    return getitem(input, (slice(None),) * axis("slice", dim, input.ndim) + (slice(start, end, step),))


@op("composite", tensors=("input", "src"), dtypes=(*ALL, *COMPLEX), out="exact", onnx=NO_FORM)
def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """Copy a tensor and put another one where a slice of a dimension would look.

    Args:
        input: Tensor.
        src: What is put there.
        dim: The dimension.
        start: First index; None means 0, negative ones count from the end.
        end: Where to stop; None means at the end.
        step: From one index to the next, > 0.

    Shape:
        input: (*, n, *); src: (*, m, *); result: that of input.

    Returns:
        A copy.

    Raises:
        RuntimeError: `src` has another shape than the slice.

    Example:
        >>> slice_scatter(zeros(4), ones(2), start=1, end=4, step=2)
        tensor([0., 1., 0., 1.])
    """
    return _put("slice_scatter", input, src, lambda whole: slice_along(whole, dim, start, end, step))


@op("composite", tensors=("input", "src"), dtypes=(*ALL, *COMPLEX), onnx=NO_FORM)
def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """Copy a tensor and put another one where `as_strided` would look.

    Args:
        input: Tensor.
        src: What is put there.
        size: Shape of the part.
        stride: Strides of the part, in elements, >= 0.
        storage_offset: Its first element, counted from the start of the memory; None means that of `input`.

    Shape:
        input: (*); src: size; result: that of input.

    Returns:
        A copy.

    Raises:
        RuntimeError: `src` has another shape, or the part would reach out of the memory.

    Example:
        >>> as_strided_scatter(zeros(4), ones(2), (2,), (2,))
        tensor([1., 0., 1., 0.])
    """
    size, stride, start = strided_place("as_strided_scatter", input, size, stride, storage_offset)
    return _put("as_strided_scatter", input, src, lambda whole: restride(whole, size, stride, start, tuple(whole.stride())))


@samples(diagonal_scatter)
def _(s):
    yield s(s.normal(3, 4), s.normal(3))
    yield s(s.normal(3, 4), s.normal(2), -1)
    yield s(s.normal(2, 3, 3), s.normal(2, 2), 1, 1, 2)


@samples(select_scatter)
def _(s):
    yield s(s.normal(3, 4), s.normal(4), 0, 1)
    yield s(s.normal(3, 4), s.normal(3), -1, -1)


@samples(slice_scatter)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4))
    yield s(s.normal(5, 3), s.normal(2, 3), 0, 1, 4, 2)
    yield s(s.normal(3, 5), s.normal(3, 2), 1, -2)


@samples(as_strided_scatter)
def _(s):
    call = s(s.normal(6), s.normal(2, 2), (2, 2), (3, 1), 1)
    call.without("peer_gradient", because="torch gives input the gradient of what was put over it")
    yield call.without("layout", "layout_gradient", because="it writes the memory as it is")


@refuses(diagonal_scatter)
def _(s):
    yield s(s.normal(3, 3), s.normal(2)).raises(RuntimeError, "diagonal_scatter: expected src of shape (3,)")
    yield s(s.normal(3, 3), 1.0).raises(TypeError, "diagonal_scatter: expected src to be a Tensor")


@refuses(as_strided_scatter)
def _(s):
    yield s(s.normal(6), s.normal(2), (3,), (1,)).raises(RuntimeError, "as_strided_scatter: expected src of shape (3,)")
