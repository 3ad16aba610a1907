"""PyTorch's dtypes and layouts that no tensor has here: programs compare with them, or have them in a table."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import STRIDED

from ...limits import finfo as _finfo
from ...limits import iinfo as _iinfo


class NamedDtype:
    """A dtype by name: where a tensor is asked for with it, the engine says which dtypes there are.

    Args:
        name: Its name.
        itemsize: Bytes per element.
        floating: Whether it is for fractions.
        is_complex: Whether it is for complex numbers.
        is_signed: Whether it has negative values.
    """

    def __init__(self, name: str, itemsize: int, floating: bool = False, is_complex: bool = False, is_signed: bool = False) -> None:
        self.name, self.itemsize = name, itemsize
        self.is_floating_point, self.is_complex, self.is_signed = floating, is_complex, is_signed

    def __repr__(self) -> str:
        return f"torch.{self.name}"


class NamedLayout(type(STRIDED)):  # type: ignore[misc]
    """A layout by name: tensors are strided here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


_DTYPES = {
    **{f"uint{8 * n}": NamedDtype(f"uint{8 * n}", n) for n in (2, 4, 8)},
    **{n: NamedDtype(n, 1, True, is_signed=True) for n in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")},
    "float8_e8m0fnu": NamedDtype("float8_e8m0fnu", 1, True),
    "float4_e2m1fn_x2": NamedDtype("float4_e2m1fn_x2", 1, True, is_signed=True),
    "complex32": NamedDtype("complex32", 4, is_complex=True, is_signed=True),
    "qint8": NamedDtype("qint8", 1, is_signed=True),
    "qint32": NamedDtype("qint32", 4, is_signed=True),
    **{n: NamedDtype(n, 1) for n in ("quint8", "quint4x2", "quint2x4")},
}
_LAYOUTS = {n: NamedLayout(n) for n in ("sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "jagged", "_mkldnn")}
NAMED: dict[str, Any] = {**_DTYPES, "chalf": _DTYPES["complex32"], **_LAYOUTS}
globals().update(NAMED)
__all__ = ["finfo", "iinfo", *NAMED]  # noqa: PLE0604 - the names are made above
# distance from 1 to the next number (PyTorch's figures), smallest exponent of full precision, largest number
_FLOATS = {"float8_e4m3fn": (0.125, -6, 448.0), "float8_e4m3fnuz": (0.125, -7, 240.0), "float8_e5m2": (0.25, -14, 57344.0),
           "float8_e5m2fnuz": (0.125, -15, 57344.0), "float8_e8m0fnu": (1.0, -127, 2.0**127)}  # fmt: skip


class finfo(_finfo):  # noqa: N801 - PyTorch's name
    """The limits of a floating dtype, of those too that no tensor has here.

    Args:
        type: The dtype; None means the default dtype.
    """

    def __init__(self, type: Any = None) -> None:
        if not isinstance(type, NamedDtype) or type.name not in _FLOATS:
            super().__init__(type)
            return
        self.eps, low, self.max = _FLOATS[type.name]
        self.dtype, self.bits, self.resolution = type.name, 8, 1.0
        self.tiny = self.smallest_normal = 2.0**low
        self.min = -self.max if type.is_signed else 2.0**low


class iinfo(_iinfo):  # noqa: N801 - PyTorch's name
    """The limits of a dtype of whole numbers, of those too that no tensor has here.

    Args:
        type: The dtype.
    """

    def __init__(self, type: Any) -> None:
        if not isinstance(type, NamedDtype) or not type.name.startswith("uint"):
            super().__init__(type)
            return
        self.dtype, self.bits, self.min, self.max = type.name, 8 * type.itemsize, 0, 256**type.itemsize - 1
