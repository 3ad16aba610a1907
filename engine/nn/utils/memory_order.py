"""Set the memory order of the weights of convolutions."""

from __future__ import annotations

from typing import Any, TypeVar

from ..module import Module

T = TypeVar("T", bound=Module)


def convert_conv2d_weight_memory_format(module: T, memory_format: Any) -> T:
    """Give the weights of all two-dimensional convolutions below a module a memory order; the numbers stay as they are.

    Args:
        module: The module.
        memory_format: channels_last or contiguous_format.

    Returns:
        `module`.
    """
    for layer in module.modules():
        if type(layer).__name__ in ("Conv2d", "ConvTranspose2d"):
            layer.weight.data = layer.weight.detach().contiguous(memory_format=memory_format)
    return module


def convert_conv3d_weight_memory_format(module: T, memory_format: Any) -> T:
    """Accepted for PyTorch's sake: volumes have one memory order here, so the weights stay as they are.

    Args:
        module: The module.
        memory_format: channels_last_3d or contiguous_format.

    Returns:
        `module`.
    """
    return module
