"""Discrete Fourier transforms over several dimensions; over two they differ in the default only."""

from __future__ import annotations

from ._define import COMPLEX, FLOATING, op, refuses, samples
from .complex import conj
from .complex_view import NO_COMPLEX
from .errors import expected
from .fourier import OTHER, as_complex, as_real, fft_of_real, fft_to_real, fft_whole, norm_of, over, points, resized

NUMBERS = (*FLOATING, *COMPLEX, "int64")
REALS = (*FLOATING, "int64")


def _whole(name, input, s, dim, norm, forward):
    x, norm = as_complex(name, input), norm_of(name, norm)
    dims, lengths = over(name, x, s, dim)
    for d, n in zip(dims, lengths, strict=True):
        x = resized(x, d, n)
    return fft_whole(x, dims, norm, forward) if dims else x.clone()


def _some(name, dims):
    if not dims:
        raise expected(name, "at least one dimension to transform", "none", error=RuntimeError)


def _lengths(name, input, s, dim):
    """Those of the result: the half of the last dimension tells its length only where an even one is meant."""
    dims, lengths = over(name, input, s, dim)
    _some(name, dims)
    if s is None or (s if isinstance(s, int) else s[-1]) == -1:
        lengths[-1] = points(name, 2 * (lengths[-1] - 1))
    return dims, lengths


@op("composite", spaces="fft", methods=False, dtypes=NUMBERS, out="exact", onnx=NO_COMPLEX)
def fftn(input, s=None, dim=None, norm=None):
    """Take the discrete Fourier transform over several dimensions.

    Args:
        input: Tensor of real or complex numbers.
        s: Length of the transform in each dimension: `input` is cut off or filled up with zeros at the end; -1 and None mean its own.
        dim: The dimensions; None means all, or with `s` the last so many.
        norm: With n the number of elements, "backward" (None) for no factor, "ortho" for 1 / sqrt(n), "forward" for 1 / n.

    Shape:
        input: (*); result: that of input with `s` in place of its sizes in `dim`.

    Returns:
        Tensor of a complex dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: lengths and dimensions do not fit, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.fftn(tensor([[1.0, 0.0], [0.0, 0.0]]))
        tensor([[1.+0.j, 1.+0.j],
                [1.+0.j, 1.+0.j]])
    """
    return _whole("fftn", input, s, dim, norm, True)


@op("composite", spaces="fft", methods=False, dtypes=NUMBERS, out="exact", onnx=NO_COMPLEX)
def ifftn(input, s=None, dim=None, norm=None):
    """Take the inverse discrete Fourier transform over several dimensions.

    Args:
        input: Tensor of real or complex numbers.
        s: Length of the transform in each dimension: `input` is cut off or filled up with zeros at the end; -1 and None mean its own.
        dim: The dimensions; None means all, or with `s` the last so many.
        norm: With n the number of elements, "backward" (None) for the factor 1 / n, "ortho" for 1 / sqrt(n), "forward" for none.

    Shape:
        input: (*); result: that of input with `s` in place of its sizes in `dim`.

    Returns:
        Tensor of a complex dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: lengths and dimensions do not fit, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.ifftn(tensor([[4.0, 0.0], [0.0, 0.0]]))
        tensor([[1.+0.j, 1.+0.j],
                [1.+0.j, 1.+0.j]])
    """
    return _whole("ifftn", input, s, dim, norm, False)


@op("composite", spaces="fft", methods=False, dtypes=REALS, out="exact", onnx=NO_COMPLEX)
def rfftn(input, s=None, dim=None, norm=None):
    """Take the discrete Fourier transform of real numbers over several dimensions; of the last one comes the first half.

    Args:
        input: Tensor of real numbers.
        s: Length of the transform in each dimension: `input` is cut off or filled up with zeros at the end; -1 and None mean its own.
        dim: The dimensions; None means all, or with `s` the last so many.
        norm: With n the number of elements, "backward" (None) for no factor, "ortho" for 1 / sqrt(n), "forward" for 1 / n.

    Shape:
        input: (*); result: that of input with `s` in place of its sizes in `dim`, and s // 2 + 1 for the last.

    Returns:
        Tensor of a complex dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `input` is complex, lengths and dimensions do not fit, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.rfftn(tensor([[1.0, 0.0], [0.0, 0.0]]))
        tensor([[1.+0.j, 1.+0.j],
                [1.+0.j, 1.+0.j]])
    """
    x, norm = as_real("rfftn", input), norm_of("rfftn", norm)
    dims, lengths = over("rfftn", x, s, dim)
    _some("rfftn", dims)
    for d, n in zip(dims, lengths, strict=True):
        x = resized(x, d, n)
    return fft_of_real(x, dims, norm)


@op("composite", spaces="fft", methods=False, dtypes=NUMBERS, onnx=NO_COMPLEX)
def irfftn(input, s=None, dim=None, norm=None):
    """Take the inverse of `rfftn`: real numbers from the half of their spectrum.

    Args:
        input: Tensor of real or complex numbers.
        s: Length of the result in each dimension; -1 and None mean its own, and an even one, 2 (m - 1), for the last.
        dim: The dimensions; None means all, or with `s` the last so many.
        norm: With n the number of elements, "backward" (None) for the factor 1 / n, "ortho" for 1 / sqrt(n), "forward" for none.

    Shape:
        input: (*); result: that of input with `s` in place of its sizes in `dim`.

    Returns:
        Tensor of a floating dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: lengths and dimensions do not fit, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.irfftn(tensor([[4.0, 0.0], [0.0, 0.0]]))
        tensor([[1., 1.],
                [1., 1.]])
    """
    x, norm = as_complex("irfftn", input), norm_of("irfftn", norm)
    dims, lengths = _lengths("irfftn", x, s, dim)
    for d, n in zip(dims, [*lengths[:-1], lengths[-1] // 2 + 1], strict=True):
        x = resized(x, d, n)
    return fft_to_real(x, dims, norm, lengths[-1])


@op("composite", spaces="fft", methods=False, dtypes=NUMBERS, onnx=NO_COMPLEX)
def hfftn(input, s=None, dim=None, norm=None):
    """Take the discrete Fourier transform over several dimensions of a signal that is conjugate to itself: it is real.

    Args:
        input: The half of the signal, a tensor of real or complex numbers.
        s: Length of the result in each dimension; -1 and None mean its own, and an even one, 2 (m - 1), for the last.
        dim: The dimensions; None means all, or with `s` the last so many.
        norm: With n the number of elements, "backward" (None) for no factor, "ortho" for 1 / sqrt(n), "forward" for 1 / n.

    Shape:
        input: (*); result: that of input with `s` in place of its sizes in `dim`.

    Returns:
        Tensor of a floating dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: lengths and dimensions do not fit, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.hfftn(tensor([[1.0, 0.0], [0.0, 0.0]]))
        tensor([[1., 1.],
                [1., 1.]])
    """
    x, norm = as_complex("hfftn", input), norm_of("hfftn", norm)
    dims, lengths = _lengths("hfftn", x, s, dim)
    for d, n in zip(dims, [*lengths[:-1], lengths[-1] // 2 + 1], strict=True):
        x = resized(x, d, n)
    return fft_to_real(conj(x), dims, OTHER[norm], lengths[-1])


@op("composite", spaces="fft", methods=False, dtypes=REALS, out="exact", onnx=NO_COMPLEX)
def ihfftn(input, s=None, dim=None, norm=None):
    """Take the inverse of `hfftn`: the half of the signal of a real spectrum.

    Args:
        input: Tensor of real numbers.
        s: Length of the transform in each dimension: `input` is cut off or filled up with zeros at the end; -1 and None mean its own.
        dim: The dimensions; None means all, or with `s` the last so many.
        norm: With n the number of elements, "backward" (None) for the factor 1 / n, "ortho" for 1 / sqrt(n), "forward" for none.

    Shape:
        input: (*); result: that of input with `s` in place of its sizes in `dim`, and s // 2 + 1 for the last.

    Returns:
        Tensor of a complex dtype.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: `input` is complex, lengths and dimensions do not fit, `norm` is another word, or the dtype has no transform.

    Example:
        >>> fft.ihfftn(tensor([[4.0, 0.0], [0.0, 0.0]]))
        tensor([[1.-0.j, 1.-0.j],
                [1.-0.j, 1.-0.j]])
    """
    x, norm = as_real("ihfftn", input), norm_of("ihfftn", norm)
    dims, lengths = over("ihfftn", x, s, dim)
    _some("ihfftn", dims)
    for d, n in zip(dims, lengths, strict=True):
        x = resized(x, d, n)
    return conj(fft_of_real(x, dims, OTHER[norm]))


def _plane(whole):
    """The form over two dimensions of a transform over several."""

    def plane(input, s=None, dim=(-2, -1), norm=None):
        return whole(input, s, dim, norm)

    given = whole.definition
    plane.__name__ = plane.__qualname__ = given.name[:-1] + "2"
    plane.__doc__ = (
        given.doc.replace("over several dimensions", "over two dimensions")
        .replace(f"`{given.name.removeprefix('i')}`", f"`{plane.__name__.removeprefix('i')}`")
        .replace("None means all, or with `s` the last so many", "the last two unless said")
        .replace(f"fft.{given.name}(", f"fft.{plane.__name__}(")
    )
    return op("composite", spaces="fft", methods=False, dtypes=given.dtypes, out=given.out, onnx=NO_COMPLEX)(plane)


fft2, ifft2, rfft2, irfft2, hfft2, ihfft2 = (_plane(o) for o in (fftn, ifftn, rfftn, irfftn, hfftn, ihfftn))


@samples(fftn)
@samples(ifftn)
@samples(rfftn)
@samples(irfftn)
@samples(hfftn)
@samples(ihfftn)
def _(s):
    yield s(s.normal(3, 5))
    yield s(s.normal(2, 3, 4), (4, -1), norm="ortho")
    yield s(s.normal(2, 3, 4), (5, 3), (2, 0), "forward")


@samples(fft2)
@samples(ifft2)
@samples(rfft2)
@samples(irfft2)
@samples(hfft2)
@samples(ihfft2)
def _(s):
    yield s(s.normal(2, 3, 4))
    yield s(s.normal(2, 3, 4), (5, 3), (2, 0), "forward")


@refuses(fftn)
@refuses(ifft2)
@refuses(irfftn)
@refuses(hfft2)
def _(s):
    yield s(s.normal(2, 3), dim=(0, 2)).raises(IndexError, ": expected dim")
    yield s(s.normal(2, 3), dim=(0, 0)).raises(RuntimeError, ": expected each dimension once")
    yield s(s.normal(2, 3), (2,), (0, 1)).raises(RuntimeError, ": expected s and dim of equal length")
    yield s(s.normal(2, 3), (2, 0), (0, 1)).raises(RuntimeError, ": expected at least one point")
    yield s(s.normal(2, 3), norm="unit").raises(RuntimeError, ": expected norm to be")


@refuses(rfftn)
@refuses(ihfftn)
def _(s):
    yield s(s.normal(2, 3), dim=()).raises(RuntimeError, ": expected at least one dimension")
    yield s(s.normal(2, 3) * 1j).raises(RuntimeError, ": expected input of real numbers")
    yield s(s.normal(3), (2, 2, 2)).raises(RuntimeError, ": expected s of up to 1 lengths")
