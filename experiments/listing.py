"""Runs in the shell: `workbench runs` and `workbench show`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .checkpoint import CheckpointStore
from .errors import UserError, did_you_mean
from .files import read_json, size_text
from .progress import duration
from .record import find, runs, status

_NEWEST = 20
_STYLE = {"running": "cyan", "finished": "green", "failed": "red", "interrupted": "yellow", "lost": "red"}


def list_runs(root: Path, recipe: str | None = None, everything: bool = False, as_json: bool = False) -> int:
    """Print the runs below a folder, newest first.

    Args:
        root: Folder of the runs.
        recipe: Only those of this recipe.
        everything: More than the newest 20.
        as_json: Print JSON instead of a table.

    Returns:
        The exit code.
    """
    found = list(runs(root))
    if recipe is not None:
        known = {str(about.get("recipe")) for _, about in found}
        if found and recipe not in known:
            raise UserError(f'runs: there is no run of a recipe "{recipe}" in {root}/; {did_you_mean(recipe, known)}')
        found = [(folder, about) for folder, about in found if about.get("recipe") == recipe]
    shown = found if everything or as_json else found[:_NEWEST]
    rows = [_facts(folder, about) for folder, about in shown]
    if as_json:
        print(json.dumps(rows, indent=2))
        return 0
    if not rows:
        print(f"no runs in {root}/; workbench train +recipe=resnet makes one")
        return 0
    heads = ("run", "recipe", "status", "result", "steps", "time", "age")
    _table(heads, [_cells(row) for row in rows], right=(4, 5, 6))
    if len(shown) < len(found):
        print(f"{len(found) - len(shown)} older ones: workbench runs --all")
    return 0


def show_run(root: Path, name: str, as_json: bool = False) -> int:
    """Print what is known about a run.

    Args:
        root: Folder of the runs.
        name: The run, as `record.find` takes it.
        as_json: Print JSON.

    Returns:
        The exit code.
    """
    folder = find(root, name)
    about = read_json(folder / "run.json") or {}
    result = read_json(folder / "result.json")
    code = read_json(folder / "provenance" / "code.json") or {}
    machine = read_json(folder / "provenance" / "machine.json") or {}
    checkpoints = CheckpointStore(folder / "checkpoints").found()
    config = (folder / "config.yaml").read_text() if (folder / "config.yaml").is_file() else ""
    if as_json:
        saved = [{"step": c.step, "metrics": c.metrics, "bytes": c.n_bytes, "folder": str(c.folder)} for c in checkpoints]
        facts = {**_facts(folder, about), "run": about, "result": result, "code": code, "checkpoints": saved, "config": config}
        print(json.dumps(facts, indent=2))
        return 0
    facts = _facts(folder, about)
    rows = [("run", facts["id"]), ("recipe", facts["recipe"]), ("status", facts["status"]), ("folder", facts["folder"])]
    if about.get("error"):
        rows.append(("error", about["error"]))
    rows += [(each.replace("/", " "), f"{value:.4f}") for each, value in facts["metrics"].items()]
    if about.get("parameters"):
        rows.append(("parameters", f"{about['parameters']:,}"))
    begun = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(about.get("created_s", 0)))
    rows += [("steps", _steps(facts)), ("time", _span(facts["time_s"])), ("begun", begun)]
    rows += [("resumed", f"after {each['after']}, from step {each['step']}") for each in about.get("resumed", [])]
    if result:
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


def _facts(folder: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    result = read_json(folder / "result.json") or {}
    ended = about.get("ended_s") or about.get("heartbeat_s")
    return {
        "id": folder.name,
        "recipe": about.get("recipe"),
        "status": status(dict(about)),
        "metrics": result.get("metrics") or about.get("metrics") or {},
        "step": about.get("step"),
        "total_steps": about.get("total_steps"),
        "time_s": result.get("train_s") or (ended - about["created_s"] if ended and "created_s" in about else None),
        "age_s": time.time() - about["created_s"] if "created_s" in about else None,
        "folder": str(folder),
    }


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        row["id"],
        str(row["recipe"]),
        row["status"],
        _result(row["metrics"]),
        _steps(row),
        _span(row["time_s"]),
        _span(row["age_s"]),
    )


def _result(metrics: Mapping[str, float]) -> str:
    """The number that a list shows: the first that is not a loss."""
    for name in sorted(metrics, key=lambda name: (not name.startswith("test/"), "loss" in name)):
        return f"{name} {metrics[name]:.4f}"
    return ""


def _steps(row: Mapping[str, Any]) -> str:
    step, total = row["step"] or 0, row["total_steps"]
    return f"{step:,}" if total in (None, step) else f"{step:,}/{total:,}"


def _span(seconds: float | None) -> str:
    return "" if seconds is None else duration(max(0.0, seconds))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    """A table: with colours in a terminal, in plain columns anywhere else."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold", pad_edge=False)
        for number, head in enumerate(heads):
            table.add_column(head, justify="right" if number in right else "left", no_wrap=number == 0)
        for row in rows:
            table.add_row(*(Text(cell, style=_STYLE.get(cell, "")) for cell in row))
        Console().print(table)
        return
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, *rows]:
        cells = [f"{cell:>{width}}" if i in right else f"{cell:<{width}}" for i, (cell, width) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip())
