"""Marks for NVIDIA's profilers, which have no use for them without CUDA."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def range_push(msg: str) -> int:
    """Not here, as in PyTorch's CPU builds."""
    raise RuntimeError("nvtx: expected a machine with CUDA, got none; use profiler.record_function")


mark = range_start = range_push


def range_pop() -> int:
    """Not here, as in PyTorch's CPU builds."""
    return range_push("")


@contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """Not here, as in PyTorch's CPU builds."""
    range_push(msg)
    yield
