"""The border to NumPy for definitions whose result has no gradient, and numbers that are to be written into a dtype."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING, np

from .errors import expected

if TYPE_CHECKING:
    from typing import Any

Tensor = core.Tensor


def array(t: Tensor) -> np.ndarray:
    """The values of a tensor, over its own memory where NumPy has the dtype; bfloat16 as float32."""
    t = t.detach()
    return (t.float() if t.dtype is core.bfloat16 else t).numpy()


def whole_tensor(a: Any) -> Tensor:
    """An array as a tensor of int64, row by row in memory."""
    return core.from_numpy(np.ascontiguousarray(a, np.int64).reshape(np.shape(a)))


def fitting(op: str, value: Any, dtype: core.dtype) -> Any:
    """A number as PyTorch writes it into a dtype: negative ones wrap around in uint8, complex ones need a complex dtype."""
    if isinstance(value, Tensor) or dtype.is_complex:
        return value
    if isinstance(value, complex):
        raise expected(op, f"a number that fits {dtype.name}", value, error=RuntimeError)
    if dtype is core.uint8 and not isinstance(value, bool) and -255 <= value < 0:
        return int(value) % 256
    return value
