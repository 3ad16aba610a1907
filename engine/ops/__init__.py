"""The ops, one file per family, and the names under which users find them.

Importing this imports every file of the folder, so that a new family is one new file.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from ._define import REGISTRY
from ._space import FUNCTIONS

__all__ = ["REGISTRY", "space"]

for _module in iter_modules(__path__):
    if not _module.name.startswith("_"):
        import_module(f"{__name__}.{_module.name}")


def space(name: str) -> dict[str, Any]:
    """Every op and plain function that users find in a module.

    Args:
        name: "torch", "functional", "linalg" or "special".

    Returns:
        Name to callable. An op `linalg_qr` of the space "linalg" is `qr` there: its name has to be another one than that of `torch.qr`.
    """
    ops = {n: o for n, o in REGISTRY.items() if not n.endswith("_") and name in o.definition.spaces}
    found: dict[str, Any] = {n.removeprefix(f"{name}_"): o for n, o in ops.items()}
    return found | FUNCTIONS.get(name, {})
