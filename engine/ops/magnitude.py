"""Norms, soft maxima and counts over dimensions."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, Unsupported, derivative, op, refuses, samples
from ._help import axes, ordered, restore
from .comparison import eq, where
from .errors import expected
from .exponential import exp
from .finite import isnan
from .power import abs, pow, sign
from .reduce import _reduced, sum


def _as_float(b, x):
    return x if b.dtype(x).kind == "f" else b.node("Cast", x, to=b.code("float32"))


@op("reduce", result="float", spaces=("torch", "special"), dtypes=(*FLOATING, *COMPLEX, "int64"),
    onnx=lambda b, x, dim, keepdim: _reduced("ReduceLogSumExp", b, _as_float(b, x), dim, keepdim))  # fmt: skip
def logsumexp(input, dim, keepdim=False):
    """Take the logarithm of the sum of exponentials, without overflow.

    y = log(sum(e ** input))

    Args:
        input: Exponents; integers are converted to the default dtype.
        dim: Dimension or dimensions that go; () means all.
        keepdim: Keep them with size 1.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of a floating dtype; -inf over no elements.

    Example:
        >>> logsumexp(tensor([0.0, 0.0]), 0)
        tensor(0.6931)
    """
    dims = axes("logsumexp", dim, input.ndim)
    if input.dtype.kind not in "fc":
        input = input.astype(core.get_default_dtype().numpy)
    top = np.max(input.real, axis=dims, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(input.dtype)
    total = np.log(np.sum(np.exp(input - top), axis=dims, keepdims=True)) + top
    return total if keepdim else np.squeeze(total, dims)


def _logsumexp_input(g, input, result, dim, keepdim):
    g, result = (restore(t, input.ndim, dim, keepdim) for t in (g, result))
    return g * exp(input - where(eq(result, -float("inf")), 0, result))


derivative(logsumexp, input=_logsumexp_input)


@samples(logsumexp)
def _(s):
    yield s(s.normal(3, 4), 1)
    yield s(s.normal(2, 3, 4), (0, 2), True)
    yield s(s.tensor([-1000.0, 0.0, 1000.0] if s.dtype != "int64" else [-3, 0, 5]), 0)


@op("reduce", spaces=(), methods=False, onnx=Unsupported("an internal form"), peer=lambda torch, x, *a: x.norm(2, *a))
def norm2(input, dim=None, keepdim=False):
    """`vector_norm` of order 2; where it is 0 the gradient is 0."""
    return np.sqrt(np.sum(np.square(input, dtype=np.float64), axis=axes("norm", dim, input.ndim), keepdims=keepdim)).astype(input.dtype)


def _norm2_input(g, input, result, dim, keepdim):
    g, result = (restore(t, input.ndim, dim, keepdim) for t in (g, result))
    return input * where(eq(result, 0), 0, g / result)


derivative(norm2, input=_norm2_input)


@samples(norm2)
def _(s):
    yield s(s.away(3, 4))
    yield s(s.away(2, 3, 4), (0, -1), True)


@op("reduce", spaces=(), methods=False, attrs=("ord",), onnx=Unsupported("an internal form"),
    peer=lambda torch, x, dim, keepdim, ord: x.norm(ord, dim, keepdim))  # fmt: skip
def norm_over(input, dim=None, keepdim=False, ord=1.0):
    """`vector_norm` with the choices made."""
    x, dims = np.abs(input.astype(np.float64)), axes("norm", dim, input.ndim)
    if ord == np.inf:
        y = np.max(x, axis=dims, keepdims=keepdim, initial=0)
    elif ord == -np.inf:
        y = np.min(x, axis=dims, keepdims=keepdim)
    elif ord == 0:
        y = np.sum(x != 0, axis=dims, keepdims=keepdim)
    else:
        y = np.sum(x**ord, axis=dims, keepdims=keepdim) ** (1 / ord)
    return y.astype(input.dtype)


def _norm_input(g, input, result, dim, keepdim, ord):
    """Where the norm is 0 the gradient is 0."""
    g, result = (restore(t, input.ndim, dim, keepdim) for t in (g, result))
    if ord == 0:
        return g * 0 * input
    if ord == 1:
        return g * sign(input)
    if ord in (float("inf"), -float("inf")):
        ties = eq(abs(input), result)
        return where(ties, sign(input) * g / ties.sum(dim, True), 0)
    return where(eq(input, 0), 0, sign(input) * pow(abs(input), ord - 1)) * where(eq(result, 0), 0, g * pow(result, 1 - ord))


derivative(norm_over, input=_norm_input)


@samples(norm_over)
def _(s):
    for ord in (1.0, 0.0, 3.0, 0.5, float("inf"), -float("inf")):
        yield s(s.distinct(3, 4) + s.tensor(0.1), 1, False, ord)
        yield s(s.distinct(2, 3, 4) + s.tensor(0.1), 0, False, ord)


def norm_form(b, x, ord, dim, keepdim, dtype):
    if ord in (1, 2) and dtype is None:
        return _reduced(f"ReduceL{int(ord)}", b, x, dim, keepdim)
    return Unsupported("norms but 1 and 2, and those that convert")


@op("composite", spaces="linalg", methods=False, dtypes=(*FLOATING, *COMPLEX), out="exact", onnx=norm_form)
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """Take the norm of vectors.

    y = sum(|x| ** ord) ** (1 / ord); the largest |x| for inf, the smallest for -inf, the number of elements that are not 0 for 0

    Args:
        x: Tensor of a floating or complex dtype.
        ord: Order of the norm.
        dim: Dimension or dimensions that go; None means all.
        keepdim: Keep them with size 1.
        dtype: What `x` is converted to first.

    Shape:
        x: (*); result: that of x without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `x`, of the real one if that is complex.

    Raises:
        RuntimeError: `x` is neither floating nor complex.

    Example:
        >>> linalg.vector_norm(tensor([3.0, 4.0]))
        tensor(5.)
    """
    x = x if dtype is None else x.to(dtype)
    if not (x.dtype.is_floating_point or x.dtype.is_complex):
        raise expected("vector_norm", "x of a floating or complex dtype", x, "cast with x.float()", RuntimeError)
    if x.is_complex():
        x = abs(x)
    return norm2(x, dim, keepdim) if ord == 2 else norm_over(x, dim, keepdim, float(ord))


@samples(vector_norm)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.away(3, 4), 1, 0)
    yield s(s.normal(3, 4), 3, (0, 1), True)


@refuses(vector_norm)
def _(s):
    yield s(s.integers(3)).raises(RuntimeError, "vector_norm: expected x")


@op("reduce", result="int64", dtypes=(*ALL, *COMPLEX), onnx=Unsupported("a count, not part of a network"))
def count_nonzero(input, dim=None):
    """Count the elements that are not 0.

    Args:
        input: Tensor.
        dim: Dimension or dimensions that go; None means all.

    Shape:
        input: (*); result: that of input without `dim`.

    Returns:
        Tensor of int64.

    Example:
        >>> count_nonzero(tensor([0.0, 2.0, 3.0]))
        tensor(2)
    """
    return np.count_nonzero(input, axis=axes("count_nonzero", dim, input.ndim), keepdims=True)


@samples(count_nonzero)
def _(s):
    yield s(s.tensor([[0, 1, 1], [0, 0, 1]]))
    yield s(s.tensor([[0, 1, 1], [0, 0, 1]]), 1)


@op(
    "composite",
    onnx=lambda b, x, dim, keepdim, dtype: _reduced(
        "ReduceSum", b, b.node("Where", b.node("IsNaN", x), b.constant(np.zeros((), b.dtype(x))), x), dim, keepdim
    ),
)
def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """Add up what is a number.

    Args:
        input: Tensor; nan counts as 0.
        dim: Dimension or dimensions that go; None means all.
        keepdim: Keep them with size 1.
        dtype: What `input` is converted to first.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> nansum(tensor([1.0, nan]))
        tensor(1.)
    """
    ordered("nansum", input)
    return sum(where(isnan(input), 0, input), dim, keepdim, dtype=dtype)


@op("composite", onnx=Unsupported("a mean over a number of elements that depends on their values"))
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """Take the average of what is a number.

    Args:
        input: Tensor of a floating dtype; nan is left out.
        dim: Dimension or dimensions that go; None means all.
        keepdim: Keep them with size 1.
        dtype: What `input` is converted to first.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is not floating.

    Example:
        >>> nanmean(tensor([1.0, nan]))
        tensor(1.)
    """
    ordered("nanmean", input)
    if not input.is_floating_point():
        raise expected("nanmean", "input of a floating dtype", input, "cast with input.float()", RuntimeError)
    return nansum(input, dim, keepdim, dtype=dtype) / isnan(input).logical_not().sum(dim, keepdim)


@refuses(nanmean)
def _(s):
    yield s(s.integers(3)).raises(RuntimeError, "nanmean: expected input of a floating dtype")


@samples(nansum)
@samples(nanmean)
def _(s):
    yield s(s.tensor([[1.0, np.nan, 3.0], [2.0, 4.0, np.nan]])).without("gradcheck", "gradgradcheck", because="no differences at nan")
    yield s(s.normal(3, 4), 1, True)
