"""PyTorch's windows of `torch.signal.windows`."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING, np

from ._space import public
from ._window import BLACKMAN, HAMMING, HANN, NUTTALL, bessel, cosines, length, sampled, triangle
from .errors import expected

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _window(
    name: str, M: int, sym: bool, f: Callable[..., Any], dtype: Any, layout: Any, device: Any, requires_grad: bool, single: float = 1.0
) -> core.Tensor:
    if layout is not None and "strided" not in str(layout):
        raise expected(name, "layout to be strided", str(layout))
    if dtype is not None and core.as_dtype(dtype) not in (core.float32, core.float64):
        raise expected(name, "dtype to be float32 or float64", core.as_dtype(dtype).name)
    return sampled(length(name, M, "M", ValueError), sym, f, dtype, device, requires_grad, single)


def _positive(name: str, argument: str, value: float) -> float:
    if not value > 0:
        raise expected(name, f"{argument} above 0", f"{value}")
    return float(value)


@public("windows")
def bartlett(M, *, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make a triangle that is 0 at both ends.

    w_i = 1 - |2 i / p - 1|, with the period p = M - 1, or M where not `sym`

    Args:
        M: How many points.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.bartlett(5)
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    return _window("bartlett", M, sym, triangle, dtype, layout, device, requires_grad)


@public("windows")
def blackman(M, *, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make Blackman's window.

    w_i = 0.42 - 0.5 cos(2 pi i / p) + 0.08 cos(4 pi i / p), with the period p = M - 1, or M where not `sym`

    Args:
        M: How many points.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.blackman(5)[1:4].round(decimals=2)
        tensor([0.3400, 1.0000, 0.3400])
    """
    return _window("blackman", M, sym, cosines(BLACKMAN), dtype, layout, device, requires_grad)


@public("windows")
def cosine(M, *, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make half a wave.

    w_i = sin(pi (i + 1/2) / p), with the period p = M, or M + 1 where not `sym`

    Args:
        M: How many points.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.cosine(3)
        tensor([0.5000, 1.0000, 0.5000])
    """
    return _window("cosine", M, sym, lambda i, period: np.sin(np.pi / (period + 1) * (i + 0.5)), dtype, layout, device, requires_grad)


@public("windows")
def exponential(M, *, center=None, tau=1.0, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make a peak that falls off exponentially to both sides.

    w_i = exp(-|i - center| / tau)

    Args:
        M: How many points.
        center: Where the peak is; None means in the middle, which is the only choice where `sym`.
        tau: After how many points the window falls by a factor e; > 0.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `tau` is not above 0, `sym` has a `center`, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.exponential(3)
        tensor([0.3679, 1.0000, 0.3679])
    """
    _positive("exponential", "tau", tau)
    if sym and center is not None:
        raise expected("exponential", "center to be None where sym", f"{center}")

    def values(i: np.ndarray, period: int) -> np.ndarray:
        return np.exp(-np.abs(i - (period / 2 if center is None else center)) / tau)

    single = float(np.exp(-abs(center or 0) / tau))
    return _window("exponential", M, sym, values, dtype, layout, device, requires_grad, single)


@public("windows")
def gaussian(M, *, std=1.0, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make the bell of a normal distribution.

    w_i = exp(-((i - m) / std)^2 / 2), with the middle m

    Args:
        M: How many points.
        std: The deviation, in points; > 0.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `std` is not above 0, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.gaussian(3)
        tensor([0.6065, 1.0000, 0.6065])
    """
    _positive("gaussian", "std", std)
    return _window("gaussian", M, sym, lambda i, period: np.exp(-0.5 * ((i - period / 2) / std) ** 2), dtype, layout, device, requires_grad)


@public("windows")
def general_cosine(M, *, a, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make a sum of waves.

    w_i = sum over k of (-1)^k a_k cos(2 pi k i / p), with the period p = M - 1, or M where not `sym`

    Args:
        M: How many points.
        a: How much of each wave, the constant first.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `a` is empty, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.general_cosine(3, a=[0.5, 0.5])
        tensor([0., 1., 0.])
    """
    if not hasattr(a, "__iter__"):
        raise expected("general_cosine", "a to be a sequence of numbers", a, error=TypeError)
    weights = [float(x) for x in a]
    if not weights:
        raise expected("general_cosine", "at least one number in a", "none")
    return _window("general_cosine", M, sym, cosines(weights), dtype, layout, device, requires_grad)


@public("windows")
def general_hamming(M, *, alpha=0.54, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make one wave on a constant.

    w_i = alpha - (1 - alpha) cos(2 pi i / p), with the period p = M - 1, or M where not `sym`

    Args:
        M: How many points.
        alpha: The constant.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.general_hamming(3, alpha=0.75)
        tensor([0.5000, 1.0000, 0.5000])
    """
    return _window("general_hamming", M, sym, cosines((alpha, 1 - alpha)), dtype, layout, device, requires_grad)


@public("windows")
def hamming(M, *, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make Hamming's window, whose first side lobe is low.

    w_i = 0.54 - 0.46 cos(2 pi i / p), with the period p = M - 1, or M where not `sym`

    Args:
        M: How many points.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.hamming(3)
        tensor([0.0800, 1.0000, 0.0800])
    """
    return _window("hamming", M, sym, cosines(HAMMING), dtype, layout, device, requires_grad)


@public("windows")
def hann(M, *, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make Hann's window, which is 0 at both ends.

    w_i = 0.5 - 0.5 cos(2 pi i / p), with the period p = M - 1, or M where not `sym`

    Args:
        M: How many points.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.hann(5)
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    return _window("hann", M, sym, cosines(HANN), dtype, layout, device, requires_grad)


@public("windows")
def kaiser(M, *, beta=12.0, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make Kaiser's window, which holds most of its energy in one lobe.

    w_i = I0(beta sqrt(1 - (2 i / p - 1)^2)) / I0(beta), with the period p = M - 1, or M where not `sym`

    Args:
        M: How many points.
        beta: How narrow the window is; >= 0.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `beta` is negative, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.kaiser(3, beta=1.0)
        tensor([0.7898, 1.0000, 0.7898])
    """
    if beta < 0:
        raise expected("kaiser", "beta of 0 or more", f"{beta}")
    return _window("kaiser", M, sym, bessel(float(beta)), dtype, layout, device, requires_grad)


@public("windows")
def nuttall(M, *, sym=True, dtype=None, layout=None, device=None, requires_grad=False):
    """Make Nuttall's window of four waves, whose side lobes are low.

    w_i = sum over k of (-1)^k a_k cos(2 pi k i / p), with the period p = M - 1, or M where not `sym`

    Args:
        M: How many points.
        sym: Whether the last point mirrors the first, as filters want it; else the window is one period of a signal that repeats.
        dtype: float32 or float64; None means the default dtype.
        layout: None or strided; there is no other.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (M,).

    Returns:
        Tensor.

    Raises:
        ValueError: `M` is negative, `dtype` is another one, or so is `layout`.

    Example:
        >>> signal.windows.nuttall(3)
        tensor([3.6280e-04, 1.0000e+00, 3.6280e-04])
    """
    return _window("nuttall", M, sym, cosines(NUTTALL), dtype, layout, device, requires_grad)
