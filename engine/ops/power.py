"""Sign, magnitude, powers and roots."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, NUMBER, REGISTRY, Unsupported, derivative, op, refuses, samples
from ._help import made, nothing, ordered, tensors
from ._space import public
from .comparison import where
from .errors import expected
from .exponential import log

Tensor = core.Tensor


@op("map", methods=("neg", "negative"), inplace=True, dtypes=NUMBER, out="exact", onnx="Neg")
def neg(input):
    """Change the sign of each element.

    y = -input

    Args:
        input: Tensor of any dtype but bool.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is of bool.

    Example:
        >>> neg(tensor([1.0, -2.0]))
        tensor([-1.,  2.])
    """
    if input.dtype.kind == "b":
        raise expected("neg", "input of numbers", input, "use ~input or logical_not()", RuntimeError)
    return np.negative(input)


derivative(neg, input=lambda g: -g)


@refuses(neg)
def _(s):
    yield s(s.mask(3)).raises(RuntimeError, "neg: expected input of numbers")


@op("map", refused=("bool",), result="real", methods=("abs", "absolute"), inplace=True, holomorphic=False,
    dtypes=(*NUMBER, *COMPLEX), out="exact", onnx="Abs")  # fmt: skip
def abs(input):
    """Take the magnitude of each element; its derivative at 0 is 0.

    y = |input|

    Args:
        input: Tensor of any dtype but bool.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`; of a complex one the real counterpart.

    Example:
        >>> abs(tensor([1.0, -2.0]))
        tensor([1., 2.])
    """
    return np.abs(input)


derivative(abs, input=lambda g, input: g * sgn(input))


@op("composite", dtypes=(*NUMBER, *COMPLEX), onnx="Identity")
def positive(input):
    """The tensor itself.

    Args:
        input: Tensor of any dtype but bool.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: `input` is of bool.

    Example:
        >>> positive(tensor([1.0, -2.0]))
        tensor([ 1., -2.])
    """
    tensors("positive", input=input)
    if input.dtype is core.bool_:
        raise expected("positive", "input of numbers", input, error=RuntimeError)
    return input


@samples(positive)
def _(s):
    yield s(s.normal(3, 4))


@refuses(positive)
def _(s):
    yield s(s.mask(3)).raises(RuntimeError, "positive: expected input of numbers")
    yield s(1.0).raises(TypeError, "positive: expected input to be a Tensor")


@op("map", inplace=True, dtypes=ALL, out="exact", onnx=lambda b, x: b.node("Identity" if b.dtype(x).kind == "b" else "Sign", x))
def sign(input):
    """Tell the sign of each element: -1, 0 or 1.

    y = -1 if input < 0, 0 if input = 0, 1 if input > 0

    Args:
        input: Tensor of any dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> sign(tensor([3.0, 0.0, -2.0]))
        tensor([ 1.,  0., -1.])
    """
    ordered("sign", input)
    return input.copy() if input.dtype.kind == "b" else np.sign(input)


derivative(sign, input=nothing)


@op("map", inplace=True, holomorphic=False, dtypes=(*ALL, *COMPLEX),
    out="exact", onnx=lambda b, x: b.node("Identity" if b.dtype(x).kind == "b" else "Sign", x))  # fmt: skip
def sgn(input):
    """Tell the direction of each element: the sign of a real number, z / |z| of a complex one, 0 of 0.

    Args:
        input: Tensor of any dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`, of magnitude 0 or 1.

    Example:
        >>> sgn(tensor([3 + 4j, 0.0]))
        tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
    return input.copy() if input.dtype.kind == "b" else np.sign(input)


def _sgn_back(g, input, result):
    if not input.is_complex():
        return nothing(g)
    size = abs(input)
    turned = (g * result.conj()).imag * 1j * result  # the part of g across the direction
    return where(size == 0, 0, turned / where(size == 0, 1, size))


derivative(sgn, input=_sgn_back)


@op("map", inplace=True, result="whole", dtypes=NUMBER, onnx=lambda b, x: b.node("Mul", x, x))
def square(input):
    """Multiply each element by itself.

    y = input ** 2

    Args:
        input: Tensor of any dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`, of int64 where that is bool.

    Example:
        >>> square(tensor([1.0, -2.0]))
        tensor([1., 4.])
    """
    return np.square(input)


derivative(square, input=lambda g, input: g * input * 2)


@samples(neg)
@samples(abs)
@samples(sign)
@samples(sgn)
@samples(square)
def _(s):
    yield s(s.away(3, 4))
    yield s(s.away(5))


@op("map", inplace=True, result="float", onnx="Sqrt")
def sqrt(input):
    """Take the square root of each element; nan below 0.

    y = input ** (1/2)

    Args:
        input: Values >= 0; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> sqrt(tensor([4.0, 9.0]))
        tensor([2., 3.])
    """
    return np.sqrt(input)


derivative(sqrt, input=lambda g, result: g / (result * 2))


@op("map", inplace=True, result="float", onnx=lambda b, x: b.node("Reciprocal", b.node("Sqrt", x)))
def rsqrt(input):
    """Take one over the square root of each element.

    y = input ** (-1/2)

    Args:
        input: Values > 0; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> rsqrt(tensor([4.0, 16.0]))
        tensor([0.5000, 0.2500])
    """
    return 1 / np.sqrt(input)


derivative(rsqrt, input=lambda g, result: g * result * result * result * -0.5)


@op("map", inplace=True, result="float", onnx="Reciprocal")
def reciprocal(input):
    """Take one over each element.

    y = 1 / input

    Args:
        input: Divisors; integers are converted to the default dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> reciprocal(tensor([4.0, 10.0]))
        tensor([0.2500, 0.1000])
    """
    return 1 / input


derivative(reciprocal, input=lambda g, result: -g * result * result)


@samples(sqrt)
@samples(rsqrt)
@samples(reciprocal)
def _(s):
    yield s(s.positive(3, 4))
    yield s(s.positive(5))


@op("map", refused=("bool",), tensors=2, inplace=True, dtypes=NUMBER, onnx="Pow")
def pow(input, exponent):
    """Take each element to a power.

    y = input ** exponent

    Args:
        input: Base, a tensor or a number.
        exponent: Power, a tensor or a number.

    Shape:
        input, exponent: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: whole numbers are taken to a negative power that is a number; to those of a tensor, they are 0, 1 or -1.

    Example:
        >>> pow(tensor([1.0, 2.0, 3.0]), 2)
        tensor([1., 4., 9.])
    """
    if np.asarray(exponent).dtype.kind == "i" and np.asarray(input).dtype.kind in "iu":
        inverse = np.where(input == 1, 1, np.where(input == -1, 1 - 2 * (exponent & 1), 0))
        return np.where(exponent < 0, inverse, np.power(input, np.maximum(exponent, 0))).astype(input.dtype)
    return np.power(input, exponent)


def _pow_input(g, input, exponent):
    if not isinstance(exponent, Tensor):
        return nothing(g) if exponent == 0 else g * (pow(input, exponent - 1) * exponent)
    return where(exponent == 0, 0.0, g * exponent * pow(input, exponent - 1))


def _pow_exponent(g, input, exponent, result):
    """The logarithm of a base of 0 counts as 0 unless the exponent is negative, or not real."""
    base = input if isinstance(input, Tensor) else made((), g.dtype, g.device, input)
    whole = (exponent.real >= 0) & (exponent.imag == 0) if exponent.is_complex() else exponent >= 0
    return g * where((base == 0) & whole, 0.0, result * log(base))


derivative(pow, input=_pow_input, exponent=_pow_exponent)


@samples(pow)
def _(s):
    yield s(s.positive(3, 4), s.positive(3, 1))
    for power in (0, 1, 2, 3) + ((-1, 0.5, 2.5, -0.5) if s.floating else ()):
        yield s(s.positive(5), power)
    if s.floating:
        yield s(s.away(5), 2)
        yield s(2.5, s.normal(4))
    else:
        yield s(s.tensor([1, 2, 3, 0]), s.tensor([3, 5, 2, 0])).without("onnx", because="onnxruntime takes powers of floats")


@refuses(pow)
def _(s):
    yield s(s.integers(3), -1).raises(RuntimeError, "pow: expected an exponent >= 0 for whole numbers, got -1")


@op("composite", tensors=2, dtypes=(*FLOATING, *COMPLEX), onnx=Unsupported("double precision throughout is not for deployment"))
def float_power(input, exponent):
    """Take each element to a power in double precision.

    y = input ** exponent

    Args:
        input: Base, a tensor or a number.
        exponent: Power, a tensor or a number.

    Shape:
        input, exponent: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of float64; of complex128 if an operand is complex.

    Example:
        >>> float_power(tensor([2, 3]), -1).dtype
        torch.float64
    """
    dtype = _double(input, exponent)
    return pow(*(t.to(dtype) if isinstance(t, Tensor) else t for t in (input, exponent)))


def _double(*operands):
    return core.complex128 if any(t.is_complex() if isinstance(t, Tensor) else isinstance(t, complex) for t in operands) else core.float64


@public(methods=("float_power_",))
def float_power_(input, exponent):
    """In-place form of `float_power`, of a tensor in double precision."""
    if input.dtype is not _double(input, exponent):
        raise expected("float_power_", f"input of {_double(input, exponent).name}", input, "convert it first", RuntimeError)
    return _pow_(input, exponent.to(input.dtype) if isinstance(exponent, Tensor) else exponent)


_pow_ = REGISTRY["pow_"]


@samples(float_power)
def _(s):
    yield s(s.positive(3, 4), s.normal(4))
    yield s(s.positive(3), 2)
