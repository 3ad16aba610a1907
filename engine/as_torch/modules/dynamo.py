"""`torch._dynamo`, which programs name to keep functions out of a compiler: there is none here."""

from __future__ import annotations

from typing import Any


class OptimizedModule:
    """What PyTorch makes of a compiled module; nothing is one here."""


def optimize(*args: Any, **kwargs: Any) -> Any:
    """A decorator that leaves its function as it is."""
    return lambda f: f


def mark_dynamic(t: Any, index: Any, **options: Any) -> None:
    """Accepted for PyTorch's sake: every size may change from call to call."""


maybe_mark_dynamic = mark_static = mark_dynamic


def mark_static_address(t: Any, guard: bool = True) -> None:
    """Accepted for PyTorch's sake."""


def is_dynamo_supported() -> bool:
    """False: nothing is compiled."""
    return False


def is_compile_supported(device_type: str) -> bool:
    """False: nothing is compiled."""
    return False


def graph_break(msg: str = "") -> None:
    """Nothing is compiled, so nothing breaks."""


def explain(*args: Any, **kwargs: Any) -> Any:
    """Not here: nothing is compiled."""
    raise NotImplementedError("explain: expected a compiler, got none; functions run as they are written here")
