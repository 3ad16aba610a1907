"""The gradient modes, under the name where PyTorch has them, and switches of backward."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core

no_grad = _core.no_grad
enable_grad = _core.enable_grad
inference_mode = _core.inference_mode
set_grad_enabled = _core.set_grad_enabled


class _Switch:
    """A setting that is made at once, and taken back at the end of the block if it is used as a context manager."""

    value = True

    def __init__(self, value: bool) -> None:
        self.before = type(self).value
        type(self).value = bool(value)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        type(self).value = self.before


class set_multithreading_enabled(_Switch):  # noqa: N801 - PyTorch's name
    """Whether backward may use a thread for each device. There is one device: it runs in the thread that calls it, either way.

    Args:
        mode: The setting, which is remembered alone.
    """

    def __init__(self, mode: bool) -> None:
        super().__init__(mode)
        self.mode = mode


class enforce_grad_layout_policy(_Switch):  # noqa: N801 - PyTorch's name
    """Whether accumulated gradients get the strides of their parameters. They always do here.

    Args:
        enable: The setting, which is remembered alone.
    """

    def __init__(self, enable: bool = True) -> None:
        super().__init__(enable)
        self.enable = enable


__all__ = ["enable_grad", "enforce_grad_layout_policy", "inference_mode", "no_grad", "set_grad_enabled", "set_multithreading_enabled"]
