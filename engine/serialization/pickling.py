"""Pickles of state dictionaries: written under PyTorch's names, read by an unpickler that reaches nothing else.

Python's own classes are used in their Python form, where single steps can be replaced: what a pickle calls, builds or changes is
checked, not only what it names.
"""

from __future__ import annotations

import pickle
import re
from collections import OrderedDict
from pickle import UnpicklingError
from typing import Any, ClassVar

import numpy as np

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ..storage import TypedStorage, UntypedStorage
from . import names
from .names import STORAGE_OF, StorageType

_PATHS = {id(t): tuple(full.rsplit(".", 1)) for full, t in names.SAFE.items() if re.match(r"torch\.(?!storage\.)", full)}


def is_plain(kind: type) -> bool:
    """Whether instances of a subclass of Tensor are saved as what they are in PyTorch: tensors."""
    return kind is Tensor or kind.__module__ == "workbench.engine.nn.parameter"


class Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    """Writes objects as PyTorch does. The bytes of the storages are left to the caller: `storages` lists them by key.

    Args:
        file: Gets the pickle.
        protocol: Of the pickle; PyTorch reads 2 everywhere.
    """

    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def __init__(self, file: Any, protocol: int = 2) -> None:
        super().__init__(file, protocol)
        self.storages: list[UntypedStorage] = []
        self._keys: dict[int, int] = {}
        self._dtypes: dict[int, Any] = {}

    def save_global(self, obj: Any, name: str | None = None) -> None:
        path = _PATHS.get(id(obj))
        if path is None and isinstance(obj, type) and issubclass(obj, Tensor) and is_plain(obj):
            path = ("torch", "Tensor") if obj.__name__ != "Parameter" else ("torch.nn.parameter", "Parameter")
        if path is None:
            super().save_global(obj, name)
            return
        self.write(pickle.GLOBAL + path[0].encode() + b"\n" + path[1].encode() + b"\n")
        self.memoize(obj)

    dispatch[type(len)] = dispatch[type(is_plain)] = save_global

    def persistent_id(self, obj: Any) -> Any:
        """Storages are named by number; their bytes stand elsewhere."""
        if isinstance(obj, UntypedStorage):
            dtype = None
        elif isinstance(obj, TypedStorage):
            obj, dtype = obj.untyped(), obj.dtype
        else:
            return None
        key = self._keys.get(obj.data_ptr())
        if key is None:
            key = self._keys[obj.data_ptr()] = len(self.storages)
            self.storages.append(obj)  # kept alive, so that no other storage takes its address
        if dtype is not None and self._dtypes.setdefault(key, dtype) != dtype:
            raise RuntimeError(
                f"save: expected tensors that share memory to be of one dtype, got {self._dtypes[key]} and {dtype}; clone one of them"
            )
        return "storage", STORAGE_OF[dtype], str(key), "cpu", obj.nbytes() // (1 if dtype is None else dtype.itemsize)

    def reducer_override(self, obj: Any) -> Any:
        """How tensors and their descriptions are said."""
        if isinstance(obj, Tensor):
            return _reduce_tensor(obj)
        if isinstance(obj, core.Size):
            return core.Size, (tuple(obj),)
        if isinstance(obj, core.device):
            return core.device, (obj.type,) if obj.index is None else (obj.type, obj.index)
        if isinstance(obj, (core.dtype, StorageType)):
            return obj.name
        if obj is core.STRIDED:
            return names.get_layout, ("torch.strided",)
        return NotImplemented


def _reduce_tensor(t: Tensor) -> Any:
    kind = type(t)
    state = dict(t.__dict__)
    whole = (t.storage(), t.storage_offset(), tuple(t.shape), tuple(t.stride()), bool(t.requires_grad), OrderedDict())
    if kind is names.parameter_type():
        data = t.detach()
        rest = (data, bool(t.requires_grad), OrderedDict())
        return (names.rebuild_parameter_with_state, (*rest, state)) if state else (names.rebuild_parameter, rest)
    if is_plain(kind) and not state:
        return names.rebuild_tensor, whole
    return names.rebuild_from_type, (names.rebuild_tensor, Tensor if is_plain(kind) else kind, whole, state)


class Unpickler(pickle._Unpickler):  # type: ignore[name-defined,misc]
    """Reads a pickle without running anything but the functions in `names`.

    Args:
        file: Where the pickle begins.
        load_storage: `f(dtype, key, location, n_bytes, *more)` that gives an UntypedStorage.
        encoding: Of strings that Python 2 wrote.
    """

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]

    def __init__(self, file: Any, load_storage: Any, encoding: str = "utf-8") -> None:
        super().__init__(file, encoding=encoding)
        self._load_storage = load_storage

    def find_class(self, module: str, name: str) -> Any:
        return names.find(module, name)

    def persistent_load(self, pid: Any) -> UntypedStorage | TypedStorage:
        """The storage that a persistent id means."""
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or not isinstance(pid[1], StorageType):
            what = f"{pid[0]!r}" if isinstance(pid, tuple) and pid else repr(pid)
            raise UnpicklingError(f"load: expected references to storages, got one to {what}; save model.state_dict()")
        _, kind, key, location, numel, *more = pid
        n_bytes = numel * (1 if kind.dtype is None else kind.dtype.itemsize)
        storage = self._load_storage(kind.dtype, str(key), location, n_bytes, *more)
        return storage if kind.dtype is None else TypedStorage(wrap_storage=storage, dtype=kind.dtype)

    def load_build(self) -> None:
        """Give an object its state: only to those that are safe to change."""
        state, inst = self.stack[-1], self.stack[-2]
        if type(inst) is OrderedDict or (isinstance(inst, Tensor) and isinstance(state, (dict, tuple))):
            self.stack.pop()
            for part in state if isinstance(state, tuple) else (state,):
                if part:
                    inst.__dict__.update(part)
        elif type(inst) is np.ndarray:
            self.stack.pop()
            _fill_array(inst, state)
        elif isinstance(inst, np.dtype):
            self.stack.pop()
            if state[1] in ("<", ">"):  # a dtype cannot be changed, so another takes its place
                self.stack[-1] = inst.newbyteorder(state[1])
                self.memo.update({key: self.stack[-1] for key, held in self.memo.items() if held is inst})
        elif names.is_added(type(inst)):
            pickle._Unpickler.load_build(self)  # type: ignore[attr-defined]
        else:
            raise UnpicklingError(f"load: expected a state for a tensor or an array, got one for {type(inst).__name__}")

    def load_reduce(self) -> None:
        """Call a function: one that `find_class` gave."""
        func = self.stack[-2]
        if not (func in _CALLABLE or names.is_added(func) or func is names.parameter_type()):
            raise UnpicklingError(f"load: expected a function that rebuilds data, got {func!r}; the file is not plain data")
        pickle._Unpickler.load_reduce(self)  # type: ignore[attr-defined]

    def load_newobj(self) -> None:
        """Make an object of a class that the user admitted, or a parameter."""
        cls = self.stack[-2]
        if not (cls is OrderedDict or names.is_added(cls) or cls is names.parameter_type()):
            raise UnpicklingError(f"load: expected an object of an admitted class, got {cls!r}; use torch.serialization.add_safe_globals")
        pickle._Unpickler.load_newobj(self)  # type: ignore[attr-defined]

    def refuse(self) -> None:
        """Steps that no state dictionary needs."""
        raise UnpicklingError("load: expected plain data, got a step of the pickle that could run code; nothing of it was run")

    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_newobj
    for _code in (pickle.INST, pickle.OBJ, pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.NEWOBJ_EX, pickle.NEXT_BUFFER, pickle.PERSID):
        dispatch[_code[0]] = refuse


class _Callable(list[Any]):
    """The functions in `names`, compared by identity."""

    def __contains__(self, thing: Any) -> bool:
        return any(thing is known for known in self)


_CALLABLE = _Callable(t for t in names.SAFE.values() if callable(t))


def _fill_array(array: np.ndarray, state: Any) -> None:
    """`ndarray.__setstate__` for arrays of numbers."""
    if not (isinstance(state, tuple) and len(state) == 5):
        raise UnpicklingError("load: expected the state of an array, got something else; the file is damaged")
    version, shape, dtype, fortran, data = state
    data = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(data, (bytes, bytearray)):
        raise expected("load", "an array of numbers", str(dtype), "save arrays of numbers", UnpicklingError)
    try:
        array.__setstate__((version, shape, dtype, fortran, bytes(data)))
    except (TypeError, ValueError) as e:
        raise UnpicklingError(f"load: expected as many bytes as the array of shape {shape} has, got {len(data)} ({e})") from None
