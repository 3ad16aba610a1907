"""Switches of a module for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def held(values: dict[str, Any], **new: Any) -> Iterator[None]:
    """Set entries for the length of a block.

    Args:
        values: The module's `globals()`.
        new: The entries.
    """
    before = {name: values[name] for name in new}
    values.update(new)
    try:
        yield
    finally:
        values.update(before)
