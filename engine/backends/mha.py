"""The fast path of `nn.MultiheadAttention`: there is one path here, so the switch is kept and changes nothing."""

from __future__ import annotations

_enabled = True


def get_fastpath_enabled() -> bool:
    """What was set; True at first."""
    return _enabled


def set_fastpath_enabled(value: bool) -> None:
    """Keep the value."""
    global _enabled
    _enabled = value
