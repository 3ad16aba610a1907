"""The memory behind tensors as an object of its own: PyTorch's storages."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor
from workbench.ext.core.lazy import TYPE_CHECKING, np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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
        size: Number of bytes; or the bytes, as a sequence of ints; or a tensor, whose memory it is.

    Raises:
        RuntimeError: `size` is none of these, or negative.

    Example:
        >>> zeros(3).untyped_storage().nbytes()
        12
    """

    def __init__(self, size: int | Tensor | Sequence[int] = 0) -> None:
        if isinstance(size, Tensor):
            self.bytes = core.storage_bytes(size)
        elif isinstance(size, int):
            if size < 0:
                raise RuntimeError(f"UntypedStorage: expected a number of bytes >= 0, got {size}")
            self.bytes = core.make_empty((size,), core.uint8)
        elif isinstance(size, (list, tuple)) and all(isinstance(n, int) for n in size):
            self.bytes = core.from_numpy(np.array(size, np.uint8))
        else:
            raise RuntimeError(f"UntypedStorage: expected a number of bytes, a sequence of them or a tensor, got {type(size).__name__}")

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
        """A byte, or a storage over a part of the same memory."""
        if not isinstance(i, (int, slice)):
            raise TypeError(f"UntypedStorage: expected an int or a slice as index, got {type(i).__name__}")
        if isinstance(i, int):
            return self.bytes[i].item()
        part = UntypedStorage()
        part.bytes = self.bytes[i]
        return part

    def __setitem__(self, i: Any, value: Any) -> None:
        self.bytes[i] = value

    def resize_(self, size: int) -> UntypedStorage:
        """Give the storage another number of bytes; those that it has stay."""
        self.bytes.resize_(size)
        return self

    def fill_(self, value: int) -> UntypedStorage:
        self.bytes.fill_(value)
        return self

    def copy_(self, source: UntypedStorage, non_blocking: bool = False) -> UntypedStorage:
        """Take the bytes of a storage of the same size."""
        self.bytes.copy_(source.bytes)
        return self

    def clone(self) -> UntypedStorage:
        return UntypedStorage(self.bytes.clone())

    def __copy__(self) -> UntypedStorage:
        return self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> UntypedStorage:
        return memo.setdefault(id(self), self.clone())

    def cpu(self) -> UntypedStorage:
        return self

    def is_shared(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and bool(core.same_storage(self.bytes, other.bytes))

    def __hash__(self) -> int:
        return hash(self.data_ptr())

    def __repr__(self) -> str:
        lines = "".join(f" {n}\n" for n in self.tolist())
        return f"{lines}[torch.storage.UntypedStorage(device=cpu) of size {self.nbytes()}]"


class TypedStorage:
    """A block of memory, counted in elements of one dtype.

    Args:
        size: Number of elements, or the elements themselves.
        wrap_storage: The memory, if there is one already.
        dtype: The type of its elements; None means the default dtype.

    Raises:
        TypeError: `size` is neither.

    Example:
        >>> zeros(3).storage().size()
        3
    """

    def __init__(self, size: Any = 0, *, wrap_storage: UntypedStorage | None = None, dtype: Any = None, device: Any = None) -> None:
        self.dtype = core.get_default_dtype() if dtype is None else dtype
        if wrap_storage is not None:
            self._untyped_storage = wrap_storage
        elif isinstance(size, int):
            self._untyped_storage = UntypedStorage(size * self.dtype.itemsize)
        else:
            if isinstance(size, str) or not hasattr(size, "__len__"):
                raise TypeError(f"{type(self).__name__}: expected a number of elements or a sequence of them, got {size!r}")
            self._untyped_storage = UntypedStorage(core.from_numpy(np.array(list(size))).to(self.dtype))

    @property
    def device(self) -> Any:
        return self._untyped_storage.device

    @property
    def is_cuda(self) -> bool:
        return False

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

    def is_shared(self) -> bool:
        return False

    def tolist(self) -> list[Any]:
        return list(self.tensor().tolist())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, i: int) -> Any:
        if isinstance(i, slice):
            raise RuntimeError("TypedStorage: expected an int as index, got a slice; take one of untyped()")
        if not isinstance(i, int):
            raise RuntimeError(f"TypedStorage: expected an int as index, got {type(i).__name__}")
        return self.tensor()[i].item()

    def __setitem__(self, i: Any, value: Any) -> None:
        self.tensor()[i] = value

    def fill_(self, value: Any) -> TypedStorage:
        self.tensor().fill_(value)
        return self

    def copy_(self, source: TypedStorage, non_blocking: bool = False) -> TypedStorage:
        """Take the elements of a storage of the same size, which may be of another dtype."""
        self.tensor().copy_(source.tensor())
        return self

    def clone(self) -> TypedStorage:
        return TypedStorage(wrap_storage=self._untyped_storage.clone(), dtype=self.dtype)

    def __copy__(self) -> TypedStorage:
        return self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> TypedStorage:
        return memo.setdefault(id(self), self.clone())

    def __reduce__(self) -> tuple[Any, ...]:
        return _stored, (self.tensor().clone(),)

    def _to(self, dtype: Any) -> TypedStorage:
        return self if dtype is self.dtype else self.tensor().to(dtype).storage()

    def __repr__(self) -> str:
        lines = "".join(f" {v}\n" for v in self.tolist())
        return f"{lines}[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size {self.size()}]"


def _stored(elements: Tensor) -> TypedStorage:
    return TypedStorage(wrap_storage=UntypedStorage(elements), dtype=elements.dtype)


def _conversion(name: str, dtype: Any) -> Any:
    def convert(self: TypedStorage) -> TypedStorage:
        return self._to(dtype)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"The elements as {dtype}."
    return convert


for _kind, _dtype in NAMES.items():
    _short = _kind.removesuffix("Storage").lower().replace("complex", "complex_")
    setattr(TypedStorage, _short, _conversion(_short, _dtype))


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
