"""What is known about one run: `workbench show`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from .errors import UserError
from .facts import Entry, read
from .files import read_object, size_text
from .progress import duration
from .record import find


def show_run(root: Path, name: str, as_json: bool = False) -> int:
    """Print what is known about a run.

    Args:
        root: Folder of the runs.
        name: The run, as `record.find` takes it.
        as_json: Print JSON.

    Returns:
        The exit code.
    """
    from .checkpoint import CheckpointStore  # brings NumPy along, which a list has no time for

    entry = one(root, name, "show")
    folder, facts = entry.path, summary(entry)
    about = read_object(folder / "run.json")
    result = read_object(folder / "result.json")
    code = read_object(folder / "provenance" / "code.json")
    machine = read_object(folder / "provenance" / "machine.json")
    checkpoints = CheckpointStore(folder / "checkpoints").found()
    config = (folder / "config.yaml").read_text("utf-8", "replace") if (folder / "config.yaml").is_file() else ""
    if as_json:
        saved = [{"step": c.step, "metrics": c.metrics, "bytes": c.n_bytes, "folder": str(c.folder)} for c in checkpoints]
        print(json.dumps({**facts, "run": about, "result": result or None, "code": code, "checkpoints": saved, "config": config}, indent=2))
        return 0
    rows = [("run", facts["id"]), ("recipe", facts["recipe"]), ("status", facts["status"]), ("folder", facts["folder"])]
    if about.get("error"):
        rows.append(("error", about["error"]))
    if about.get("parent"):
        rows.append(("parent", about["parent"]))
    rows += [(each.replace("/", " "), f"{value:.4f}") for each, value in facts["metrics"].items()]
    if about.get("parameters"):
        rows.append(("parameters", f"{about['parameters']:,}"))
    begun = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(about.get("created_s", 0)))
    rows += [("steps", steps_text(facts["step"], facts["total_steps"])), ("time", span_text(facts["time_s"])), ("begun", begun)]
    rows += [("resumed", f"after {each['after']}, from step {each['step']}") for each in about.get("resumed", [])]
    if result.get("sha256"):
        rows.append(("sha256", result["sha256"]))
    commit = code.get("commit") or f"none ({code.get('why', 'unknown')})"
    rows.append(("code", commit + (" with uncommitted changes (provenance/dirty.patch)" if code.get("dirty") else "")))
    rows.append(("machine", f"{machine.get('cpu')}, Python {machine.get('python')}"))
    rows.append(("checkpoints", ", ".join(f"step {c.step} ({size_text(c.n_bytes)})" for c in checkpoints) or "none"))
    width = max(len(each) for each, _ in rows)
    print("\n".join(f"{each:<{width}}  {value}" for each, value in rows))
    print(f"\n{config}")
    if facts["status"] in ("interrupted", "lost", "failed"):
        print(f"workbench train --resume {folder.name} goes on with it")
    return 0


def one(root: Path, name: str, command: str) -> Entry:
    """The entry of the run that a user names.

    Raises:
        UserError: There is no such run, or its `run.json` cannot be read.
    """
    folder = find(root, name)
    entry = read(str(folder))
    if entry is None:
        raise UserError(f"{command}: the run.json of {folder} cannot be read, so it is no run, or it is damaged")
    return entry


def summary(entry: Entry) -> dict[str, Any]:
    """What a list tells another program of a run."""
    facts = entry.facts
    names = ("id", "recipe", "status", "seed", "step", "total_steps", "time_s", "age_s", "created_s", "folder")
    return {**{name: facts.get(name) for name in names}, "metrics": entry.metrics}


def steps_text(step: int | None, total: int | None) -> str:
    """Steps done, and how many there are to be while some are left."""
    return f"{step or 0:,}" if total in (None, step) else f"{step or 0:,}/{total:,}"


def span_text(seconds: float | None) -> str:
    """A span of time; nothing for one that is not known."""
    return "" if seconds is None else duration(max(0.0, seconds))
