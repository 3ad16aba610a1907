"""What programs ask of the autocast block that they are in."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core

from ...amp.autocast import STATE


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether ops on a kind of device run in a half precision here."""
    return device_type == "cpu" and bool(STATE) and STATE[-1].enabled


def is_autocast_cpu_enabled() -> bool:
    """Whether ops on the CPU run in a half precision here."""
    return is_autocast_enabled("cpu")


def get_autocast_dtype(device_type: str) -> Any:
    """The half precision of the block, or what a block would have by default."""
    if device_type == "cpu":
        return STATE[-1].fast_dtype if STATE else core.bfloat16
    return core.float16


def get_autocast_cpu_dtype() -> Any:
    """The half precision of the CPU."""
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype() -> Any:
    """The half precision of CUDA."""
    return get_autocast_dtype("cuda")


def is_autocast_cache_enabled() -> bool:
    """Whether a parameter is converted once in a block."""
    return not STATE or STATE[-1].cache_enabled


def clear_autocast_cache() -> None:
    """A block's conversions live as long as the block."""
