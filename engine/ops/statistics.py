"""Variance, deviation, norms and other statistics over dimensions."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, Unsupported, derivative, op, refuses, samples
from ._help import axes, product, restore
from .comparison import eq, where
from .errors import expected
from .reduce import mean


@op("reduce", spaces=(), methods=False, attrs=("correction",), kernel="var", onnx=Unsupported("an internal form"),
    peer=lambda torch, x, dim, keepdim, correction: x.var(dim, keepdim=keepdim, correction=correction))  # fmt: skip
def var_over(input, dim=None, keepdim=False, correction=1.0):
    """`var` with the choices made."""
    dims = axes("var", dim, input.ndim)
    wide = input.astype(np.float64)
    n = product([input.shape[d] for d in dims]) - correction
    total = np.sum((wide - np.mean(wide, axis=dims, keepdims=True)) ** 2, axis=dims, keepdims=keepdim)
    return (total / max(n, 0)).astype(input.dtype) if n > 0 else np.full_like(total, np.nan, input.dtype)


@op("map", spaces=(), methods=False, kernel="sqrt", onnx=Unsupported("an internal form"), peer="sqrt")
def deviation(variance):
    """The square root of a variance; a deviation of 0 gets the gradient 0."""
    return np.sqrt(variance)


derivative(deviation, variance=lambda g, result: where(eq(result, 0), 0, g / (result * 2)))


@samples(deviation)
def _(s):
    yield s(s.positive(3, 4))


def _var_input(g, input, dim, keepdim, correction):
    n = product([input.shape[d] for d in axes("var", dim, input.ndim)]) - correction
    return restore(g, input.ndim, dim, keepdim) * (input - mean(input, dim, True)) * (2 / n if n > 0 else float("nan"))


derivative(var_over, input=_var_input)


@samples(var_over)
def _(s):
    yield s(s.normal(3, 4), None, False, 1.0)
    yield s(s.normal(3, 4), 1, True, 0.0)


def _choices(name, input, dim, unbiased, correction):
    """The dimensions and the correction that the older and the newer form of the arguments mean."""
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise expected(name, "input of a floating or complex dtype", input, "cast with input.float()", RuntimeError)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise expected(name, "unbiased or correction", "both", error=TypeError)
    return dim, float(correction if correction is not None else 1 if unbiased is None else unbiased)


def _var(input, dim, keepdim, correction):
    """Of complex numbers the variances of both parts, added."""
    if input.is_complex():
        return var_over(input.real, dim, keepdim, correction) + var_over(input.imag, dim, keepdim, correction)
    return var_over(input, dim, keepdim, correction)


def _var_form(b, x, dim, unbiased, keepdim, correction):
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    k = 1 if correction is None and unbiased is None else unbiased if correction is None else correction
    if None in b.shape(x) and k:
        return Unsupported("a correction over dimensions of unknown size")
    n = product([b.shape(x)[d] for d in axes("var", dim, len(b.shape(x)))]) if k else 1
    over = () if dim is None else (b.constant(np.atleast_1d(np.asarray(dim, np.int64))),)
    centred = b.node("Sub", x, b.node("ReduceMean", x, *over, keepdims=1))
    biased = b.node("ReduceMean", b.node("Mul", centred, centred), *over, keepdims=int(keepdim))
    return b.node("Mul", biased, b.constant(np.asarray(n / (n - k), b.dtype(x)))) if k else biased


@op("composite", dtypes=(*FLOATING, *COMPLEX), onnx=_var_form)
def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Take the variance.

    y = sum((input - mean) ** 2) / max(0, n - correction)

    Args:
        input: Tensor of a floating or complex dtype.
        dim: Dimension or dimensions that go; None means all.
        unbiased: True for `correction=1`, False for 0.
        keepdim: Keep them with size 1.
        correction: What is subtracted from the number of elements, 1 unless said; 0 for the biased form.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`, of the real one if that is complex.

    Raises:
        RuntimeError: `input` is neither floating nor complex.

    Example:
        >>> var(tensor([1.0, 3.0]))
        tensor(2.)
    """
    dim, correction = _choices("var", input, dim, unbiased, correction)
    return _var(input, dim, keepdim, correction)


@op("composite", methods=False, dtypes=(*FLOATING, *COMPLEX), onnx=Unsupported("export the two on their own"))
def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Take the variance, and the mean.

    y = sum((input - mean) ** 2) / max(0, n - correction)

    Args:
        input: Tensor of a floating or complex dtype.
        dim: Dimension or dimensions that go; None means all.
        unbiased: True for `correction=1`, False for 0.
        keepdim: Keep them with size 1.
        correction: What is subtracted from the number of elements, 1 unless said; 0 for the biased form.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Two tensors of the dtype of `input`; the first is real if that is complex.

    Raises:
        RuntimeError: `input` is neither floating nor complex.

    Example:
        >>> var_mean(tensor([1.0, 3.0]))
        (tensor(2.), tensor(2.))
    """
    dim, correction = _choices("var_mean", input, dim, unbiased, correction)
    return _var(input, dim, keepdim, correction), mean(input, dim, keepdim)


@op(
    "composite",
    dtypes=(*FLOATING, *COMPLEX),
    onnx=lambda b, *bound: form if isinstance(form := _var_form(b, *bound), Unsupported) else b.node("Sqrt", form),
)
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Take the standard deviation.

    y = sqrt(sum((input - mean) ** 2) / max(0, n - correction))

    Args:
        input: Tensor of a floating or complex dtype.
        dim: Dimension or dimensions that go; None means all.
        unbiased: True for `correction=1`, False for 0.
        keepdim: Keep them with size 1.
        correction: What is subtracted from the number of elements, 1 unless said; 0 for the biased form.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of the dtype of `input`, of the real one if that is complex.

    Raises:
        RuntimeError: `input` is neither floating nor complex.

    Example:
        >>> std(tensor([1.0, 3.0]))
        tensor(1.4142)
    """
    dim, correction = _choices("std", input, dim, unbiased, correction)
    return deviation(_var(input, dim, keepdim, correction))


@op("composite", methods=False, dtypes=(*FLOATING, *COMPLEX), onnx=Unsupported("export the two on their own"))
def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Take the standard deviation, and the mean.

    y = sqrt(sum((input - mean) ** 2) / max(0, n - correction))

    Args:
        input: Tensor of a floating or complex dtype.
        dim: Dimension or dimensions that go; None means all.
        unbiased: True for `correction=1`, False for 0.
        keepdim: Keep them with size 1.
        correction: What is subtracted from the number of elements, 1 unless said; 0 for the biased form.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Two tensors of the dtype of `input`; the first is real if that is complex.

    Raises:
        RuntimeError: `input` is neither floating nor complex.

    Example:
        >>> std_mean(tensor([1.0, 3.0]))
        (tensor(1.4142), tensor(2.))
    """
    dim, correction = _choices("std_mean", input, dim, unbiased, correction)
    return deviation(_var(input, dim, keepdim, correction)), mean(input, dim, keepdim)


@samples(var)
@samples(std)
@samples(var_mean)
@samples(std_mean)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(3, 4), False)
    yield s(s.normal(3, 4), 1, False)
    yield s(s.normal(2, 3, 4), (0, 2), correction=0, keepdim=True)
    yield s(s.normal(3, 4), dim=0, correction=1)


@refuses(var)
@refuses(std)
def _(s):
    yield s(s.integers(3)).raises(RuntimeError, ": expected input of a floating or complex dtype")
    yield s(s.normal(3), 0, True, correction=1).raises(TypeError, ": expected unbiased or correction")
