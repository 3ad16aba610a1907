"""`torch._utils`: tensors put into one and taken apart again, how a saved tensor is made again, and questions about devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from traceback import format_exception
from typing import Any

from workbench.ext.core import _core as core

from ...nn.parameter import Parameter
from ...ops.stacking import cat


class ExceptionWrapper:
    """An exception with its traceback as text, which goes from one process to another.

    Args:
        exc_info: The exception as `sys.exc_info()` gives it.
        where: Where it was raised, for the message.
    """

    def __init__(self, exc_info: Any, where: str = "in background") -> None:
        self.exc_type, self.where = exc_info[0], where
        self.exc_msg = "".join(format_exception(*exc_info))

    def reraise(self) -> None:
        """Raise it here."""
        raise self.exc_type(f"caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}")


def _flatten_dense_tensors(tensors: Iterable[Any]) -> Any:
    """The elements of all tensors as one vector."""
    return cat([t.reshape(-1) for t in tensors])


def _unflatten_dense_tensors(flat: Any, tensors: Iterable[Any]) -> tuple[Any, ...]:
    """Views of a vector, of the shapes of `tensors`."""
    tensors = list(tensors)
    return tuple(part.view(t.shape) for part, t in zip(flat.split([t.numel() for t in tensors]), tensors, strict=True))


def _take_tensors(tensors: Iterable[Any], size_limit: int) -> Iterator[list[Any]]:
    """Tensors in groups of one dtype that hold at most about `size_limit` bytes, a larger tensor in a group of its own."""
    groups: dict[Any, tuple[list[Any], int]] = {}
    for t in tensors:
        size = t.numel() * t.element_size()
        group, held = groups.get(t.dtype, ([], 0))
        if group and held + size > size_limit:
            yield group
            group, held = [], 0
        groups[t.dtype] = [*group, t], held + size
    yield from (group for group, _ in groups.values() if group)


def _element_size(dtype: Any) -> int:
    """Bytes of one element."""
    return int(dtype.itemsize)


def _rebuild_tensor_v2(
    storage: Any, storage_offset: int, size: Any, stride: Any, requires_grad: bool, backward_hooks: Any, metadata: Any = None
) -> Any:
    """The tensor that a storage, an offset, a shape and strides describe."""
    return core.make_empty((0,), storage.dtype, None).set_(storage, storage_offset, size, stride).requires_grad_(requires_grad)


def _rebuild_parameter(data: Any, requires_grad: bool, backward_hooks: Any) -> Parameter:
    """The parameter with these elements."""
    return Parameter(data, requires_grad)


def _get_available_device_type() -> None:
    """None: there is no device beside the CPU."""


def _get_all_device_indices() -> list[int]:
    """None: there is no device beside the CPU."""
    return []


def _get_device_module(device_type: str) -> Any:
    """The module of a device's functions."""
    return import_module(f"torch.{device_type}")


def _get_device_index(device: Any, optional: bool = False, allow_cpu: bool = False) -> int:
    """The number of a device; -1 for the CPU where that is allowed.

    Raises:
        ValueError: It is the CPU, or has no number.
    """
    if isinstance(device, int):
        return device
    device = core.device(device) if isinstance(device, str) else device
    kind = getattr(device, "type", None)
    if kind == "cpu" and allow_cpu:
        return -1 if device.index is None else device.index
    index = getattr(device, "index", None)
    if index is None or kind == "cpu":
        raise ValueError(f"_get_device_index: expected a device with a number, got {device}")
    return int(index)
