"""Slices along a dimension that are replaced, filled or reduced into, chosen by a vector of indices."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array, fitting, whole_tensor
from ._define import ALL, COMPLEX, NUMBER, Unsupported, op, refuses, samples
from ._help import axis, made, ordered
from .errors import expected
from .gather import within
from .scatter import scatter_from
from .scatter_reduce import reduced_along

Tensor = core.Tensor
NO_FORM = Unsupported("assignments are not part of a network")


def _chosen(name, input, dim, index):
    """The dimension, and the index as a vector."""
    d = axis(name, dim, input.ndim)
    if not isinstance(index, Tensor) or index.dtype not in (core.int64, core.int32):
        raise expected(name, "index of dtype int64", index, "cast with index.long()", IndexError if name == "index_fill" else RuntimeError)
    if index.ndim > 1:
        raise expected(name, "index of at most 1 dimension", index, error=IndexError)
    return d, index.reshape((-1,))


def _source(name, input, d, index, source):
    """Checks of what is put: a slice of the same shape for each index."""
    within(name, array(index), input.shape[d] if input.ndim else 1)
    if source.dtype is not input.dtype:
        raise expected(name, f"source of dtype {input.dtype.name}", source, error=RuntimeError)
    shape = tuple(input.shape)
    if (source.ndim and (source.ndim != input.ndim or source.shape[d] != index.numel())) or (not source.ndim and index.numel() != 1):
        raise expected(name, f"as many slices as the {index.numel()} indices", source, error=IndexError)
    if source.ndim and tuple(source.shape) != (*shape[:d], index.numel(), *shape[d + 1 :]):
        raise expected(name, f"slices of a tensor of shape {shape}", source, error=RuntimeError)


def _spread(index, shape, d):
    """The index of every element of the slices."""
    return index.reshape(tuple(-1 if i == d else 1 for i in range(len(shape)))).expand(shape)


def _flat(t):
    """A tensor without dimensions counts as having one."""
    return t if t.ndim else t.reshape((1,))


@op("composite", tensors=("input", "index", "source"), inplace=True, dtypes=(*ALL, *COMPLEX), out=("exact", "whole"), onnx=NO_FORM)
def index_copy(input, dim, index, source):
    """Replace chosen slices of a tensor by those of another.

    Args:
        input: Tensor that is copied.
        dim: The dimension.
        index: Which slices, of dtype int64, >= 0; the last counts where one is named twice.
        source: What takes their place, a slice for each index.

    Shape:
        input: (*, n, *); index: (m,); source: (*, m, *); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no such slice, or there are not as many as indices.
        RuntimeError: the dtypes or the shapes of slices differ.

    Example:
        >>> index_copy(zeros(3), 0, tensor([2, 0]), tensor([1.0, 2.0]))
        tensor([2., 0., 1.])
    """
    d, index = _chosen("index_copy", input, dim, index)
    _source("index_copy", input, d, index, source)
    source = _flat(source)
    return scatter_from(_flat(input), d, _spread(index, source.shape, d), source).reshape(tuple(input.shape))


@op("composite", tensors=("input", "index", "value"), inplace=True, dtypes=(*ALL, *COMPLEX), onnx=NO_FORM)
def index_fill(input, dim, index, value):
    """Fill chosen slices of a tensor with a number.

    Args:
        input: Tensor that is copied.
        dim: The dimension.
        index: Which slices, of dtype int64; negative ones count from the end.
        value: The number, or a tensor without dimensions.

    Shape:
        input: (*, n, *); index: (m,); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no such slice, or `index` is not of whole numbers.
        RuntimeError: `value` has dimensions or does not fit the dtype.

    Example:
        >>> index_fill(zeros(3), 0, tensor([0, -1]), 5)
        tensor([5., 0., 5.])
    """
    d, index = _chosen("index_fill", input, dim, index)
    if isinstance(value, Tensor) and value.ndim:
        raise expected("index_fill", "value to be a number or a tensor without dimensions", value, error=RuntimeError)
    whole = _flat(input)
    n, at = whole.shape[d], array(index)
    at = np.unique(np.where(at < 0, at + n, at))  # each once, as the gradient of value adds them up
    within("index_fill", at, n)
    places = whole_tensor(at)
    shape = (*whole.shape[:d], places.numel(), *whole.shape[d + 1 :])
    value = fitting("index_fill", value, input.dtype)
    source = value.to(input.dtype).expand(shape) if isinstance(value, Tensor) else made(shape, input.dtype, input.device, value)
    return scatter_from(whole, d, _spread(places, shape, d), source).reshape(tuple(input.shape))


@op("composite", tensors=("input", "index", "source"), inplace=True, dtypes=NUMBER, out=("exact", "whole"), onnx=NO_FORM)
def index_reduce(input, dim, index, source, reduce, *, include_self=True):
    """Reduce slices of one tensor into chosen slices of another.

    Args:
        input: Tensor that is copied.
        dim: The dimension.
        index: Into which slices, of dtype int64, >= 0; one that is named twice gets both.
        source: What is reduced, a slice for each index.
        reduce: "prod", "mean", "amax" or "amin".
        include_self: Whether what is there already takes part.

    Shape:
        input: (*, n, *); index: (m,); source: (*, m, *); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no such slice, or there are not as many as indices.
        RuntimeError: the dtypes or the shapes of slices differ, or `reduce` is another word.

    Example:
        >>> index_reduce(ones(2), 0, tensor([0, 0]), tensor([3.0, 2.0]), "prod")
        tensor([6., 1.])
    """
    ordered("index_reduce", input)
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise expected("index_reduce", "reduce to be prod, mean, amax or amin", reduce, error=RuntimeError)
    d, index = _chosen("index_reduce", input, dim, index)
    _source("index_reduce", input, d, index, source)
    source = _flat(source)
    return reduced_along(_flat(input), d, _spread(index, source.shape, d), source, reduce, include_self).reshape(tuple(input.shape))


@samples(index_copy)
def _(s):
    yield s(s.normal(5, 3), 0, s.tensor([4, 0], "int64"), s.normal(2, 3)).without("empty", because="there would be nothing to point at")
    yield s(s.normal(2, 5), -1, s.tensor([1, 3, 2], "int64"), s.normal(2, 3))
    yield s(s.normal(), 0, s.tensor([0], "int64"), s.normal())


@samples(index_fill)
def _(s):
    yield s(s.normal(5, 3), 0, s.tensor([4, 0, 4], "int64"), 1).without("empty", because="there would be nothing to point at")
    negative = s(s.normal(2, 5), -1, s.tensor([1, -1], "int64"), s.normal())
    yield negative.without("peer_gradient", because="torch has no gradient where an index is negative")
    yield s(s.normal(2, 5), -1, s.tensor([1, 4, 1], "int64"), s.normal())


@samples(index_reduce)
def _(s):
    for how in ("prod", "mean", "amax", "amin"):
        for own in (True, False):
            call = s(s.distinct(5, 3), 0, s.tensor([4, 0, 4], "int64"), s.distinct(3, 3) + 30, how, include_self=own)
            yield call.without("empty", because="there would be nothing to point at")


@refuses(index_copy)
def _(s):
    yield s(s.normal(3), 0, s.normal(1), s.normal(1)).raises(RuntimeError, "index_copy: expected index of dtype int64")
    yield s(s.normal(3), 0, s.integers(1, 1), s.normal(1)).raises(IndexError, "index_copy: expected index of at most 1 dimension")
    yield s(s.normal(3), 0, s.tensor([0, 1], "int64"), s.normal(3)).raises(IndexError, "index_copy: expected as many slices")
    yield s(s.normal(3, 2), 0, s.tensor([0], "int64"), s.normal(1, 3)).raises(RuntimeError, "index_copy: expected slices of a tensor")
    yield s(s.normal(3), 0, s.tensor([0], "int64"), s.integers(1)).raises(RuntimeError, "index_copy: expected source of dtype float32")


@refuses(index_reduce)
def _(s):
    yield s(s.normal(3), 0, s.tensor([0], "int64"), s.normal(1), "sum").raises(RuntimeError, "index_reduce: expected reduce")


@refuses(index_fill)
def _(s):
    yield s(s.normal(3), 0, s.normal(1), 1.0).raises(IndexError, "index_fill: expected index of dtype int64")
    yield s(s.normal(3), 0, s.tensor([0], "int64"), s.normal(1)).raises(RuntimeError, "index_fill: expected value to be a number")
    yield s(s.normal(3), 0, s.tensor([0], "int64"), 1j).raises(RuntimeError, "index_fill: expected a number that fits float32")
