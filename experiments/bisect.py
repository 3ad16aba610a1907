"""Where two runs part: the first step by their records, then the first operation by doing the steps before it again, traced."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from .certificate import compare, made_of
from .checkpoint import CheckpointStore
from .config_file import of_run
from .differences import few
from .errors import UserError
from .files import read_object, write_json
from .metrics import read_digests
from .rebuild import code_of, start, working_folder
from .record import find
from .start import FOLDER, Start


def bisect(names: tuple[str, str], root: Path, code: str) -> int:
    """Find where two runs part, and tell it.

    Args:
        names: The runs, as `record.find` takes them.
        root: Folder of the runs.
        code: "recorded" or "installed": which code does the steps again.

    Returns:
        0 if they are equal to the bit, 1 if they part.
    """
    a, b = (find(root, name).resolve() for name in names)
    if a == b:
        raise UserError(f"bisect: expected two runs, got {a.name} twice")
    first = compare(a, b).first
    if first is None:
        print(f"runs {a.name} and {b.name} are equal to the bit")
        return 0
    if first["what"] == "steps":
        has = f"one has {first['run']}, the other {first['rerun']}"
        print(f"the runs are equal to the bit as far as both go: at step {first['step']} {has}")
        return 1
    values = [f"{_value(first, side)} in {run.name}" for side, run in (("run", a), ("rerun", b))]
    print(f"the records part at step {first['step']}: {first['what']} is {', '.join(values)}")
    apart = made_of(a, b)
    if apart:
        print(f"made of differently: {few([str(each) for each in apart])}")
    begin = _common_checkpoint(a, b, first["step"])
    after = max(begin, _equal_up_to(a, b, first["step"]))
    where = f"the checkpoint of step {begin}" if begin else "the beginning"
    print(f"doing again from {where}; traced from step {after + 1} to {first['step']}", flush=True)
    with tempfile.TemporaryDirectory(prefix="workbench-") as place:
        traces = [Path(place) / f"trace-{side}.jsonl" for side in "ab"]
        shown = [_replay(folder, trace, begin, after, first["step"], code) for folder, trace in zip((a, b), traces, strict=True)]
        parting = _first_parting(*traces)
    for entry, as_recorded in zip(parting or (), shown, strict=parting is not None):
        if entry is not None:
            entry["place"] = as_recorded(entry["place"])
    _tell(a.name, b.name, parting)
    return 1


def _equal_up_to(a: Path, b: Path, step: int) -> int:
    """The last step before one at which the digests of both runs' parameters are equal; 0 if there is none."""
    ours, theirs = ({each.step: each.own for each in read_digests(folder / "metrics.bin")} for folder in (a, b))
    return max((at for at in ours.keys() & theirs.keys() if at < step and ours[at] == theirs[at]), default=0)


def _checkpoints(folder: Path) -> dict[int, Path]:
    found = [*CheckpointStore(folder / FOLDER).found(), *CheckpointStore(folder / "checkpoints").found()]
    return {each.step: each.folder for each in found}


def _common_checkpoint(a: Path, b: Path, step: int) -> int:
    """The last step before one of which both runs have a checkpoint; 0 if there is none."""
    return max((at for at in _checkpoints(a).keys() & _checkpoints(b).keys() if at < step), default=0)


def _replay(folder: Path, trace: Path, begin: int, first: int, last: int, which: str) -> Callable[[str], str]:
    """Do steps of a run again with its own code, traced. Returns what turns the paths in the trace into the recorded ones."""
    from omegaconf import OmegaConf

    about = read_object(folder / "run.json")
    given = Start.of(folder, about)
    if begin and (given is None or given.checkpoint.name != f"step-{begin}"):
        given = Start(_checkpoints(folder)[begin], folder)
    request = trace.with_suffix(".json")
    write_json(
        request,
        {
            "config": OmegaConf.to_container(of_run(folder)),
            "start": given.plain() if given is not None else None,
            "trace": {"path": str(trace), "first": first, "last": last},
        },
    )
    with code_of(folder, which, _say) as code:
        done = start(code, [str(request)], working_folder(folder))
        if done.returncode or not trace.exists():
            raise UserError(f"bisect: run {folder.name} could not be done again (exit code {done.returncode})")
        return code.as_recorded


def _first_parting(a: Path, b: Path) -> tuple[dict[str, Any] | None, dict[str, Any] | None] | None:
    """The first entries of two traces that differ; None for one that has ended, None for both if none differ."""
    for ours, theirs in zip_longest(_entries(a), _entries(b)):
        if ours is None or theirs is None or any(ours[key] != theirs[key] for key in ("what", "name", "arguments", "results")):
            return ours, theirs
    return None


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as file:
        yield from map(json.loads, file)


def _tell(a: str, b: str, parting: tuple[dict[str, Any] | None, dict[str, Any] | None] | None) -> None:
    """Print what differs first."""
    if parting is None:
        print(
            "done again, the two do the same to the bit, operation by operation: what parted them is not in the code, the configuration "
            "or the data, but in how they were run (threads, machine, a fault)"
        )
        return
    ours, theirs = parting
    if ours is None or theirs is None:
        going = ours or theirs or {}
        print(f"step {going['step']}: only {a if theirs is None else b} does {going['name']}\n  at {going['place']}")
        return
    step = ours["step"]
    if (ours["what"], ours["name"]) != (theirs["what"], theirs["name"]):
        print(f"step {step}: {a} does {ours['name']}, {b} does {theirs['name']}\n  at {ours['place']}\n  at {theirs['place']}")
        return
    if ours["what"] == "batch":
        print(f"step {step}: the batch differs: {_pair(ours['results'], theirs['results'])}")
    elif ours["what"] == "settings":
        before, after = ours["results"][0], theirs["results"][0]
        changed = [f"{key} {before.get(key)} and {after.get(key)}" for key in before | after if before.get(key) != after.get(key)]
        print(f"step {step}: the settings of the {ours['name']} differ: {', '.join(changed)}")
    elif ours["what"] == "tensor":
        print(f"step {step}: every operation is equal, and {ours['name']} differs after the step: the update of the optimizer differs")
    else:
        _tell_operation(step, ours, theirs)


def _tell_operation(step: int, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    print(f"step {step}: the first operation that differs is {ours['name']}")
    print(f"  at {ours['place']}" + (f"\n  at {theirs['place']}" if theirs["place"] != ours["place"] else ""))
    if ours["arguments"] != theirs["arguments"]:
        for i, (before, after) in enumerate(zip_longest(ours["arguments"], theirs["arguments"])):
            if before != after:
                print(f"  argument {i}: {_pair(before, after)}")
    else:
        print(f"  its arguments are equal, and its result differs: {_pair(ours['results'], theirs['results'])}")


def _pair(before: Any, after: Any) -> str:
    return f"{_short(before)} and {_short(after)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 100 else text[:97] + "..."


def _value(first: dict[str, Any], side: str) -> str:
    digits = first.get(f"{side}_bits")
    return f"{first[side]}" + (f" (bits {digits})" if digits else "")


def _say(text: str) -> None:
    print(f"bisect: {text}", file=sys.stderr, flush=True)
