"""Exponentials, logarithms, and the error function."""

from __future__ import annotations

import math

from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, INTEGERS, Unsupported, derivative, formula, op, samples


def by_element(function, values):
    """A function of one number, for the elements of an array."""
    return np.vectorize(function, otypes=[np.float64])(values)


@op("map", inplace=True, result="float", onnx="Exp")
def exp(input):
    """Take e to the power of each element.

    y = e ** input

    Args:
        input: Exponents; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> exp(tensor([0.0, 1.0]))
        tensor([1.0000, 2.7183])
    """
    return np.exp(input)


derivative(exp, input=lambda g, result: g * result)


@op("map", inplace=True, result="float", onnx=lambda b, x: b.node("Pow", b.constant(np.asarray(2, b.dtype(x))), x))
def exp2(input):
    """Take 2 to the power of each element.

    y = 2 ** input

    Args:
        input: Exponents; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> exp2(tensor([0.0, 3.0]))
        tensor([1., 8.])
    """
    return np.exp2(input)


derivative(exp2, input=lambda g, result: g * result * math.log(2))


@op("map", inplace=True, result="float", onnx=lambda b, x: b.node("Sub", b.node("Exp", x), b.constant(np.asarray(1, b.dtype(x)))))
def expm1(input):
    """Take e to the power of each element, minus 1, exactly near 0.

    y = e ** input - 1

    Args:
        input: Exponents; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> expm1(tensor([0.0, 1.0]))
        tensor([0.0000, 1.7183])
    """
    return np.expm1(input)


derivative(expm1, input=lambda g, result: g * (result + 1))


@op("map", inplace=True, result="float", onnx="Log")
def log(input):
    """Take the natural logarithm of each element; nan below 0.

    y = log(input)

    Args:
        input: Values > 0; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> log(tensor([1.0, 10.0]))
        tensor([0.0000, 2.3026])
    """
    return np.log(input)


derivative(log, input=lambda g, input: g / input)


@op("map", inplace=True, result="float", onnx=lambda b, x: b.node("Div", b.node("Log", x), b.constant(np.asarray(math.log(2), b.dtype(x)))))
def log2(input):
    """Take the logarithm to base 2 of each element.

    y = log(input) / log(2)

    Args:
        input: Values > 0; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> log2(tensor([1.0, 8.0]))
        tensor([0., 3.])
    """
    return np.log2(input)


derivative(log2, input=lambda g, input: g / (input * math.log(2)))


@op(
    "map", inplace=True, result="float", onnx=lambda b, x: b.node("Div", b.node("Log", x), b.constant(np.asarray(math.log(10), b.dtype(x))))
)
def log10(input):
    """Take the logarithm to base 10 of each element.

    y = log(input) / log(10)

    Args:
        input: Values > 0; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> log10(tensor([1.0, 100.0]))
        tensor([0., 2.])
    """
    return np.log10(input)


derivative(log10, input=lambda g, input: g / (input * math.log(10)))


@op("map", inplace=True, result="float", onnx=lambda b, x: b.node("Log", b.node("Add", x, b.constant(np.asarray(1, b.dtype(x))))))
def log1p(input):
    """Take the logarithm of 1 plus each element, exactly near 0.

    y = log(1 + input)

    Args:
        input: Values > -1; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> log1p(tensor([0.0, 1.0]))
        tensor([0.0000, 0.6931])
    """
    return np.log1p(input)


derivative(log1p, input=lambda g, input: g / (input + 1))


@samples(exp)
@samples(exp2)
@samples(expm1)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(5))


@samples(log)
@samples(log2)
@samples(log10)
@samples(log1p)
def _(s):
    yield s(s.positive(3, 4))
    yield s(s.positive(5))


@op("map", refused=COMPLEX, inplace=True, result="float", onnx="Erf")
def erf(input):
    """Take the error function of each element.

    y = 2 / sqrt(pi) * integral of e ** -(t ** 2) from 0 to input

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> erf(tensor([0.0, 1.0]))
        tensor([0.0000, 0.8427])
    """
    return by_element(math.erf, input).astype(input.dtype)


derivative(erf, input=lambda g, input: g * exp(-(input * input)) * (2 / math.sqrt(math.pi)))


@op(
    "map",
    refused=COMPLEX,
    inplace=True,
    result="float",
    onnx=lambda b, x: b.node("Sub", b.constant(np.asarray(1, b.dtype(x))), b.node("Erf", x)),
)
def erfc(input):
    """Take 1 minus the error function of each element, exactly where it is small.

    y = 1 - erf(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> erfc(tensor([0.0, 1.0]))
        tensor([1.0000, 0.1573])
    """
    return by_element(math.erfc, input).astype(input.dtype)


derivative(erfc, input=lambda g, input: g * exp(-(input * input)) * (-2 / math.sqrt(math.pi)))


@samples(erf)
@samples(erfc)
def _(s):
    yield s(s.normal(3, 4))


@op(
    "map",
    refused=("bool", *INTEGERS),
    numbers=(),
    tensors=2,
    dtypes=(*FLOATING, *COMPLEX),
    onnx=Unsupported("ONNX has it as a reduction only"),
)
def logaddexp(input, other):
    """Take the logarithm of the sum of two exponentials, without overflow.

    y = log(e ** input + e ** other)

    Args:
        input: First exponent.
        other: Second exponent.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> logaddexp(tensor([0.0, 1000.0]), tensor([0.0, 1000.0]))
        tensor([6.9315e-01, 1.0007e+03])
    """
    return np.logaddexp(input, other) if input.dtype.kind == "f" else log_of_sum(input, other)


def log_of_sum(a, b):
    """log(e ** a + e ** b) of complex arrays: what is smaller in its real part is added to what is larger."""
    swap = a.real > b.real
    low, high = np.where(swap, b, a), np.where(swap, a, b)
    nothing = np.isneginf(low.real)
    return np.where(nothing, high, high + np.log1p(np.exp(np.where(nothing, 0, low - high))))


derivative(
    logaddexp,
    input=lambda g, input, other: g / (exp(other - input) + 1),
    other=lambda g, input, other: g / (exp(input - other) + 1),
)


@samples(logaddexp)
def _(s):
    yield s(s.normal(3, 4), s.normal(4))


@op("map", inplace=True, result="float", spaces=("torch", "functional"), dtypes=(*FLOATING, *COMPLEX), onnx="Sigmoid", peer="sigmoid")
def sigmoid(input):
    """Squash each element into (0, 1).

    y = 1 / (1 + e ** -input)

    Args:
        input: Logits; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> sigmoid(tensor([0.0, 2.0]))
        tensor([0.5000, 0.8808])
    """
    if input.dtype.kind == "c":
        return 1 / (1 + np.exp(-input))
    small = np.exp(-np.abs(input))
    return np.where(input >= 0, 1 / (1 + small), small / (1 + small))


@op("map", tensors=2, spaces=(), methods=False, onnx=Unsupported("a backward"), peer=lambda torch, g, y: g * y * (1 - y))
def sigmoid_backward(grad, result):
    """Gradient of `sigmoid` from its result."""
    return grad * result * (1 - result)


derivative(sigmoid, input=lambda g, result: sigmoid_backward(g, result))
formula(sigmoid_backward)(lambda grad, result: grad * result * (1 - result))


@samples(sigmoid)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.tensor([-100.0, -20.0, 20.0, 100.0]))


@samples(sigmoid_backward)
def _(s):
    yield s(s.normal(3, 4), s.uniform(3, 4))
