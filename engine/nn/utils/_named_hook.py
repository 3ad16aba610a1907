"""Hooks that look after one tensor of a module: finding them again by class and name."""

from __future__ import annotations

from typing import Any

from ..module import Module


def find(module: Module, kind: type[Any], name: str) -> tuple[int, Any] | None:
    """The id and the forward pre-hook of a class that is for the tensor `name`."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, kind) and hook.name == name:
            return key, hook
    return None
