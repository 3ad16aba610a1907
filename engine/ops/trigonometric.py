"""Circular functions and their inverses."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, op, samples
from .power import rsqrt, square


@op("map", inplace=True, result="float", onnx="Sin")
def sin(input):
    """Take the sine of each element, in radians.

    y = sin(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> sin(tensor([0.0, 1.0]))
        tensor([0.0000, 0.8415])
    """
    return np.sin(input)


derivative(sin, input=lambda g, input: g * cos(input))


@op("map", inplace=True, result="float", onnx="Cos")
def cos(input):
    """Take the cosine of each element, in radians.

    y = cos(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> cos(tensor([0.0, 1.0]))
        tensor([1.0000, 0.5403])
    """
    return np.cos(input)


derivative(cos, input=lambda g, input: -(g * sin(input)))


@op("map", inplace=True, result="float", onnx="Tan")
def tan(input):
    """Take the tangent of each element, in radians.

    y = sin(input) / cos(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> tan(tensor([0.0, 1.0]))
        tensor([0.0000, 1.5574])
    """
    return np.tan(input)


derivative(tan, input=lambda g, result: g * (square(result) + 1))


@op("map", methods=("asin", "arcsin"), inplace=True, result="float", onnx="Asin")
def asin(input):
    """Take the angle in radians whose sine each element is; nan outside [-1, 1].

    y = arcsin(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> asin(tensor([0.0, 1.0]))
        tensor([0.0000, 1.5708])
    """
    return np.arcsin(input)


derivative(asin, input=lambda g, input: g * rsqrt(1 - square(input)))


@op("map", methods=("acos", "arccos"), inplace=True, result="float", onnx="Acos")
def acos(input):
    """Take the angle in radians whose cosine each element is; nan outside [-1, 1].

    y = arccos(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> acos(tensor([0.0, 1.0]))
        tensor([1.5708, 0.0000])
    """
    return np.arccos(input)


derivative(acos, input=lambda g, input: -(g * rsqrt(1 - square(input))))


@op("map", methods=("atan", "arctan"), inplace=True, result="float", onnx="Atan")
def atan(input):
    """Take the angle in radians whose tangent each element is.

    y = arctan(input)

    Args:
        input: Tensor; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> atan(tensor([0.0, 1.0]))
        tensor([0.0000, 0.7854])
    """
    return np.arctan(input)


derivative(atan, input=lambda g, input: g / (square(input) + 1))


@samples(sin)
@samples(cos)
@samples(tan)
@samples(atan)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.uniform(5, low=-1.4, high=1.4))


@samples(asin)
@samples(acos)
def _(s):
    yield s(s.uniform(3, 4, low=-0.9, high=0.9))


@op(
    "map",
    tensors=2,
    inplace=True,
    result="float",
    methods=("atan2", "arctan2"),
    onnx=Unsupported("ONNX has no arctangent of two arguments"),
)
def atan2(input, other):
    """Take the angle in radians of the point (other, input), in (-pi, pi].

    y = arctan(input / other), in the quadrant that the signs say

    Args:
        input: Ordinates.
        other: Abscissas.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> atan2(tensor([1.0, -1.0]), tensor([1.0, -1.0]))
        tensor([ 0.7854, -2.3562])
    """
    return np.arctan2(input, other)


derivative(
    atan2,
    input=lambda g, input, other: g * other / (square(input) + square(other)),
    other=lambda g, input, other: -(g * input) / (square(input) + square(other)),
)


@samples(atan2)
def _(s):
    yield s(s.away(3, 4), s.away(4))
