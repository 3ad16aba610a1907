"""The random states of devices other than the CPU, which a checkpoint would put back: there are none."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core

Tensor = _core.Tensor


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The devices of tensors other than the CPU, and their random states: none here."""
    return [], []


def set_device_states(devices: list[int], states: list[Tensor], *, device_type: str | None = None) -> None:
    """Accepted for PyTorch's sake: the one random state is the CPU's."""


class DefaultDeviceType:
    """The kind of device whose random state is put back beside the CPU's; it is only remembered, as there is no other state here."""

    _kind = "cuda"

    @staticmethod
    def set_device_type(device: str = "cuda") -> None:
        """Remember it."""
        DefaultDeviceType._kind = device

    @staticmethod
    def get_device_type() -> str:
        """What was remembered, "cuda" at first."""
        return DefaultDeviceType._kind
