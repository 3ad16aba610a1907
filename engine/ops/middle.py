"""Elements chosen by rank or by how often they occur: the k-th, the one in the middle, the commonest."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array, whole_tensor
from ._define import ALL, NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis, made, ordered
from .comparison import eq, where
from .errors import expected
from .finite import isnan
from .gather import gather
from .primitive import cast
from .sorting import sort

Tensor = core.Tensor
NO_FORM = Unsupported("export topk")


def _line(name, input, dim):
    """The dimension, which must have elements; and the tensor, which has at least one dimension then."""
    d = axis(name, dim, input.ndim)
    if input.ndim and not input.shape[d]:
        raise expected(name, f"elements in dimension {d}", input, error=IndexError)
    return d, input if input.ndim else input.reshape((1,))


def _picked(pack, input, d, places, keepdim, whole):
    """Values and indices of the sorted elements at `places`, an int or a tensor of size 1 along `d`."""
    values, indices = sort(whole, d)
    if isinstance(places, int):
        found = values.narrow(d, places, 1), indices.narrow(d, places, 1)
    else:
        found = gather(values, d, places), gather(indices, d, places)
    return pack(*(t.reshape(()) if not input.ndim else t if keepdim else t.squeeze(d) for t in found))


@op("composite", outputs=("values", "indices"), dtypes=NUMBER, out="apart", onnx=NO_FORM)
def kthvalue(input, k, dim=-1, keepdim=False):
    """Take the k-th smallest element along a dimension.

    Args:
        input: Tensor.
        k: Which, from 1.
        dim: The dimension.
        keepdim: Keep it with size 1.

    Shape:
        input: (*, n, *); results: (*, *), or with size 1 at `dim`.

    Returns:
        A named tuple of `values` and the `indices` where they were, the first of equal ones first.

    Raises:
        IndexError: the dimension has no elements.
        RuntimeError: `k` is not in [1, n].

    Example:
        >>> kthvalue(tensor([3, 1, 2]), 2).values
        tensor(2)
    """
    ordered("kthvalue", input)
    d, whole = _line("kthvalue", input, dim)
    if not 1 <= k <= whole.shape[d]:
        raise expected("kthvalue", f"k in [1, {whole.shape[d]}]", k, error=RuntimeError)
    return _picked(kthvalue.definition.pack, input, d, int(k) - 1, keepdim, whole)


@op(
    "call",
    spaces=(),
    methods=False,
    dtypes=NUMBER,
    onnx=Unsupported("an internal form"),
    peer=lambda torch, x, skip: x.nanmedian() if skip else x.median(),
)
def middle(input, skip):
    """The lower one of the elements in the middle of all; `skip` leaves nan out, otherwise one nan is the result.

    Shape:
        input: (*); result: ().
    """
    values = np.sort(input.reshape(-1))
    n = values.size - (np.isnan(values).sum() if values.dtype.kind == "f" else 0)
    if (n < values.size and not skip) or not n:
        return values[-1]
    return values[(n - 1) // 2]


@infer(middle)
def _(input, skip):
    return [((), input.dtype)], [], []


def _middle_back(g, input, result):
    """Elements that equal the result share its gradient."""
    same = where(isnan(result), isnan(input), eq(input, result)).to(g.dtype)
    return same * (g / same.sum())


derivative(middle, input=_middle_back)


@samples(middle)
def _(s):
    yield s(s.distinct(3, 4), False).without("empty", because="it has elements")
    yield s(s.distinct(5), True).without("empty", because="it has elements")


def _median(name, pack, input, dim, keepdim, skip):
    if input.dtype is core.bool_:
        raise expected(name, "input of numbers", input, "cast with input.int()", NotImplementedError)
    if dim is None:
        if not input.numel():
            return cast(made((), core.float32, input.device, float("nan")), input.dtype)
        return middle(input, skip)
    d, whole = _line(name, input, dim)
    n = whole.shape[d]
    places = (n - 1) // 2
    if input.dtype.is_floating_point:
        missing = np.isnan(array(whole)).sum(d, keepdims=True)
        if missing.any():  # sorted, they stand at the end
            places = whole_tensor(np.maximum(n - missing - 1, 0) // 2 if skip else np.where(missing, n - missing, places))
    return _picked(pack, input, d, places, keepdim, whole)


@op("composite", outputs=("values", "indices"), dtypes=NUMBER, onnx=NO_FORM)
def median(input, dim=None, keepdim=False):
    """Take the element in the middle, the lower one of two; nan if there is one.

    Args:
        input: Tensor.
        dim: The dimension; None for all elements.
        keepdim: Keep it with size 1.

    Shape:
        input: (*, n, *); result: (*, *), or with size 1 at `dim`.

    Returns:
        A tensor; with `dim` a named tuple of `values` and the `indices` where they were.

    Raises:
        IndexError: the dimension has no elements.

    Example:
        >>> median(tensor([3, 1, 2, 4]))
        tensor(2)
    """
    ordered("median", input)
    return _median("median", median.definition.pack, input, dim, keepdim, False)


@op("composite", outputs=("values", "indices"), dtypes=NUMBER, onnx=NO_FORM)
def nanmedian(input, dim=None, keepdim=False):
    """Take the element in the middle of those that are not nan, the lower one of two.

    Args:
        input: Tensor.
        dim: The dimension; None for all elements.
        keepdim: Keep it with size 1.

    Shape:
        input: (*, n, *); result: (*, *), or with size 1 at `dim`.

    Returns:
        A tensor; with `dim` a named tuple of `values` and the `indices` where they were.

    Raises:
        IndexError: the dimension has no elements.

    Example:
        >>> nanmedian(tensor([3.0, nan, 2.0, 4.0]))
        tensor(3.)
    """
    ordered("nanmedian", input)
    return _median("nanmedian", nanmedian.definition.pack, input, dim, keepdim, True)


def _commonest(row):
    """Where the smallest of the commonest values of a vector occurs last."""
    values, counts = np.unique(row, return_counts=True, equal_nan=False)
    same = np.flatnonzero(row == values[np.argmax(counts)])
    return same[-1] if same.size else 0


@op("composite", outputs=("values", "indices"), dtypes=ALL, out="apart", onnx=Unsupported("ONNX counts no values"))
def mode(input, dim=-1, keepdim=False):
    """Take the commonest value along a dimension, the smallest of several.

    Args:
        input: Tensor.
        dim: The dimension.
        keepdim: Keep it with size 1.

    Shape:
        input: (*, n, *); results: (*, *), or with size 1 at `dim`.

    Returns:
        A named tuple of `values` and the `indices` where they occur last.

    Raises:
        IndexError: the dimension has no elements.

    Example:
        >>> mode(tensor([3, 1, 2, 1])).values
        tensor(1)
    """
    ordered("mode", input)
    d, whole = _line("mode", input, dim)
    found = (
        np.apply_along_axis(_commonest, d, array(whole)) if whole.numel() else np.zeros([n for i, n in enumerate(whole.shape) if i != d])
    )
    places = whole_tensor(np.expand_dims(found, d))
    values = gather(whole, d, places)
    return mode.definition.pack(*(t.reshape(()) if not input.ndim else t if keepdim else t.squeeze(d) for t in (values, places)))


@samples(kthvalue)
def _(s):
    yield s(s.distinct(3, 5), 2)
    yield s(s.distinct(4, 3), 4, 0, True)
    yield s(s.distinct(), 1)


@samples(median)
@samples(nanmedian)
def _(s):
    yield s(s.distinct(3, 4))
    yield s(s.distinct(3, 5), 1)
    yield s(s.distinct(3, 4), 0, True)
    yield s(s.distinct(), 0)
    if s.floating:
        yield s(s.tensor([[1, np.nan, 0, 2], [np.nan, np.nan, np.nan, 4], [3, 1, 2, 0]]), 1).without(
            "gradcheck", "gradgradcheck", "onnx", because="nan has no differences"
        )
        yield s(s.tensor([1, np.nan, 0, 2])).without("gradcheck", "gradgradcheck", because="nan has no differences")


@samples(mode)
def _(s):
    yield s(s.tensor([[1, 0, 1, 2], [2, 2, 0, 0]])).without("gradcheck", "gradgradcheck", because="the values tie")
    yield s(s.distinct(3, 4), 0, True)


@refuses(kthvalue)
def _(s):
    yield s(s.distinct(3), 0).raises(RuntimeError, "kthvalue: expected k in [1, 3]")
    yield s(s.distinct(0), 1).raises(IndexError, "kthvalue: expected elements in dimension 0")
