"""Kinds of device that are not here: `torch.mps`, `torch.xpu`, `torch.mtia`."""

from __future__ import annotations


def is_available() -> bool:
    return False


def device_count() -> int:
    return 0


def manual_seed(seed: int) -> None:
    """Accepted for PyTorch's sake: there is no generator on such a device."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """There is no cache on such a device."""


synchronize = reset_peak_memory_stats = empty_cache


def is_bf16_supported() -> bool:
    """Nothing is computed on such a device."""
    return False


def memory_allocated() -> int:
    """There is no memory of such a device."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = current_allocated_memory = driver_allocated_memory = memory_allocated
