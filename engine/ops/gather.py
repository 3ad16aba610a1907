"""Elements and slices chosen along one dimension, and put along one."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis, made
from .errors import expected

Tensor = core.Tensor
NO_INDEX_ERROR = ("gather", "scatter", "scatter_add", "scatter_reduce", "index_add")


def whole_numbers(name, index, argument="index"):
    if index.dtype not in (core.int64, core.int32):
        raise expected(name, f"{argument} of dtype int64", index, f"cast with {argument}.long()", RuntimeError)


def within(name, index, n):
    """Bodies check what kernels check, and raise the class that PyTorch does."""
    if index.size and not (index.min() >= 0 and index.max() < n):
        kind = RuntimeError if name in NO_INDEX_ERROR else IndexError
        raise expected(name, f"indices in the range [0, {n - 1}]", f"one from {index.min()} to {index.max()}", error=kind)


@op(
    "call",
    tensors=("input", "index"),
    dtypes=ALL,
    out=("exact", "apart"),
    onnx=lambda b, x, dim, index: b.node("Gather", x, index, axis=dim),
)
def index_select(input, dim, index):
    """Take slices along a dimension.

    Args:
        input: Tensor.
        dim: The dimension.
        index: Which slices, of dtype int64 or int32, >= 0.

    Shape:
        input: (*, n, *); index: (m,); result: (*, m, *).

    Returns:
        A copy.

    Raises:
        IndexError: there is no such slice.
        RuntimeError: `index` is not a vector of whole numbers.

    Example:
        >>> index_select(tensor([[1, 2], [3, 4]]), 1, tensor([1]))
        tensor([[2],
                [4]])
    """
    index = index.reshape(-1)
    within("index_select", index, input.shape[dim] if input.ndim else 1)
    return np.take(input, index, axis=dim) if input.ndim else input.copy()


@infer(index_select)
def _(input, dim, index):
    d = axis("index_select", dim, input.ndim)
    whole_numbers("index_select", index)
    if index.ndim > 1:
        raise expected("index_select", "index of at most 1 dimension", index, "use gather or input[index]", RuntimeError)
    shape = tuple(input.shape)
    return [((*shape[:d], index.numel(), *shape[d + 1 :]) if shape else (), input.dtype)], [d], []


derivative(
    index_select,
    input=lambda g, input_shape, dim, index: index_add(made(input_shape, g.dtype, g.device), dim, index.reshape((-1,)), g),
)


@samples(index_select)
def _(s):
    yield s(s.normal(5, 3), 0, s.integers(4, high=5))
    yield s(s.normal(2, 5), -1, s.integers(3, high=5))


@refuses(index_select)
def _(s):
    yield s(s.normal(3), 0, s.tensor([3], "int64")).raises(IndexError, "index_select: expected indices")
    yield s(s.normal(3), 0, s.mask(2)).raises(RuntimeError, "index_select: expected index of dtype int64")


@op(
    "call",
    tensors=("input", "index", "source"),
    inplace=True,
    dtypes=NUMBER,
    out=("exact", "whole"),
    onnx=Unsupported("assignments are not part of a network"),
)
def index_add(input, dim, index, source, *, alpha=1):
    """Add slices of one tensor to chosen slices of another.

    Args:
        input: Tensor that is added to.
        dim: The dimension.
        index: To which slices, of dtype int64 or int32, >= 0; one that is named twice gets both.
        source: What is added, a slice for each index.
        alpha: Factor of `source`.

    Shape:
        input: (*, n, *); index: (m,); source: (*, m, *); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: there is no such slice, or the shapes or dtypes do not fit.

    Example:
        >>> index_add(zeros(3), 0, tensor([0, 0]), tensor([1.0, 2.0]))
        tensor([3., 0., 0.])
    """
    result = np.atleast_1d(input.copy())
    index, scaled = index.reshape(-1), np.atleast_1d(source * np.asarray(alpha).astype(source.dtype))
    within("index_add", index, result.shape[dim])
    np.add.at(np.moveaxis(result, dim, 0), index, np.moveaxis(scaled, dim, 0))
    return result.reshape(input.shape)


@infer(index_add)
def _(input, dim, index, source, alpha):
    d = axis("index_add", dim, input.ndim)
    whole_numbers("index_add", index)
    shape = tuple(input.shape)
    wanted = (*shape[:d], index.numel(), *shape[d + 1 :])
    single = len(shape) < 2 and source.ndim < 2 and index.numel() == source.numel() == 1
    if index.ndim > 1 or (tuple(source.shape) != wanted and not single):
        raise expected("index_add", f"source of shape {wanted}", source, "one slice for each index", RuntimeError)
    if source.dtype is not input.dtype:
        raise expected("index_add", f"source of dtype {input.dtype.name}", source, error=RuntimeError)
    return [(shape, input.dtype)], [d], [alpha]


def _added(g, dim, index, alpha, source_shape):
    part = index_select(g, dim, index).reshape(source_shape)
    return part if alpha == 1 else part * alpha


derivative(index_add, input=lambda g: g, source=_added)


@samples(index_add)
def _(s):
    yield s(s.normal(5, 3), 0, s.integers(4, high=5), s.normal(4, 3)).without("empty", because="there would be nothing to point at")
    yield s(s.normal(2, 5), 1, s.integers(3, high=5), s.normal(2, 3), alpha=2)


@refuses(index_add)
def _(s):
    yield s(s.normal(3), 0, s.tensor([0], "int64"), s.normal(2)).raises(RuntimeError, "index_add: expected source of shape (1,)")


def along(name, input, dim, index, source=None):
    """Checks of gather and scatter: every other size of `index` fits in `input` (and in `source`)."""
    d = axis(name, dim, input.ndim)
    if not index.numel():  # nothing is looked up, whatever its dtype
        return d
    whole_numbers(name, index)
    if max(index.ndim, 1) != max(input.ndim, 1):
        raise expected(name, f"index of {input.ndim} dimensions", index, error=RuntimeError)
    for i, n in enumerate(index.shape):
        if i != d and n > input.shape[i]:
            raise expected(name, f"index no larger than {tuple(input.shape)} but in dimension {d}", index, error=RuntimeError)
    if source is not None and (
        max(source.ndim, 1) != max(index.ndim, 1) or any(n > m for n, m in zip(index.shape or (1,), source.shape or (1,), strict=True))
    ):
        raise expected(name, f"index no larger than src of shape {tuple(source.shape)}", index, error=RuntimeError)
    return d


def places(index, dim):
    """What NumPy is to be indexed with."""
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grid[dim] = index
    return tuple(grid)


@op(
    "call",
    tensors=("input", "index"),
    dtypes=ALL,
    out=("exact", "apart"),
    onnx=lambda b, x, dim, index, sparse_grad: b.node("GatherElements", x, index, axis=dim),
)
def gather(input, dim, index, *, sparse_grad=False):
    """Take one element for each place of `index`: its value says which along `dim`, its place says where otherwise.

    y[i][j] = input[index[i][j]][j] for dim = 0

    Args:
        input: Tensor.
        dim: The dimension.
        index: Which elements, of dtype int64 or int32, >= 0.
        sparse_grad: Accepted for PyTorch's sake.

    Shape:
        input: (*, n, *); index: at most the sizes of input but along dim; result: that of index.

    Returns:
        A copy.

    Raises:
        RuntimeError: there is no such element, or `index` does not fit.

    Example:
        >>> gather(tensor([[1, 2], [3, 4]]), 1, tensor([[0], [1]]))
        tensor([[1],
                [4]])
    """
    if not input.ndim or not index.size:
        return np.broadcast_to(input, index.shape) if index.size else np.empty(index.shape, input.dtype)
    within("gather", index, input.shape[dim])
    return input[places(index, dim)]


@infer(gather)
def _(input, dim, index, sparse_grad):
    return [(tuple(index.shape), input.dtype)], [along("gather", input, dim, index)], []


derivative(
    gather,
    input=lambda g, input_shape, dim, index: made(input_shape, g.dtype, g.device).scatter_add(dim, index, g),
)


@samples(gather)
def _(s):
    yield s(s.normal(4, 3), 0, s.integers(2, 3, high=4))
    yield s(s.normal(2, 5), -1, s.integers(2, 7, high=5))
    yield s(s.normal(3, 5), 1, s.integers(2, 2, high=5))


@refuses(gather)
def _(s):
    yield s(s.normal(3), 0, s.tensor([3], "int64")).raises(RuntimeError, "gather: expected indices")
    yield s(s.normal(3, 2), 0, s.tensor([0], "int64")).raises(RuntimeError, "gather: expected index of 2 dimensions")
    yield s(s.normal(3, 2), 0, s.integers(1, 3, high=2)).raises(RuntimeError, "gather: expected index no larger")
