"""PyTorch's switch for deterministic algorithms: kept as it was set, and of no effect, since everything here is deterministic."""

from __future__ import annotations

__all__ = [
    "are_deterministic_algorithms_enabled", "get_deterministic_debug_mode", "is_deterministic_algorithms_warn_only_enabled",
    "set_deterministic_debug_mode", "use_deterministic_algorithms",
]  # fmt: skip

_set = {"mode": False, "warn_only": False}


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for deterministic algorithms; there are no others here, so that nothing changes but what the two questions answer.

    Args:
        mode: Whether deterministic algorithms are wanted.
        warn_only: Whether a warning is enough where there is none.

    Raises:
        TypeError: mode or warn_only is not a bool.

    Example:
        >>> use_deterministic_algorithms(True)
        >>> are_deterministic_algorithms_enabled()
        True
        >>> use_deterministic_algorithms(False)
    """
    for name, value in (("mode", mode), ("warn_only", warn_only)):
        if not isinstance(value, bool):
            raise TypeError(f"use_deterministic_algorithms: expected {name} to be a bool, got {value!r}")
    _set.update(mode=mode, warn_only=warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms(True)` was called; results depend on neither thread count nor timing in any case."""
    return _set["mode"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether a warning was said to be enough."""
    return _set["warn_only"]


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same switch by one of three words or numbers.

    Args:
        debug_mode: 0 or "default" for off, 1 or "warn" for on with warnings, 2 or "error" for on.

    Raises:
        RuntimeError: it is another word or number.
        TypeError: it is neither.
    """
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"set_deterministic_debug_mode: expected debug_mode to be a word or a whole number, got {debug_mode!r}")
    words = ("default", "warn", "error")
    mode = words.index(debug_mode) if debug_mode in words else debug_mode
    if mode not in (0, 1, 2):
        raise RuntimeError(f"set_deterministic_debug_mode: expected 0, 1, 2, 'default', 'warn' or 'error', got {debug_mode!r}")
    _set.update(mode=mode != 0, warn_only=mode == 1)


def get_deterministic_debug_mode() -> int:
    """The state of the switch: 0 for off, 1 for on with warnings, 2 for on."""
    return (1 if _set["warn_only"] else 2) if _set["mode"] else 0
