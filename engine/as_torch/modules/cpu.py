"""`torch.cpu`: the device that is always there."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any


def is_available() -> bool:
    return True


def is_initialized() -> bool:
    return True


def device_count() -> int:
    return 1


def current_device() -> str:
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Ops are done when they return."""


def set_device(device: Any) -> None:
    """There is one."""


def stream(stream: Any) -> Any:
    """A context manager that changes nothing."""
    return nullcontext()
