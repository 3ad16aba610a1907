"""Switches of cuDNN: kept, and without a meaning here. What the CPU computes is deterministic in any case."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from ._flags import held

enabled = True
benchmark = False
benchmark_limit = 10
deterministic = False
allow_tf32 = True
fp32_precision = "none"
CUDNN_TENSOR_DTYPES: set[Any] = set()


def is_available() -> bool:
    return False


def version() -> None:
    """There is none."""


def is_acceptable(tensor: Any) -> bool:
    """Whether cuDNN takes a tensor: never."""
    return False


def set_flags(**values: Any) -> tuple[Any, ...]:
    """Set switches; returns what they were, in PyTorch's order."""
    names = ("enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32")
    before = tuple(globals()[name] for name in names)
    globals().update({name.lstrip("_"): value for name, value in values.items() if value is not None})
    return before


def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
    **_: Any,
) -> AbstractContextManager[None]:
    """Set switches for the length of a block."""
    given = {"enabled": enabled, "benchmark": benchmark, "benchmark_limit": benchmark_limit}
    return held(globals(), **given, deterministic=deterministic, allow_tf32=allow_tf32)
