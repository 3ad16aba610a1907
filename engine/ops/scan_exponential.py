"""The running logarithm of a sum of exponentials."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis, floating
from .comparison import eq, gt, where
from .exponential import exp, log, log_of_sum
from .rearrange import flip

ONLY_SUMS = Unsupported("ONNX has running sums only")


@op("call", dtypes=(*FLOATING, *COMPLEX), out=("exact", "whole"), onnx=ONLY_SUMS)
def logcumsumexp(input, dim):
    """Take the logarithm of the running sum of exponentials along a dimension, without overflow.

    y_i = log(e ** input_0 + ... + e ** input_i)

    Args:
        input: Exponents, of a floating or complex dtype.
        dim: The dimension.

    Shape:
        input: (*, n, *); result: (*, n, *).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> logcumsumexp(tensor([0.0, 0.0, 1000.0]), 0)
        tensor([0.0000e+00, 6.9315e-01, 1.0000e+03])
    """
    if not input.ndim or not input.size:
        return input.copy()
    if input.dtype.kind == "f":
        return np.logaddexp.accumulate(input, axis=dim)
    out = np.moveaxis(input.astype(np.complex128), dim, 0)
    for i in range(1, len(out)):
        out[i] = log_of_sum(out[i - 1], out[i])
    return np.moveaxis(out, 0, dim)


@infer(logcumsumexp)
def _(input, dim):
    if not input.is_complex():
        floating("logcumsumexp", input)
    return [(tuple(input.shape), input.dtype)], [axis("logcumsumexp", dim, input.ndim)], []


def _sum_from_end(logarithms, dim):
    return flip(logcumsumexp(flip(logarithms, (dim,)), dim), (dim,))


def _logcumsumexp_input(g, input, result, dim):
    """The sum from the end of g * e ** (input - result), its terms kept as logarithms, apart for both signs of real numbers."""
    if not input.ndim:
        return g
    shift = where(eq(result, -float("inf")), 0, result)
    if input.is_complex():
        none = eq(g, 0)
        return exp(_sum_from_end(where(none, -float("inf"), log(where(none, 1, g)) - shift), dim) + input)
    parts = []
    for part in (g, -g):
        some = gt(part, 0)
        parts.append(exp(_sum_from_end(where(some, log(where(some, part, 1)) - shift, -float("inf")), dim) + input))
    return parts[0] - parts[1]


derivative(logcumsumexp, input=_logcumsumexp_input)


@samples(logcumsumexp)
def _(s):
    yield s(s.normal(3, 4), 0)
    yield s(s.normal(3, 4), -1)
    yield s(s.tensor([-1000.0, 0.0, 1000.0, 1.0]), 0)


@refuses(logcumsumexp)
def _(s):
    yield s(s.normal(3), 1).raises(IndexError, "logcumsumexp: expected dim")
