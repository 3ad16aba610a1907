"""The ops, one file per family, and the names under which users find them.

Importing this imports every file of the folder and of those in it, so that a new family is one new file.
"""

from __future__ import annotations

import gc
from importlib import import_module
from os import scandir

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING

from ._define import REGISTRY
from ._space import FUNCTIONS

if TYPE_CHECKING:
    from typing import Any

__all__ = ["REGISTRY", "space"]


def _define_all(folder: str, package: str) -> None:
    """Import the files of a folder in the order of their names; pkgutil would import inspect for this."""
    for name in sorted(entry.name for entry in scandir(folder)):
        if name.startswith("_"):
            continue
        if name.endswith(".py"):
            import_module(f"{package}.{name[:-3]}")
        elif "." not in name:
            _define_all(f"{folder}/{name}", f"{package}.{name}")


_collecting = gc.isenabled()
gc.disable()  # the definitions stay as long as the process: looking for garbage among them took a tenth of the engine's import
try:
    _define_all(__path__[0], __name__)
finally:
    if _collecting:
        gc.enable()


def space(name: str) -> dict[str, Any]:
    """Every op and plain function that users find in a module.

    Args:
        name: "torch", "functional", "linalg" or "special".

    Returns:
        Name to callable. An op `linalg_qr` of the space "linalg" is `qr` there: its name has to be another one than that of `torch.qr`.
        In "torch", an op has the names of its methods too, and what has an in-place method offers that as a function.
    """
    ops = {n: o for n, o in REGISTRY.items() if not n.endswith("_") and name in o.definition.spaces}
    found: dict[str, Any] = {n.removeprefix(f"{name}_"): o for n, o in ops.items()}
    if name != "torch":
        return found | FUNCTIONS.get(name, {})
    found = {m: o for o in ops.values() for m in o.definition.methods} | found | FUNCTIONS.get(name, {})
    methods = vars(core.Tensor)
    return {f"{n}_": methods[f"{n}_"] for n in found if f"{n}_" in methods} | found
