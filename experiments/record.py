"""The folder of a run, `runs/<recipe>/<id>/`: plain files, complete in itself, movable.

    run.json         this module's: schema, id, recipe, status, times, seeds, process, heartbeat, resumptions
    config.yaml      the resolved configuration
    provenance/      see provenance.py
    metrics.bin      every scalar with its bits (metrics.py)
    events.out.tfevents.*   the same for TensorBoard, with images, histograms and the graph (events.py)
    checkpoints/     see checkpoint.py
    log.txt          what was said
    result.json      final metrics, sha256 of the parameters

The folder is the only contract with whatever reads runs. A field is never renamed or given another meaning within a schema number.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import UserError, did_you_mean
from .files import read_json, write_atomic, write_json

SCHEMA = 1
HEARTBEAT_S = 10.0
LOST_AFTER_S = 60.0
STATUSES = ("running", "finished", "failed", "interrupted", "pruned")


class Record:
    """The record of one run, written by the process that trains.

    Args:
        folder: The run's folder.
        about: Content of `run.json`.
    """

    def __init__(self, folder: Path, about: dict[str, Any]) -> None:
        self.folder, self.about = folder, about
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def create(
        cls, root: Path, recipe: str, config_yaml: str, seed: int, parent: str | None = None, folder: Path | None = None, **fields: Any
    ) -> Record:
        """Make the folder of a new run, with its configuration and status "running"; `fields` are added to `run.json`."""
        if folder is None:
            folder = new_folder(root / recipe)
        else:
            folder.mkdir(parents=True)
        write_atomic(folder / "config.yaml", config_yaml)
        (folder / "checkpoints").mkdir()
        about = {
            "schema": SCHEMA,
            "id": folder.name,
            "recipe": recipe,
            "status": "running",
            "parent": parent,
            "seed": seed,
            "created_s": time.time(),
            "ended_s": None,
            "step": 0,
            "total_steps": None,
            "parameters": None,
            "resumed": [],
            "error": None,
            **fields,
        }
        record = cls(folder, about)
        record._begin()
        return record

    @classmethod
    def reopen(cls, folder: Path, from_step: int) -> Record:
        """Take up a run that stopped, to go on from a step."""
        about = read_json(folder / "run.json")
        about["resumed"] = [*about.get("resumed", []), {"time_s": time.time(), "step": from_step, "after": status(about)}]
        about.update(status="running", ended_s=None, error=None, step=from_step)
        record = cls(folder, about)
        record._begin()
        return record

    def update(self, **fields: Any) -> None:
        """Change fields of `run.json`; they reach the file with the next heartbeat or status."""
        with self._lock:
            self.about.update(fields)

    def finish(self, status: str, error: str | None = None) -> None:
        """Write the final status and stop the heartbeat."""
        self._stop.set()
        with self._lock:
            self.about.update(status=status, error=error, ended_s=time.time(), heartbeat_s=time.time())
            write_json(self.folder / "run.json", self.about)

    def write_result(self, result: dict[str, Any]) -> None:
        """Write `result.json`."""
        write_json(self.folder / "result.json", result)

    def log(self, line: str) -> None:
        """Append a line to `log.txt`, with the time."""
        with contextlib.suppress(OSError), (self.folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}\n")

    def _begin(self) -> None:
        self.about.update(process=this_process(), heartbeat_s=time.time())
        write_json(self.folder / "run.json", self.about)
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_S):
            with self._lock, contextlib.suppress(OSError):  # a full disk is told by what must be written, not by this
                if not self._stop.is_set():
                    self.about["heartbeat_s"] = time.time()
                    write_json(self.folder / "run.json", self.about, durable=False)


def status(about: dict[str, Any]) -> str:
    """The status of a run from its `run.json`: one of `STATUSES`, or "lost" for one that says "running" but whose process is gone."""
    said = str(about.get("status"))
    if said != "running":
        return said
    process, mine = about.get("process") or {}, this_process()
    if process.get("boot") == mine["boot"] and process.get("pids") == mine["pids"]:
        return "running" if _start_ticks(process.get("pid", 0)) == process.get("start") else "lost"
    return "running" if time.time() - about.get("heartbeat_s", 0.0) < LOST_AFTER_S else "lost"


def runs(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The runs below a folder with their `run.json`, newest first."""
    found = []
    for path in root.glob("*/*/run.json"):
        about = read_json(path)
        if isinstance(about, dict):
            found.append((path.parent, about))
    yield from sorted(found, key=lambda pair: (pair[1].get("created_s", 0.0), pair[0].name), reverse=True)


def find(root: Path, name: str) -> Path:
    """The folder of the run that a user means.

    Args:
        root: Folder of the runs.
        name: "last", a path, an id, `recipe/id`, or the beginning of an id that no other run has.

    Raises:
        UserError: There is no such run, or more than one.
    """
    as_path = Path(name)
    if (as_path / "run.json").is_file():
        return as_path
    by_name = _named(name, [path.parent for path in root.glob("*/*/run.json")]) if name != "last" else []
    if len(by_name) == 1 and isinstance(read_json(by_name[0] / "run.json"), dict):  # without reading those of thousands of other runs
        return by_name[0]
    known = [folder for folder, _ in runs(root)]
    if not known:
        raise UserError(f"no run {name!r}: there are no runs in {root}/; say where they are with runs=FOLDER or --runs FOLDER")
    if name == "last":
        return known[0]
    matches = _named(name, known)
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UserError(f"run {name!r} could be {', '.join(sorted(folder.name for folder in matches[:5]))}; give more of its id")
    raise UserError(f"no run {name!r} in {root}/; {did_you_mean(name, [folder.name for folder in known[:20]])}")


def _named(name: str, folders: list[Path]) -> list[Path]:
    """The folders of the runs of this id or `recipe/id`; where there is none, of those whose id begins like it."""
    labels = [(folder, f"{folder.parent.name}/{folder.name}") for folder in folders]
    exact = [folder for folder, label in labels if name in (folder.name, label)]
    return exact or [folder for folder, label in labels if folder.name.startswith(name) or label.startswith(name)]


def new_folder(parent: Path) -> Path:
    """A new folder whose name sorts by time and that no other process takes."""
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        folder = parent / f"{time.strftime('%y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


def this_process() -> dict[str, Any]:
    """What tells this process from any other, also after a reboot, in another container or once its number is used again."""
    boot = pids = None
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        pids = str(Path("/proc/self/ns/pid").readlink())
    return {"pid": os.getpid(), "start": _start_ticks(os.getpid()), "host": socket.gethostname(), "boot": boot, "pids": pids}


def _start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None if there is none, or only its remains."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[19])
    return None
