"""The formulas of window functions, in float64, and what all of them check."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING, np

from .creation import finished
from .errors import expected
from .primitive import cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

HANN, BLACKMAN = (0.5, 0.5), (0.42, 0.5, 0.08)
HAMMING = (0.54, 0.46)
NUTTALL = (0.3635819, 0.4891775, 0.1365995, 0.0106411)


def sampled(
    n: int,
    symmetric: bool,
    f: Callable[[np.ndarray, int], np.ndarray],
    dtype: Any,
    device: Any,
    requires_grad: bool,
    single: float = 1.0,
) -> core.Tensor:
    """A window of `n` points.

    Args:
        n: How many points.
        symmetric: Whether the last point mirrors the first; else it mirrors the one after the first, for signals that repeat.
        f: Gives the values at whole numbers, over a period of so many steps.
        dtype: Of the result; None means the default dtype.
        device: Of the result.
        requires_grad: Whether operations on the result are recorded.
        single: The window of one point.
    """
    core.as_device(device)
    dtype = core.get_default_dtype() if dtype is None else core.as_dtype(dtype)
    values = np.full(n, single) if n < 2 else f(np.arange(n, dtype=np.float64), n - 1 if symmetric else n)
    return finished(cast(core.from_numpy(np.asarray(values, np.float64)), dtype), requires_grad)


def cosines(a: Iterable[float]) -> Callable[[np.ndarray, int], np.ndarray]:
    """The sum over k of (-1)^k a[k] cos(2 pi k i / period)."""
    weights = [float(w) for w in a]
    return lambda i, period: sum(((-1) ** k * w * np.cos(2 * np.pi * k / period * i) for k, w in enumerate(weights)), np.zeros(len(i)))


def triangle(i: np.ndarray, period: int) -> np.ndarray:
    """From 0 up to 1 in the middle, and down again."""
    return 1 - np.abs(2 * i / period - 1)


def bessel(beta: float) -> Callable[[np.ndarray, int], np.ndarray]:
    """Kaiser's window: I0(beta sqrt(1 - (2 i / period - 1)^2)) / I0(beta)."""

    def values(i: np.ndarray, period: int) -> np.ndarray:
        return np.i0(beta * np.sqrt(np.maximum(1 - (2 * i / period - 1) ** 2, 0))) / np.i0(beta)

    return values


def length(name: str, n: Any, argument: str, error: type[Exception]) -> int:
    """The number of points, checked."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise expected(name, f"{argument} to be a whole number", n, error=TypeError)
    if n < 0:
        raise expected(name, f"{argument} of 0 or more", f"{n}", error=error)
    return int(n)
