"""`save` and `load`: PyTorch's files, written and read without it, and without running code from a file."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import IO, Any

from workbench.ext.core import _core as core

from ..errors import expected
from ..storage import TypedStorage, UntypedStorage, is_storage
from . import archive, legacy, safetensors
from .names import SAFE, add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals

__all__ = [
    "DEFAULT_PROTOCOL",
    "TypedStorage",
    "UntypedStorage",
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "is_storage",
    "load",
    "safe_globals",
    "save",
]

DEFAULT_PROTOCOL = 2
_ZIP = b"PK\x03\x04"


def save(
    obj: Any,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: Any = None,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Save an object, usually a state dictionary, in a file that PyTorch's `torch.load` reads too.

    Tensors that share memory share it in the file, where the whole of that memory is written: save `x.clone()` instead of a small view.

    Args:
        obj: Tensors, numbers, strings and containers of these. Whatever pickle takes is written, but `load` reads no more than these.
        f: A path, or a binary file.
        pickle_module: None; the pickle is always written here.
        pickle_protocol: Of the pickle.
        _use_new_zipfile_serialization: True; the legacy format is only read.
        _disable_byteorder_record: Accepted for PyTorch's sake.

    Raises:
        RuntimeError: The folder does not exist, or tensors of different dtypes share memory.
        ValueError: `pickle_module` or the legacy format is asked for.

    Example:
        >>> from io import BytesIO
        >>> file = BytesIO()
        >>> save({"w": tensor([1.0, 2.0])}, file)
        >>> load(BytesIO(file.getvalue()))
        {'w': tensor([1., 2.])}
    """
    import pickle

    if pickle_module not in (None, pickle):
        raise expected("save", "no pickle_module", pickle_module, "leave it out")
    if not _use_new_zipfile_serialization:
        raise expected("save", "the zip format", "the legacy one", "leave it out; every PyTorch since 1.4 reads zip")
    if isinstance(f, (str, os.PathLike)):
        path = Path(f)
        if not path.absolute().parent.is_dir():
            raise expected("save", "a path in a folder that exists", str(path), f"make {path.parent} first", RuntimeError)
        archive.write(path, obj, path.stem or "archive", pickle_protocol)
    elif hasattr(f, "write"):
        archive.write(f, obj, "archive", pickle_protocol)
    else:
        raise expected("save", "a path or a binary file", f, error=AttributeError)


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load what `save` or PyTorch's `torch.save` wrote, in the zip or the legacy format, or a safetensors file.

    No code from the file is run, whatever `weights_only` says: only tensors, numbers, strings, containers, NumPy arrays and what else a
    state dictionary is made of are admitted. `add_safe_globals` admits classes of your own.

    Args:
        f: A path, or a binary file that can seek.
        map_location: Where tensors go that were saved on another device: "cpu", a device, a dictionary from places to places, or
            `f(storage, location)`. The CPU is the only place here.
        pickle_module: None; the pickle is always read here.
        weights_only: Accepted for PyTorch's sake; False raises in the same places as True.
        mmap: Leave the tensors' bytes in the file until they are used. Needs a path.
        pickle_load_args: `encoding`, that of strings which Python 2 wrote.

    Returns:
        What was saved.

    Raises:
        UnpicklingError: The file names something that is not admitted, or is damaged.
        RuntimeError: The file is cut short or damaged, or its tensors belong on a device that is not here.
        EOFError: The file is empty.

    Example:
        >>> from io import BytesIO
        >>> file = BytesIO()
        >>> save([tensor([1, 2]), "text"], file)
        >>> load(BytesIO(file.getvalue()))
        [tensor([1, 2]), 'text']
    """
    import pickle

    if pickle_module not in (None, pickle):
        raise expected("load", "no pickle_module", pickle_module, "leave it out", RuntimeError)
    encoding = pickle_load_args.pop("encoding", "utf-8")
    if pickle_load_args:
        raise expected("load", "no arguments for pickle but encoding", ", ".join(pickle_load_args), error=TypeError)
    if isinstance(f, (str, os.PathLike)):
        with Path(f).open("rb") as file:
            return _load(file, os.fspath(f), map_location, bool(mmap), encoding)
    if mmap:
        raise expected("load", "a path for mmap=True", "a file object", "give the path, or use mmap=False", ValueError)
    if not (hasattr(f, "read") and hasattr(f, "seek") and hasattr(f, "tell")):
        raise expected("load", "a path or a binary file that can seek", f, "read it into a BytesIO first", AttributeError)
    return _load(f, None, map_location, False, encoding)


def _load(file: Any, path: str | None, map_location: Any, mmap: bool, encoding: str) -> Any:
    start = file.tell()
    head = file.read(9)
    file.seek(start)
    if not head:
        raise EOFError(f"load: expected a file that torch.save wrote, got an empty one{f' ({path})' if path else ''}")
    restore = _restorer(map_location)
    if head.startswith(_ZIP):
        if start:
            file = BytesIO(file.read())
        return _plainly(lambda: archive.read(archive.Archive(file, path), restore, mmap, encoding))
    if safetensors.is_safetensors(head):
        return safetensors.read(file, path, mmap)
    if head[:4] == b"ustar" or not head.startswith(b"\x80"):
        raise UnpicklingError(f"load: expected a file that torch.save or safetensors wrote, got one that begins with {head[:4]!r}")
    if mmap:
        raise RuntimeError("load: expected the zip format for mmap=True, got the legacy one; use mmap=False, or save the file again")
    return _plainly(lambda: legacy.read(file, restore, encoding))


def _plainly(read: Callable[[], Any]) -> Any:
    """What damaged bytes do to a pickle machine, said as one class of error."""
    try:
        return read()
    except (EOFError, IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, struct.error) as e:
        raise UnpicklingError(f"load: expected a whole file, got a pickle that is cut short or damaged ({type(e).__name__}: {e})") from e


def _restorer(map_location: Any) -> Callable[[UntypedStorage, str], UntypedStorage]:
    """How a storage goes where `map_location` says."""

    def place(location: Any) -> None:
        kind = core.device(location).type if not isinstance(location, core.device) else location.type
        if kind != "cpu":
            raise RuntimeError(f"load: expected tensors for the cpu, got some for {location}; give map_location='cpu'")

    def restore(storage: UntypedStorage, location: str) -> UntypedStorage:
        where = map_location
        if callable(where) and not isinstance(where, core.device):
            result = where(storage, location)
            if result is not None:
                return result if isinstance(result, UntypedStorage) else result.untyped()
            where = location
        elif isinstance(where, dict):
            where = where.get(location, location)
        elif where is None:
            where = location
        if str(where).split(":")[0] not in ("cpu", "cuda", "meta"):
            raise RuntimeError(f"load: expected tensors for the cpu, got some for {where}; give map_location='cpu'")
        place(where)
        return storage

    return restore


def get_unsafe_globals_in_checkpoint(f: str | os.PathLike[str] | IO[bytes]) -> list[str]:
    """The names in a file that `load` would refuse, unless `add_safe_globals` admits them."""
    if isinstance(f, (str, os.PathLike)):
        with Path(f).open("rb") as file:
            return get_unsafe_globals_in_checkpoint(file)
    known = {*SAFE, "torch.nn.parameter.Parameter"}
    return sorted(set(archive.names_in(archive.Archive(f, None).pickle().getvalue())) - known)  # type: ignore[arg-type]
