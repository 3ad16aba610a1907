"""Views between complex numbers and the real numbers that they are made of."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, Unsupported, derivative, infer, op, refuses, samples
from ._space import public
from .errors import expected
from .pieces import stack

Tensor = core.Tensor
NO_COMPLEX = Unsupported("ONNX's operators take no complex numbers")
REAL = {core.complex64: core.float32, core.complex128: core.float64}
WHOLE = {real: whole for whole, real in REAL.items()}


def _is_complex(name, input):
    if not isinstance(input, Tensor):
        raise expected(name, "input to be a Tensor", type(input).__name__, error=TypeError)
    if not input.is_complex():
        raise expected(name, "input of a complex dtype", input, "make one with torch.complex(re, im)", RuntimeError)


def from_parts(re, im):
    """The complex tensor of two real ones of equal shape; either may be None for zeros."""
    zero = (im if re is None else re).detach() * 0
    return view_as_complex(stack((zero if re is None else re, zero if im is None else im), -1))


def _parts(input, which):
    item = REAL[input.dtype]
    return tuple(input.shape), tuple(2 * n for n in input.stride()), which, item


@op("view", spaces=(), methods=False, holomorphic=False, dtypes=COMPLEX, onnx=NO_COMPLEX, peer="real")
def real_view(input):
    """`real` of a complex tensor.

    Shape:
        input: (*); result: (*).
    """
    return input.real.copy()


@infer(real_view)
def _(input):
    return _parts(input, 0)


@op("view", spaces=(), methods=False, holomorphic=False, dtypes=COMPLEX, onnx=NO_COMPLEX, peer="imag")
def imag_view(input):
    """`imag` of a complex tensor.

    Shape:
        input: (*); result: (*).
    """
    return input.imag.copy()


@infer(imag_view)
def _(input):
    return _parts(input, 1)


derivative(real_view, input=lambda g: from_parts(g, None))
derivative(imag_view, input=lambda g: from_parts(None, g))


@samples(real_view)
def _(s):
    yield s(s.normal(2, 3))


@samples(imag_view)
def _(s):
    yield s(s.normal(2, 3))


@public("torch")
def real(input):
    """The real parts, as a view.

    Args:
        input: Tensor; one of real numbers comes back itself.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of real numbers that shares memory with `input`.

    Example:
        >>> real(tensor([1 + 2j]))
        tensor([1.])
    """
    return real_view(input) if input.is_complex() else input


@public("torch")
def imag(input):
    """The imaginary parts, as a view.

    Args:
        input: Complex tensor.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of real numbers that shares memory with `input`.

    Raises:
        RuntimeError: `input` is not complex.

    Example:
        >>> imag(tensor([1 + 2j]))
        tensor([2.])
    """
    _is_complex("imag", input)
    return imag_view(input)


@op("view", holomorphic=False, dtypes=COMPLEX, onnx=NO_COMPLEX)
def view_as_real(input):
    """Show complex numbers as pairs of real ones.

    Args:
        input: Complex tensor.

    Shape:
        input: (*); result: (*, 2), real part first.

    Returns:
        Tensor that shares memory with `input`.

    Raises:
        RuntimeError: `input` is not complex.

    Example:
        >>> view_as_real(tensor([1 + 2j]))
        tensor([[1., 2.]])
    """
    return np.stack([input.real, input.imag], -1)


@infer(view_as_real)
def _(input):
    _is_complex("view_as_real", input)
    return (*input.shape, 2), (*(2 * n for n in input.stride()), 1), 0, REAL[input.dtype]


derivative(view_as_real, input=lambda g: view_as_complex(g.contiguous()))


@samples(view_as_real)
def _(s):
    yield s(s.normal(2, 3))


@refuses(view_as_real)
def _(s):
    yield s(s.normal(2)).raises(RuntimeError, "view_as_real: expected input of a complex dtype")


@op("view", holomorphic=False, dtypes=FLOATING, onnx=NO_COMPLEX)
def view_as_complex(input):
    """Show pairs of real numbers as complex ones.

    Args:
        input: Tensor of float32 or float64 whose last dimension holds real and imaginary parts, side by side in memory.

    Shape:
        input: (*, 2); result: (*).

    Returns:
        Tensor that shares memory with `input`.

    Raises:
        RuntimeError: the dtype is another, the last size is not 2, or strides do not allow it.

    Example:
        >>> view_as_complex(tensor([[1.0, 2.0]]))
        tensor([1.+2.j])
    """
    return input[..., 0] + 1j * input[..., 1]


@infer(view_as_complex)
def _(input):
    if input.dtype not in WHOLE:
        raise expected("view_as_complex", "input of float32 or float64", input, error=RuntimeError)
    if not input.ndim or input.shape[-1] != 2:
        raise expected("view_as_complex", "input of a last size 2", input, error=RuntimeError)
    strides = input.stride()
    if strides[-1] != 1 or any(n % 2 for n in strides[:-1]) or input.storage_offset() % 2:
        raise expected("view_as_complex", "parts side by side in memory", f"strides {strides}", "use contiguous()", RuntimeError)
    return tuple(input.shape[:-1]), tuple(n // 2 for n in strides[:-1]), 0, WHOLE[input.dtype]


derivative(view_as_complex, input=lambda g: view_as_real(g))


@samples(view_as_complex)
def _(s):
    yield s(s.normal(2, 3, 2)).without("layout", "layout_gradient", "empty", because="parts have to stand side by side")


@refuses(view_as_complex)
def _(s):
    yield s(s.normal(2, 3)).raises(RuntimeError, "view_as_complex: expected input of a last size 2")
    yield s(s.normal(2, 2).t()).raises(RuntimeError, "view_as_complex: expected parts side by side in memory")
    yield s(s.integers(2, 2)).raises(RuntimeError, "view_as_complex: expected input of float32 or float64")


def _part(view):
    """A part as an attribute that can be set."""
    return property(view, lambda input, value: view(input).copy_(value))


core.add_method("real", _part(real))
core.add_method("imag", _part(imag))
