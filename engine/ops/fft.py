"""Discrete Fourier transforms along one dimension."""

from __future__ import annotations

from ._define import COMPLEX, FLOATING, op, refuses, samples
from .complex import conj
from .complex_view import NO_COMPLEX
from .fourier import OTHER, along, as_complex, as_real, fft_of_real, fft_to_real, fft_whole, norm_of, points, resized

NUMBERS = (*FLOATING, *COMPLEX, "int64")


def _whole(name, input, n, dim, norm, forward):
    x = as_complex(name, input)
    d = along(name, x, dim)
    x = resized(x, d, points(name, x.shape[d] if n is None else n))
    return fft_whole(x, (d,), norm_of(name, norm), forward)


def _half(name, input, n, dim, norm):
    x = as_real(name, input)
    d = along(name, x, dim)
    return fft_of_real(resized(x, d, points(name, x.shape[d] if n is None else n)), (d,), norm)


def _real(name, x, n, dim, norm):
    d = along(name, x, dim)
    n = points(name, 2 * (x.shape[d] - 1) if n is None else n)
    return fft_to_real(resized(x, d, n // 2 + 1), (d,), norm, n)


@op("composite", spaces="fft", methods=False, dtypes=NUMBERS, out="exact", onnx=NO_COMPLEX)
def fft(input, n=None, dim=-1, norm=None):
    """Take the discrete Fourier transform along a dimension.

    y_k = sum over j of input_j * e ** (-2 pi i j k / n)

    Args:
        input: Tensor of real or complex numbers.
        n: Length of the transform: `input` is cut off or filled up with zeros at the end; None means its own.
        dim: The dimension.
        norm: "backward" (None) for no factor, "ortho" for 1 / sqrt(n), "forward" for 1 / n.

    Shape:
        input: (*, m, *); result: (*, n, *).

    Returns:
        Tensor of a complex dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `n` is less than 1, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.fft(tensor([1.0, 0.0, 0.0]))
        tensor([1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _whole("fft", input, n, dim, norm, True)


@op("composite", spaces="fft", methods=False, dtypes=NUMBERS, out="exact", onnx=NO_COMPLEX)
def ifft(input, n=None, dim=-1, norm=None):
    """Take the inverse discrete Fourier transform along a dimension.

    y_j = sum over k of input_k * e ** (2 pi i j k / n) / n

    Args:
        input: Tensor of real or complex numbers.
        n: Length of the transform: `input` is cut off or filled up with zeros at the end; None means its own.
        dim: The dimension.
        norm: "backward" (None) for the factor 1 / n, "ortho" for 1 / sqrt(n), "forward" for none.

    Shape:
        input: (*, m, *); result: (*, n, *).

    Returns:
        Tensor of a complex dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `n` is less than 1, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.ifft(tensor([4.0, 0.0, 0.0, 0.0]))
        tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _whole("ifft", input, n, dim, norm, False)


@op("composite", spaces="fft", methods=False, dtypes=(*FLOATING, "int64"), out="exact", onnx=NO_COMPLEX)
def rfft(input, n=None, dim=-1, norm=None):
    """Take the discrete Fourier transform of real numbers: the first half, of which the second is the conjugate.

    y_k = sum over j of input_j * e ** (-2 pi i j k / n), k <= n / 2

    Args:
        input: Tensor of real numbers.
        n: Length of the transform: `input` is cut off or filled up with zeros at the end; None means its own.
        dim: The dimension.
        norm: "backward" (None) for no factor, "ortho" for 1 / sqrt(n), "forward" for 1 / n.

    Shape:
        input: (*, m, *); result: (*, n // 2 + 1, *).

    Returns:
        Tensor of a complex dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `input` is complex, `n` is less than 1, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.rfft(tensor([1.0, 0.0, 0.0]))
        tensor([1.+0.j, 1.+0.j])
    """
    return _half("rfft", input, n, dim, norm_of("rfft", norm))


@op("composite", spaces="fft", methods=False, dtypes=NUMBERS, onnx=NO_COMPLEX)
def irfft(input, n=None, dim=-1, norm=None):
    """Take the inverse of `rfft`: real numbers from the first half of their spectrum.

    Args:
        input: Tensor of real or complex numbers; the imaginary part of the first one is not looked at.
        n: Length of the result; None means an even one, 2 (m - 1).
        dim: The dimension.
        norm: "backward" (None) for the factor 1 / n, "ortho" for 1 / sqrt(n), "forward" for none.

    Shape:
        input: (*, m, *); result: (*, n, *).

    Returns:
        Tensor of a floating dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `n` is less than 1, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.irfft(tensor([4.0, 0.0, 0.0]))
        tensor([1., 1., 1., 1.])
    """
    return _real("irfft", as_complex("irfft", input), n, dim, norm_of("irfft", norm))


@op("composite", spaces="fft", methods=False, dtypes=NUMBERS, onnx=NO_COMPLEX)
def hfft(input, n=None, dim=-1, norm=None):
    """Take the discrete Fourier transform of a signal whose second half is the conjugate of the first: it is real.

    Args:
        input: The first half, a tensor of real or complex numbers.
        n: Length of the result; None means an even one, 2 (m - 1).
        dim: The dimension.
        norm: "backward" (None) for no factor, "ortho" for 1 / sqrt(n), "forward" for 1 / n.

    Shape:
        input: (*, m, *); result: (*, n, *).

    Returns:
        Tensor of a floating dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `n` is less than 1, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.hfft(tensor([1.0, 1.0, 1.0]))
        tensor([4., 0., 0., 0.])
    """
    return _real("hfft", conj(as_complex("hfft", input)), n, dim, OTHER[norm_of("hfft", norm)])


@op("composite", spaces="fft", methods=False, dtypes=(*FLOATING, "int64"), out="exact", onnx=NO_COMPLEX)
def ihfft(input, n=None, dim=-1, norm=None):
    """Take the inverse of `hfft`: the first half of the signal of a real spectrum.

    Args:
        input: Tensor of real numbers.
        n: Length of the transform: `input` is cut off or filled up with zeros at the end; None means its own.
        dim: The dimension.
        norm: "backward" (None) for the factor 1 / n, "ortho" for 1 / sqrt(n), "forward" for none.

    Shape:
        input: (*, m, *); result: (*, n // 2 + 1, *).

    Returns:
        Tensor of a complex dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `input` is complex, `n` is less than 1, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.ihfft(tensor([4.0, 0.0, 0.0, 0.0]))
        tensor([1.-0.j, 1.-0.j, 1.-0.j])
    """
    return conj(_half("ihfft", input, n, dim, OTHER[norm_of("ihfft", norm)]))


@samples(fft)
@samples(ifft)
@samples(rfft)
@samples(irfft)
@samples(hfft)
@samples(ihfft)
def _(s):
    yield s(s.normal(3, 5))
    yield s(s.normal(3, 5), 4, norm="ortho")
    yield s(s.normal(3, 4), 7, 0, "forward")


@refuses(fft)
@refuses(ifft)
@refuses(rfft)
@refuses(irfft)
@refuses(hfft)
@refuses(ihfft)
def _(s):
    yield s(3).raises(TypeError, ": expected input to be a Tensor")
    yield s(s.normal(3), dim=1).raises(IndexError, ": expected dim")
    yield s(s.normal()).raises(IndexError, ": expected input of 1 or more dimensions")
    yield s(s.normal(3), 0).raises(RuntimeError, ": expected at least one point")
    yield s(s.normal(3), norm="unit").raises(RuntimeError, ": expected norm to be")
    yield s(s.normal(3).half()).raises(RuntimeError, ": expected input of float32")


@refuses(rfft)
@refuses(ihfft)
def _(s):
    yield s(s.normal(3) * 1j).raises(RuntimeError, ": expected input of real numbers")
