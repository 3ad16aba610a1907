"""A run in progress, watched from another shell: `workbench tail`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from .files import read_object
from .metrics import Follower, Row
from .record import status
from .showing import one

_POLL_S = 0.5


def tail_run(root: Path, name: str, lines: int, every_s: float, metrics: bool = True) -> int:
    """Print what a run says and measures, until it ends.

    Args:
        root: Folder of the runs.
        name: The run, as `record.find` takes it.
        lines: How many lines of its log to begin with.
        every_s: Seconds between two rows of metrics; of the rows between, the newest is shown.
        metrics: Whether metrics are shown at all.

    Returns:
        The exit code: 0 when the run has ended, 130 after Ctrl-C.

    Raises:
        UserError: There is no such run.
    """
    folder = one(root, name, "tail").path
    try:
        for line in follow(folder, lines, every_s, metrics):
            print(line, flush=True)
    except KeyboardInterrupt:
        return 130
    return 0


def follow(folder: Path, lines: int, every_s: float, metrics: bool = True) -> Iterator[str]:
    """The lines of `tail_run`; the last one says how the run ended."""
    log, follower = _Log(folder / "log.txt", lines), Follower(folder / "metrics.bin")
    shown_at, newest, shown = -every_s, None, None
    while True:
        now = status(read_object(folder / "run.json"))  # asked before the files are read: what was written until it ended is in them
        yield from log.new()
        if metrics:
            newest = _last(follower, newest)
            if newest is not None and newest is not shown and (time.monotonic() - shown_at >= every_s or now != "running"):
                shown_at, shown = time.monotonic(), newest
                yield _text(newest)
        if now != "running":
            yield f"run {folder.name} is {now}"
            return
        time.sleep(min(_POLL_S, every_s))


class _Log:
    """The lines of a text that grows; a line counts when it is whole."""

    def __init__(self, path: Path, lines: int) -> None:
        self._path, self._first, self._at = path, lines, 0

    def new(self) -> list[str]:
        """The lines since the last call; at the first, the last few."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                data = file.read()
        except OSError:
            return []
        began, end = self._at == 0, data.rfind(b"\n") + 1
        self._at += end
        lines = data[:end].decode(errors="replace").splitlines()
        return lines[max(0, len(lines) - self._first) :] if began else lines


def _last(follower: Follower, newest: Row | None) -> Row | None:
    """The newest row of scalars."""
    if follower.path.is_file():
        for row in follower.rows():
            newest = row
    return newest


def _text(row: Row) -> str:
    values = "  ".join(f"{name} {float(value):.6g}" for name, value in row.values.items())
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(row.time_s))}  step {row.step:,}  {values}"
