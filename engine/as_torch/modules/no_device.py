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
