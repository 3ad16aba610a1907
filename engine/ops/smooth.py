"""Smooth activation functions."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, NOT_FLOATING, Unsupported, derivative, formula, op, samples
from .comparison import gt, where
from .exponential import exp, sigmoid
from .hyperbolic import tanh
from .power import abs, sgn


def logistic(x):
    if x.dtype.kind == "c":
        return 1 / (1 + np.exp(-x))
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def softplus_of(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _constant(b, x, value):
    return b.constant(np.asarray(value, b.dtype(x)))


@op(
    "map",
    refused=NOT_FLOATING,
    attrs=("alpha",),
    spaces="functional",
    methods=False,
    onnx=lambda b, x, alpha: b.node("Elu", x, alpha=alpha),
)
def elu(input, alpha=1.0):
    """Let what is negative saturate.

    y = input if input > 0 else alpha * (e ** input - 1)

    Args:
        input: Activations of a floating dtype.
        alpha: What is approached far below 0, negated.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Clevert, Unterthiner and Hochreiter (2015), arXiv:1511.07289.

    Example:
        >>> elu(tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    return np.where(input > 0, input, input.dtype.type(alpha) * np.expm1(np.minimum(input, 0)))


@op("map", tensors=2, attrs=("alpha",), spaces=(), methods=False, onnx=Unsupported("a backward"), peer=None)
def elu_backward(grad, input, alpha):
    """Gradient of `elu` from its input."""
    return np.where(input > 0, grad, grad * grad.dtype.type(alpha) * np.exp(np.minimum(input, 0)))


@formula(elu_backward)
def _(grad, input, alpha):
    return where(gt(input, 0), grad, grad * (exp(input) * alpha))


derivative(elu, input=lambda g, input, alpha: elu_backward(g, input, alpha))

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@op("map", refused=NOT_FLOATING, spaces=("torch", "functional"), methods=False, inplace=True, onnx="Selu")
def selu(input):
    """Let what is negative saturate, scaled so that activations normalise themselves.

    y = scale * (input if input > 0 else alpha * (e ** input - 1)), scale = 1.0507, alpha = 1.6733

    Args:
        input: Activations of a floating dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Klambauer et al. (2017), arXiv:1706.02515.

    Example:
        >>> selu(tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """
    return np.where(input > 0, input, SELU_ALPHA * np.expm1(np.minimum(input, 0))).astype(input.dtype) * input.dtype.type(SELU_SCALE)


derivative(selu, input=lambda g, input: elu_backward(g, input, SELU_ALPHA) * SELU_SCALE)


@op(
    "map",
    refused=NOT_FLOATING,
    attrs=("alpha",),
    spaces=("torch", "functional"),
    methods=False,
    inplace=True,
    onnx=lambda b, x, alpha: b.node("Celu", x, alpha=alpha),
)
def celu(input, alpha=1.0):
    """Let what is negative saturate, smoothly for any `alpha`.

    y = max(input, 0) + min(alpha * (e ** (input / alpha) - 1), 0)

    Args:
        input: Activations of a floating dtype.
        alpha: What is approached far below 0, negated; not 0.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Barron (2017), arXiv:1704.07483.

    Example:
        >>> celu(tensor([-1.0, 2.0]), 2.0)
        tensor([-0.7869,  2.0000])
    """
    return np.maximum(input, 0) + np.minimum(input.dtype.type(alpha) * np.expm1(input / input.dtype.type(alpha)), 0)


derivative(celu, input=lambda g, input, alpha: where(gt(input, 0), g, g * exp(input / alpha)))


def _softplus_form(b, x, beta, threshold):
    scaled = b.node("Mul", x, _constant(b, x, beta))
    soft = b.node("Div", b.node("Softplus", scaled), _constant(b, x, beta))
    return b.node("Where", b.node("Greater", scaled, _constant(b, x, threshold)), x, soft)


@op(
    "map",
    refused=NOT_FLOATING,
    attrs=(
        "beta",
        "threshold",
    ),
    spaces="functional",
    methods=False,
    out="exact",
    onnx=_softplus_form,
)
def softplus(input, beta=1.0, threshold=20.0):
    """Round off the corner of `relu`.

    y = log(1 + e ** (beta * input)) / beta, and input itself where beta * input > threshold

    Args:
        input: Activations of a floating dtype.
        beta: Sharpness; not 0.
        threshold: From where on y = input.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Dugas et al. (2001), Incorporating second-order functional knowledge for better option pricing.

    Example:
        >>> softplus(tensor([-1.0, 2.0]))
        tensor([0.3133, 2.1269])
    """
    return np.where(input * beta > threshold, input, softplus_of(input * input.dtype.type(beta)) / input.dtype.type(beta))


@op(
    "map",
    tensors=2,
    attrs=(
        "beta",
        "threshold",
    ),
    spaces=(),
    methods=False,
    onnx=Unsupported("a backward"),
    peer=None,
)
def softplus_backward(grad, input, beta, threshold):
    """Gradient of `softplus` from its input."""
    return np.where(input * beta > threshold, grad, grad * logistic(input * grad.dtype.type(beta)))


@formula(softplus_backward)
def _(grad, input, beta, threshold):
    return where(gt(input * beta, threshold), grad, grad * sigmoid(input * beta))


derivative(softplus, input=lambda g, input, beta, threshold: softplus_backward(g, input, beta, threshold))


@op(
    "map",
    refused=NOT_FLOATING,
    spaces="functional",
    methods=False,
    out="exact",
    onnx=lambda b, x: b.node("Neg", b.node("Softplus", b.node("Neg", x))),
)
def logsigmoid(input):
    """Take the logarithm of the sigmoid.

    y = log(1 / (1 + e ** -input))

    Args:
        input: Activations of a floating dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> logsigmoid(tensor([-1.0, 2.0]))
        tensor([-1.3133, -0.1269])
    """
    return -softplus_of(-input)


derivative(logsigmoid, input=lambda g, input: g * sigmoid(-input))


@op(
    "map",
    refused=("bool",),
    spaces="functional",
    methods=False,
    result="float",
    holomorphic=False,
    dtypes=(*FLOATING, *COMPLEX),
    onnx="Softsign",
)
def softsign(input):
    """Squash each element into (-1, 1), slowly.

    y = input / (1 + |input|)

    Args:
        input: Activations of a floating or complex dtype; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating or complex dtype.

    Example:
        >>> softsign(tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """
    return input / (1 + np.abs(input))


def _softsign_input(g, input):
    scale = 1 / (abs(input) + 1)
    if not input.is_complex():
        return g * scale * scale
    return g * scale - sgn(input) * (g * input.conj()).real * scale * scale  # the scale depends on the magnitude alone


derivative(softsign, input=_softsign_input)


@op("map", refused=("bool",), spaces="functional", methods=False, result="float", dtypes=(*FLOATING, *COMPLEX),
    onnx=lambda b, x: b.node("Sub", x, b.node("Tanh", x)))  # fmt: skip
def tanhshrink(input):
    """Take what `tanh` takes away.

    y = input - tanh(input)

    Args:
        input: Activations of a floating or complex dtype; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating or complex dtype.

    Example:
        >>> tanhshrink(tensor([-1.0, 3.0]))
        tensor([-0.2384,  2.0049])
    """
    return input - np.tanh(input)


derivative(tanhshrink, input=lambda g, input: g * (tanh(input) * tanh(input)))


@samples(elu)
@samples(celu)
def _(s):
    yield s(s.away(3, 4))
    yield s(s.away(5), 0.5)


@samples(selu)
def _(s):
    yield s(s.away(3, 4))


@samples(logsigmoid)
@samples(softsign)
@samples(tanhshrink)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.tensor([-30.0, -5.0, 5.0, 30.0]))


@samples(softplus)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.away(8, kinks=(2,)), 2.0, 4.0).without(
        "gradcheck", "gradgradcheck", because="the jump at the threshold is part of the meaning"
    )


@samples(elu_backward)
def _(s):
    yield s(s.normal(3, 4), s.away(3, 4), 0.5)


@samples(softplus_backward)
def _(s):
    yield s(s.normal(3, 4), s.away(3, 4), 2.0, 20.0)
