"""Cutting a tensor into pieces."""

from __future__ import annotations

from itertools import pairwise
from operator import index as whole

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, Unsupported, op, refuses, samples
from ._help import axis
from ._space import public
from .errors import expected

Tensor = core.Tensor


def _line(name, tensor, dim):
    """The dimension that is cut; a tensor without any has nothing to cut."""
    if isinstance(tensor, Tensor) and not tensor.ndim:
        raise expected(name, "a tensor of 1 or more dimensions", tensor, error=RuntimeError)
    return axis(name, dim, tensor.ndim)


def _cuts(tensor, d, lengths):
    starts = np.cumsum([0, *lengths]).tolist()
    return tuple(tensor.narrow(d, start, n) for start, n in zip(starts, lengths, strict=False))


def _lengths(name, n, size):
    """Sizes of pieces: equal ones but for the last, or those given."""
    if isinstance(size, (tuple, list)):
        if sum(size) != n or any(k < 0 for k in size):
            raise expected(name, f"sizes >= 0 that add up to {n}", tuple(size), error=RuntimeError)
        return list(size)
    size = whole(size)
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
    d = _line("split", tensor, dim)
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
    d = _line("chunk", input, dim)
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
    d = _line("tensor_split", input, dim)
    n, at = input.shape[d], indices_or_sections
    if isinstance(at, Tensor):
        if at.ndim > 1 or at.dtype is not core.int64:
            raise expected("tensor_split", "places as a tensor of int64 of at most 1 dimension", at, error=RuntimeError)
        at = at.tolist()
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
    yield s(s.normal(3), s.normal(2)).raises(RuntimeError, "tensor_split: expected places as a tensor of int64")


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


@public("torch", methods=("split_with_sizes",))
def split_with_sizes(input, split_sizes, dim=0):
    """Cut a tensor into pieces of the sizes given.

    Args:
        input: Tensor.
        split_sizes: The sizes.
        dim: The dimension.

    Shape:
        input: (*, n, *); results: (*, size, *).

    Returns:
        A tuple of views.

    Raises:
        RuntimeError: the sizes do not add up to `n`.
    """
    d = _line("split_with_sizes", input, dim)
    return _cuts(input, d, _lengths("split_with_sizes", input.shape[d], tuple(split_sizes)))


@public("torch", methods=("unsafe_split",))
def unsafe_split(input, split_size, dim=0):
    """The same as `split` for one size; what PyTorch does not watch is watched here."""
    return split(input, split_size, dim)


@public("torch", methods=("unsafe_chunk",))
def unsafe_chunk(input, chunks, dim=0):
    """The same as `chunk`; what PyTorch does not watch is watched here."""
    return chunk(input, chunks, dim)


@public("torch", methods=("unsafe_split_with_sizes",))
def unsafe_split_with_sizes(input, split_sizes, dim=0):
    """The same as `split_with_sizes`; what PyTorch does not watch is watched here."""
    return split_with_sizes(input, split_sizes, dim)


def _sections(name, input, sections, least, dim):
    """hsplit, vsplit and dsplit: a number of pieces must divide the size."""
    if input.ndim < least:
        raise expected(name, f"a tensor of {least} or more dimensions", input, error=RuntimeError)
    if isinstance(sections, int) and (sections < 1 or input.shape[dim] % sections):
        raise expected(name, f"a number of pieces that divides {input.shape[dim]}", sections, "give the places to cut at", RuntimeError)
    return tensor_split(input, sections, dim)


def _spread(given, sections, indices):
    """What came by position or by one of PyTorch's names."""
    given = given or tuple(x for x in (sections, indices) if x is not None)
    return given[0] if len(given) == 1 else given


@public("torch", methods=("hsplit",))
def hsplit(input, *indices_or_sections, sections=None, indices=None):
    """Cut a tensor into pieces side by side: along dimension 1, vectors along 0.

    Args:
        input: Tensor.
        indices_or_sections: How many pieces of equal size, or where each but the first begins.
        sections: The former by name.
        indices: The latter by name.

    Shape:
        input: (n, m, *) or (m,); results: (n, size, *) or (size,).

    Returns:
        A tuple of views.

    Raises:
        RuntimeError: the number of pieces does not divide the size.
    """
    return _sections("hsplit", input, _spread(indices_or_sections, sections, indices), 1, 0 if input.ndim == 1 else 1)


@public("torch", methods=("vsplit",))
def vsplit(input, *indices_or_sections, sections=None, indices=None):
    """Cut a tensor into pieces on top of each other: along dimension 0.

    Args:
        input: Tensor of 2 or more dimensions.
        indices_or_sections: How many pieces of equal size, or where each but the first begins.
        sections: The former by name.
        indices: The latter by name.

    Shape:
        input: (n, m, *); results: (size, m, *).

    Returns:
        A tuple of views.

    Raises:
        RuntimeError: there are fewer dimensions, or the number of pieces does not divide the size.
    """
    return _sections("vsplit", input, _spread(indices_or_sections, sections, indices), 2, 0)


@public("torch", methods=("dsplit",))
def dsplit(input, *indices_or_sections, sections=None, indices=None):
    """Cut a tensor into pieces behind each other: along dimension 2.

    Args:
        input: Tensor of 3 or more dimensions.
        indices_or_sections: How many pieces of equal size, or where each but the first begins.
        sections: The former by name.
        indices: The latter by name.

    Shape:
        input: (n, m, k, *); results: (n, m, size, *).

    Returns:
        A tuple of views.

    Raises:
        RuntimeError: there are fewer dimensions, or the number of pieces does not divide the size.
    """
    return _sections("dsplit", input, _spread(indices_or_sections, sections, indices), 3, 2)
