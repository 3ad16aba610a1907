"""Runs in one file that checks itself: `workbench archive`.

An archive is a tar file, compressed with Zstandard (.tar.zst) or gzip (.tar.gz), that other programs unpack, too:

    <recipe>/<id>/...           the files of each run, as they are
    workbench-archive.json      at its end: format, and the size and sha256 of every file

It is written beside its place, read back against its checksums and only then renamed. What lacks its last file was cut short. Restoring
unpacks beside the runs, compares every byte with its checksum, and then moves each run to its place in one step.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import IO, Any

from .deleting import refuse_running, selected
from .errors import UserError
from .files import is_disk_full, runs_text, sha256_file, size_text, sync_folder

FORMAT = 1
_MANIFEST = "workbench-archive.json"
_CHUNK = 1 << 20
_LEVEL = 6  # of Zstandard and gzip
_ENDS = (".tar.zst", ".tar.gz")


def archive_runs(root: Path, names: Sequence[str], where: str | None, to: Path | None) -> int:
    """Pack runs into a verified archive.

    Args:
        root: Folder of the runs.
        names: Runs, as `record.find` takes them.
        where: A query (`query.py`); the runs that it is true of are packed, too.
        to: The file, which ends in .tar.zst or .tar.gz; None: named after the run, in the current folder.

    Returns:
        The exit code.

    Raises:
        UserError: A run is still running or holds what cannot be packed, the file is there already or cannot be written.
    """
    folders = selected(root, names, where, "archive")
    if not folders:
        print(f"none of the runs in {root}/ is one of these")
        return 0
    refuse_running(folders, "archive")
    if to is None:
        one = f"{folders[0].parent.name}-{folders[0].name}" if len(folders) == 1 else f"runs-{time.strftime('%y%m%d-%H%M%S')}"
        to = Path(f"{one}{_ENDS[0]}")
    if not to.name.endswith(_ENDS):
        raise UserError(f"archive: expected a file that ends in {' or '.join(_ENDS)}, got {to}")
    if to.exists():
        raise UserError(f"archive: {to} is there already; choose another with --to FILE")
    beside = to.with_name(f".{to.name}.{os.getpid()}.tmp")
    try:
        files = _pack(beside, to.name, folders)
        if verify(beside, to.name) != files:
            raise UserError(f"archive: {to} differs from what was written to it, so it was not kept; the disk may be failing")
        refuse_running(folders, "archive")
        beside.rename(to)
        sync_folder(to.parent)
    except OSError as error:
        hint = "; make room and try again" if is_disk_full(error) else ""
        raise UserError(f"archive: cannot write {to} ({error.strerror or error}){hint}") from error
    finally:
        beside.unlink(missing_ok=True)
    n_bytes = sum(about["bytes"] for about in files.values())
    packed = f"{size_text(n_bytes)} in {size_text(to.stat().st_size)}"
    print(f"{to}: {runs_text(len(folders))}, {len(files):,} files, {packed}, verified; workbench archive --restore {to} brings back")
    return 0


def restore(root: Path, path: Path) -> int:
    """Unpack an archive into a folder of runs, verified first.

    Raises:
        UserError: The archive cannot be read, is damaged, or a run of it is there already and differs; then nothing is changed.
    """
    if not path.is_file():
        raise UserError(f"archive: there is no file {path}")
    beside = root / f".restore.{os.getpid()}.tmp"
    try:
        beside.mkdir(parents=True)
        files = verify(path, path.name, beside)
        ids = sorted({"/".join(PurePosixPath(name).parts[:2]) for name in files})
        there = [each for each in ids if (root / each).exists()]
        for each in there:
            if not _equal(root / each, {name: about for name, about in files.items() if name.startswith(f"{each}/")}, root):
                raise UserError(f"archive: {root / each} is there already and differs from the run in {path}; nothing was changed")
        for each in ids:
            if each not in there:
                (root / each).parent.mkdir(exist_ok=True)
                (beside / each).rename(root / each)
                sync_folder((root / each).parent)
    except OSError as error:
        hint = "; make room and try again" if is_disk_full(error) else ""
        raise UserError(f"archive: cannot restore {path} to {root}/ ({error.strerror or error}){hint}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    kept = f"; {runs_text(len(there))} {'was' if len(there) == 1 else 'were'} there already, with the same files" if there else ""
    print(f"restored {runs_text(len(ids) - len(there))} to {root}/, {len(files):,} files verified{kept}")
    return 0


def verify(path: Path, name: str, to: Path | None = None) -> dict[str, Any]:
    """The files in an archive, with size and sha256, every one compared with its checksum.

    Args:
        path: The archive.
        name: Its name, which tells how it is compressed.
        to: A folder to unpack to; None only reads.

    Raises:
        UserError: It is no archive, was cut short or is damaged.
        OSError: Nothing can be written to the folder.
    """
    if not name.endswith(_ENDS):
        raise UserError(f"archive: expected a file that ends in {' or '.join(_ENDS)}, got {name}")
    found: dict[str, Any] = {}
    said: Any = None
    for member, data in _members(path, name):
        if said is not None:
            raise UserError(f"archive: {name} goes on behind its list of files, so it was altered")
        if member.name == _MANIFEST:
            said = _manifest(b"".join(data), name)
            continue
        if _is_strange(member) or member.name in found:
            raise UserError(f"archive: {name} holds {member.name!r}, which is no part of a run; nothing was changed")
        if not member.isdir():
            found[member.name] = _take(member, data, to)
        elif to is not None:
            (to / member.name).mkdir(parents=True, exist_ok=True)
    if said is None:
        raise UserError(f"archive: {name} has no {_MANIFEST} at its end, so it was cut short or is no archive of runs")
    wrong = [each for each in {**said, **found} if said.get(each) != found.get(each)]
    if wrong:
        raise UserError(
            f"archive: {name} is damaged: {wrong[0]} does not match its sha256" + (f", nor do {len(wrong) - 1} more" * (len(wrong) > 1))
        )
    return found


def _pack(path: Path, name: str, folders: Sequence[Path]) -> dict[str, Any]:
    """Write an archive and return the files in it."""
    files: dict[str, Any] = {}
    with path.open("xb") as raw:
        with _compressed(raw, name, "wb") as packed, tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for folder in sorted(folders):
                for source in [folder, *sorted(folder.rglob("*"))]:
                    member = f"{folder.parent.name}/{folder.name}/{source.relative_to(folder)}".removesuffix("/.")
                    _add(tar, source, member, files)
            text = json.dumps({"format": FORMAT, "files": files}, indent=1).encode()
            last = tarfile.TarInfo(_MANIFEST)
            last.size, last.mtime = len(text), int(time.time())
            tar.addfile(last, io.BytesIO(text))
        raw.flush()
        os.fsync(raw.fileno())
    return files


def _add(tar: tarfile.TarFile, source: Path, name: str, files: dict[str, Any]) -> None:
    """Add a file as it is, or a folder; a link to a file as the file."""
    if source.is_dir() and not source.is_symlink():
        tar.add(source, name, recursive=False)
        return
    if not source.is_file():
        raise UserError(f"archive: {source} is neither a file nor a folder, and such things are not packed; remove it")
    with source.open("rb") as file:
        about = tarfile.TarInfo(name)
        there = os.fstat(file.fileno())
        about.size, about.mtime, about.mode = there.st_size, there.st_mtime, there.st_mode & 0o777
        reader = _Hashing(file)
        try:
            tar.addfile(about, reader)
        except OSError as error:
            if "unexpected end of data" in str(error):
                raise UserError(
                    f"archive: {source} became shorter while it was packed; try again when nothing writes to the run"
                ) from error
            raise
        files[name] = {"bytes": there.st_size, "sha256": reader.digest.hexdigest()}


class _Hashing:
    """A file that notes the sha256 of what is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _members(path: Path, name: str) -> Iterator[tuple[tarfile.TarInfo, Iterator[bytes]]]:
    """The members of an archive in their order, each with its data, read as a stream to the end of the file."""
    with path.open("rb") as raw, _damage(name), _compressed(raw, name, "rb") as packed:
        with tarfile.open(fileobj=packed, mode="r|") as tar:
            for member in tar:
                yield member, _chunks(tar, member, name)
        while packed.read(_CHUNK):  # to the end: the compression's own checksum is there
            pass


def _chunks(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> Iterator[bytes]:
    with _damage(name):
        file = tar.extractfile(member) if member.isreg() else None
        while file is not None and (chunk := file.read(_CHUNK)):
            yield chunk


@contextlib.contextmanager
def _damage(name: str) -> Iterator[None]:
    """Tell in a sentence what readers of damaged archives raise."""
    import zlib

    unpacking = (_zstd().ZstdError,) if name.endswith(".zst") else (zlib.error,)
    try:
        yield
    except (tarfile.TarError, EOFError, OSError, ValueError, *unpacking) as error:
        raise UserError(f"archive: {name} is damaged or no archive ({error or type(error).__name__})") from error


def _take(member: tarfile.TarInfo, data: Iterator[bytes], to: Path | None) -> dict[str, Any]:
    """Size and sha256 of a member, which is written to a folder where there is one."""
    digest, size = hashlib.sha256(), 0
    with contextlib.ExitStack() as stack:
        file = None
        if to is not None:
            place = to / member.name
            place.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(place.open("xb"))
        for chunk in data:
            digest.update(chunk)
            size += len(chunk)
            if file is not None:
                file.write(chunk)
        if file is not None:
            file.flush()
            os.fchmod(file.fileno(), member.mode & 0o777 | 0o600)
            os.fsync(file.fileno())
            os.utime(file.fileno(), (member.mtime, member.mtime))
    return {"bytes": size, "sha256": digest.hexdigest()}


def _is_strange(member: tarfile.TarInfo) -> bool:
    """Whether a member is what an archive of runs never holds: a link, a device, a name that leads out of the folder."""
    parts = member.name.split("/")
    least = 3 if member.isreg() else 2
    return not (member.isreg() or member.isdir()) or len(parts) < least or any(part in ("", ".", "..") for part in parts) or _hidden(parts)


def _hidden(parts: Sequence[str]) -> bool:
    """Whether it would be no run: hidden folders hold the trash, the index and what is being written."""
    return parts[0].startswith(".") or parts[1].startswith(".")


def _manifest(data: bytes, name: str) -> Any:
    try:
        said = json.loads(data)
        if said["format"] != FORMAT:
            raise UserError(
                f"archive: expected {name} to be of format {FORMAT}, got {said['format']}; another version of workbench wrote it"
            )
        return dict(said["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"archive: the list of files in {name} cannot be read, so it is damaged") from error


def _equal(folder: Path, files: dict[str, Any], root: Path) -> bool:
    """Whether a folder holds just these files."""
    there = [path for path in folder.rglob("*") if not path.is_dir()]
    if {str(path.relative_to(root)) for path in there} != files.keys():
        return False
    return all(sha256_file(path) == files[str(path.relative_to(root))]["sha256"] for path in there)


def _compressed(raw: IO[bytes], name: str, mode: str) -> Any:
    """The stream that packs or unpacks, by the end of the name."""
    if name.endswith(".gz"):
        import gzip

        return gzip.GzipFile(filename="", fileobj=raw, mode=mode, compresslevel=_LEVEL)
    zstd = _zstd()
    if mode == "rb":
        return zstd.ZstdFile(raw, "rb")
    settings = zstd.CompressionParameter
    return zstd.ZstdFile(raw, "wb", options={settings.compression_level: _LEVEL, settings.checksum_flag: 1})


def _zstd() -> Any:
    """The standard library's module, or that which brings it to earlier Pythons."""
    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
