"""Frequencies of transforms, and spectra turned so that frequency 0 is in the middle."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING, np

from ._define import ALL, COMPLEX, Unsupported, op, refuses, samples
from ._help import axis, tensors
from ._space import public
from .creation import finished, into
from .errors import expected
from .primitive import cast
from .rearrange import roll

if TYPE_CHECKING:
    from typing import Any

Tensor = core.Tensor


def _frequencies(name: str, places: np.ndarray, n: int, d: float, out: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    dtype = core.get_default_dtype() if dtype is None else core.as_dtype(dtype)
    if not dtype.is_floating_point:
        raise expected(name, "a floating dtype", dtype.name, error=RuntimeError)
    core.as_device(device)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = places / (np.float64(n) * d)
    return into(out, finished(cast(core.from_numpy(values), dtype), requires_grad))


def _points(name: str, n: Any) -> int:
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise expected(name, "n to be a whole number", n, error=TypeError)
    if n < 0:
        raise expected(name, "n of 0 or more", f"{n}", error=RuntimeError)
    return int(n)


@public("fft")
def fftfreq(n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Take the frequencies that the numbers of a transform stand for.

    y = (0, 1, ..., (n - 1) // 2, -(n // 2), ..., -1) / (n d)

    Args:
        n: Size of the transform.
        d: The time from one sample to the next.
        out: A tensor to write into.
        dtype: A floating dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (n,).

    Returns:
        Tensor.

    Raises:
        TypeError: `n` is no whole number.
        RuntimeError: `n` is negative, or `dtype` is not floating.

    Example:
        >>> fft.fftfreq(4)
        tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    n = _points("fftfreq", n)
    return _frequencies(
        "fftfreq", np.concatenate((np.arange((n + 1) // 2), np.arange(-(n // 2), 0))), n, d, out, dtype, device, requires_grad
    )


@public("fft")
def rfftfreq(n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Take the frequencies that the numbers of `rfft` stand for.

    y = (0, 1, ..., n // 2) / (n d)

    Args:
        n: Size of the transform.
        d: The time from one sample to the next.
        out: A tensor to write into.
        dtype: A floating dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (n // 2 + 1,).

    Returns:
        Tensor.

    Raises:
        TypeError: `n` is no whole number.
        RuntimeError: `n` is negative, or `dtype` is not floating.

    Example:
        >>> fft.rfftfreq(4)
        tensor([0.0000, 0.2500, 0.5000])
    """
    n = _points("rfftfreq", n)
    return _frequencies("rfftfreq", np.arange(n // 2 + 1), n, d, out, dtype, device, requires_grad)


def _turned(name, input, dim, by):
    """`input`, rolled along dimensions by what `by` gives for their sizes; None means all dimensions."""
    tensors(name, input=input)
    given = range(input.ndim) if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    dims = [axis(name, d, input.ndim) for d in given]
    return roll(input, tuple(by(input.shape[d]) for d in dims), tuple(dims)) if dims and input.ndim else input.clone()


@op("composite", spaces="fft", methods=False, dtypes=(*ALL, *COMPLEX), onnx=Unsupported("export Concat of the halves"))
def fftshift(input, dim=None):
    """Turn a spectrum so that frequency 0 comes into the middle.

    Args:
        input: Spectrum.
        dim: Dimension or dimensions; None means all.

    Shape:
        input: any; result: that of input.

    Returns:
        A copy.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> fft.fftshift(fft.fftfreq(4))
        tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _turned("fftshift", input, dim, lambda n: n // 2)


@op("composite", spaces="fft", methods=False, dtypes=(*ALL, *COMPLEX), onnx=Unsupported("export Concat of the halves"))
def ifftshift(input, dim=None):
    """Undo `fftshift`: bring frequency 0 from the middle to the front.

    Args:
        input: Spectrum.
        dim: Dimension or dimensions; None means all.

    Shape:
        input: any; result: that of input.

    Returns:
        A copy.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> fft.ifftshift(fft.fftshift(tensor([0, 1, 2])))
        tensor([0, 1, 2])
    """
    return _turned("ifftshift", input, dim, lambda n: (n + 1) // 2)


@samples(fftshift)
@samples(ifftshift)
def _(s):
    yield s(s.normal(5))
    yield s(s.normal(3, 4), 1)
    yield s(s.normal(3, 4, 5), (0, -1))


@refuses(fftshift)
@refuses(ifftshift)
def _(s):
    yield s(3).raises(TypeError, "shift: expected input to be a Tensor")
    yield s(s.normal(3), 1).raises(IndexError, "shift: expected dim in [-1, 0]")
