"""Files that are whole or absent: written beside their place, flushed to the disk, renamed."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


def write_atomic(path: Path, data: bytes | str, durable: bool = True) -> None:
    """Replace `path` by `data`, so that a reader or a crash sees the old content or the new, never a part.

    Args:
        path: File to write.
        data: Content; text is written as UTF-8.
        durable: Wait until the disk has it. False where losing the newest version in a power cut does no harm.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """Replace `path` by `value` as JSON, readable and with a newline at the end."""
    write_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n", durable)


def read_json(path: Path) -> Any:
    """The content of a JSON file; None where there is none or it is no JSON."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def read_object(path: Path) -> dict[str, Any]:
    """The keys and values of a JSON file; none where there is no such file, or it holds something else."""
    value = read_json(path)
    return value if isinstance(value, dict) else {}


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut; a file system that cannot is left alone."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def folder_locked(folder: Path) -> Iterator[None]:
    """Hold a folder while the block runs, against others who do so; the kernel's lock, which dies with its holder.

    Where the folder is missing or its file system has no locks, the block runs without.
    """
    handle = None
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextlib.contextmanager
def folder_beside(place: Path) -> Iterator[Path]:
    """A new folder that becomes `place` when the block ends well and vanishes when it does not.

    A folder that is already at `place` is replaced.
    """
    beside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside
        sync_folder(beside)
        if place.exists():
            old = place.with_name(f".{place.name}.{os.getpid()}.old")
            shutil.rmtree(old, ignore_errors=True)
            place.rename(old)
            beside.rename(place)
            shutil.rmtree(old, ignore_errors=True)
        else:
            beside.rename(place)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    sync_folder(place.parent)


def sha256_file(path: Path) -> str:
    """The sha256 of a file's content, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that a disk, or the user's share of it, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def size_text(n_bytes: float) -> str:
    """A size for people.

    Example:
        >>> size_text(1_234_567)
        '1.2 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000 or unit == "GB":
            break
        n_bytes /= 1000
    return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.1f} {unit}"


def runs_text(count: int) -> str:
    """A number of runs for people.

    Example:
        >>> runs_text(1), runs_text(2_000)
        ('1 run', '2,000 runs')
    """
    return f"{count:,} run{'' if count == 1 else 's'}"
