"""The index of a folder of runs: `.index.sqlite`, a copy of what lists ask for. The files of the runs stay the truth.

A row holds the table of one run (`facts.py`) and a stamp: times and sizes of the files it was made of. A list compares all stamps with the
disk and reads again what differs, so a row is never believed longer than its files. Each row has a checksum. Whoever finds the index
damaged, of another version or missing makes it anew and says nothing; where it cannot be opened or written at once (another process
writes, the folder is read-only, the file system has no locks), the list is made without it. It is never waited for.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from .facts import FILES, Entry, read

NAME = ".index.sqlite"
_VERSION = 1  # raised with every change of what a row holds
_PATIENCE_S = 0.05  # for another process's transaction; after that the list goes without
_SETTLED_NS = 2_000_000_000  # a file changed so lately may change again within one tick of its file system's clock
_TABLES = (
    "CREATE TABLE shapes (id INTEGER PRIMARY KEY, shape TEXT)",
    "CREATE TABLE runs (folder TEXT PRIMARY KEY, stamp TEXT, created REAL, shape INTEGER, facts TEXT, crc INTEGER)",
)
_Row = tuple[str, str, float, int, str, int]  # as in the table


def entries(root: Path) -> list[Entry]:
    """The runs below a folder, newest first."""
    out, rows, fresh = [], [], []
    with _locked(root) as lock:
        base, shapes, known, sound = _opened(root, lock)
        names = set()
        for name, stamp, settled in _scan(str(root)):
            names.add(name)
            folder = os.path.join(root, name)  # noqa: PTH118  # ten thousand times: pathlib takes ten times as long
            row = known.get(name)
            if row is not None and row[1] == stamp:
                if row[5] == _checksum(row) and row[3] in shapes:
                    entry = Entry(folder, shapes[row[3]], row[4], row[2])
                    out.append(entry)
                    rows.append((name, stamp, entry))
                    continue
                sound = False
            read_now = read(folder)
            if read_now is not None:
                out.append(read_now)
                if settled:
                    fresh.append((name, stamp, read_now))
        gone = [name for name in known if name not in names]
        if base is not None and (fresh or gone or not sound):
            sound = sound and _store(base, fresh, gone)
            if not sound:
                _close(base)
                base = _opened(root, lock)[0] if _remove(root, lock) else None
                if base is not None:
                    _store(base, [*rows, *fresh], [])
        _close(base)
    out.sort(key=lambda entry: (entry.created_s, entry.folder), reverse=True)
    return out


def rebuild(root: Path) -> tuple[int, bool]:
    """Make the index anew from the files.

    Returns:
        The number of runs, and whether there is an index now: there is none where the folder is read-only or another process holds it.
    """
    with _locked(root) as lock:
        removed = _remove(root, lock)
    found = entries(root)
    return len(found), removed and (root / NAME).is_file()


def _scan(root: str) -> Iterator[tuple[str, str, bool]]:
    """Each run, as `recipe/id`, its stamp, and whether its files have been still for so long that the stamp tells every later change."""
    stat, limit = os.stat, time.time_ns() - _SETTLED_NS
    for recipe in _folders(root):
        for run in _folders(f"{root}/{recipe}"):
            parts, latest = [], 0
            for name in FILES:
                try:
                    about = stat(f"{root}/{recipe}/{run}/{name}")
                except OSError:
                    parts.append("-")
                    continue
                parts.append(f"{about.st_mtime_ns} {about.st_ctime_ns} {about.st_size}")
                latest = max(latest, about.st_ctime_ns)
            if parts[0] != "-":
                yield f"{recipe}/{run}", ";".join(parts), latest < limit


def _folders(path: str) -> list[str]:
    """The folders in a folder; hidden ones are no runs: what is being written, what was deleted."""
    try:
        with os.scandir(path) as found:
            return [entry.name for entry in found if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []


def _opened(root: Path, lock: int | None) -> tuple[sqlite3.Connection | None, dict[int, str], dict[str, _Row], bool]:
    """The index, its shapes, its rows by name and whether it seems sound; None and nothing where it cannot be had at once."""
    found = None if lock is None else _connect(root)
    if found is None and _remove(root, lock):
        found = _connect(root)
    if found is None:
        return None, {}, {}, True
    base, shapes, rows = found
    known = {row[0]: row for row in rows}
    return base, shapes, known, len(known) == len(rows)


def _connect(root: Path) -> tuple[sqlite3.Connection, dict[int, str], list[_Row]] | None:
    """Open the index and read its rows; None where it is damaged or of another version, or cannot be opened."""
    path = root / NAME
    readonly = not os.access(root, os.W_OK)
    if readonly and (not path.is_file() or (root / f"{NAME}-wal").exists()):
        return None
    base = None
    try:
        # what nobody can write is read without locks, which would have to be written
        where = f"file:{quote(str(path.absolute()))}" + ("?immutable=1" if readonly else "")
        base = sqlite3.connect(where, uri=True, timeout=_PATIENCE_S, isolation_level=None)
        if not readonly:
            base.execute("PRAGMA journal_mode=WAL")
            base.execute("PRAGMA synchronous=OFF")  # a power cut may damage it: then it is made anew
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version == 0 and not readonly:
            base.execute("BEGIN IMMEDIATE")
            for table in _TABLES:
                base.execute(table)
            base.execute(f"PRAGMA user_version={_VERSION}")
            base.execute("COMMIT")
            version = _VERSION
        if version == _VERSION:
            shapes = {number: shape for number, shape in base.execute("SELECT * FROM shapes") if number == _number(shape)}
            return base, shapes, base.execute("SELECT * FROM runs").fetchall()
    except (sqlite3.Error, AttributeError):  # AttributeError: a number stands where a text was
        pass
    _close(base)
    return None


def _close(base: sqlite3.Connection | None) -> None:
    if base is not None:
        with contextlib.suppress(sqlite3.Error):
            base.close()


def _store(base: sqlite3.Connection, fresh: list[tuple[str, str, Entry]], gone: list[str]) -> bool:
    """Write rows in one transaction; while another process writes, leave it to the next list.

    Returns:
        False where the index turns out to be damaged.
    """
    shapes, rows = {}, []
    for name, stamp, entry in fresh:
        shape = _number(entry.shape)
        shapes[shape] = entry.shape
        row = (name, stamp, entry.created_s, shape, entry.values, 0)
        rows.append((*row[:5], _checksum(row)))
    try:
        base.execute("BEGIN IMMEDIATE")
        base.executemany("INSERT OR REPLACE INTO shapes VALUES (?, ?)", shapes.items())
        base.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)", rows)
        base.executemany("DELETE FROM runs WHERE folder = ?", [(name,) for name in gone])
        base.execute("COMMIT")
    except sqlite3.Error as error:
        with contextlib.suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        return "locked" in str(error) or "readonly" in str(error)
    return True


def _checksum(row: _Row) -> int:
    return zlib.crc32(repr(row[:5]).encode())


def _number(shape: str) -> int:
    """The number of a shape, which also tells whether it is intact."""
    return int.from_bytes(hashlib.sha256(shape.encode()).digest()[:7], "big")


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[int | None]:
    """A lock on the folder, shared with all who use the index: only who holds it alone removes the files of a damaged one."""
    try:
        lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield None
        return
    try:
        held = True
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            held = False
        yield lock if held else None
    finally:
        os.close(lock)


def _remove(root: Path, lock: int | None) -> bool:
    """Remove the files of the index, if nobody else uses it."""
    if lock is None or not os.access(root, os.W_OK):
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for end in ("", "-wal", "-shm"):
            (root / f"{NAME}{end}").unlink(missing_ok=True)
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
