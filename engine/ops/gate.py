"""Activation functions that weight their input by a gate."""

from __future__ import annotations

import math

from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, INTEGERS, NOT_FLOATING, Unsupported, derivative, formula, op, refuses, samples
from ._help import axis, floating, tensors
from ._space import alias
from .errors import expected
from .exponential import by_element, erf, exp, sigmoid
from .hyperbolic import tanh
from .smooth import logistic, softplus, softplus_of

GELU_SLOPE, GELU_CUBE = 0.7978845608028654, 0.044715


@op("map", attrs=("tanh",), spaces=(), methods=False, kernel="gelu", onnx=Unsupported("an internal form"),
    peer=None)  # fmt: skip
def gelu_by(input, tanh):
    """`gelu` with the choice of its form as a number: 0 by the error function, 1 by tanh."""
    x = np.asarray(input, np.float64)
    gate = np.tanh(GELU_SLOPE * (x + GELU_CUBE * x**3)) if tanh else by_element(math.erf, x * 0.5**0.5)
    return (0.5 * x * (1 + gate)).astype(input.dtype)


@op("map", tensors=2, attrs=("tanh",), spaces=(), methods=False, kernel="gelu_backward", onnx=Unsupported("a backward"), peer=None)
def gelu_by_backward(grad, input, tanh):
    """Gradient of `gelu_by` from its input."""
    x = np.asarray(input, np.float64)
    if tanh:
        t = np.tanh(GELU_SLOPE * (x + GELU_CUBE * x**3))
        slope = 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU_SLOPE * (1 + 3 * GELU_CUBE * x * x)
    else:
        slope = 0.5 * (1 + by_element(math.erf, x * 0.5**0.5)) + x * np.exp(-0.5 * x * x) * (0.5 / np.pi) ** 0.5
    return (grad * slope).astype(grad.dtype)


@formula(gelu_by_backward)
def _(grad, input, tanh):
    if tanh:
        t = _tanh(GELU_SLOPE * (input + GELU_CUBE * input * input * input))
        return grad * (0.5 * (1 + t) + 0.5 * input * (1 - t * t) * (GELU_SLOPE * (1 + 3 * GELU_CUBE * input * input)))
    return grad * (0.5 * (1 + erf(input * 0.5**0.5)) + input * exp(input * input * -0.5) * (0.5 / np.pi) ** 0.5)


_tanh = tanh
derivative(gelu_by, input=lambda g, input, tanh: gelu_by_backward(g, input, tanh))


@op(
    "composite",
    spaces="functional",
    methods=False,
    dtypes=FLOATING,
    out=("exact", "whole"),
    onnx=lambda b, x, approximate: b.node("Gelu", x, approximate=approximate),
)
def gelu(input, approximate="none"):
    """Weight each element by the share of a normal distribution below it.

    y = input * P(X <= input), X normal; "tanh": 0.5 * input * (1 + tanh(sqrt(2 / pi) * (input + 0.044715 * input ** 3)))

    Args:
        input: Activations of a floating dtype.
        approximate: "none" for the error function, "tanh" for the approximation.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `approximate` is another word.

    References:
        Hendrycks and Gimpel (2016), arXiv:1606.08415.

    Example:
        >>> gelu(tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise expected("gelu", 'approximate to be "none" or "tanh"', approximate, error=RuntimeError)
    tensors("gelu", input=input)
    floating("gelu", input)
    return gelu_by(input, 1 if approximate == "tanh" else 0)


@samples(gelu)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(5), approximate="tanh")


@refuses(gelu)
def _(s):
    yield s(s.normal(2), approximate="erf").raises(RuntimeError, "gelu: expected approximate")


@samples(gelu_by)
def _(s):
    yield s(s.normal(3, 4), 0)
    yield s(s.normal(3, 4), 1)


@samples(gelu_by_backward)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4), 0)
    yield s(s.normal(3, 4), s.normal(3, 4), 1)


@op(
    "map",
    refused=("bool", *INTEGERS),
    spaces="functional",
    methods=False,
    dtypes=(*FLOATING, *COMPLEX),
    onnx=lambda b, x: b.node("Mul", x, b.node("Sigmoid", x)),
)
def silu(input):
    """Weight each element by its sigmoid; also known as swish.

    y = input * sigmoid(input)

    Args:
        input: Activations of a floating dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Elfwing, Uchibe and Doya (2017), arXiv:1702.03118.

    Example:
        >>> silu(tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])
    """
    return input * logistic(input)


@op("map", tensors=2, spaces=(), methods=False, onnx=Unsupported("a backward"), peer=None)
def silu_backward(grad, input):
    """Gradient of `silu` from its input."""
    return grad * logistic(input) * (1 + input * (1 - logistic(input)))


@formula(silu_backward)
def _(grad, input):
    return grad * sigmoid(input) * (1 + input * (1 - sigmoid(input)))


derivative(silu, input=lambda g, input: silu_backward(g, input))


@op("map", refused=NOT_FLOATING, spaces="functional", methods=False, onnx="Mish")
def mish(input):
    """Weight each element by the tanh of its softplus.

    y = input * tanh(log(1 + e ** input))

    Args:
        input: Activations of a floating dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Misra (2019), arXiv:1908.08681.

    Example:
        >>> mish(tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])
    """
    return input * np.tanh(softplus_of(input))


@op("map", tensors=2, spaces=(), methods=False, onnx=Unsupported("a backward"), peer=None)
def mish_backward(grad, input):
    """Gradient of `mish` from its input."""
    return grad * (np.tanh(softplus_of(input)) + input * logistic(input) * (1 - np.tanh(softplus_of(input)) ** 2))


@formula(mish_backward)
def _(grad, input):
    return grad * (tanh(softplus(input)) + input * sigmoid(input) * (1 - tanh(softplus(input)) * tanh(softplus(input))))


derivative(mish, input=lambda g, input: mish_backward(g, input))


alias("functional", swish=silu)


@samples(silu)
@samples(mish)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.tensor([-30.0, -5.0, 5.0, 30.0]))


@samples(silu_backward)
@samples(mish_backward)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4))


def _glu_form(b, x, dim):
    value, gate = b.node("Split", x, axis=dim, num_outputs=2, outputs=2)
    return b.node("Mul", value, b.node("Sigmoid", gate))


@op("composite", spaces="functional", methods=False, dtypes=FLOATING, onnx=_glu_form)
def glu(input, dim=-1):
    """Gate one half of the channels by the other.

    y = a * sigmoid(b), where a and b are the halves of `input` along `dim`

    Args:
        input: Activations of a floating dtype.
        dim: Dimension that is halved.

    Shape:
        input: (*, 2 n, *); result: (*, n, *).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the size of `dim` is odd, or `input` has no dimension.

    References:
        Dauphin et al. (2016), arXiv:1612.08083.

    Example:
        >>> glu(tensor([3.0, 0.0]))
        tensor([1.5000])
    """
    tensors("glu", input=input)
    floating("glu", input)
    d = axis("glu", dim, input.ndim)
    if not input.ndim or input.shape[d] % 2:
        raise expected("glu", f"input of even size in dimension {dim}", input, error=RuntimeError)
    half = input.shape[d] // 2
    return input.narrow(d, 0, half) * sigmoid(input.narrow(d, half, half))


@samples(glu)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(4, 3), 0)


@refuses(glu)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "glu: expected input")
