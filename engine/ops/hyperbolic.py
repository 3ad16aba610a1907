"""Hyperbolic functions and their inverses."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, op, samples
from .power import rsqrt, square


@op("map", inplace=True, result="float", onnx="Sinh")
def sinh(input):
    """Take the hyperbolic sine of each element.

    y = (e ** input - e ** -input) / 2

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> sinh(tensor([0.0, 1.0]))
        tensor([0.0000, 1.1752])
    """
    return np.sinh(input)


derivative(sinh, input=lambda g, input: g * cosh(input))


@op("map", inplace=True, result="float", onnx="Cosh")
def cosh(input):
    """Take the hyperbolic cosine of each element.

    y = (e ** input + e ** -input) / 2

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> cosh(tensor([0.0, 1.0]))
        tensor([1.0000, 1.5431])
    """
    return np.cosh(input)


derivative(cosh, input=lambda g, input: g * sinh(input))


@op("map", methods=("asinh", "arcsinh"), inplace=True, result="float", onnx="Asinh")
def asinh(input):
    """Take the number whose hyperbolic sine each element is.

    y = log(input + sqrt(input ** 2 + 1))

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> asinh(tensor([0.0, 1.0]))
        tensor([0.0000, 0.8814])
    """
    return np.arcsinh(input)


derivative(asinh, input=lambda g, input: g * rsqrt(square(input) + 1))


@op("map", methods=("acosh", "arccosh"), inplace=True, result="float", onnx="Acosh")
def acosh(input):
    """Take the number whose hyperbolic cosine each element is; nan below 1.

    y = log(input + sqrt(input ** 2 - 1))

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> acosh(tensor([1.0, 2.0]))
        tensor([0.0000, 1.3170])
    """
    return np.arccosh(input)


derivative(acosh, input=lambda g, input: g * rsqrt(square(input) - 1))


@op("map", methods=("atanh", "arctanh"), inplace=True, result="float", onnx="Atanh")
def atanh(input):
    """Take the number whose hyperbolic tangent each element is; nan outside [-1, 1].

    y = log((1 + input) / (1 - input)) / 2

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> atanh(tensor([0.0, 0.5]))
        tensor([0.0000, 0.5493])
    """
    return np.arctanh(input)


derivative(atanh, input=lambda g, input: g / (1 - square(input)))


@op("map", inplace=True, result="float", spaces=("torch", "functional"), onnx="Tanh", peer="tanh")
def tanh(input):
    """Squash each element into (-1, 1).

    y = (e ** input - e ** -input) / (e ** input + e ** -input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> tanh(tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """
    return np.tanh(input)


@op("map", tensors=2, spaces=(), methods=False, onnx=Unsupported("a backward"), peer=lambda torch, g, y: g * (1 - y * y))
def tanh_backward(grad, result):
    """Gradient of `tanh` from its result."""
    return grad * (1 - result * result)


derivative(tanh, input=lambda g, result: tanh_backward(g, result))
formula(tanh_backward)(lambda grad, result: grad * (1 - result * result))


@samples(tanh_backward)
def _(s):
    yield s(s.normal(3, 4), s.uniform(3, 4, low=-1))


@samples(sinh)
@samples(cosh)
@samples(tanh)
@samples(asinh)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.uniform(5, low=-1.4, high=1.4))


@samples(atanh)
def _(s):
    yield s(s.uniform(3, 4, low=-0.9, high=0.9))


@samples(acosh)
def _(s):
    yield s(s.uniform(3, 4, low=1.2, high=4))
