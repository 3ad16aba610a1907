"""Circular functions and their inverses."""

from __future__ import annotations

import math

from workbench.ext.core.lazy import np

from ._define import FLOATING, INTEGERS, Unsupported, derivative, op, refuses, samples
from .errors import expected
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
    numbers=(),
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


@op(
    "map",
    refused=("bool", *INTEGERS),
    numbers=(),
    tensors=2,
    inplace=True,
    onnx=lambda b, x, y: b.node("Sqrt", b.node("Add", b.node("Mul", x, x), b.node("Mul", y, y))),
)
def hypot(input, other):
    """Take the long side of a right triangle from the short ones, without overflow.

    y = sqrt(input ** 2 + other ** 2)

    Args:
        input: One side.
        other: The other.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> hypot(tensor([3.0]), tensor([4.0, 1e20]))
        tensor([5.0000e+00, 1.0000e+20])
    """
    return np.hypot(input, other)


derivative(
    hypot,
    input=lambda g, input, result: g * (input / result),
    other=lambda g, other, result: g * (other / result),
)


def _scaled(factor):
    return lambda b, x: b.node("Mul", x if b.dtype(x).kind == "f" else b.node("Cast", x, to=b.code("float32")), _factor(b, x, factor))


def _factor(b, x, factor):
    return b.constant(np.asarray(factor, b.dtype(x) if b.dtype(x).kind == "f" else "float32"))


@op("map", inplace=True, result="float", dtypes=(*FLOATING, "int64"), onnx=_scaled(math.pi / 180))
def deg2rad(input):
    """Convert degrees to radians.

    y = input * pi / 180

    Args:
        input: Angles in degrees; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Raises:
        RuntimeError: `input` is complex.

    Example:
        >>> deg2rad(tensor([180.0, 90.0]))
        tensor([3.1416, 1.5708])
    """
    _angles("deg2rad", input)
    return input * input.dtype.type(math.pi / 180)


@op("map", inplace=True, result="float", dtypes=(*FLOATING, "int64"), onnx=_scaled(180 / math.pi))
def rad2deg(input):
    """Convert radians to degrees.

    y = input * 180 / pi

    Args:
        input: Angles in radians; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Raises:
        RuntimeError: `input` is complex.

    Example:
        >>> rad2deg(tensor([3.1416]))
        tensor([180.0004])
    """
    _angles("rad2deg", input)
    return input * input.dtype.type(180 / math.pi)


def _angles(name, input):
    if input.dtype.kind == "c":
        raise expected(name, "input of real numbers", input, error=RuntimeError)


derivative(deg2rad, input=lambda g: deg2rad(g))
derivative(rad2deg, input=lambda g: rad2deg(g))


@samples(hypot)
def _(s):
    yield s(s.away(3, 4), s.away(4))


@samples(deg2rad)
@samples(rad2deg)
def _(s):
    yield s(s.normal(3, 4))


@refuses(deg2rad)
@refuses(rad2deg)
def _(s):
    yield s(s.normal(3) * 1j).raises(RuntimeError, ": expected input of real numbers")


@samples(atan2)
def _(s):
    yield s(s.away(3, 4), s.away(4))
