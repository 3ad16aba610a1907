"""PyTorch's file: a zip archive, uncompressed, of one pickle and the bytes of each storage, which begin at multiples of 64."""

from __future__ import annotations

import struct
import sys
import zipfile
from collections.abc import Callable, Iterable
from hashlib import sha1
from io import BytesIO
from pickle import UnpicklingError
from typing import Any, BinaryIO

import numpy as np

from workbench.ext.core import _core as core

from ..storage import UntypedStorage
from .pickling import Pickler, Unpickler

ALIGNMENT = 64
_HEADER = 30  # bytes of a local file header before its name
_ZIP64 = 20  # bytes that zipfile adds to the header of a large entry


def write(file: Any, obj: Any, name: str, protocol: int) -> None:
    """Write `obj` as an archive.

    Args:
        file: A path or a binary file.
        obj: What to save.
        name: The folder inside the archive.
        protocol: Of the pickle.
    """
    pickled = BytesIO()
    pickler = Pickler(pickled, protocol)
    pickler.dump(obj)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        digest = sha1(pickled.getbuffer(), usedforsecurity=False)

        def add(entry: str, data: Any) -> None:
            info = zipfile.ZipInfo(f"{name}/{entry}")
            room = archive.start_dir + _HEADER + len(info.filename.encode()) + 4
            room += _ZIP64 if len(data) * 1.05 > zipfile.ZIP64_LIMIT else 0
            fill = -room % ALIGNMENT
            info.extra = b"FB" + struct.pack("<H", fill) + b"Z" * fill
            archive.writestr(info, data)

        add("data.pkl", pickled.getbuffer())
        add(".format_version", b"1")
        add(".storage_alignment", str(ALIGNMENT).encode())
        add("byteorder", sys.byteorder.encode())
        for key, storage in enumerate(pickler.storages):
            data = memoryview(storage.bytes.numpy())
            digest.update(data[: 1 << 16])
            add(f"data/{key}", data)
        add("version", b"3\n")
        add(".data/serialization_id", str(int.from_bytes(digest.digest(), "big"))[:40].zfill(40).encode())


class Archive:
    """An archive that is read.

    Args:
        file: A binary file that can seek.
        path: Its path, where it has one: for `mmap`.

    Raises:
        RuntimeError: It is cut short or damaged, or holds something other than a saved object.
    """

    def __init__(self, file: BinaryIO, path: str | None) -> None:
        self.path = path
        try:
            self.zip = zipfile.ZipFile(file)
        except zipfile.BadZipFile as e:
            raise RuntimeError(f"load: expected a whole file, got one that is cut short or damaged ({e}); copy or save it again") from e
        entries = self.zip.namelist()
        found = [n for n in entries if n.endswith("/data.pkl") and n.count("/") == 1]
        if not found:
            raise RuntimeError(f"load: expected a file that torch.save wrote, got a zip archive of {', '.join(entries[:3])}, ...")
        self.root = found[0].removesuffix("data.pkl")
        if f"{self.root}constants.pkl" in entries:
            raise RuntimeError(
                "load: expected a state dictionary, got a TorchScript archive; in PyTorch, torch.jit.load it and save its state_dict()"
            )
        order = self._entry("byteorder") if f"{self.root}byteorder" in entries else b"little"
        self.swap = order.decode() != sys.byteorder

    def _entry(self, name: str) -> bytes:
        try:
            return self.zip.read(self.root + name)
        except (KeyError, zipfile.BadZipFile, EOFError) as e:
            raise _damaged(name, e) from e

    def pickle(self) -> BytesIO:
        return BytesIO(self._entry("data.pkl"))

    def read(self, key: str, n_bytes: int) -> UntypedStorage:
        """The bytes of a storage in memory of their own."""
        name = f"data/{key}"
        try:
            info = self.zip.getinfo(self.root + name)
            _check_size(name, info.file_size, n_bytes)
            storage = UntypedStorage(n_bytes)
            view = memoryview(storage.bytes.numpy())
            with self.zip.open(info) as source:
                at = 0
                while at < n_bytes:
                    got = source.readinto(view[at:])  # type: ignore[attr-defined]
                    if not got:
                        raise EOFError(f"{at} of {n_bytes} bytes")
                    at += got
                source.read(1)  # the checksum is compared at the end
        except (KeyError, zipfile.BadZipFile, EOFError) as e:
            raise _damaged(name, e) from e
        return storage

    def map(self, key: str, n_bytes: int) -> UntypedStorage:
        """The bytes of a storage in the file itself, read when they are used; what is written to them stays in memory."""
        name = f"data/{key}"
        try:
            info = self.zip.getinfo(self.root + name)
        except KeyError as e:
            raise _damaged(name, e) from e
        _check_size(name, info.file_size, n_bytes)
        if info.compress_type != zipfile.ZIP_STORED:
            raise RuntimeError("load: expected an uncompressed archive for mmap=True, got a compressed one; use mmap=False")
        return UntypedStorage(mapped(self.path, self._offset(info), n_bytes))

    def _offset(self, info: zipfile.ZipInfo) -> int:
        """Where an entry's bytes begin in the file."""
        file: Any = self.zip.fp
        file.seek(info.header_offset)
        head = file.read(_HEADER)
        name, extra = struct.unpack("<HH", head[26:30])
        return int(info.header_offset) + _HEADER + int(name) + int(extra)


def mapped(path: str | None, offset: int, n_bytes: int) -> Any:
    """A uint8 tensor over part of a file."""
    if path is None:
        raise RuntimeError("load: expected a path for mmap=True, got a file object; give the path, or use mmap=False")
    if not n_bytes:
        return core.make_empty((0,), core.uint8)
    return core.from_numpy(np.memmap(path, np.uint8, "c", offset, (n_bytes,)).view(np.ndarray))


def _damaged(name: str, why: Exception) -> RuntimeError:
    return RuntimeError(f"load: expected a whole file, got one whose entry {name} is missing or damaged ({why}); copy or save it again")


def _check_size(name: str, got: int, wanted: int) -> None:
    if type(wanted) is not int or got != wanted:
        raise RuntimeError(f"load: expected {wanted} bytes in {name}, got {got}; the file is damaged")


def read(archive: Archive, restore: Callable[[UntypedStorage, str], UntypedStorage], mmap: bool, encoding: str) -> Any:
    """The object in an archive.

    Args:
        archive: The open archive.
        restore: Puts a storage where it belongs, given the place that the file names.
        mmap: Leave the bytes in the file until they are used.
        encoding: Of strings that Python 2 wrote.
    """
    storages: dict[str, UntypedStorage] = {}

    def load_storage(dtype: Any, key: str, location: str, n_bytes: int, *more: Any) -> UntypedStorage:
        if key not in storages:
            storage = archive.map(key, n_bytes) if mmap and not archive.swap else archive.read(key, n_bytes)
            if archive.swap and dtype is not None and dtype.itemsize > 1:
                part = dtype.itemsize // (2 if dtype.is_complex else 1)
                storage.bytes.numpy().view(f"u{part}").byteswap(inplace=True)
            storages[key] = restore(storage, location)
        return storages[key]

    return Unpickler(archive.pickle(), load_storage, encoding).load()


def names_in(pickled: bytes) -> Iterable[str]:
    """All names that a pickle mentions, as "module.name"."""
    import pickletools

    strings: list[str] = []
    try:
        for code, argument, _ in pickletools.genops(pickled):
            if code.name == "GLOBAL":
                yield str(argument).replace(" ", ".", 1)
            elif code.name == "STACK_GLOBAL":
                yield ".".join(strings[-2:])
            elif isinstance(argument, str):
                strings.append(argument)
    except ValueError as e:
        raise UnpicklingError(f"load: expected a pickle, got something else ({e}); the file is damaged") from e
