"""Elements taken by place: along a dimension with broadcasting, and from the flattened tensor, and put there."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array, whole_tensor
from ._define import ALL, COMPLEX, Unsupported, op, refuses, samples
from ._help import axis
from .errors import expected
from .gather import gather
from .indexing import index_put

Tensor = core.Tensor
NO_FORM = Unsupported("assignments are not part of a network")


def _along_form(b, x, indices, dim):
    if dim is None:
        x, indices = (b.node("Reshape", t, b.constant(np.array([-1], np.int64))) for t in (x, indices))
        return b.node("GatherElements", x, indices, axis=0)
    d, shapes = dim % len(b.shape(x)), (b.shape(x), b.shape(indices))
    if any(n != m for i, (n, m) in enumerate(zip(*shapes, strict=True)) if i != d):
        return Unsupported("indices that broadcast")
    return b.node("GatherElements", x, indices, axis=dim)


def _places(name, index, argument="index"):
    if not isinstance(index, Tensor) or index.dtype is not core.int64:
        raise expected(name, f"{argument} of dtype int64", index, f"cast with {argument}.long()", RuntimeError)


@op("composite", tensors=("input", "indices"), dtypes=(*ALL, *COMPLEX), out=("exact", "apart"), onnx=_along_form)
def take_along_dim(input, indices, dim=None):
    """Take elements along a dimension; both tensors broadcast in the others.

    Args:
        input: Tensor.
        indices: Which elements, of dtype int64; with a `dim`, negative ones count from the end.
        dim: The dimension; None works on the flattened tensor.

    Shape:
        input: (*, n, *); indices: (*, m, *); result: that of indices after broadcasting.

    Returns:
        A copy.

    Raises:
        RuntimeError: there is no such element.

    Example:
        >>> take_along_dim(tensor([[3, 1], [2, 4]]), tensor([[1], [0]]), 1)
        tensor([[1],
                [2]])
    """
    if dim is None:
        _places("take_along_dim", indices, "indices")
        return gather(input.reshape((-1,)), 0, indices.reshape((-1,)))
    _places("take_along_dim", indices, "indices")
    d = axis("take_along_dim", dim, input.ndim)
    if input.ndim != indices.ndim:
        raise expected("take_along_dim", f"indices of {input.ndim} dimensions", indices, error=RuntimeError)
    sizes = [(m if n == 1 else n) if i != d else None for i, (n, m) in enumerate(zip(input.shape, indices.shape, strict=True))]
    wide = [input.expand([t if s is None else s for s, t in zip(sizes, input.shape, strict=True)])]
    wide.append(indices.expand([t if s is None else s for s, t in zip(sizes, indices.shape, strict=True)]))
    return gather(wide[0], d, _from_start(input.shape[d], wide[1]))


def _from_start(n, indices):
    """Indices counted from the start."""
    at = array(indices)
    return whole_tensor(np.where(at < 0, at + n, at)) if (at < 0).any() else indices


@op(
    "composite",
    tensors=("input", "index"),
    dtypes=(*ALL, *COMPLEX),
    out=("exact", "apart"),
    onnx=Unsupported("export a reshape and gather"),
)
def take(input, index):
    """Take elements of the flattened tensor.

    Args:
        input: Tensor.
        index: Which elements, of dtype int64; negative ones count from the end.

    Shape:
        input: (*); index: any; result: that of index.

    Returns:
        A copy.

    Raises:
        IndexError: there is no such element.

    Example:
        >>> take(tensor([[1, 2], [3, 4]]), tensor([0, 3]))
        tensor([1, 4])
    """
    _places("take", index)
    if index.numel() and not input.numel():
        raise expected("take", "input with elements", input, error=IndexError)
    return input.reshape((-1,))[index.reshape((-1,))].reshape(tuple(index.shape))


@op(
    "composite",
    tensors=("input", "index", "source"),
    inplace=True,
    dtypes=(*ALL, *COMPLEX),
    onnx=Unsupported("assignments are not part of a network"),
)
def put(input, index, source, accumulate=False):
    """Put elements at places of the flattened tensor.

    Args:
        input: Tensor that is copied.
        index: Which places, of dtype int64; negative ones count from the end.
        source: What is put there, as many elements as `index`.
        accumulate: Add to what is there; places that are named twice get both.

    Shape:
        input: (*); index, source: any with the same number of elements; result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no such place, or the numbers of elements differ.
        RuntimeError: the dtypes differ, or `index` is not of int64.

    Example:
        >>> put(tensor([[1, 2], [3, 4]]), tensor([0, -1]), tensor([5, 6]))
        tensor([[5, 2],
                [3, 6]])
    """
    _places("put", index)
    if source.dtype is not input.dtype:
        raise expected("put", f"source of dtype {input.dtype.name}", source, error=RuntimeError)
    if source.numel() != index.numel():
        raise expected("put", f"source of {index.numel()} elements", source, error=IndexError)
    if not index.numel():
        return input.clone()
    if not input.numel():
        raise expected("put", "input with elements", input, error=IndexError)
    return index_put(input.reshape((-1,)), (index.reshape((-1,)),), source.reshape((-1,)), accumulate).reshape(tuple(input.shape))


@samples(put)
def _(s):
    yield s(s.normal(3, 4), s.tensor([[0, -1], [5, 3]], "int64"), s.normal(2, 2))
    yield s(s.normal(3, 4), s.tensor([0, -1, 11, 2], "int64"), s.normal(4), accumulate=True)


@refuses(put)
def _(s):
    yield s(s.normal(3), s.tensor([3], "int64"), s.normal(1)).raises(IndexError, "index_put: expected indices in the range")
    yield s(s.normal(3), s.tensor([0], "int64"), s.normal(2)).raises(IndexError, "put: expected source of 1 elements")
    yield s(s.normal(3), s.tensor([0], "int64"), s.integers(1)).raises(RuntimeError, "put: expected source of dtype float32")


@refuses(take)
def _(s):
    yield s(s.normal(3), s.normal(2)).raises(RuntimeError, "take: expected index of dtype int64")
    yield s(s.normal(0), s.tensor([0], "int64")).raises(IndexError, "take: expected input with elements")


@samples(take_along_dim)
def _(s):
    yield s(s.normal(3, 4), s.integers(3, 2, high=4), 1)
    yield s(s.normal(1, 4), s.integers(3, 2, high=4), -1).without("onnx", because="GatherElements does not broadcast")
    yield s(s.normal(3, 4), s.integers(5, high=12)).without("onnx", because="GatherElements has a dimension")


@samples(take)
def _(s):
    yield s(s.normal(3, 4), s.integers(2, 2, low=-12, high=12))


@refuses(take_along_dim)
def _(s):
    yield s(s.normal(3, 4), s.integers(3, high=3), 1).raises(RuntimeError, "take_along_dim: expected indices of 2 dimensions")
