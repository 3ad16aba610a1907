"""The classes of tensors by dtype from PyTorch's beginnings: `torch.FloatTensor(2, 3)`, `isinstance(x, torch.LongTensor)`."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ... import storage as _storage
from ...ops.data import tensor


class TensorType(type):
    """The class of such a class: instances are all tensors of its dtype."""

    dtype: Any
    layout = core.STRIDED
    is_cuda = False

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype

    def __call__(cls, *args: Any, device: Any = None) -> Tensor:
        """A tensor of uninitialised memory for sizes, or of data for a sequence."""
        if len(args) == 1 and isinstance(args[0], Tensor):
            if args[0].dtype is not cls.dtype:
                raise TypeError(f"{cls.__name__}: expected a tensor of {cls.dtype}, got one of {args[0].dtype}; use to()")
            return args[0].detach()
        if len(args) == 1 and not isinstance(args[0], (int, core.Size)):
            if not hasattr(args[0], "__len__") and not isinstance(args[0], _storage.TypedStorage):
                raise TypeError(f"{cls.__name__}: expected sizes or a sequence of numbers, got {args[0]!r}")
            if isinstance(args[0], _storage.TypedStorage):
                return args[0].tensor().to(cls.dtype)
            return tensor(args[0], dtype=cls.dtype, device=device)
        size = args[0] if len(args) == 1 and isinstance(args[0], core.Size) else args or (0,)
        return core.make_empty(tuple(size), cls.dtype, device)


_NAMES = {
    "DoubleTensor": core.float64, "FloatTensor": core.float32, "HalfTensor": core.float16, "BFloat16Tensor": core.bfloat16,
    "LongTensor": core.int64, "IntTensor": core.int32, "ShortTensor": core.int16, "CharTensor": core.int8, "ByteTensor": core.uint8,
    "BoolTensor": core.bool_,
}  # fmt: skip
TYPES: dict[str, Any] = {name: TensorType(name, (), {"dtype": d, "__module__": "torch"}) for name, d in _NAMES.items()}


class StorageType(type):
    """The class of FloatStorage and the like: instances are the storages of its dtype."""

    dtype: Any

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _storage.TypedStorage) and instance.dtype is cls.dtype

    def __call__(cls, *args: Any) -> Any:
        if len(args) > 1:
            raise RuntimeError(f"{cls.__name__}: expected one argument, a size or elements, got {len(args)}")
        return _storage.TypedStorage(*args, dtype=cls.dtype)


STORAGES: dict[str, Any] = {name: StorageType(name, (), {"dtype": d, "__module__": "torch"}) for name, d in _storage.NAMES.items()}
globals().update(TYPES, **STORAGES)
Storage = STORAGES["FloatStorage"]  # of the default dtype
layout = type(core.STRIDED)
__all__ = [*TYPES, *STORAGES, "Storage", "layout"]  # noqa: PLE0604 - the names are made above
