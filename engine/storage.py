"""The memory behind tensors as an object of its own: PyTorch's storages."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor
from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# the storages' names in files, as PyTorch writes them
NAMES = {
    "DoubleStorage": core.float64, "FloatStorage": core.float32, "HalfStorage": core.float16, "BFloat16Storage": core.bfloat16,
    "LongStorage": core.int64, "IntStorage": core.int32, "ShortStorage": core.int16, "CharStorage": core.int8, "ByteStorage": core.uint8,
    "BoolStorage": core.bool_, "ComplexFloatStorage": core.complex64, "ComplexDoubleStorage": core.complex128,
}  # fmt: skip


class UntypedStorage:
    """A block of memory, counted in bytes.

    Args:
        size: Number of bytes; or a tensor, whose memory it is.

    Raises:
        TypeError: `size` is neither an int nor a tensor.

    Example:
        >>> zeros(3).untyped_storage().nbytes()
        12
    """

    def __init__(self, size: int | Tensor = 0) -> None:
        if isinstance(size, Tensor):
            self.bytes = core.storage_bytes(size)
        elif isinstance(size, int):
            self.bytes = core.make_empty((size,), core.uint8)
        else:
            raise TypeError(f"UntypedStorage: expected a number of bytes or a tensor, got {type(size).__name__}")

    @property
    def device(self) -> Any:
        return self.bytes.device

    @property
    def is_cuda(self) -> bool:
        return False

    def nbytes(self) -> int:
        return int(self.bytes.numel())

    size = __len__ = nbytes

    def element_size(self) -> int:
        return 1

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return int(self.bytes.data_ptr())

    @property
    def _cdata(self) -> int:
        return self.data_ptr()

    def tensor(self, dtype: Any) -> Tensor:
        """The whole memory as a 1-d tensor of `dtype`; bytes at the end that fill no element are left out."""
        whole = self.nbytes() // dtype.itemsize * dtype.itemsize
        return (self.bytes if whole == self.nbytes() else self.bytes[:whole]).view(dtype).detach()

    def tolist(self) -> list[int]:
        return list(self.bytes.tolist())

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def __getitem__(self, i: Any) -> Any:
        return self.bytes[i].item() if isinstance(i, int) else UntypedStorage(self.bytes[i].clone())

    def __setitem__(self, i: Any, value: Any) -> None:
        self.bytes[i] = value

    def fill_(self, value: int) -> UntypedStorage:
        self.bytes.fill_(value)
        return self

    def copy_(self, source: UntypedStorage, non_blocking: bool = False) -> UntypedStorage:
        """Take the bytes of a storage of the same size."""
        self.bytes.copy_(source.bytes)
        return self

    def clone(self) -> UntypedStorage:
        return UntypedStorage(self.bytes.clone())

    def cpu(self) -> UntypedStorage:
        return self

    def is_shared(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and bool(core.same_storage(self.bytes, other.bytes))

    def __hash__(self) -> int:
        return hash(self.data_ptr())

    def __repr__(self) -> str:
        return f"[torch.storage.UntypedStorage(device=cpu) of size {self.nbytes()}]"


class TypedStorage:
    """A block of memory, counted in elements of one dtype.

    Args:
        wrap_storage: The memory.
        dtype: The type of its elements.
    """

    def __init__(self, size: int = 0, *, wrap_storage: UntypedStorage | None = None, dtype: Any = None) -> None:
        self.dtype = core.get_default_dtype() if dtype is None else dtype
        self._untyped_storage = UntypedStorage(size * self.dtype.itemsize) if wrap_storage is None else wrap_storage

    @property
    def device(self) -> Any:
        return self._untyped_storage.device

    def untyped(self) -> UntypedStorage:
        return self._untyped_storage

    def tensor(self) -> Tensor:
        """The elements as a 1-d tensor over the same memory."""
        return self._untyped_storage.tensor(self.dtype)

    def nbytes(self) -> int:
        return self._untyped_storage.nbytes()

    def element_size(self) -> int:
        return int(self.dtype.itemsize)

    def size(self) -> int:
        return self.nbytes() // self.element_size()

    __len__ = size

    def data_ptr(self) -> int:
        return self._untyped_storage.data_ptr()

    def tolist(self) -> list[Any]:
        return list(self.tensor().tolist())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, i: int) -> Any:
        return self.tensor()[i].item()

    def __setitem__(self, i: Any, value: Any) -> None:
        self.tensor()[i] = value

    def __repr__(self) -> str:
        return f"[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size {self.size()}]"


def is_storage(obj: object) -> bool:
    """Whether `obj` is a storage."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


def _untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory of this tensor and of everything that shares it."""
    return UntypedStorage(self)


def _typed_storage(self: Tensor) -> TypedStorage:
    """The memory of this tensor as elements of its dtype."""
    return TypedStorage(wrap_storage=UntypedStorage(self), dtype=self.dtype)


_untyped_storage.__name__ = "untyped_storage"
_typed_storage.__name__ = "storage"
core.add_method("untyped_storage", _untyped_storage)
core.add_method("storage", _typed_storage)
