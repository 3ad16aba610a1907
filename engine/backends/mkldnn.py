"""Switches of oneDNN: kept, and without a meaning here."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from ._flags import held

enabled = True
deterministic = False
allow_tf32 = True
fp32_precision = "none"


def is_available() -> bool:
    return False


def set_flags(**values: Any) -> tuple[Any, ...]:
    """Set switches; returns what they were."""
    before = (enabled, deterministic, allow_tf32)
    globals().update({name.lstrip("_"): value for name, value in values.items() if value is not None})
    return before


def flags(enabled: bool = False, deterministic: bool = False, allow_tf32: bool = True, **_: Any) -> AbstractContextManager[None]:
    """Set switches for the length of a block."""
    return held(globals(), enabled=enabled, deterministic=deterministic, allow_tf32=allow_tf32)
