"""Cutting a tensor into pieces, and joining tensors."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from workbench.ext.core import _core as core

from ._define import ALL, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis
from ._space import alias, public
from .errors import expected

Tensor = core.Tensor


def _cuts(tensor, d, lengths):
    starts = np.cumsum([0, *lengths]).tolist()
    return tuple(tensor.narrow(d, start, n) for start, n in zip(starts, lengths, strict=False))


def _lengths(name, n, size):
    """Sizes of pieces: equal ones but for the last, or those given."""
    if isinstance(size, (tuple, list)):
        if sum(size) != n or any(k < 0 for k in size):
            raise expected(name, f"sizes >= 0 that add up to {n}", tuple(size), error=RuntimeError)
        return list(size)
    if size < 0 or (size == 0 and n):
        raise expected(name, "a positive size of pieces", size, error=RuntimeError)
    return [min(size, n - i) for i in range(0, n, size)] if n else [0]


def _split_form(b, x, size, dim):
    n = b.shape(x)[dim]
    lengths = _lengths("split", n, size)
    cuts = b.node("Split", x, b.constant(np.array(lengths, np.int64)), axis=dim, outputs=len(lengths))
    return cuts if isinstance(cuts, tuple) else (cuts,)


@op("composite", spaces=("torch",), dtypes=ALL, onnx=_split_form)
def split(tensor, split_size_or_sections, dim=0):
    """Cut a tensor into pieces along a dimension.

    Args:
        tensor: Tensor.
        split_size_or_sections: Size of every piece but perhaps the last, or the sizes of all.
        dim: The dimension.

    Shape:
        tensor: (*, n, *); results: (*, size, *).

    Returns:
        A tuple of views.

    Raises:
        RuntimeError: the sizes do not add up to `n`.

    Example:
        >>> split(tensor([1, 2, 3]), 2)
        (tensor([1, 2]), tensor([3]))
    """
    d = axis("split", dim, tensor.ndim)
    return _cuts(tensor, d, _lengths("split", tensor.shape[d], split_size_or_sections))


@samples(split)
def _(s):
    yield s(s.normal(5, 2), 2)
    yield s(s.normal(2, 5), [1, 4], 1)


@refuses(split)
def _(s):
    yield s(s.normal(5), [2, 2]).raises(RuntimeError, "split: expected sizes")
    yield s(s.normal(5), 0).raises(RuntimeError, "split: expected a positive size")


@op("composite", dtypes=ALL, onnx=lambda b, x, chunks, dim: _split_form(b, x, max(-(-b.shape(x)[dim] // chunks), 1), dim))
def chunk(input, chunks, dim=0):
    """Cut a tensor into at most so many pieces of equal size, but for the last.

    Args:
        input: Tensor.
        chunks: How many pieces at most.
        dim: The dimension.

    Shape:
        input: (*, n, *); results: (*, ceil(n / chunks), *).

    Returns:
        A tuple of views.

    Raises:
        RuntimeError: `chunks` is less than 1.

    Example:
        >>> chunk(tensor([1, 2, 3]), 2)
        (tensor([1, 2]), tensor([3]))
    """
    if chunks < 1:
        raise expected("chunk", "chunks of 1 or more", chunks, error=RuntimeError)
    d = axis("chunk", dim, input.ndim)
    n = input.shape[d]
    return _cuts(input, d, _lengths("chunk", n, -(-n // chunks)) if n else [0] * chunks)


@samples(chunk)
def _(s):
    yield s(s.normal(5, 2), 2)
    yield s(s.normal(2, 6), 3, -1)


@refuses(chunk)
def _(s):
    yield s(s.normal(5), 0).raises(RuntimeError, "chunk: expected chunks")


@op("composite", dtypes=ALL, onnx=Unsupported("export split"))
def tensor_split(input, indices_or_sections, dim=0):
    """Cut a tensor into pieces whose sizes differ by 1 at most, or at the places given.

    Args:
        input: Tensor.
        indices_or_sections: How many pieces, or where each but the first begins.
        dim: The dimension.

    Shape:
        input: (*, n, *); results: (*, size, *).

    Returns:
        A tuple of views.

    Raises:
        RuntimeError: less than 1 piece is asked for.

    Example:
        >>> tensor_split(tensor([1, 2, 3]), (1,))
        (tensor([1]), tensor([2, 3]))
    """
    d = axis("tensor_split", dim, input.ndim)
    n, at = input.shape[d], indices_or_sections
    at = at.tolist() if isinstance(at, Tensor) else at
    if isinstance(at, int):
        if at < 1:
            raise expected("tensor_split", "1 or more sections", at, error=RuntimeError)
        return _cuts(input, d, [n // at + (i < n % at) for i in range(at)])
    edges = [0, *(min(max(i + n if i < 0 else i, 0), n) for i in at), n]
    return tuple(input.narrow(d, low, max(high - low, 0)) for low, high in pairwise(edges))


@samples(tensor_split)
def _(s):
    yield s(s.normal(5, 2), 2)
    yield s(s.normal(2, 6), (1, 4), -1)


@refuses(tensor_split)
def _(s):
    yield s(s.normal(3), 0).raises(RuntimeError, "tensor_split: expected 1 or more sections")


@op("composite", dtypes=ALL, onnx=Unsupported("a number of outputs that depends on the input; export split and squeeze"))
def unbind(input, dim=0):
    """Take the slices at all indices of a dimension.

    Args:
        input: Tensor.
        dim: The dimension that goes.

    Shape:
        input: (*, n, *); results: n of (*, *).

    Returns:
        A tuple of views.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> unbind(tensor([[1, 2], [3, 4]]))
        (tensor([1, 2]), tensor([3, 4]))
    """
    d = axis("unbind", dim, input.ndim)
    return tuple(input.select(d, i) for i in range(input.shape[d]))


@samples(unbind)
def _(s):
    yield s(s.normal(3, 2))
    yield s(s.normal(2, 3), 1)


def _some(name, tensors):
    if not tensors:
        raise expected(name, "at least one tensor", "none", error=RuntimeError)


def _joined(tensors):
    """The tensors that count (an empty vector joins anything, as in PyTorch)."""
    return [x for x in tensors if len(x.shape) != 1 or x.shape[0]] or tensors[:1]


@op(
    "call",
    tensors=("*tensors",),
    spaces="torch",
    methods=False,
    dtypes=ALL,
    onnx=lambda b, tensors, dim: b.node("Concat", *tensors, axis=dim),
)
def cat(tensors, dim=0):
    """Join tensors along a dimension.

    Args:
        tensors: Tensors whose other dimensions agree.
        dim: The dimension.

    Shape:
        tensors: (*, n_i, *); result: (*, sum of n_i, *).

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: there are no tensors, or other dimensions differ.

    Example:
        >>> cat((tensor([1, 2]), tensor([3])))
        tensor([1, 2, 3])
    """
    return np.concatenate(_joined(tensors), axis=dim)


@infer(cat)
def _(tensors, dim):
    _some("cat", tensors)
    parts = _joined(tensors)
    d = axis("cat", dim, parts[0].ndim)
    first = tuple(parts[0].shape)
    if not first:
        raise expected("cat", "tensors of 1 or more dimensions", parts[0], "use stack() for 0-d tensors", RuntimeError)
    for x in parts[1:]:
        if x.ndim != len(first) or any(n != m for i, (n, m) in enumerate(zip(x.shape, first, strict=True)) if i != d):
            raise expected("cat", f"tensors of shape {first} but for dimension {d}", tuple(x.shape), error=RuntimeError)
    dtype = parts[0].dtype if all(x.dtype is parts[0].dtype for x in tensors) else _promoted(tensors)
    return [((*first[:d], sum(x.shape[d] for x in parts), *first[d + 1 :]), dtype)], [d], []


def _promoted(tensors):
    dtype = tensors[0].dtype
    for x in tensors[1:]:
        dtype = core.promote_types(dtype, x.dtype)
    return dtype


def _cat_back(g, tensors, dim):
    d, start, parts = dim % g.ndim, 0, []
    for x in tensors:
        skipped = x.ndim == 1 and not x.shape[0] and g.ndim != 1
        parts.append(None if skipped else g.narrow(d, start, x.shape[d]))
        start += 0 if skipped else x.shape[d]
    return parts


derivative(cat, tensors=_cat_back)
alias("torch", concat=cat, concatenate=cat)


@samples(cat)
def _(s):
    yield s((s.normal(2, 3), s.normal(1, 3)))
    yield s([s.normal(2, 3), s.normal(2, 1), s.normal(2, 2)], -1)
    yield s((s.normal(2, 3),), dim=1)


@refuses(cat)
def _(s):
    yield s(()).raises(RuntimeError, "cat: expected at least one tensor")
    yield s((s.normal(2, 3), s.normal(2, 2))).raises(RuntimeError, "cat: expected tensors of shape (2, 3)")


def _stack_form(b, tensors, dim):
    rows = [b.node("Unsqueeze", x, b.constant(np.array([dim], np.int64))) for x in tensors]
    return b.node("Concat", *rows, axis=dim)


@op("call", tensors=("*tensors",), spaces="torch", methods=False, dtypes=ALL, onnx=_stack_form)
def stack(tensors, dim=0):
    """Join tensors of one shape along a new dimension.

    Args:
        tensors: Tensors of the same shape.
        dim: Where the new dimension will be.

    Shape:
        tensors: n of (*, *); result: (*, n, *).

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: there are no tensors, or the shapes differ.

    Example:
        >>> stack((tensor([1, 2]), tensor([3, 4])))
        tensor([[1, 2],
                [3, 4]])
    """
    return np.stack(tensors, axis=dim)


@infer(stack)
def _(tensors, dim):
    _some("stack", tensors)
    first = tuple(tensors[0].shape)
    d = axis("stack", dim, len(first) + 1)
    for x in tensors:
        if tuple(x.shape) != first:
            raise expected("stack", f"tensors of shape {first}", tuple(x.shape), "they must all be equal", RuntimeError)
    return [((*first[:d], len(tensors), *first[d:]), _promoted(tensors))], [d], []


derivative(stack, tensors=lambda g, tensors, dim: [g.select(dim, i) for i in range(len(tensors))])


@samples(stack)
def _(s):
    yield s((s.normal(2, 3), s.normal(2, 3)))
    yield s([s.normal(2), s.normal(2), s.normal(2)], -1)
    yield s((s.normal(), s.normal()))


@refuses(stack)
def _(s):
    yield s(()).raises(RuntimeError, "stack: expected at least one tensor")
    yield s((s.normal(2), s.normal(3))).raises(RuntimeError, "stack: expected tensors of shape (2,)")


@public("torch")
def hstack(tensors):
    """Join tensors side by side: along dimension 1, vectors along 0.

    Args:
        tensors: Tensors whose other dimensions agree.

    Shape:
        tensors: (n, m_i, *) or (m_i,); result: (n, sum of m_i, *) or (sum of m_i,).

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> hstack((tensor([1, 2]), tensor([3])))
        tensor([1, 2, 3])
    """
    parts = [x.reshape((1,)) if not x.ndim else x for x in tensors]
    return cat(parts, 0 if parts and parts[0].ndim == 1 else 1)


@public("torch")
def vstack(tensors):
    """Join tensors on top of each other: along dimension 0, vectors as rows.

    Args:
        tensors: Tensors whose other dimensions agree.

    Shape:
        tensors: (n_i, m, *) or (m,); result: (sum of n_i, m, *).

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> vstack((tensor([1, 2]), tensor([3, 4])))
        tensor([[1, 2],
                [3, 4]])
    """
    return cat([x.reshape((1, -1)) if x.ndim < 2 else x for x in tensors], 0)


@refuses(tensor_split)
def _(s):
    yield s(s.normal(3, 4), 0).raises(RuntimeError, "tensor_split: expected 1 or more sections")
