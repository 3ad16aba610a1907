"""PyTorch's switch for deterministic algorithms: kept as it was set, and of no effect, since everything here is deterministic."""

from __future__ import annotations

__all__ = ["are_deterministic_algorithms_enabled", "is_deterministic_algorithms_warn_only_enabled", "use_deterministic_algorithms"]

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
