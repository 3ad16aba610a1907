"""Elementwise functions: the ops under the standard's names and promotion.

Beyond the standard, functions that it defines for floating tensors take integers too, as the ops do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ext.core._core import Tensor

from ._operands import promoted, rank
from ._ops import torch

Unary = Callable[[Tensor], Tensor]
Binary = Callable[[Any, Any], Tensor]


def _named(function: Any, name: str, doc: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def _unary(name: str, doc: str, op: Any = None) -> Unary:
    op = getattr(torch, name) if op is None else op

    def function(x: Tensor, /) -> Tensor:
        return op(x)

    return _named(function, name, doc)


def _binary(name: str, doc: str, op: Any = None) -> Binary:
    op = getattr(torch, name) if op is None else op

    def function(x1: Any, x2: Any, /) -> Tensor:
        return op(*promoted(name, x1, x2))

    return _named(function, name, doc)


def _sign(x: Tensor) -> Tensor:
    """PyTorch's sign of nan is 0, the standard's is nan; of a complex number it is the direction."""
    if rank(x.dtype) == 3:
        return torch.sgn(x)
    return torch.where(torch.isnan(x), x, torch.sign(x)) if rank(x.dtype) == 2 else torch.sign(x)


def _round(x: Tensor) -> Tensor:
    return torch.complex(torch.round(torch.real(x)), torch.round(torch.imag(x))) if rank(x.dtype) == 3 else torch.round(x)


def _remainder(x1: Tensor, x2: Tensor) -> Tensor:
    """PyTorch's 0 may have either sign, the standard's has that of x2 too."""
    found = torch.remainder(x1, x2)
    return torch.copysign(found, x2) if rank(found.dtype) == 2 else found


def clip(x: Tensor, /, min: Any = None, max: Any = None) -> Tensor:
    """Move what is below `min` up to it and what is above `max` down to it; the dtype stays.

    Args:
        x: A real tensor.
        min: The smallest value, a number or a tensor that broadcasts with x; None means none.
        max: The largest value, likewise.

    Shape:
        result: that which x, min and max broadcast to

    Example:
        >>> clip(tensor([1, 5, 9]), 2, 8)
        tensor([2, 5, 8])
    """
    bounds = [b if b is None or isinstance(b, Tensor) else torch.tensor(b, dtype=x.dtype) for b in (min, max)]
    if bounds == [None, None]:
        return x.clone()
    dtype = promoted("clip", x, *(b for b in bounds if b is not None))[0].dtype
    low, high = (b if b is None else b.to(dtype) for b in bounds)
    return torch.clamp(x.to(dtype), low, high).to(x.dtype)


abs = _unary("abs", "The distance from 0; of complex numbers a real one.")
acos = _unary("acos", "The angle whose cosine is x, in radians.")
acosh = _unary("acosh", "The number whose hyperbolic cosine is x.")
add = _binary("add", "x1 + x2")
asin = _unary("asin", "The angle whose sine is x, in radians.")
asinh = _unary("asinh", "The number whose hyperbolic sine is x.")
atan = _unary("atan", "The angle whose tangent is x, in radians.")
atan2 = _binary("atan2", "The angle of the point (x2, x1), in radians from -pi to pi.")
atanh = _unary("atanh", "The number whose hyperbolic tangent is x.")
bitwise_and = _binary("bitwise_and", "The bits that both numbers have.")
bitwise_invert = _unary("bitwise_invert", "The bits that the number has not.", torch.bitwise_not)
bitwise_left_shift = _binary("bitwise_left_shift", "The bits of x1, moved up by x2 places.")
bitwise_or = _binary("bitwise_or", "The bits that one number has, or both.")
bitwise_right_shift = _binary("bitwise_right_shift", "The bits of x1, moved down by x2 places; the sign stays.")
bitwise_xor = _binary("bitwise_xor", "The bits that one number has and the other has not.")
ceil = _unary("ceil", "The next whole number that is not below x.")
conj = _unary("conj", "The complex conjugate; of real numbers they themselves.", torch.conj_physical)
copysign = _binary("copysign", "The size of x1 with the sign of x2.")
cos = _unary("cos", "The cosine of an angle in radians.")
cosh = _unary("cosh", "The hyperbolic cosine.")
divide = _binary("divide", "x1 / x2")
equal = _binary("equal", "Whether x1 == x2.", torch.eq)
exp = _unary("exp", "e to the x.")
expm1 = _unary("expm1", "e to the x, less 1, exact for small x.")
floor = _unary("floor", "The next whole number that is not above x.")
floor_divide = _binary("floor_divide", "x1 / x2, rounded down.")
greater = _binary("greater", "Whether x1 > x2.")
greater_equal = _binary("greater_equal", "Whether x1 >= x2.")
hypot = _binary("hypot", "sqrt(x1^2 + x2^2), without overflow on the way.")
imag = _unary("imag", "The imaginary part; of real numbers 0.", lambda x: torch.imag(x) if rank(x.dtype) == 3 else torch.zeros_like(x))
isfinite = _unary("isfinite", "Whether x is neither infinite nor nan.")
isinf = _unary("isinf", "Whether x is infinite.")
isnan = _unary("isnan", "Whether x is nan.")
less = _binary("less", "Whether x1 < x2.")
less_equal = _binary("less_equal", "Whether x1 <= x2.")
log = _unary("log", "The natural logarithm.")
log10 = _unary("log10", "The logarithm to base 10.")
log1p = _unary("log1p", "The natural logarithm of 1 + x, exact for small x.")
log2 = _unary("log2", "The logarithm to base 2.")
logaddexp = _binary("logaddexp", "log(exp(x1) + exp(x2)), without overflow on the way.")
logical_and = _binary("logical_and", "Whether both hold.")
logical_not = _unary("logical_not", "Whether x does not hold.")
logical_or = _binary("logical_or", "Whether one holds, or both.")
logical_xor = _binary("logical_xor", "Whether one holds and the other does not.")
maximum = _binary("maximum", "The larger of two numbers; nan where one is.")
minimum = _binary("minimum", "The smaller of two numbers; nan where one is.")
multiply = _binary("multiply", "x1 * x2")
negative = _unary("negative", "-x")
nextafter = _binary("nextafter", "The number that follows x1 in its dtype on the way to x2.")
not_equal = _binary("not_equal", "Whether x1 != x2.")
positive = _unary("positive", "x")
pow = _binary("pow", "x1 to the x2.")
real = _unary("real", "The real part; of real numbers they themselves.")
reciprocal = _unary("reciprocal", "1 / x")
remainder = _binary("remainder", "x1 - floor(x1 / x2) * x2, with the sign of x2.", _remainder)
round = _unary("round", "The nearest whole number, of two the even one; of complex numbers for each part.", _round)
sign = _unary("sign", "-1, 0 or 1; of complex numbers x / abs(x), or 0.", _sign)
signbit = _unary("signbit", "Whether the bit of the sign is set, as it is for -0.")
sin = _unary("sin", "The sine of an angle in radians.")
sinh = _unary("sinh", "The hyperbolic sine.")
sqrt = _unary("sqrt", "The square root.")
square = _unary("square", "x * x")
subtract = _binary("subtract", "x1 - x2")
tan = _unary("tan", "The tangent of an angle in radians.")
tanh = _unary("tanh", "The hyperbolic tangent.")
trunc = _unary("trunc", "The whole number next to x on the way to 0.")

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clip",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "pow",
    "real",
    "reciprocal",
    "remainder",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
]  # fmt: skip
