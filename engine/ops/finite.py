"""What is not finite: finding and replacing it."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, Unsupported, derivative, op, refuses, samples
from .comparison import where
from .errors import expected

_LARGEST = {"float64": 1.7976931348623157e308, "float32": 3.4028234663852886e38, "bfloat16": 3.3895313892515355e38, "float16": 65504.0}


@op("map", result="bool", dtypes=(*FLOATING, *COMPLEX), onnx="IsNaN")
def isnan(input):
    """Tell where an element is not a number.

    Args:
        input: Tensor of any dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of bool.

    Example:
        >>> isnan(tensor([1.0, nan, -inf]))
        tensor([False,  True, False])
    """
    return np.isnan(input)


@op("map", result="bool", dtypes=(*FLOATING, *COMPLEX), onnx="IsInf")
def isinf(input):
    """Tell where an element is positive or negative infinity.

    Args:
        input: Tensor of any dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of bool.

    Example:
        >>> isinf(tensor([1.0, nan, -inf]))
        tensor([False, False,  True])
    """
    return np.isinf(input)


@op(
    "map",
    result="bool",
    dtypes=(*FLOATING, *COMPLEX),
    onnx=lambda b, x: b.node("Not", b.node("Or", b.node("IsNaN", x), b.node("IsInf", x))),
)
def isfinite(input):
    """Tell where an element is neither infinite nor nan.

    Args:
        input: Tensor of any dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of bool.

    Example:
        >>> isfinite(tensor([1.0, nan, -inf]))
        tensor([ True, False, False])
    """
    return np.isfinite(input)


@samples(isnan)
@samples(isinf)
@samples(isfinite)
def _(s):
    yield s(s.tensor([1.0, np.nan, np.inf, -np.inf, 0.0]))


@op("map", attrs=("nan", "posinf", "neginf"), spaces=(), methods=False, onnx=Unsupported("an internal form"))
def replace_nonfinite(input, nan, posinf, neginf):
    """`nan_to_num` with all three replacements given as numbers."""
    return np.where(np.isnan(input), nan, np.where(input == np.inf, posinf, np.where(input == -np.inf, neginf, input))).astype(input.dtype)


derivative(replace_nonfinite, input=lambda g, input: where(isfinite(input), g, 0))


@op("map", result="bool", dtypes=ALL, out="exact", onnx=lambda b, x: _infinite(b, x, 1))
def isposinf(input):
    """Tell where an element is infinity.

    Args:
        input: Tensor of real numbers.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of bool.

    Raises:
        RuntimeError: `input` is complex.

    Example:
        >>> isposinf(tensor([1.0, inf, -inf]))
        tensor([False,  True, False])
    """
    _real("isposinf", input)
    return input == np.inf


@op("map", result="bool", dtypes=ALL, out="exact", onnx=lambda b, x: _infinite(b, x, 0))
def isneginf(input):
    """Tell where an element is minus infinity.

    Args:
        input: Tensor of real numbers.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of bool.

    Raises:
        RuntimeError: `input` is complex.

    Example:
        >>> isneginf(tensor([1.0, inf, -inf]))
        tensor([False, False,  True])
    """
    _real("isneginf", input)
    return input == -np.inf


def _real(name, input):
    if input.dtype.kind == "c":
        raise expected(name, "input of real numbers", input, "ask for its parts", RuntimeError)


def _infinite(b, x, positive):
    if b.dtype(x).kind != "f":
        x = b.node("Cast", x, to=b.code("float32"))
    return b.node("IsInf", x, detect_positive=positive, detect_negative=1 - positive)


@samples(isposinf)
@samples(isneginf)
def _(s):
    yield s(s.tensor([1.0, np.nan, np.inf, -np.inf, 0.0]) if s.floating else s.normal(3))


@refuses(isposinf)
@refuses(isneginf)
def _(s):
    yield s(s.normal(3) * 1j).raises(RuntimeError, ": expected input of real numbers")


@op("composite", inplace=True, dtypes=FLOATING, out=("exact", "whole"), onnx=Unsupported("not a part of a trained network"))
def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """Replace what is not finite.

    Args:
        input: Tensor of a floating dtype; others have nothing to replace.
        nan: In place of nan.
        posinf: In place of infinity; None means the largest finite number.
        neginf: In place of minus infinity; None means the smallest finite number.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> nan_to_num(tensor([1.0, nan, -inf]), neginf=-9.0)
        tensor([ 1.,  0., -9.])
    """
    if not input.dtype.is_floating_point:
        return input.clone()
    top = _LARGEST[input.dtype.name]
    return replace_nonfinite(input, nan or 0.0, top if posinf is None else posinf, -top if neginf is None else neginf)


@samples(nan_to_num)
def _(s):
    yield s(s.normal(4))
    yield s(s.tensor([1.0, np.nan, np.inf, -np.inf]), 1.0, 2.0, 3.0).without(
        "gradcheck", "gradgradcheck", because="no differences at infinity"
    )
    yield s(s.tensor([1.0, np.nan, np.inf, -np.inf])).without("gradcheck", "gradgradcheck", because="no differences at infinity")


@samples(replace_nonfinite)
def _(s):
    yield s(s.normal(4), 0.0, 1.0, -1.0)


@samples(replace_nonfinite)
def _(s):
    yield s(s.normal(4), 1.0, 2.0, 3.0)
