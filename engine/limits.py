"""What the dtypes can hold: `finfo` and `iinfo`, and the constants that PyTorch offers beside them."""

from __future__ import annotations

import math

from workbench.ext.core import _core
from workbench.ext.core.lazy import TYPE_CHECKING, np

if TYPE_CHECKING:
    from typing import Any

e = math.e
pi = math.pi
inf = math.inf
nan = math.nan
newaxis = None

_REAL = {_core.complex64: _core.float32, _core.complex128: _core.float64}


class finfo:  # noqa: N801 - PyTorch's name
    """The limits of a floating dtype; of a complex one, those of its parts.

    Args:
        dtype: A floating or complex dtype; None means the default dtype.

    Attributes:
        bits: Size in bits.
        eps: Distance from 1 to the next larger number.
        max, min: Largest and smallest finite number.
        tiny, smallest_normal: Smallest positive number of full precision.
        resolution: 10 to minus the number of decimal digits that are kept.
        dtype: Name of the dtype.

    Raises:
        TypeError: the dtype is not floating.

    Example:
        >>> finfo(float32).eps
        1.1920928955078125e-07
    """

    def __init__(self, dtype: Any = None) -> None:
        asked = _core.get_default_dtype() if dtype is None else _core.as_dtype(dtype)
        found = _REAL.get(asked, asked)
        if not found.is_floating_point:
            raise TypeError(f"finfo: expected a floating dtype, got {found}; use iinfo for whole numbers")
        self.dtype = found.name
        if found is _core.bfloat16:  # 8 bits of precision, the exponents of float32
            self.bits, self.eps, self.tiny, self.max, self.resolution = 16, 2.0**-7, 2.0**-126, (2 - 2.0**-7) * 2.0**127, 0.01
        else:
            known = np.finfo(found.numpy)
            self.bits, self.eps, self.tiny, self.max = known.bits, float(known.eps), float(known.tiny), float(known.max)
            self.resolution = 10.0**-known.precision
        self.min = -self.max
        self.smallest_normal = self.tiny

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


class iinfo:  # noqa: N801 - PyTorch's name
    """The limits of an integer dtype.

    Args:
        dtype: An integer dtype.

    Attributes:
        bits: Size in bits.
        max, min: Largest and smallest number.
        dtype: Name of the dtype.

    Raises:
        TypeError: the dtype is not one of whole numbers.

    Example:
        >>> iinfo(int8).max
        127
    """

    def __init__(self, dtype: Any) -> None:
        found = _core.as_dtype(dtype)
        if found.is_floating_point or found.is_complex or found is _core.bool_:
            raise TypeError(f"iinfo: expected a dtype of whole numbers, got {found}; use finfo for floating ones")
        known = np.iinfo(found.numpy)
        self.dtype = found.name
        self.bits, self.min, self.max = known.bits, int(known.min), int(known.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


__all__ = ["e", "finfo", "iinfo", "inf", "nan", "newaxis", "pi"]
