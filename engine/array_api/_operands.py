"""What functions do with their arguments before the ops see them: numbers become tensors, dtypes are promoted as the standard says.

Here the dtype of a tensor without dimensions counts like any other, whereas PyTorch's operators (`+`, `*`, ...) let it give way to one of
the same kind that has dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ._ops import torch

KINDS = ("bool", "integral", "real floating", "complex floating")


def rank(value: Any) -> int:
    """The place in KINDS of a dtype or of a Python number."""
    if isinstance(value, core.dtype):
        return 3 if value.is_complex else 2 if value.is_floating_point else 1 if value is not core.bool_ else 0
    return 0 if isinstance(value, bool) else 1 if isinstance(value, int) else 2 if isinstance(value, float) else 3


def default(kind: int) -> core.dtype:
    """The dtype that Python's numbers of a kind become where nothing else says one."""
    floating = core.get_default_dtype()
    return (core.bool_, core.int64, floating, core.complex128 if floating is core.float64 else core.complex64)[kind]


def common_dtype(name: str, values: Iterable[Any]) -> core.dtype:
    """The dtype that tensors, dtypes and Python numbers are promoted to; a number counts only by its kind.

    Raises:
        TypeError: A value is none of these, or none of them has a dtype.
    """
    found, numbers = None, []
    for value in values:
        if isinstance(value, (bool, int, float, complex)):
            numbers.append(rank(value))
            continue
        dtype = value.dtype if isinstance(value, Tensor) else value
        if not isinstance(dtype, core.dtype):
            raise expected(name, "tensors, dtypes or numbers", value, error=TypeError)
        found = dtype if found is None else core.promote_types(found, dtype)
    if found is None:
        raise expected(name, "at least one tensor or dtype", "numbers alone" if numbers else "nothing", error=TypeError)
    for kind in sorted(numbers):
        if kind > rank(found):
            found = core.promote_types(found, core.complex64 if kind == 3 and rank(found) == 2 else default(kind))
    return found


def promoted(name: str, *values: Any) -> list[Tensor]:
    """Tensors and numbers as tensors of one dtype."""
    if all(isinstance(value, Tensor) and value.dtype is values[0].dtype for value in values):
        return list(values)
    dtype = common_dtype(name, values)
    return [value.to(dtype) if isinstance(value, Tensor) else torch.tensor(value, dtype=dtype) for value in values]


def axes_of(name: str, axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """The axes that a reduction goes over, counted from the front; None means all.

    Raises:
        IndexError: An axis is outside of [-ndim, ndim).
    """
    if axis is None:
        return tuple(range(ndim))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    for a in axes:
        if not -ndim <= a < ndim:
            raise expected(name, f"axis from {-ndim} to {ndim - 1}", str(axis), error=IndexError)
    return tuple(a % ndim for a in axes)
