"""Sums, products and extremes over dimensions."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import axes, ordered, product, restore
from .comparison import eq, where
from .errors import expected

Tensor = core.Tensor


def _reduced(kind, b, x, dim, keepdim):
    """An ONNX reduction: the dimensions are an input."""
    dims = () if dim is None else (b.constant(np.atleast_1d(np.asarray(dim, np.int64))),)
    return b.node(kind, x, *dims, keepdims=int(keepdim))


def _counted(b, x, dtype):
    """What ONNX adds up: whole numbers as int64."""
    wanted = dtype if dtype is not None else b.dtype(x) if b.dtype(x).kind == "f" else "int64"
    return b.node("Cast", x, to=b.code(wanted))


def _wide(x):
    """What sums are accumulated in."""
    return {"f": np.float64, "c": np.complex128}.get(x.dtype.kind, np.int64)


def _count(shape, dim):
    return product([shape[d] for d in axes("mean", dim, len(shape))])


@op(
    "reduce",
    result="sum",
    dtypes=(*ALL, *COMPLEX),
    onnx=lambda b, x, dim, keepdim, dtype: _reduced("ReduceSum", b, _counted(b, x, dtype), dim, keepdim),
)
def sum(input, dim=None, keepdim=False, *, dtype=None):
    """Add up.

    Args:
        input: Tensor.
        dim: Dimension or dimensions that go; None means all.
        keepdim: Keep them with size 1.
        dtype: What `input` is converted to first.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`; of int64 for bool and whole numbers.

    Example:
        >>> sum(tensor([[1.0, 2.0], [3.0, 4.0]]), 0)
        tensor([4., 6.])
    """
    total = np.sum(input, axis=axes("sum", dim, input.ndim), keepdims=keepdim, dtype=_wide(input))
    return total.astype(input.dtype) if input.dtype.kind in "fc" else total


derivative(sum, input=lambda g, input_shape, dim, keepdim: restore(g, len(input_shape), dim, keepdim).expand(input_shape))


@op(
    "reduce",
    result="float",
    dtypes=(*FLOATING, *COMPLEX),
    onnx=lambda b, x, dim, keepdim, dtype: _reduced(
        "ReduceMean", b, x if dtype is None else b.node("Cast", x, to=b.code(dtype)), dim, keepdim
    ),
)
def mean(input, dim=None, keepdim=False, *, dtype=None):
    """Take the average.

    Args:
        input: Tensor of a floating or complex dtype, or `dtype` is one.
        dim: Dimension or dimensions that go; None means all.
        keepdim: Keep them with size 1.
        dtype: What `input` is converted to first.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of a floating dtype; nan over no elements.

    Raises:
        RuntimeError: whole numbers have no average of their dtype.

    Example:
        >>> mean(tensor([[1.0, 2.0], [3.0, 4.0]]), 0)
        tensor([2., 3.])
    """
    total = np.sum(input, axis=axes("mean", dim, input.ndim), keepdims=keepdim, dtype=_wide(input))
    return (total / np.float64(_count(input.shape, dim))).astype(input.dtype)


@infer(mean)
def _(input, dim, keepdim, dtype):
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise expected("mean", "input of a floating or complex dtype", input, "pass dtype=torch.float32", RuntimeError)


def _mean_input(g, input_shape, dim, keepdim):
    return restore(g / _count(input_shape, dim), len(input_shape), dim, keepdim).expand(input_shape)


derivative(mean, input=_mean_input)


@op("reduce", result="sum", spaces=(), methods=False, dtypes=(*NUMBER, *COMPLEX), kernel="prod", onnx=Unsupported("an internal form"),
    peer=lambda torch, x, dim=None, keepdim=False: x.prod() if dim is None else x.prod(dim, keepdim))  # fmt: skip
def prod_over(input, dim=None, keepdim=False):
    """`prod` with its dtype settled."""
    total = np.prod(input, axis=axes("prod", dim, input.ndim), keepdims=keepdim, dtype=_wide(input))
    return total.astype(input.dtype) if input.dtype.kind in "fc" else total


@op("composite", dtypes=(*NUMBER, *COMPLEX),
    onnx=lambda b, x, dim, keepdim, dtype: _reduced("ReduceProd", b, _counted(b, x, dtype), dim, keepdim))  # fmt: skip
def prod(input, dim=None, keepdim=False, *, dtype=None):
    """Multiply all.

    Args:
        input: Tensor.
        dim: Dimension or dimensions that go; None means all.
        keepdim: Keep them with size 1.
        dtype: What `input` is converted to first.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`; of int64 for bool and whole numbers.

    Example:
        >>> prod(tensor([[1.0, 2.0], [3.0, 4.0]]), 0)
        tensor([3., 8.])
    """
    return prod_over(input, dim, keepdim) if dtype is None else prod_over(input.to(dtype), dim, keepdim).to(dtype)


def _prod_input(g, input, result, dim, keepdim):
    """Each element gets the product of the others: the quotient, unless there are zeros to divide by."""
    g, result = (restore(t, input.ndim, dim, keepdim) for t in (g, result))
    if not input.ndim:
        return g
    if not bool(eq(input, 0).any()):
        return g * result / input
    reduced = axes("prod", dim, input.ndim)
    kept = tuple(d for d in range(input.ndim) if d not in reduced)
    n = product([input.shape[d] for d in reduced])
    rows = input.permute(kept + reduced).reshape((-1, 1, n)).expand((-1, n, n))
    itself = core.from_numpy(np.eye(n, dtype=bool))
    others = prod_over(where(itself, 1, rows), 2).reshape([input.shape[d] for d in kept + reduced])
    back = sorted(range(input.ndim), key=(kept + reduced).__getitem__)
    return g * others.permute(back)


derivative(prod_over, input=_prod_input)


def _some(name, input, dim):
    if dim in (None, ()) and not input.numel():
        raise expected(name, "at least one element, or a dim", input, error=RuntimeError)
    if any(input.shape[d] == 0 for d in axes(name, dim, input.ndim)):
        raise expected(name, "at least one element in each reduced dimension", input, error=IndexError)


def _extreme(g, input, result, dim, keepdim):
    g, result = (restore(t, input.ndim, dim, keepdim) for t in (g, result))
    ties = eq(input, result)
    return where(ties, g / ties.sum(dim, True), 0)


@op("reduce", dtypes=NUMBER, out="exact", onnx=lambda b, x, dim, keepdim: _reduced("ReduceMax", b, x, None if dim == () else dim, keepdim))
def amax(input, dim=(), keepdim=False):
    """Take the largest element; nan wins.

    Where several elements are equal to it, they share the gradient.

    Args:
        input: Tensor.
        dim: Dimension or dimensions that go; () means all.
        keepdim: Keep them with size 1.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no element along `dim` to take the largest of.
        RuntimeError: there is none at all.

    Example:
        >>> amax(tensor([[1.0, 2.0], [3.0, 4.0]]), 0)
        tensor([3., 4.])
    """
    ordered("amax", input)
    return np.max(input, axis=axes("amax", dim, input.ndim), keepdims=keepdim)


@op("reduce", dtypes=NUMBER, out="exact", onnx=lambda b, x, dim, keepdim: _reduced("ReduceMin", b, x, None if dim == () else dim, keepdim))
def amin(input, dim=(), keepdim=False):
    """Take the smallest element; nan wins.

    Where several elements are equal to it, they share the gradient.

    Args:
        input: Tensor.
        dim: Dimension or dimensions that go; () means all.
        keepdim: Keep them with size 1.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no element along `dim` to take the smallest of.
        RuntimeError: there is none at all.

    Example:
        >>> amin(tensor([[1.0, 2.0], [3.0, 4.0]]), 0)
        tensor([1., 2.])
    """
    ordered("amin", input)
    return np.min(input, axis=axes("amin", dim, input.ndim), keepdims=keepdim)


@infer(amax)
def _(input, dim, keepdim):
    _some("amax", input, dim)


@infer(amin)
def _(input, dim, keepdim):
    _some("amin", input, dim)


derivative(amax, input=_extreme)
derivative(amin, input=_extreme)


def _dims(s, make):
    """Every form of `dim`."""
    yield s(make(3, 4))
    yield s(make(3, 4), 0)
    yield s(make(2, 3, 4), -1, True)
    yield s(make(2, 3, 4), (0, 2))
    yield s(make(2, 3, 4), (2, 0), keepdim=True)


@samples(sum)
def _(s):
    yield from _dims(s, s.normal)
    yield s(s.normal())
    yield s(s.channels_last(2, 3, 4, 5), (0, 2, 3))


@samples(mean)
def _(s):
    yield from _dims(s, s.normal)


@samples(prod)
@samples(prod_over)
def _(s):
    yield s(s.positive(3, 4))
    yield s(s.positive(2, 3, 4), -1, True)
    yield s(s.tensor([[1.0, 0.0, 3.0], [0.0, 0.0, 2.0]]), 1)


@samples(amax)
@samples(amin)
def _(s):
    yield s(s.distinct(3, 4))
    yield s(s.distinct(3, 4), 0)
    yield s(s.distinct(2, 3, 4), (0, -1), True)


@refuses(sum)
def _(s):
    yield s(s.normal(3, 4), 2).raises(IndexError, "sum: expected dim")
    yield s(s.normal(3, 4), (0, 0)).raises(RuntimeError, "sum: expected each dim once")


@refuses(mean)
def _(s):
    yield s(s.integers(3, 4)).raises(RuntimeError, "mean: expected input of a floating or complex dtype")


@refuses(amax)
def _(s):
    yield s(s.normal(0, 4), 0).raises(IndexError, "amax: expected")
    yield s(s.normal(0, 4)).raises(RuntimeError, "amax: expected at least one element, or a dim")
