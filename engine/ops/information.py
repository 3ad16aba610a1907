"""Logarithms times something, where both may vanish: entropy, log-odds, and their like."""

from __future__ import annotations

import math

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, INTEGERS, Unsupported, derivative, op, samples
from ._help import made, ordered, tensors
from .comparison import eq, le, where
from .exponential import exp2, log, log1p
from .power import square
from .trigonometric import cos, sin

SEVERAL = Unsupported("a choice between cases; export them on their own")


@op("map", result="float", spaces="special", methods=False, onnx=SEVERAL)
def entr(input):
    """Take the term of an entropy: 0 at 0, -inf below.

    y = -input * log(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> special.entr(tensor([-0.5, 0.0, 0.5]))
        tensor([  -inf, 0.0000, 0.3466])
    """
    from scipy import special

    return special.entr(input)


derivative(entr, input=lambda g, input: g * (-log(input) - 1))


@op("map", tensors=2, inplace=True, result="float", spaces=("torch", "special"), onnx=SEVERAL)
def xlogy(input, other):
    """Multiply by a logarithm; 0 where `input` is, unless `other` is nan.

    y = input * log(other)

    Args:
        input: The factor, a tensor or a number.
        other: What the logarithm is taken of, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> xlogy(tensor([0.0, 2.0]), tensor([0.0, 10.0]))
        tensor([0.0000, 4.6052])
    """
    ordered("xlogy", input, other)
    from scipy import special

    return special.xlogy(input, other)


@op("map", refused=COMPLEX, tensors=2, result="float", spaces="special", methods=False, onnx=SEVERAL)
def xlog1py(input, other):
    """Multiply by the logarithm of 1 plus something; 0 where `input` is, unless `other` is nan.

    y = input * log(1 + other)

    Args:
        input: The factor, a tensor or a number.
        other: What the logarithm is taken of, minus 1; a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> special.xlog1py(tensor([0.0, 2.0]), tensor([-1.0, 9.0]))
        tensor([0.0000, 4.6052])
    """
    from scipy import special

    return special.xlog1py(input, other)


def _factor_input(g, input, other, logarithm, end):
    """The logarithm counts as 0 where `input` is 0 and there is none."""
    other = other if isinstance(other, core.Tensor) else made((), g.dtype, g.device, other)
    return g * where(eq(input, 0) & le(other, end), 0, logarithm(other))


derivative(
    xlogy,
    input=lambda g, input, other: _factor_input(g, input, other, log, 0),
    other=lambda g, input, other: g * input / other,
)
derivative(
    xlog1py,
    input=lambda g, input, other: _factor_input(g, input, other, log1p, -1),
    other=lambda g, input, other: g * input / (other + 1),
)


@op("map", refused=("bool", *INTEGERS), numbers=(), tensors=2, onnx=SEVERAL)
def logaddexp2(input, other):
    """Take the logarithm to base 2 of the sum of two powers of 2, without overflow.

    y = log2(2 ** input + 2 ** other)

    Args:
        input: First exponent.
        other: Second exponent.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> logaddexp2(tensor([0.0, 1000.0]), tensor([0.0, 1000.0]))
        tensor([1.0000e+00, 1.0010e+03])
    """
    return np.logaddexp2(input, other)


derivative(
    logaddexp2,
    input=lambda g, input, other: g / (exp2(other - input) + 1),
    other=lambda g, input, other: g / (exp2(input - other) + 1),
)


@op("map", spaces=(), methods=False, result="float", onnx=SEVERAL, peer=lambda torch, x, eps=-1.0: torch.logit(x, None if eps < 0 else eps))
def logit_of(input, eps=-1.0):
    """`logit` with a number for its bound, negative for none."""
    x = input if eps < 0 else np.clip(input, input.dtype.type(eps), input.dtype.type(1) - input.dtype.type(eps))
    return np.log(x / (1 - x))


def _logit_input(g, input, eps):
    inside = (input >= max(eps, 0)) & (input <= 1 - max(eps, 0))
    x = where(inside, input, 0.5)
    return where(inside, g / (x * (1 - x)), 0.0 if eps >= 0 else math.nan)


derivative(logit_of, input=_logit_input)


@op("composite", inplace=True, spaces=("torch", "special"), dtypes=(*FLOATING, "int64"), out="whole", onnx=SEVERAL)
def logit(input, eps=None):
    """Take the logarithm of the odds, the inverse of `sigmoid`; nan outside [0, 1].

    y = log(z / (1 - z)), z = input, or input limited to [eps, 1 - eps]

    Args:
        input: Tensor of probabilities; integers are converted to the default dtype.
        eps: How near to 0 and 1 a probability may come; None for no limit.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> logit(tensor([0.5, 0.9, 1.0]), 0.1)
        tensor([0.0000, 2.1972, 2.1972])
    """
    ordered("logit", input)
    tensors("logit", input=input)
    return logit_of(input, -1.0 if eps is None or eps < 0 else float(eps))


@op("map", inplace=True, result="float", spaces=("torch", "special"), dtypes=(*FLOATING, *COMPLEX), onnx=SEVERAL)
def sinc(input):
    """Take the sine of a circle's half over its angle; 1 at 0.

    y = sin(pi * input) / (pi * input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating or complex dtype.

    Example:
        >>> sinc(tensor([0.0, 0.5]))
        tensor([1.0000, 0.6366])
    """
    return np.sinc(input)


def _sinc_input(g, input):
    none = eq(input, 0)
    x = where(none, 1, input)
    angle = x * math.pi
    return where(none, 0, g * ((cos(angle) * angle - sin(angle)) / (square(x) * math.pi)))


derivative(sinc, input=_sinc_input)


@samples(entr)
def _(s):
    yield s(s.positive(3, 4))
    yield s(s.tensor([-1.0, 0.0, 0.5])).without("gradcheck", "gradgradcheck", "peer_gradient", because="no differences at 0")


@samples(xlogy)
@samples(xlog1py)
def _(s):
    yield s(s.normal(3, 4), s.positive(4))
    yield s(s.normal(3), 2.0)
    yield s(2.0, s.positive(3))
    yield s(s.tensor([0.0, 0.0, 0.0]), s.tensor([-1.0, 0.0, 2.0])).without("gradcheck", "gradgradcheck", because="the logarithm ends here")


@samples(logaddexp2)
def _(s):
    yield s(s.normal(3, 4), s.normal(4))


@samples(logit)
def _(s):
    yield s(s.uniform(3, 4, low=0.2, high=0.8))
    yield s(s.uniform(3, 4, low=0.2, high=0.8), 0.1)
    yield s(s.tensor([0.0, 0.05, 0.5, 0.98, 1.0]), eps=0.1)


@samples(logit_of)
def _(s):
    yield s(s.uniform(3, 4, low=0.2, high=0.8))
    yield s(s.tensor([0.02, 0.05, 0.5, 0.98]), 0.1)


@samples(sinc)
def _(s):
    yield s(s.away(3, 4))
    yield s(s.tensor([-1.5, 0.0, 0.5])).without("gradgradcheck", because="the second derivative at 0 is PyTorch's, which is 0")
