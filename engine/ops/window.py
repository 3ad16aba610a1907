"""PyTorch's windows of `torch`: those of `torch.signal.windows` are newer."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING

from ._space import public
from ._window import BLACKMAN, HANN, bessel, cosines, length, sampled, triangle
from .errors import expected

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _window(name: str, n: int, periodic: bool, f: Callable[..., Any], dtype: Any, device: Any, requires_grad: bool) -> core.Tensor:
    n = length(name, n, "window_length", RuntimeError)
    if dtype is not None and not core.as_dtype(dtype).is_floating_point:
        raise expected(name, "a floating dtype", core.as_dtype(dtype).name, error=RuntimeError)
    return sampled(n, not periodic, f, dtype, device, requires_grad)


@public("torch")
def bartlett_window(window_length, periodic=True, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make a triangle that is 0 at both ends.

    w_i = 1 - |2 i / p - 1|, with the period p = window_length, or window_length - 1 where not `periodic`

    Args:
        window_length: How many points.
        periodic: Whether the window is one period of a signal that repeats; else the last point mirrors the first.
        dtype: A floating dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (window_length,).

    Returns:
        Tensor.

    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating.

    Example:
        >>> bartlett_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("bartlett_window", window_length, periodic, triangle, dtype, device, requires_grad)


@public("torch")
def blackman_window(window_length, periodic=True, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make Blackman's window.

    w_i = 0.42 - 0.5 cos(2 pi i / p) + 0.08 cos(4 pi i / p), with the period p = window_length, or window_length - 1 where not `periodic`

    Args:
        window_length: How many points.
        periodic: Whether the window is one period of a signal that repeats; else the last point mirrors the first.
        dtype: A floating dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (window_length,).

    Returns:
        Tensor.

    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating.

    Example:
        >>> blackman_window(4)[1:].round(decimals=2)
        tensor([0.3400, 1.0000, 0.3400])
    """
    return _window("blackman_window", window_length, periodic, cosines(BLACKMAN), dtype, device, requires_grad)


@public("torch")
def hamming_window(
    window_length, periodic=True, alpha=0.54, beta=0.46, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
):
    """Make Hamming's window, whose first side lobe is low.

    w_i = alpha - beta cos(2 pi i / p), with the period p = window_length, or window_length - 1 where not `periodic`

    Args:
        window_length: How many points.
        periodic: Whether the window is one period of a signal that repeats; else the last point mirrors the first.
        alpha: The constant.
        beta: The height of the wave.
        dtype: A floating dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (window_length,).

    Returns:
        Tensor.

    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating.

    Example:
        >>> hamming_window(2)
        tensor([0.0800, 1.0000])
    """
    return _window("hamming_window", window_length, periodic, cosines((alpha, beta)), dtype, device, requires_grad)


@public("torch")
def hann_window(window_length, periodic=True, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make Hann's window, which is 0 at both ends.

    w_i = 0.5 - 0.5 cos(2 pi i / p), with the period p = window_length, or window_length - 1 where not `periodic`

    Args:
        window_length: How many points.
        periodic: Whether the window is one period of a signal that repeats; else the last point mirrors the first.
        dtype: A floating dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (window_length,).

    Returns:
        Tensor.

    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating.

    Example:
        >>> hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann_window", window_length, periodic, cosines(HANN), dtype, device, requires_grad)


@public("torch")
def kaiser_window(window_length, periodic=True, beta=12.0, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make Kaiser's window, which holds most of its energy in one lobe.

    w_i = I0(beta sqrt(1 - (2 i / p - 1)^2)) / I0(beta), with the period p = window_length, or window_length - 1 where not `periodic`

    Args:
        window_length: How many points.
        periodic: Whether the window is one period of a signal that repeats; else the last point mirrors the first.
        beta: How narrow the window is.
        dtype: A floating dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (window_length,).

    Returns:
        Tensor.

    Raises:
        RuntimeError: `window_length` is negative, or `dtype` is not floating.

    Example:
        >>> kaiser_window(2, beta=1.0)
        tensor([0.7898, 1.0000])
    """
    return _window("kaiser_window", window_length, periodic, bessel(float(beta)), dtype, device, requires_grad)
