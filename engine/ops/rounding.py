"""Rounding, and the larger and the smaller of two."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import INTEGERS, NUMBER, Unsupported, derivative, op, samples
from ._help import floating, nothing, ordered
from ._space import public

Tensor = core.Tensor
SIGNED = ("float32", "float64", "int64", "int32")


def _rounded(b, kind, x):
    """ONNX rounds floating values only."""
    return b.node(kind if b.dtype(x).kind == "f" else "Identity", x)


@op("map", refused=("bool",), inplace=True, dtypes=NUMBER, out="exact", onnx=lambda b, x: _rounded(b, "Floor", x))
def floor(input):
    """Round each element down.

    y = floor(input)

    Args:
        input: Tensor; whole numbers stay as they are.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> floor(tensor([-1.5, 1.5]))
        tensor([-2.,  1.])
    """
    return np.floor(input).astype(input.dtype)


derivative(floor, input=nothing)


@op("map", refused=("bool",), inplace=True, dtypes=NUMBER, out="exact", onnx=lambda b, x: _rounded(b, "Ceil", x))
def ceil(input):
    """Round each element up.

    y = ceil(input)

    Args:
        input: Tensor; whole numbers stay as they are.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> ceil(tensor([-1.5, 1.5]))
        tensor([-1.,  2.])
    """
    return np.ceil(input).astype(input.dtype)


derivative(ceil, input=nothing)


@op(
    "map",
    refused=("bool",),
    methods=("trunc", "fix"),
    inplace=True,
    dtypes=NUMBER,
    out="exact",
    onnx=lambda b, x: b.node("Mul", b.node("Sign", x), _rounded(b, "Floor", b.node("Abs", x))),
)
def trunc(input):
    """Round each element to 0.

    y = trunc(input)

    Args:
        input: Tensor; whole numbers stay as they are.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> trunc(tensor([-1.5, 1.5]))
        tensor([-1.,  1.])
    """
    return np.trunc(input).astype(input.dtype)


derivative(trunc, input=nothing)


@op(
    "map",
    refused=("bool",),
    spaces=(),
    methods=False,
    dtypes=NUMBER,
    kernel="round",
    onnx=lambda b, x: _rounded(b, "Round", x),
    peer="round",
)
def round_half_even(input):
    """`round` to whole numbers."""
    return np.rint(input).astype(input.dtype)


derivative(round_half_even, input=nothing)


@op(
    "composite",
    dtypes=NUMBER,
    out=("exact", "whole"),
    onnx=lambda b, x, decimals: _rounded(b, "Round", x) if decimals == 0 else Unsupported("rounding to decimals"),
)
def round(input, *, decimals=0):
    """Round each element to the nearest whole number, or to some decimals; halves to the even neighbour.

    y = round(input * 10 ** decimals) / 10 ** decimals

    Args:
        input: Tensor; whole numbers stay as they are.
        decimals: Digits after the point, of floating numbers; negative ones round to tens, hundreds, ...

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        NotImplementedError: whole numbers are to be rounded to decimals.

    Example:
        >>> round(tensor([0.5, 1.5, 2.345]), decimals=1)
        tensor([0.5000, 1.5000, 2.3000])
    """
    ordered("round", input)
    if decimals == 0:
        return round_half_even(input)
    floating("round", input)
    scale = 10.0 ** float(decimals if decimals > 0 else -decimals)
    return round_half_even(input * scale) / scale if decimals > 0 else round_half_even(input / scale) * scale


_round_ = core.define_inplace(round_half_even)


@public(methods=("round_",))
def round_(input, *, decimals=0):
    """In-place form of `round`."""
    ordered("round_", input)
    if decimals == 0:
        return _round_(input)
    scale = 10.0**decimals
    return _round_(input.mul_(scale)).div_(scale)


@op("map", refused=("bool", *INTEGERS), inplace=True, out="exact", onnx=Unsupported("a remainder, seldom part of a network"))
def frac(input):
    """Take what is behind the point of each element, with its sign.

    y = input - trunc(input)

    Args:
        input: Tensor of a floating dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> frac(tensor([-1.25, 1.5]))
        tensor([-0.2500,  0.5000])
    """
    return input - np.trunc(input)


derivative(frac, input=lambda g: g)


@samples(floor)
@samples(ceil)
@samples(trunc)
@samples(frac)
@samples(round_half_even)
@samples(round)
def _(s):
    yield s(s.tensor([-1.7, -1.2, -0.3, 0.3, 1.2, 1.7]))
    yield s(s.uniform(3, 4, low=0.1, high=0.4))
