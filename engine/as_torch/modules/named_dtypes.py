"""PyTorch's dtypes and layouts that no tensor has here: programs compare with them, or have them in a table."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import STRIDED


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
__all__ = [*NAMED]  # noqa: PLE0604 - the names are made above
