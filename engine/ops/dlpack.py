"""Memory shared with other libraries by DLPack."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._help import tensors
from ._space import public
from .errors import expected

Tensor = core.Tensor


class _Holder:
    """A capsule as an object that hands it over."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack__(self, **options):
        return self.capsule

    def __dlpack_device__(self):
        return 1, 0


class _Writable:
    """The memory of an array that NumPy marks as read-only, because a capsule of DLPack's first version cannot say that it is not."""

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = {**array.__array_interface__, "data": (array.ctypes.data, False)}


@public("torch")
def from_dlpack(ext_tensor):
    """A tensor over the memory of another library's, given as an object with `__dlpack__` or as a capsule.

    Args:
        ext_tensor: The object, or the capsule, which can be read once.

    Raises:
        BufferError: It is a tensor that requires a gradient.
        RuntimeError: It is neither, or a capsule that was read, or has a dtype or lies on a device that tensors here have not.

    Example:
        >>> from_dlpack(to_dlpack(ones(2)))
        tensor([1., 1.])
    """
    if hasattr(ext_tensor, "__dlpack__"):
        if not isinstance(ext_tensor, Tensor):
            return core.from_numpy(np.from_dlpack(ext_tensor))
        if ext_tensor.requires_grad:
            raise expected("from_dlpack", "a tensor that does not require grad", ext_tensor, "use .detach()", BufferError)
        return ext_tensor.detach()
    if type(ext_tensor).__name__ != "PyCapsule":
        raise expected("from_dlpack", "an object with __dlpack__, or a capsule", ext_tensor, error=RuntimeError)
    if '"dltensor"' not in repr(ext_tensor):
        raise expected("from_dlpack", "a capsule that nobody has read", repr(ext_tensor), error=RuntimeError)
    return core.from_numpy(np.asarray(_Writable(np.from_dlpack(_Holder(ext_tensor)))))


@public("torch")
def to_dlpack(tensor):
    """A capsule of DLPack over the memory of `tensor`, to be read once by another library.

    Args:
        tensor: A tensor; what others do to it is not recorded.

    Raises:
        TypeError: It is no tensor.

    Example:
        >>> x = ones(3)
        >>> from_dlpack(to_dlpack(x)).data_ptr() == x.data_ptr()
        True
    """
    tensors("to_dlpack", tensor=tensor)
    return tensor.detach().__dlpack__()
