"""Programs of our own, for the public names that PyTorch's databases of samples have nothing for: one file for each area."""

from __future__ import annotations

import importlib
import pkgutil

from .tools import FOUND, Program


def load() -> dict[str, Program]:
    """All programs, by their keys."""
    for file in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{file.name}")
    return FOUND
