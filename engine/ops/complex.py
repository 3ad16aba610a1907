"""Complex numbers: their parts, conjugates, and views of them as pairs of real numbers.

The gradient of a real loss with respect to a complex z = x + iy is dL/dx + i dL/dy (PyTorch's convention, twice the conjugate Wirtinger
derivative). Holomorphic ops need no rule of their own for it; those here that are not say theirs.
"""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, derivative, op, refuses, samples
from ._help import tensors
from ._space import public
from .comparison import where
from .complex_view import NO_COMPLEX, WHOLE, from_parts
from .errors import expected
from .order import broadcast_tensors
from .trigonometric import cos, sin

Tensor = core.Tensor


@op("map", methods=("conj", "conj_physical"), inplace=True, holomorphic=False, dtypes=(*FLOATING, *COMPLEX), onnx=NO_COMPLEX)
def conj(input):
    """Conjugate each element: the sign of the imaginary part changes.

    y = Re(input) - i Im(input)

    Args:
        input: Tensor of any dtype; what is real stays as it is.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`. Memory is its own: there are no lazy conjugates here.

    Example:
        >>> conj(tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    return np.conj(input)


derivative(conj, input=lambda g: conj(g))


@samples(conj)
def _(s):
    yield s(s.normal(2, 3))


@op("map", spaces=(), methods=False, result="real", holomorphic=False, dtypes=(*FLOATING, *COMPLEX), onnx=NO_COMPLEX, peer="angle")
def argument(input):
    """`angle` of floating and complex numbers."""
    return np.where(np.isnan(input), np.nan, np.angle(input))


def _argument_back(g, input):
    if not input.is_complex():
        return g * 0
    size = (input * conj(input)).real
    scale = where(size == 0, 0, g / where(size == 0, 1, size))
    return from_parts(-input.imag * scale, input.real * scale)


derivative(argument, input=_argument_back)


@op("composite", dtypes=(*FLOATING, *COMPLEX), out="whole", onnx=NO_COMPLEX)
def angle(input):
    """The argument of each element: the angle from the positive real axis.

    Args:
        input: Tensor; of real numbers the angle is 0, or pi where they are negative.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of real numbers in [-pi, pi], in radians; nan where the input is. Of whole numbers, of the default dtype.

    Example:
        >>> angle(tensor([1 + 1j, -1.0]))
        tensor([0.7854, 3.1416])
    """
    tensors("angle", input=input)
    return argument(input if input.dtype.is_floating_point or input.is_complex() else input.to(core.get_default_dtype()))


@samples(argument)
@samples(angle)
def _(s):
    yield s(s.away(2, 3))


@op("composite", tensors=2, methods=False, dtypes=FLOATING, out="exact", onnx=NO_COMPLEX)
def complex(real, imag):
    """Make complex numbers of their parts.

    y = real + i imag

    Args:
        real: Real parts, float32 or float64.
        imag: Imaginary parts, of the same dtype.

    Shape:
        real, imag: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of complex64 or complex128.

    Raises:
        RuntimeError: dtypes differ or have no complex counterpart, or the shapes do not broadcast.

    Example:
        >>> complex(tensor([1.0]), tensor([2.0]))
        tensor([1.+2.j])
    """
    _same_real("complex", real, imag)
    return from_parts(*broadcast_tensors(real, imag))


def _same_real(name, a, b):
    tensors(name, real=a, imag=b)
    if a.dtype not in WHOLE or b.dtype is not a.dtype:
        raise expected(name, "two tensors of float32, or two of float64", f"{a.dtype.name} and {b.dtype.name}", error=RuntimeError)


@samples(complex)
def _(s):
    yield s(s.normal(2, 3), s.normal(2, 3))
    yield s(s.normal(2, 3), s.normal(3))


@refuses(complex)
def _(s):
    yield s(s.integers(2), s.integers(2)).raises(RuntimeError, "complex: expected two tensors of float32")
    yield s(s.normal(2), s.normal(3)).raises(RuntimeError, "expected shapes that broadcast")


@op("composite", tensors=2, methods=False, dtypes=FLOATING, out="exact", onnx=NO_COMPLEX)
def polar(abs, angle):
    """Make complex numbers of magnitudes and angles.

    y = abs cos(angle) + i abs sin(angle)

    Args:
        abs: Magnitudes, float32 or float64.
        angle: Angles in radians, of the same dtype.

    Shape:
        abs, angle: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of complex64 or complex128.

    Raises:
        RuntimeError: dtypes differ or have no complex counterpart.

    Example:
        >>> polar(tensor([2.0]), tensor([0.0]))
        tensor([2.+0.j])
    """
    _same_real("polar", abs, angle)
    return complex(abs * cos(angle), abs * sin(angle))


@samples(polar)
def _(s):
    yield s(s.normal(2, 3), s.normal(3))


@refuses(polar)
def _(s):
    yield s(s.integers(2), s.integers(2)).raises(RuntimeError, "polar: expected two tensors of float32")


@public("torch", methods=("is_conj",))
def is_conj(input):
    """Whether `input` is a lazy conjugate: never, conjugates are computed at once here."""
    tensors("is_conj", input=input)
    return False


@public("torch", methods=("is_neg",))
def is_neg(input):
    """Whether `input` is a lazy negative: never, negatives are computed at once here."""
    tensors("is_neg", input=input)
    return False


@public("torch", methods=("resolve_conj",))
def resolve_conj(input):
    """The tensor itself: there are no lazy conjugates here.

    Example:
        >>> resolve_conj(tensor([1 + 2j]))
        tensor([1.+2.j])
    """
    return input


@public("torch", methods=("resolve_neg",))
def resolve_neg(input):
    """The tensor itself: there are no lazy negatives here."""
    return input


@op("map", result="bool", dtypes=(*ALL, *COMPLEX), onnx=NO_COMPLEX)
def isreal(input):
    """Tell which elements have no imaginary part.

    Args:
        input: Tensor of any dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of bool.

    Example:
        >>> isreal(tensor([1 + 1j, 2.0]))
        tensor([False,  True])
    """
    return np.isreal(input)


@samples(isreal)
def _(s):
    yield s(s.normal(2, 3))
