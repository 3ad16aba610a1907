"""Indexing by tensors: `input[indices]`, its assignment, masks, and slices chosen along a dimension."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array, whole_tensor
from ._define import ALL, Unsupported, derivative, infer, op, refuses, samples
from ._help import broadcast, made
from ._space import public
from .errors import expected
from .expand import sum_to

Tensor = core.Tensor


def _indexed_shape(name, input, indices):
    """The shape of input[indices], whose entries are int64 tensors or None."""
    if len(indices) > input.ndim:
        raise expected(name, f"at most {input.ndim} indices for shape {tuple(input.shape)}", str(len(indices)), error=IndexError)
    at = [d for d, i in enumerate(indices) if i is not None]
    if not at:
        return tuple(input.shape)
    for d in at:
        if indices[d].dtype is not core.int64:
            raise expected(name, "indices of dtype int64", indices[d], "cast with index.long()", IndexError)
    try:
        found = broadcast(name, *(indices[d].shape for d in at))
    except RuntimeError as error:
        raise IndexError(str(error)) from None
    shape, last = tuple(input.shape), at[-1]
    if at == list(range(at[0], last + 1)):
        return shape[: at[0]] + found + shape[last + 1 :]
    return found + tuple(n for d, n in enumerate(shape) if d not in at)


def _numpy_index(name, shape, indices):
    """The indices for NumPy, checked against the shape."""
    out = []
    for n, i in zip(shape, indices, strict=False):
        if i is None:
            out.append(slice(None))
            continue
        i = i.numpy() if isinstance(i, Tensor) else i
        if i.size and not (-n <= i.min() and i.max() < n):
            raise expected(name, f"indices in the range [{-n}, {n - 1}]", f"one from {i.min()} to {i.max()}", error=IndexError)
        out.append(i)
    return tuple(out)


def _index_form(b, x, indices):
    at = [d for d, i in enumerate(indices) if i is not None]
    if len(at) == 1:
        return b.node("Gather", x, indices[at[0]], axis=at[0])
    return Unsupported("indexing by several tensors at once")


@op(
    "call",
    spaces=(),
    methods=False,
    dtypes=ALL,
    onnx=_index_form,
    peer=lambda torch, x, indices: x[tuple(slice(None) if i is None else i for i in indices)],
)
def index(input, indices):
    """Take elements, as `input[indices]` does where indices are tensors.

    Args:
        input: Tensor.
        indices: For each leading dimension a tensor of int64, or None for all of it.

    Shape:
        input: (*); indices: shapes that broadcast; result: the broadcast shape in place of the indexed dimensions, in front if they
            are not neighbours.

    Returns:
        A copy.

    Raises:
        IndexError: an index is out of range, or there are too many.

    Example:
        >>> tensor([10, 20, 30])[tensor([2, 0])]
        tensor([30, 10])
    """
    return input[_numpy_index("getitem", input.shape, indices)]


@infer(index)
def _(input, indices):
    return [(_indexed_shape("getitem", input, indices), input.dtype)], [], []


derivative(
    index,
    input=lambda g, input_shape, indices: index_put(made(input_shape, g.dtype, g.device), indices, g, accumulate=True),
)


@samples(index)
def _(s):
    yield s(s.normal(5, 3), (s.integers(4, low=-5, high=5),))
    yield s(s.normal(2, 5, 3), (None, s.integers(2, 2, high=5)))
    yield s(s.normal(4, 5, 3), (s.integers(3, 1, high=4), s.integers(2, high=5)))
    yield s(s.normal(4, 5, 3), (s.integers(2, high=4), None, s.integers(2, high=3)))


@refuses(index)
def _(s):
    yield s(s.normal(3), (s.tensor([3], "int64"),)).raises(IndexError, "getitem: expected indices in the range")
    yield s(s.normal(3), (s.tensor([0], "int64"), s.tensor([0], "int64"))).raises(IndexError, "getitem: expected at most 1")


@op("call", tensors=("input", "values"), spaces=(), methods=(), inplace=True, dtypes=ALL, peer="index_put",
    onnx=Unsupported("assignments are not part of a network"))  # fmt: skip
def index_put(input, indices, values, accumulate=False):
    """`index_put` by tensors of int64, and None for all of a dimension: what an assignment comes down to.

    Shape:
        input: (*); values: broadcasts to the shape of input[indices]; result: that of input.
    """
    at, result = _numpy_index("index_put", input.shape, indices), input.copy()
    if accumulate:
        np.add.at(result, at, values)
    else:
        result[at] = values
    return result


@infer(index_put)
def _(input, indices, values, accumulate):
    shape = _indexed_shape("index_put", input, indices)
    if values.dtype is not input.dtype:
        raise expected("index_put", f"values of dtype {input.dtype.name}", values, "cast them", RuntimeError)
    if broadcast("index_put", shape, values.shape) != shape:
        raise expected("index_put", f"values that broadcast to {shape}", values, error=RuntimeError)
    return [(tuple(input.shape), input.dtype)], [], []


def _put_input(g, indices, values_shape, accumulate):
    return g if accumulate else index_put(g, indices, made((), g.dtype, g.device))


derivative(index_put, input=_put_input, values=lambda g, indices, values_shape: sum_to(index(g, tuple(indices)), values_shape))


@samples(index_put)
def _(s):
    yield s(s.normal(5, 3), (s.tensor([0, 4, 2], "int64"),), s.normal(3, 3))
    yield s(s.normal(5, 3), (s.tensor([0, 4, 0], "int64"),), s.normal(3), accumulate=True)
    partly = s(s.normal(2, 5), (None, s.tensor([1, 1], "int64")), s.normal(2, 2), accumulate=True)
    yield partly.without("peer", because="torch takes no None")
    yield s(s.normal(4, 5), (s.tensor([[0], [1]], "int64"), s.tensor([2, 3], "int64")), s.normal())


@refuses(index_put)
def _(s):
    yield s(s.normal(3), (s.tensor([3], "int64"),), s.normal(1)).raises(IndexError, "index_put: expected indices in the range")
    yield s(s.normal(3), (s.tensor([0], "int64"),), s.normal(2)).raises(RuntimeError, "index_put: expected")


def _placed(name, input, indices):
    """Indices as `index` and `index_put` take them: masks as the places where they hold."""
    found, d = [], 0
    for i in indices:
        if i is None:
            found, d = [*found, None], d + 1
            continue
        if not isinstance(i, Tensor):
            raise expected(name, "indices to be Tensors", type(i).__name__, error=TypeError)
        if i.dtype in (core.bool_, core.uint8):
            if tuple(i.shape) != tuple(input.shape[d : d + i.ndim]):
                raise expected(name, f"a mask that fits shape {tuple(input.shape)} from dimension {d}", i, error=IndexError)
            found += map(whole_tensor, np.nonzero(array(i)))
        elif i.dtype.is_floating_point or i.dtype.is_complex:
            raise expected(name, "indices of whole numbers or bool", i, "cast with index.long()", IndexError)
        else:
            found.append(i.long())
        d = len(found)
    return tuple(found)


@public("torch", methods=("index_put",), name="index_put")
def put_at(input, indices, values, accumulate=False):
    """Put values at the places that `indices` choose: what `input[indices] = values` does.

    Args:
        input: Tensor.
        indices: For each leading dimension a tensor of whole numbers or None for all of it; a mask stands for as many dimensions as it has.
        values: What is put there.
        accumulate: Add to what is there; places that are named twice get both.

    Shape:
        input: (*); values: broadcasts to the shape of input[indices]; result: that of input.

    Returns:
        A copy with the values in it.

    Raises:
        IndexError: an index is out of range.
        RuntimeError: `values` does not broadcast, or is of another dtype.

    Example:
        >>> index_put(zeros(3), (tensor([0, 0]),), tensor([1.0, 2.0]), accumulate=True)
        tensor([3., 0., 0.])
    """
    return index_put(input, _placed("index_put", input, indices), values, accumulate)


_put_in_place = core.Tensor.index_put_  # type: ignore[attr-defined]  # methods are added when ops are defined


@public(methods=("index_put_",))
def index_put_(input, indices, values, accumulate=False):
    """In-place form of `index_put`."""
    return _put_in_place(input, _placed("index_put_", input, indices), values, accumulate)
