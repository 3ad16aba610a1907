"""The engine's functions, straight from the ops: rooms of one floor do not import each other."""

from __future__ import annotations

from types import SimpleNamespace

from ..ops import space

torch = SimpleNamespace(**space("torch"))
linalg = SimpleNamespace(**space("linalg"))
fft = SimpleNamespace(**space("fft"))

__all__ = ["fft", "linalg", "torch"]
