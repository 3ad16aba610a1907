"""`torch.accelerator`: there is none, and what is asked of it says so."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """False: tensors live on the CPU."""
    return False


def device_count() -> int:
    """None: 0."""
    return 0


def current_accelerator(check_available: bool = False) -> Any:
    """None: there is none."""
    return None


def synchronize(device: Any = None, /) -> None:
    """There is nothing to wait for."""


def empty_cache() -> None:
    """There is no cache on such a device."""


def current_device_index() -> int:
    """Not here.

    Raises:
        RuntimeError: Always: there is no such device.
    """
    raise RuntimeError("accelerator: expected a device beside the CPU, got none; ask accelerator.is_available() first")


def memory_allocated(device: Any = None, /) -> int:
    """Nothing: 0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def reset_peak_memory_stats(device: Any = None, /) -> None:
    """There is nothing to reset."""
