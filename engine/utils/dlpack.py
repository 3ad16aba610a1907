"""Tensors shared with other libraries without a copy, under the names of PyTorch's `torch.utils.dlpack`."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ..ops.data import from_dlpack as _from_object

__all__ = ["from_dlpack", "to_dlpack"]


class _Holder:
    """A capsule as an object that hands it over."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


class _Writable:
    """The memory of an array that NumPy marks as read-only, because a capsule of DLPack's first version cannot say that it is not."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.__array_interface__ = {**array.__array_interface__, "data": (array.ctypes.data, False)}


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor over the memory of another library's, given as an object with `__dlpack__` or as a capsule.

    Args:
        ext_tensor: The object, or the capsule, which can be read once.

    Raises:
        RuntimeError: It is neither, or a capsule that was read, or has a dtype or lies on a device that tensors here have not.

    Example:
        >>> from_dlpack(to_dlpack(ones(2)))
        tensor([1., 1.])
    """
    if hasattr(ext_tensor, "__dlpack__"):
        return _from_object(ext_tensor)
    if type(ext_tensor).__name__ != "PyCapsule":
        raise expected("from_dlpack", "an object with __dlpack__, or a capsule", ext_tensor, error=RuntimeError)
    if '"dltensor"' not in repr(ext_tensor):
        raise expected("from_dlpack", "a capsule that nobody has read", repr(ext_tensor), error=RuntimeError)
    return core.from_numpy(np.asarray(_Writable(np.from_dlpack(_Holder(ext_tensor)))))


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule of DLPack over the memory of `tensor`, to be read once by another library.

    Args:
        tensor: A tensor; what others do to it is not recorded.

    Raises:
        AttributeError: It is nothing that gives its memory away.

    Example:
        >>> x = ones(3)
        >>> from_dlpack(to_dlpack(x)).data_ptr() == x.data_ptr()
        True
    """
    return tensor.detach().__dlpack__()
