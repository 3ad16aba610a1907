"""Quotients and remainders."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import NUMBER, REGISTRY, Unsupported, derivative, op, refuses, samples
from ._help import nothing
from ._space import alias, public
from .errors import expected


def _quotient(b, x, y):
    """ONNX's division of whole numbers rounds."""
    if b.dtype(x).kind != "f":
        x, y = (b.node("Cast", t, to=b.code("float32")) for t in (x, y))
    return b.node("Div", x, y)


@op(
    "map",
    tensors=2,
    spaces=(),
    methods=("true_divide",),
    inplace=True,
    result="float",
    dtypes=NUMBER,
    onnx=lambda b, x, y: _quotient(b, x, y),
    peer="true_divide",
)
def div(input, other):
    """Divide element by element; a whole number divided by a whole number is a floating one.

    y = input / other

    Args:
        input: Dividend.
        other: Divisor, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype, of the default dtype if that is not floating.

    Example:
        >>> div(tensor([1.0, 2.0]), 4)
        tensor([0.2500, 0.5000])
    """
    return np.true_divide(input, other)


derivative(div, input=lambda g, other: g / other, other=lambda g, input, other: -(g * (input / other)) / other)


@samples(div)
def _(s):
    yield s(s.positive(2, 1, 4), s.positive(3, 1))
    yield s(s.positive(3), 2)
    yield s(s.normal(5), s.away(5) if s.floating else s.positive(5))


@op("composite", tensors=2, methods=("div", "divide"),
    onnx=lambda b, x, y, mode: _quotient(b, x, y) if mode is None else Unsupported("ONNX has no rounding division"),
    peer="div")  # fmt: skip
def divide(input, other, *, rounding_mode=None):
    """Divide element by element, and round if asked to.

    y = round(input / other)

    Args:
        input: Dividend.
        other: Divisor, a tensor or a number.
        rounding_mode: None for the true quotient, "floor" for rounding down, "trunc" for rounding to zero.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype; without rounding a floating one.

    Raises:
        RuntimeError: `rounding_mode` is another word.

    Example:
        >>> divide(tensor([-7, 7]), 2, rounding_mode="trunc")
        tensor([-3,  3])
    """
    _known(rounding_mode)
    if rounding_mode == "trunc" and _rounds_twice(other) and core.result_type(input, other) in _HALVES:
        return div(input, other).trunc()
    return (div if rounding_mode is None else floor_quotient if rounding_mode == "floor" else trunc_divide)(input, other)


@public(methods=("div_", "divide_"))
def div_(input, other, *, rounding_mode=None):
    """In-place form of `divide`."""
    _known(rounding_mode)
    if rounding_mode == "trunc" and _rounds_twice(other) and input.dtype in _HALVES:
        return _in_place(input, other).trunc_()
    return (_in_place if rounding_mode is None else _floor_in_place if rounding_mode == "floor" else _trunc_in_place)(input, other)


_HALVES = (core.float16, core.bfloat16)


def _rounds_twice(other):
    """Whether PyTorch rounds a quotient in half precision to the dtype before it rounds to zero: not if it divides by one number."""
    return isinstance(other, core.Tensor) and other.ndim > 0


def _known(rounding_mode):
    if rounding_mode not in (None, "floor", "trunc"):
        raise expected("div", 'rounding_mode to be None, "floor" or "trunc"', rounding_mode, error=RuntimeError)


@samples(divide)
def _(s):
    yield s(s.normal(3), s.positive(2, 3))
    yield s(s.tensor([-7.0, 7.0, 5.5]), s.tensor([2.0, 2.0, 4.0]), rounding_mode="floor")
    yield s(s.tensor([-7.0, 7.0, 5.5]), s.tensor([2.0, 2.0, 4.0]), rounding_mode="trunc")


@refuses(divide)
def _(s):
    yield s(s.normal(2), s.positive(2), rounding_mode="up").raises(RuntimeError, "div: expected rounding_mode")


def _no_zero(name, other):
    """Whole numbers have no infinity to answer a division by zero with."""
    if np.asarray(other).dtype.kind in "iu" and np.any(np.asarray(other) == 0):
        raise expected(name, "other without zeros in an integer dtype", "zeros", "cast with other.float() for inf and nan", RuntimeError)


@op(
    "map",
    refused=("bool",),
    tensors=2,
    inplace=True,
    dtypes=NUMBER,
    onnx=Unsupported("ONNX has no rounding down of a quotient of whole numbers"),
)
def floor_divide(input, other):
    """Divide and round down.

    y = floor(input / other)

    Args:
        input: Dividend.
        other: Divisor, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: a whole number is divided by zero.

    Example:
        >>> floor_divide(tensor([-7, 7]), 2)
        tensor([-4,  3])
    """
    _no_zero("floor_divide", other)
    return np.floor_divide(input, other)


@samples(floor_divide)
def _(s):
    yield s(s.tensor([-7.0, 7.0, 5.0, 6.5]), s.tensor([2.0, 2.0, 4.0, 4.0]))
    yield s(s.positive(2, 3), s.positive(3))


@op("map", refused=("bool",), tensors=2, spaces=(), methods=False, dtypes=NUMBER, kernel="floor_divide",
    onnx=Unsupported("an internal form"), peer=lambda torch, x, y: x.div(y, rounding_mode="floor"))  # fmt: skip
def floor_quotient(input, other):
    """`floor_divide` with a derivative, which PyTorch gives it as a mode of `div` alone."""
    _no_zero("div", other)
    return np.floor_divide(input, other)


derivative(floor_quotient, input=nothing, other=nothing)


@op("map", refused=("bool",), tensors=2, spaces=(), methods=False, dtypes=NUMBER, onnx=Unsupported("an internal form"),
    peer=lambda torch, x, y: x.div(y, rounding_mode="trunc"))  # fmt: skip
def trunc_divide(input, other):
    """Divide and round to zero; arguments as of `floor_divide`."""
    _no_zero("trunc_divide", other)
    if np.asarray(input).dtype.kind == "f":
        return np.trunc(np.true_divide(input, other))
    return (input - np.fmod(input, other)) // other


derivative(trunc_divide, input=nothing, other=nothing)


@samples(trunc_divide)
@samples(floor_quotient)
def _(s):
    yield s(s.tensor([-7.0, 7.0, 5.0, 6.5]), s.tensor([2.0, 2.0, 4.0, 4.0]))


@op("map", refused=("bool",), tensors=2, inplace=True, dtypes=NUMBER, onnx=Unsupported("Mod has no floating form with the divisor's sign"))
def remainder(input, other):
    """Take the remainder that has the sign of the divisor, as Python's `%` does.

    y = input - floor(input / other) * other

    Args:
        input: Dividend.
        other: Divisor, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: a whole number is divided by zero.

    Example:
        >>> remainder(tensor([-3.0, 3.0]), 2)
        tensor([1., 1.])
    """
    _no_zero("remainder", other)
    return np.remainder(input, other)


derivative(remainder, input=lambda g: g, other=lambda g, input, other: -g * floor_divide(input, other))


@op("map", numbers=("other",), refused=("bool",), tensors=2, inplace=True, dtypes=NUMBER, onnx=lambda b, x, y: b.node("Mod", x, y, fmod=1))
def fmod(input, other):
    """Take the remainder that has the sign of the dividend, as C's `fmod` does.

    y = input - trunc(input / other) * other

    Args:
        input: Dividend.
        other: Divisor, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: a whole number is divided by zero.

    Example:
        >>> fmod(tensor([-3.0, 3.0]), 2)
        tensor([-1.,  1.])
    """
    _no_zero("fmod", other)
    return np.fmod(input, other)


derivative(fmod, input=lambda g: g, other=lambda g, input, other: -g * trunc_divide(input, other))


@samples(remainder)
@samples(fmod)
def _(s):
    yield s(s.tensor([-7.0, 7.0, 5.0, 6.5]), s.tensor([2.0, 2.0, 4.0, 4.0]))
    yield s(s.tensor([-7.3, 7.4, 5.2, 6.5]), s.tensor([2.0, 3.0, 4.0, 4.0]))


_in_place, _floor_in_place, _trunc_in_place = REGISTRY["div_"], core.define_inplace(floor_quotient), core.define_inplace(trunc_divide)
alias("torch", div=divide, true_divide=div)
