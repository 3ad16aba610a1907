"""`torch.utils._python_dispatch`: questions about tensors that are made of tensors, and modes that see every op; neither is here."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from .overrides import TorchFunctionMode


class TorchDispatchMode(TorchFunctionMode):
    """Not here: no op hands over to a mode. To enter one raises."""


def is_traceable_wrapper_subclass(t: Any) -> bool:
    """False: a tensor holds its own elements."""
    return False


is_traceable_wrapper_subclass_type = is_traceable_wrapper_subclass


def _get_current_dispatch_mode() -> None:
    """None: there is no mode."""


def _get_current_dispatch_mode_stack() -> list[Any]:
    """Modes that are entered: none."""
    return []


_disable_current_modes = nullcontext
