"""What a file may name: the functions and classes that state dictionaries need, under the names that PyTorch writes.

The table is the whole of what a pickle can reach, until `add_safe_globals` admits more.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pickle import UnpicklingError
from typing import Any

import numpy as np

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ..storage import NAMES, TypedStorage, UntypedStorage


class StorageType:
    """What stands in a pickle for the class of a storage: the dtype of its elements, None for bytes."""

    def __init__(self, name: str, dtype: Any) -> None:
        self.name, self.dtype = name, dtype


def rebuild_tensor(
    storage: TypedStorage, storage_offset: int, size: Any, stride: Any, requires_grad: bool, backward_hooks: Any, metadata: Any = None
) -> Tensor:
    """A tensor over a storage.

    Raises:
        UnpicklingError: The geometry reaches out of the storage.
    """
    size, stride = tuple(size), tuple(stride)
    if len(size) != len(stride) or not all(type(n) is int and n >= 0 for n in (storage_offset, *size, *stride)):
        raise UnpicklingError(f"load: expected sizes and strides of 0 or more, got {size} and {stride}; the file is damaged")
    last = storage_offset + sum((n - 1) * k for n, k in zip(size, stride, strict=True))
    if 0 not in size and last >= len(storage):
        raise UnpicklingError(f"load: expected a tensor within the {len(storage)} elements of its storage, got {last}; the file is damaged")
    if 0 in size:
        made = core.make_empty_strided(size, stride, storage.dtype)
    elif storage_offset == 0 and size == (len(storage),) and stride == (1,):
        made = storage.tensor()
    else:
        made = storage.tensor().as_strided(size, stride, storage_offset).detach()
    metadata = metadata or {}
    if metadata.get("conj"):
        made = made.conj()
    if metadata.get("neg"):
        made = -made
    return made.requires_grad_(bool(requires_grad))


def rebuild_tensor_plain(storage: TypedStorage, storage_offset: int, size: Any, stride: Any) -> Tensor:
    """A tensor as the oldest files say it."""
    return rebuild_tensor(storage, storage_offset, size, stride, False, None)


def rebuild_tensor_of_bytes(
    storage: UntypedStorage, storage_offset: int, size: Any, stride: Any, requires_grad: bool, hooks: Any, dtype: Any, metadata: Any = None
) -> Tensor:
    """A tensor over untyped bytes."""
    typed = TypedStorage(wrap_storage=storage, dtype=dtype)
    return rebuild_tensor(typed, storage_offset, size, stride, requires_grad, hooks, metadata)


def rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Tensor:
    """A parameter over the memory of `data`."""
    return parameter_type()(data, requires_grad)


def rebuild_parameter_with_state(data: Tensor, requires_grad: bool, backward_hooks: Any, state: Any) -> Tensor:
    """A parameter with attributes."""
    return _with_state(rebuild_parameter(data, requires_grad, backward_hooks), state)


def rebuild_from_type(func: Callable[..., Tensor], type: Any, args: tuple[Any, ...], state: Any) -> Tensor:
    """A tensor of a subclass, or with attributes."""
    if func not in BY_FUNCTION:
        raise UnpicklingError(f"load: expected a function that rebuilds tensors, got {func!r}")
    made = func(*args)
    if type not in (Tensor, made.__class__):
        made = core.init_tensor(Tensor.__new__(type), made, made.requires_grad)
    return _with_state(made, state)


def _with_state(made: Tensor, state: Any) -> Tensor:
    for part in state if isinstance(state, tuple) else (state,):
        if part:
            made.__dict__.update(part)
    return made


def get_layout(name: str) -> Any:
    """The layout of a tensor; strided is the only one."""
    if name != "torch.strided":
        raise expected("load", "dense tensors (torch.strided)", name, "call .to_dense() before saving", UnpicklingError)
    return core.STRIDED


def parameter_type() -> Any:
    """nn.Parameter, which is above this room."""
    return import_module("workbench.engine.nn.parameter").Parameter


_PLAIN = re.compile(r"[<>|=]?(?:[biufcSU]\d+|\?|[bBhHiIlLqQefdgFD])")


def numpy_dtype(code: Any, align: Any = False, copy: Any = False) -> np.dtype:
    """A dtype of numbers or characters: never one of Python objects."""
    if not isinstance(code, str) or not _PLAIN.fullmatch(code):
        raise expected("load", "a NumPy dtype of numbers", code, "save arrays of numbers", UnpicklingError)
    return np.dtype(code, copy=True)


def numpy_array(subtype: Any, shape: Any, code: Any) -> np.ndarray:
    """An empty array, to be filled by its state."""
    if subtype is not np.ndarray:
        raise expected("load", "a plain numpy.ndarray", subtype, "save np.asarray(x)", UnpicklingError)
    return np.ndarray((0,), "b")


def numpy_scalar(dtype: Any, data: Any) -> Any:
    """A NumPy scalar from its bytes."""
    if isinstance(data, str):
        data = data.encode("latin1")
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(data, bytes) or len(data) != dtype.itemsize:
        raise UnpicklingError("load: expected a NumPy scalar as the bytes of a number, got something else; the file is damaged")
    return np.frombuffer(data, dtype)[0]


def encode(text: str, encoding: str = "latin1") -> bytes:
    """Bytes, as pickle protocol 2 writes them."""
    return text.encode(encoding) if encoding in ("latin1", "utf-8", "ascii") else b""


FUNCTIONS = {
    "torch._utils._rebuild_tensor_v2": rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": rebuild_tensor_of_bytes,
    "torch._utils._rebuild_tensor": rebuild_tensor_plain,
    "torch._utils._rebuild_parameter": rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": rebuild_from_type,
    "torch.serialization._get_layout": get_layout,
}
BY_FUNCTION = {function: name for name, function in FUNCTIONS.items()}
STORAGES = {name: StorageType(name, dtype) for name, dtype in {**NAMES, "UntypedStorage": None}.items()}
STORAGE_OF = {t.dtype: t for t in STORAGES.values()}
DTYPES = {f"torch.{d.name}": d for d in core.DTYPES}
PLAIN_TYPES = (set, frozenset, complex, bytearray, int, float, bool, list, dict, tuple, str)

SAFE: dict[str, Any] = {
    **FUNCTIONS,
    **{f"torch.{name}": t for name, t in STORAGES.items()},
    **{f"torch.storage.{name}": t for name, t in STORAGES.items()},
    **DTYPES,
    "torch.Size": core.Size,
    "torch.device": core.device,
    "torch.Tensor": Tensor,
    "collections.OrderedDict": OrderedDict,
    "collections.defaultdict": defaultdict,
    "collections.Counter": Counter,
    "_codecs.encode": encode,
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": numpy_dtype,
    **{f"numpy.{core_}.multiarray._reconstruct": numpy_array for core_ in ("core", "_core")},
    **{f"numpy.{core_}.multiarray.scalar": numpy_scalar for core_ in ("core", "_core")},
    **{f"{module}.{t.__name__}": t for module in ("builtins", "__builtin__") for t in PLAIN_TYPES},
}  # fmt: skip

_ADDED: dict[str, Any] = {}


def find(module: str, name: str) -> Any:
    """The object that a file may mean by `module.name`.

    Raises:
        UnpicklingError: It is none that state dictionaries need, and was not admitted.
    """
    full = f"{module}.{name}"
    if full in SAFE:
        return SAFE[full]
    if full in _ADDED:
        return _ADDED[full]
    if full in ("torch.nn.parameter.Parameter", "workbench.engine.nn.parameter.Parameter"):
        return parameter_type()
    if module == "workbench.ext.core._core" and name in ("Tensor", "Size", "device"):
        return getattr(core, name)
    if module.split(".")[0] == "torch" and name.startswith("_rebuild"):
        raise UnpicklingError(
            f"load: expected dense tensors in the CPU's memory, got one that {full} rebuilds; "
            "in PyTorch convert it (.to_dense(), .dequantize(), .to('cpu')) and save it again"
        )
    if module == "torch" or module.startswith("torch.storage"):
        raise UnpicklingError(f"load: expected a dtype of {', '.join(core.DTYPE_NAMES)}, got {full}; convert it before saving")
    raise UnpicklingError(
        f"load: expected only what state dictionaries need (tensors, numbers, strings, containers), got {full}; nothing of it was run. "
        "Save model.state_dict() instead of whole objects, or, if you trust the file, admit it with "
        f"torch.serialization.add_safe_globals([{name}])"
    )


def _entries(safe_globals: Any) -> dict[str, Any]:
    found = {}
    for entry in safe_globals:
        if isinstance(entry, tuple):
            thing, full = entry
        else:
            thing, full = entry, f"{getattr(entry, '__module__', None)}.{getattr(entry, '__qualname__', None)}"
        if not callable(thing) or not isinstance(full, str):
            raise expected("add_safe_globals", "classes, functions, or pairs of one and its name", entry, error=TypeError)
        found[full] = thing
    return found


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let files name these classes and functions: `load` will then call them with whatever a file says.

    Args:
        safe_globals: Classes or functions, or pairs (class, "full.name.in.the.file").
    """
    _ADDED.update(_entries(safe_globals))


def clear_safe_globals() -> None:
    """Take back all that `add_safe_globals` admitted."""
    _ADDED.clear()


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` admitted."""
    return list(_ADDED.values())


def is_added(thing: Any) -> bool:
    """Whether the user admitted `thing`."""
    return any(thing is added for added in _ADDED.values())


@contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """Admit classes and functions within a block."""
    before = dict(_ADDED)
    _ADDED.update(_entries(safe_globals))
    try:
        yield
    finally:
        _ADDED.clear()
        _ADDED.update(before)
