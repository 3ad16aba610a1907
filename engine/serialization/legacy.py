"""Files from before PyTorch 1.6: pickles one after the other, then the bytes of the storages."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any, BinaryIO

from ..errors import expected
from ..storage import UntypedStorage
from .pickling import Unpickler

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001


def read(file: BinaryIO, restore: Callable[[UntypedStorage, str], UntypedStorage], encoding: str) -> Any:
    """The object in a legacy file.

    Args:
        file: At the start of the file.
        restore: Puts a storage where it belongs, given the place that the file names.
        encoding: Of strings that Python 2 wrote.

    Raises:
        UnpicklingError: It is no such file.
        RuntimeError: It is cut short.
    """
    storages: dict[str, UntypedStorage] = {}
    sizes: dict[str, int] = {}

    def load_storage(dtype: Any, key: str, location: str, n_bytes: int, view: Any = None, *more: Any) -> UntypedStorage:
        item = 1 if dtype is None else dtype.itemsize
        if key not in storages:
            storages[key] = restore(UntypedStorage(n_bytes), location)
            sizes[key] = item
        if view is not None and (view[1] or view[2] * item != n_bytes):  # written until PyTorch 0.4
            raise expected("load", "whole storages", "a view of one", "load and save the file in PyTorch", UnpicklingError)
        return storages[key]

    def unpickle() -> Any:
        return Unpickler(file, load_storage, encoding).load()

    if unpickle() != MAGIC:
        raise UnpicklingError("load: expected a file that torch.save wrote, got another pickle; load it with pickle, if you trust it")
    version = unpickle()
    if version != PROTOCOL:
        raise UnpicklingError(f"load: expected version {PROTOCOL} of the legacy format, got {version!r}")
    little = unpickle().get("little_endian", True)
    if little != (sys.byteorder == "little"):
        raise expected("load", f"a {sys.byteorder}-endian file", "one of the other byte order", "save it again in PyTorch", UnpicklingError)
    result = unpickle()
    for key in unpickle():
        if key not in storages:
            raise UnpicklingError(f"load: expected the bytes of storages that were named, got {key!r}; the file is damaged")
        _fill(file, key, storages[key], sizes[key])
    return result


def _fill(file: BinaryIO, key: str, storage: UntypedStorage, item: int) -> None:
    head = file.read(8)
    numel = struct.unpack("<q", head)[0] if len(head) == 8 else -1
    if numel * item != storage.nbytes():
        raise RuntimeError(f"load: expected {storage.nbytes() // item} elements in storage {key}, got {numel}; copy or save it again")
    view = memoryview(storage.bytes.numpy())
    at = 0
    while at < len(view):
        got = file.readinto(view[at:])  # type: ignore[attr-defined]
        if not got:
            raise RuntimeError(f"load: expected a whole file, got {at} of the {len(view)} bytes of storage {key}; copy or save it again")
        at += got
