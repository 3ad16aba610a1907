"""What the namespace says of itself: `__array_namespace_info__()`."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core

from . import data_types
from ._operands import default
from .data_type_functions import isdtype

MAX_DIMENSIONS = 12  # of the core's arrays


class Info:
    """What tensors can do, and what holds where nothing is said."""

    def capabilities(self) -> dict[str, Any]:
        """Indexing with masks, results whose shape depends on the data, and the largest number of dimensions."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": MAX_DIMENSIONS}

    def default_device(self) -> core.device:
        """The device of tensors for which none is said."""
        return core.as_device(None)

    def devices(self) -> list[core.device]:
        """The devices that tensors can be on."""
        return [core.as_device(None)]

    def default_dtypes(self, *, device: Any = None) -> dict[str, core.dtype]:
        """The dtypes that numbers become for which none is said: floating and complex as `set_default_dtype` says."""
        core.as_device(device)
        return {"real floating": default(2), "complex floating": default(3), "integral": default(1), "indexing": core.int64}

    def dtypes(self, *, device: Any = None, kind: str | tuple[str, ...] | None = None) -> dict[str, core.dtype]:
        """The standard's dtypes that there are, by name; those of a kind in the sense of `isdtype`.

        Args:
            device: The device; None means the default one.
            kind: A kind, or several; None means all.

        Raises:
            ValueError: There is no such kind.
        """
        core.as_device(device)
        found = {name: getattr(data_types, name) for name in data_types.__all__}
        return {name: dtype for name, dtype in found.items() if kind is None or isdtype(dtype, kind)}


def __array_namespace_info__() -> Info:  # noqa: N807 - the standard's name
    """What the namespace can do: its dtypes, devices, defaults and capabilities."""
    return Info()


__all__ = ["Info", "__array_namespace_info__"]
