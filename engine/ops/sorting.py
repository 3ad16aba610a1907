"""Order: sorting, the largest few, ranks, and places in sorted sequences."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis, made
from .errors import expected

Tensor = core.Tensor


def _descending(input, dim):
    """Indices from the largest to the smallest, equal ones in their order, nan first."""
    flipped = np.flip(input, dim)
    return input.shape[dim] - 1 - np.flip(np.argsort(flipped, axis=dim, kind="stable"), dim)


def _back(g, result, input_shape, dim):
    """Gradients of values that were moved along `dim`, back to where they came from."""
    whole = made(input_shape, g[0].dtype, g[0].device)
    return whole.scatter(dim, result[1], g[0]) if input_shape else whole + g[0]


def _sort_form(b, x, dim, descending, stable):
    n = b.shape(x)[dim]
    if n is None:
        return Unsupported("sorting a dimension of unknown size")
    return b.node("TopK", x, b.constant(np.array([n], np.int64)), axis=dim, largest=int(descending), outputs=2)


@op("call", outputs=("values", "indices"), dtypes=NUMBER, onnx=_sort_form)
def sort(input, dim=-1, descending=False, *, stable=False):
    """Sort along a dimension; nan counts as the largest, and equal elements keep their order.

    Args:
        input: Tensor.
        dim: The dimension.
        descending: From the largest to the smallest.
        stable: Accepted for PyTorch's sake; every sort is stable.

    Shape:
        input: (*, n, *); results: (*, n, *).

    Returns:
        A named tuple of `values` and the `indices` where they were.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> sort(tensor([3, 1, 2])).indices
        tensor([1, 2, 0])
    """
    if not input.ndim:
        return input, np.zeros((), np.int64)
    at = _descending(input, dim) if descending else np.argsort(input, axis=dim, kind="stable")
    return np.take_along_axis(input, at, dim), at


@infer(sort)
def _(input, dim, descending, stable):
    d, shape = axis("sort", dim, input.ndim), tuple(input.shape)
    return [(shape, input.dtype), (shape, core.int64)], [d, int(descending)], []


derivative(sort, input=_back)


@op("composite", dtypes=NUMBER, onnx=lambda b, *bound: form if isinstance(form := _sort_form(b, *bound), Unsupported) else form[1])
def argsort(input, dim=-1, descending=False, stable=False):
    """Tell where the elements are that a sort along a dimension gives.

    Args:
        input: Tensor.
        dim: The dimension.
        descending: From the largest to the smallest.
        stable: Accepted for PyTorch's sake; every sort is stable.

    Shape:
        input: (*, n, *); result: (*, n, *).

    Returns:
        Tensor of int64.

    Example:
        >>> argsort(tensor([3, 1, 2]))
        tensor([1, 2, 0])
    """
    return sort(input, dim, descending).indices


@samples(sort)
@samples(argsort)
def _(s):
    yield s(s.distinct(3, 4))
    yield s(s.distinct(3, 4), 0, True)
    yield s(s.distinct(5), descending=True)


@refuses(sort)
def _(s):
    yield s(s.normal(3), 1).raises(IndexError, "sort: expected dim")


@op(
    "call",
    outputs=("values", "indices"),
    dtypes=NUMBER,
    onnx=lambda b, x, k, dim, largest, sorted: b.node(
        "TopK", x, b.constant(np.array([k], np.int64)), axis=dim, largest=int(largest), outputs=2
    ),
)
def topk(input, k, dim=-1, largest=True, sorted=True):
    """Take the largest few elements along a dimension.

    Args:
        input: Tensor.
        k: How many.
        dim: The dimension.
        largest: False for the smallest.
        sorted: Accepted for PyTorch's sake; the result is always in order.

    Shape:
        input: (*, n, *); results: (*, k, *).

    Returns:
        A named tuple of `values` and the `indices` where they were.

    Raises:
        RuntimeError: `k` is not in [0, n].

    Example:
        >>> topk(tensor([3, 1, 2]), 2).values
        tensor([3, 2])
    """
    if not input.ndim:
        return input, np.zeros((), np.int64)
    at = _descending(input, dim) if largest else np.argsort(input, axis=dim, kind="stable")
    at = np.take(at, range(k), axis=dim)
    return np.take_along_axis(input, at, dim), at


@infer(topk)
def _(input, k, dim, largest, sorted):
    d, shape = axis("topk", dim, input.ndim), tuple(input.shape)
    n = shape[d] if shape else 1
    if not 0 <= k <= n:
        raise expected("topk", f"k in [0, {n}]", k, error=RuntimeError)
    shape = (*shape[:d], k, *shape[d + 1 :]) if shape else ()
    return [(shape, input.dtype), (shape, core.int64)], [k, d, int(largest)], []


derivative(topk, input=_back)


@samples(topk)
def _(s):
    yield s(s.distinct(3, 5), 2)
    yield s(s.distinct(4, 3), 3, 0, False)


@refuses(topk)
def _(s):
    yield s(s.distinct(3), 4).raises(RuntimeError, "topk: expected k in [0, 3]")


@op("composite", dtypes=NUMBER, onnx=Unsupported("export topk"))
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
        A named tuple of `values` and the `indices` where they were.

    Raises:
        RuntimeError: `k` is not in [1, n].

    Example:
        >>> kthvalue(tensor([3, 1, 2]), 2).values
        tensor(2)
    """
    d = axis("kthvalue", dim, input.ndim)
    n = input.shape[d] if input.ndim else 1
    if not 1 <= k <= n:
        raise expected("kthvalue", f"k in [1, {n}]", k, error=RuntimeError)
    if not input.ndim:
        return sort(input)
    values, indices = sort(input, d)
    pick = (lambda t: t.narrow(d, k - 1, 1)) if keepdim else (lambda t: t.select(d, k - 1))
    return sort.pack(pick(values), pick(indices))


@op("composite", dtypes=NUMBER, onnx=Unsupported("export topk"))
def median(input, dim=None, keepdim=False):
    """Take the element in the middle: the lower one of two.

    Args:
        input: Tensor.
        dim: The dimension; None for all elements.
        keepdim: Keep it with size 1.

    Shape:
        input: (*, n, *); result: (*, *), or with size 1 at `dim`.

    Returns:
        A tensor; with `dim` a named tuple of `values` and the `indices` where they were.

    Example:
        >>> median(tensor([3, 1, 2, 4]))
        tensor(2)
    """
    if dim is None:
        flat = input.reshape((-1,))
        return kthvalue(flat, (flat.shape[0] + 1) // 2).values
    return kthvalue(input, (input.shape[dim] + 1) // 2 if input.ndim else 1, dim, keepdim)


@samples(kthvalue)
def _(s):
    yield s(s.distinct(3, 5), 2)
    yield s(s.distinct(4, 3), 4, 0, True)


@refuses(kthvalue)
def _(s):
    yield s(s.distinct(3), 0).raises(RuntimeError, "kthvalue: expected k in [1, 3]")


@samples(median)
def _(s):
    for args in ((s.distinct(3, 4),), (s.distinct(3, 5), 1), (s.distinct(3, 4), 0, True)):
        yield s(*args).without("empty", because="nothing has no middle; torch says nan")


@op("call", tensors=("sorted_sequence",), methods=False, dtypes=NUMBER, onnx=Unsupported("ONNX has no search"))
def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None):
    """Tell where values belong in sorted sequences.

    Args:
        sorted_sequence: Values in ascending order along the last dimension.
        input: What to find places for, a tensor or a number.
        out_int32: Give int32 in place of int64.
        right: Behind equal values; otherwise before them.
        side: "right" or "left", the same as `right`.

    Shape:
        sorted_sequence: (n,) or (*, n); input: any, or (*, m); result: that of input.

    Returns:
        Tensor of int64 or int32.

    Raises:
        RuntimeError: the leading dimensions differ, or `side` is another word.

    Example:
        >>> searchsorted(tensor([1, 3, 5]), tensor([3, 6]))
        tensor([1, 3])
    """
    side = side or ("right" if right else "left")
    kind = np.int32 if out_int32 else np.int64
    values = np.asarray(input.detach().numpy() if isinstance(input, Tensor) else input)
    if sorted_sequence.ndim == 1:
        return np.asarray(np.searchsorted(sorted_sequence, values, side), kind)
    places = np.empty(values.shape, kind)
    for row in np.ndindex(values.shape[:-1]):
        places[row] = np.searchsorted(sorted_sequence[row], values[row], side)
    return places


@infer(searchsorted)
def _(sorted_sequence, input, out_int32, right, side):
    if side not in (None, "left", "right"):
        raise expected("searchsorted", 'side to be "left" or "right"', side, error=RuntimeError)
    shape = tuple(input.shape) if isinstance(input, Tensor) else ()
    if sorted_sequence.ndim > 1 and shape[:-1] != tuple(sorted_sequence.shape[:-1]):
        raise expected("searchsorted", f"input of shape {(*sorted_sequence.shape[:-1], 'm')}", shape, error=RuntimeError)
    return [(shape, core.int32 if out_int32 else core.int64)], [], []


@op("composite", methods=False, dtypes=NUMBER, onnx=Unsupported("ONNX has no search"))
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """Tell in which of the intervals between boundaries values lie.

    Args:
        input: Values, a tensor or a number.
        boundaries: Boundaries in ascending order.
        out_int32: Give int32 in place of int64.
        right: A boundary belongs to the interval above it; otherwise to the one below.

    Shape:
        input: (*); boundaries: (n,); result: that of input, of numbers in [0, n].

    Returns:
        Tensor of int64 or int32.

    Example:
        >>> bucketize(tensor([0.5, 3.0]), tensor([1.0, 2.0]))
        tensor([0, 2])
    """
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


@samples(searchsorted)
def _(s):
    yield s(s.tensor([1, 3, 5]), s.tensor([[0, 3], [5, 9]]))
    yield s(s.tensor([1, 3, 5]), s.tensor([0, 3, 5, 9]), right=True)
    yield s(s.tensor([[1, 3, 5], [0, 1, 2]]), s.tensor([[1, 4], [1, 4]]), side="right")


@refuses(searchsorted)
def _(s):
    yield s(s.tensor([1, 3]), s.tensor([1]), side="up").raises(RuntimeError, "searchsorted: expected side")


@samples(bucketize)
def _(s):
    yield s(s.tensor([[0, 3], [5, 9]]), s.tensor([1, 3, 5]))
