"""The array API standard's way from a tensor to the functions for it: `Tensor.__array_namespace__`."""

from __future__ import annotations

from importlib import import_module

from workbench.ext.core import _core
from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")


def __array_namespace__(self: _core.Tensor, /, *, api_version: str | None = None) -> Any:  # noqa: N807 - the standard's name
    """The module `workbench.engine.array_api`, whose functions take this tensor.

    Args:
        api_version: The edition of the standard that is expected, as "2023.12"; None means any.

    Raises:
        ValueError: The functions do not follow that edition.

    Example:
        >>> tensor([4.0]).__array_namespace__().sqrt(tensor([4.0]))
        tensor([2.])
    """
    if api_version is not None and api_version not in VERSIONS:
        raise ValueError(f"__array_namespace__: expected api_version {', '.join(VERSIONS)} or None, got {api_version!r}")
    return import_module("workbench.engine.array_api")  # by name: it stands above what the engine's import brings along


_core.add_method("__array_namespace__", __array_namespace__)

__all__: list[str] = []
