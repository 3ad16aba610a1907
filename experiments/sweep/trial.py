"""A trial as a run: begin it or go on with it, report what it comes to, and say how it ended."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from .. import train
from ..errors import UserError
from ..files import read_json, read_object
from ..record import status
from .ledger import Claim
from .settings import Definition

_INTERRUPTED = 130


@dataclass
class Outcome:
    """How a trial ended.

    Args:
        state: COMPLETE, PRUNED or FAIL; None if it was interrupted and can go on.
        values: The objectives.
        metrics: All metrics of the run.
        error: Why it failed.
        again: Whether another try may help; for one that was not begun, soon.
        untold: Objectives that are not in the result of a run that came to its end.
    """

    state: TrialState | None
    values: Sequence[float] = ()
    metrics: Mapping[str, float] | None = None
    error: str | None = None
    again: bool = False
    untold: Sequence[str] = ()


class TrialRun:
    """What `run.Trial` asks for: the sweep's part in a run.

    Args:
        claim: The trial.
        definition: The sweep.
        name: Of the sweep.
        root: Folder of the runs.
    """

    def __init__(self, claim: Claim, definition: Definition, name: str, root: Path) -> None:
        self.folder = root / claim.run
        self.about: Mapping[str, Any] = {"name": name, "trial": claim.number}
        self._claim, self._definition = claim, definition
        self._judged = len(definition.metrics) == 1

    def report(self, step: int, values: Mapping[str, float]) -> bool:
        """Report the objective where it is among the values; true if the pruner has enough of the trial."""
        every = self._definition.report_every
        if not self._judged or self._definition.metrics[0] not in values or ("epoch" in values) == bool(every) or (every and step % every):
            return False
        unit = step // every if every else int(values["epoch"])
        trial = self._claim.trial
        if unit not in trial.study.get_trials(deepcopy=False)[self._claim.number].intermediate_values:  # one that goes on tells it again
            trial.report(float(values[self._definition.metrics[0]]), unit)
        return bool(trial.should_prune())


def run_trial(claim: Claim, definition: Definition, name: str, root: Path, local: Sequence[str], command: list[str]) -> Outcome:
    """Run a trial to its end, from where its run's folder says it is.

    Args:
        claim: The trial.
        definition: The sweep.
        name: Of the sweep.
        root: Folder of the runs.
        local: Words for this machine, which change no result.
        command: The command line, for the record.
    """
    trial = TrialRun(claim, definition, name, root)
    about = read_json(trial.folder / "run.json")
    try:
        if about is None:  # new; or its first worker was killed before there was anything to go on from; or it ran on another machine
            shutil.rmtree(trial.folder, ignore_errors=True)
            code = train.begin([*definition.words, *claim.words, *local], command, True, trial)
        elif status(about) in ("finished", "pruned"):
            code = 0
        elif status(about) == "running":
            return Outcome(None, again=True)  # its worker on another machine was lost, and its heartbeat is not quite old enough
        else:
            code = train.resume(str(trial.folder), [word for word in local if word.startswith("threads=")], command, root, True, trial)
    except UserError as error:
        return Outcome(TrialState.FAIL, error=str(error))
    if code >= _INTERRUPTED:
        return Outcome(None)
    return _ended(trial.folder, definition, code)


def _ended(folder: Path, definition: Definition, code: int) -> Outcome:
    about, result = read_object(folder / "run.json"), read_object(folder / "result.json")
    metrics = {**(about.get("metrics") or {}), **result.get("metrics", {})}
    if about.get("status") == "pruned":
        return Outcome(TrialState.PRUNED, metrics=metrics)
    if about.get("status") != "finished":
        return Outcome(TrialState.FAIL, metrics=metrics, error=str(about.get("error") or f"exit code {code}"), again=code == 1)
    facts: dict[str, Any] = {**metrics, **{key: result.get(key) for key in ("parameters", "train_s", "steps")}}
    untold = [each for each in definition.metrics if facts.get(each) is None]
    if untold:
        there = ", ".join(sorted(key for key, value in facts.items() if _is_number(value)))
        error = f"the result of the run has no {untold[0]}; it has {there}"
        return Outcome(TrialState.FAIL, metrics=metrics, error=error, untold=untold)
    if infinite := [each for each in definition.metrics if not _is_number(facts[each])]:
        return Outcome(TrialState.FAIL, metrics=metrics, error=f"{infinite[0]} is {facts[infinite[0]]}, which is no result to choose by")
    return Outcome(TrialState.COMPLETE, [float(facts[each]) for each in definition.metrics] or [0.0], metrics)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
