"""The journal of a sweep: Optuna's file of JSON lines, safe against a process that is killed anywhere.

Optuna's own locks are files that a killed process leaves behind, and half a line that it leaves would spoil the line after it. Here the
lock is the kernel's, which dies with its holder, and who appends first cuts off what was not written to its end. Optuna's own tools read
the file as well.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend

_TAIL = 1 << 16


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file while the block runs, against other processes and other threads."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Journal(JournalFileBackend):
    """The file behind Optuna's `JournalStorage`.

    Args:
        path: The file; made if it is not there. `<path>.lock` beside it is its lock.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path, self._guard = path, path.with_name(f"{path.name}.lock")

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records; they count once the disk has them."""
        data = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        with locked(self._guard), self._path.open("r+b") as file:
            end = _whole_lines(file)
            file.truncate(end)
            file.seek(end)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _whole_lines(file: Any) -> int:
    """Where the last whole line of a file ends."""
    end = file.seek(0, os.SEEK_END)
    at = end
    while at > 0:
        begin = max(0, at - _TAIL)
        file.seek(begin)
        found = file.read(at - begin).rfind(b"\n")
        if found >= 0:
            return int(begin + found + 1)
        at = begin
    return 0
