"""`torch._subclasses`: tensors that have shapes and no values; nothing is one here."""

from __future__ import annotations

from typing import Any


class FakeTensor:
    """What a compiler works with in place of a tensor; nothing is one here."""


FunctionalTensor = FakeTensor


class FakeTensorMode:
    """Not here.

    Raises:
        NotImplementedError: Always.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError("FakeTensorMode: expected tensors with values, got a mode without; use small tensors")


def is_fake(x: Any) -> bool:
    """False."""
    return False
