"""Order: sorting, and the largest few."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis, made, ordered
from ._space import public
from .creation import into
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
    ordered("sort", input)
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


@public("torch", methods=("msort",))
def msort(input, *, out=None):
    """Sort along the first dimension.

    Args:
        input: Tensor.
        out: A tensor to write into.

    Shape:
        input: (n, *); result: (n, *).

    Returns:
        Tensor of the dtype of `input`.
    """
    return into(out, sort(input, 0).values if input.ndim else input.clone())


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
    ordered("topk", input)
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
