"""The parts of floating numbers: sign, mantissa and exponent, and the next number."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, INTEGERS, NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import nothing, tensors
from .comparison import eq, where
from .errors import expected
from .exponential import exp2
from .power import pow

NO_BITS = Unsupported("ONNX does not look into the parts of a number")


@op("map", refused=COMPLEX, result="bool", dtypes=ALL, out="exact", onnx=NO_BITS)
def signbit(input):
    """Tell which elements have a minus sign; -0.0 has.

    Args:
        input: Tensor of real numbers.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of bool.

    Raises:
        NotImplementedError: `input` is complex.

    Example:
        >>> signbit(tensor([-1.0, -0.0, 0.0]))
        tensor([ True,  True, False])
    """
    return np.signbit(input) if input.dtype.kind == "f" else input < 0


@op("map", numbers=("other",), tensors=2, inplace=True, result="float", dtypes=(*FLOATING, "int64"), onnx=NO_BITS)
def copysign(input, other):
    """Take the magnitude of one and the sign of the other; -0.0 has a minus sign.

    y = |input| if other >= 0 else -|input|

    Args:
        input: Magnitudes, a tensor; integers are converted to the default dtype.
        other: Signs, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    Example:
        >>> copysign(tensor([1.0, -2.0]), tensor([-0.0, 3.0]))
        tensor([-1.,  2.])
    """
    return np.copysign(input, other)


def _copysign_input(g, input, result):
    none = eq(input, 0)
    return where(none, 0, g * (result / where(none, 1, input)))


derivative(copysign, input=_copysign_input, other=nothing)


@op("map", refused=("bool", *INTEGERS, *COMPLEX), numbers=(), tensors=2, inplace=True, onnx=NO_BITS)
def nextafter(input, other):
    """Take the next number of the dtype, from `input` towards `other`.

    Args:
        input: Where to start, a tensor of float32 or float64.
        other: Where to go.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        NotImplementedError: the numbers are not floating.

    Example:
        >>> nextafter(tensor([1.0]), tensor([2.0])) - 1 == 2**-23
        tensor([True])
    """
    return np.nextafter(input, other)


derivative(nextafter, input=lambda g, input, other: where(eq(input, other), 0, g), other=nothing)


@op("call", outputs=("mantissa", "exponent"), onnx=NO_BITS)
def frexp(input):
    """Take numbers apart into a mantissa in [0.5, 1) and a power of 2.

    input = mantissa * 2 ** exponent

    Args:
        input: Tensor of a floating dtype.

    Shape:
        input: (*); results: (*).

    Returns:
        A named tuple of `mantissa`, of the dtype of `input`, and `exponent`, of int32.

    Raises:
        RuntimeError: `input` is not floating.

    Example:
        >>> frexp(tensor([6.0, -0.25]))
        torch.return_types.frexp(
        mantissa=tensor([ 0.7500, -0.5000]),
        exponent=tensor([ 3, -1], dtype=torch.int32))
    """
    return np.frexp(input)


@infer(frexp)
def _(input):
    if not input.dtype.is_floating_point:
        raise expected("frexp", "input of a floating dtype", input, "cast with input.float()", RuntimeError)
    return [(tuple(input.shape), input.dtype), (tuple(input.shape), core.int32)], [], []


derivative(frexp, input=lambda g, result: g[0] / exp2(result[1].to(g[0].dtype)))


@op(
    "composite",
    tensors=2,
    inplace=True,
    dtypes=NUMBER,
    out="whole",
    onnx=lambda b, x, y: b.node("Mul", *_floats(b, x, b.node("Pow", *_twos(b, y)))),
)
def ldexp(input, other):
    """Multiply by a power of 2.

    y = input * 2 ** other

    Args:
        input: Tensor; integers are converted to the default dtype.
        other: Exponents, a tensor.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of a floating dtype.

    Raises:
        TypeError: an operand is not a tensor.
        NotImplementedError: floating numbers are to be multiplied by powers of bools.

    Example:
        >>> ldexp(tensor([1.0, 3.0]), tensor([2, -1]))
        tensor([4.0000, 1.5000])
    """
    tensors("ldexp", input=input, other=other)
    if other.dtype is core.bool_ and input.is_floating_point():
        raise expected("ldexp", "other of numbers", other, "cast with other.int()", NotImplementedError)
    scale = pow(2.0, other)
    whole, number = not (other.is_floating_point() or other.is_complex()), input.is_floating_point() or input.is_complex()
    return input * (scale.to(input.dtype) if whole and number else scale)


def _floats(b, *names):
    return [name if b.dtype(name).kind == "f" else b.node("Cast", name, to=b.code("float32")) for name in names]


def _twos(b, y):
    (y,) = _floats(b, y)
    return b.constant(np.asarray(2, b.dtype(y))), y


@samples(signbit)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.tensor([0.0, -0.0, 1.0, -2.0]))


@refuses(signbit)
def _(s):
    yield s(s.normal(3) * 1j).raises(NotImplementedError, "signbit: expected a dtype among")


@samples(copysign)
def _(s):
    yield s(s.away(3, 4), s.away(4))
    yield s(s.tensor([0.0, 2.0, -2.0]), s.tensor([-1.0, -1.0, 1.0])).without("gradcheck", "gradgradcheck", because="0 is a kink")
    yield s(s.away(3), -2)


@samples(nextafter)
def _(s):
    yield s(s.normal(3, 4), s.normal(4))
    yield s(s.tensor([0.0, np.inf, 1.0]), s.tensor([1.0, 0.0, 1.0])).without("gradcheck", "gradgradcheck", because="equal ones are a kink")


@refuses(nextafter)
def _(s):
    yield s(s.integers(3), s.integers(3)).raises(
        NotImplementedError, "nextafter: expected a dtype among float16, bfloat16, float32, float64, got int64"
    )


@samples(frexp)
def _(s):
    yield s(s.away(3, 4))
    yield s(s.tensor([0.0, 5.0, -0.3])).without("gradcheck", "gradgradcheck", because="0 has no exponent of its own")


@refuses(frexp)
def _(s):
    yield s(s.integers(3)).raises(RuntimeError, "frexp: expected input of a floating dtype")


@samples(ldexp)
def _(s):
    yield s(s.normal(3, 4), s.integers(4, low=-3, high=4)).without("peer_gradient", because="torch takes 2 ** -1 for 0 there")
    yield s(s.normal(3), s.tensor([0.0, 1.0, 2.0]))


@refuses(ldexp)
def _(s):
    yield s(s.normal(3), 2).raises(TypeError, "ldexp: expected other to be a Tensor")
    yield s(s.normal(3), s.mask(3)).raises(NotImplementedError, "ldexp: expected other of numbers")
