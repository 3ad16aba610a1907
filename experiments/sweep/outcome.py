"""What a sweep leaves at the end: the best configuration, how much each setting mattered, and a picture of all trials.

best.yaml            the whole configuration of the best trial: workbench train --config takes it
best/trial-N.yaml    with several objectives: one for each trial that no other beats in all of them
importance.json      the part of the results' variance that each setting explains, one dict for each objective
trials.json          every trial: state, settings, objectives, metrics, run, error
coordinates.html     parallel coordinates, complete in itself
"""

from __future__ import annotations

import math
import shutil
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from ..files import write_atomic, write_json
from .coordinates import page
from .ledger import LEASE, counts
from .settings import Plan
from .table import first_line, result, settings

_LEAST = 4  # complete trials before importance means anything
_PARETO = 20


def leave(plan: Plan, study: optuna.Study, trials: Sequence[FrozenTrial]) -> None:
    """Write the results into the sweep's folder and print what they come to."""
    write_json(plan.folder / "trials.json", [_facts(trial, plan) for trial in trials], durable=False)
    count = counts(trials)
    lines = ["  ".join(f"{number} {name}" for name, number in count.items() if number) + f" of {plan.budget}"]
    done = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if done and plan.definition.metrics:
        lines += _best(plan, done)
        lines += _importance(plan, study, len(done))
        if plan.definition.space:
            write_atomic(plan.folder / "coordinates.html", page(plan, done), durable=False)
            lines.append(f"all trials     {plan.folder / 'coordinates.html'}")
    if plan.multirun:
        lines += [f"job {trial.number}  {result(trial, plan)}  {settings(trial, plan)}  {_run(trial, plan)}" for trial in done]
    failed = [trial for trial in trials if trial.state == TrialState.FAIL]
    for trial in failed:
        lines.append(f"{'job' if plan.multirun else 'trial'} {trial.number} failed  {settings(trial, plan)}  {_run(trial, plan)}")
        lines.append(f"    {first_line(trial.user_attrs.get('error'))}")
    print("\n".join(lines), flush=True)


def best(plan: Plan, done: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The best of the complete trials: one, or with several objectives those that no other beats in all of them."""
    signs = [1 if each == "max" else -1 for each in plan.definition.directions]
    points = {trial.number: [sign * value for sign, value in zip(signs, trial.values, strict=True)] for trial in done}
    if len(signs) == 1:
        return [max(done, key=lambda trial: (points[trial.number], -trial.number))]

    def beaten(trial: FrozenTrial) -> bool:
        mine = points[trial.number]
        return any(theirs != mine and all(a >= b for a, b in zip(theirs, mine, strict=True)) for theirs in points.values())

    return [trial for trial in done if not beaten(trial)]


def words(plan: Plan, trial: FrozenTrial) -> list[str]:
    """The words of the command line that make a trial's configuration."""
    return [*plan.definition.words, *(each.word(trial.params[each.name]) for each in plan.definition.space)]


def _best(plan: Plan, done: Sequence[FrozenTrial]) -> list[str]:
    found = best(plan, done)
    if len(plan.definition.metrics) == 1:
        (trial,) = found
        _write_configuration(plan.folder / "best.yaml", plan, trial)
        return [
            f"best           trial {trial.number}  {result(trial, plan)}  {_run(trial, plan)}",
            *(f"  {each.word(trial.params[each.name])}" for each in plan.definition.space),
            f"again          workbench train --config {plan.folder / 'best.yaml'}",
        ]
    folder = plan.folder / "best"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    lines = [f"best           {len(found)} trials that no other beats in every objective; {folder}/"]
    for trial in found[:_PARETO]:
        _write_configuration(folder / f"trial-{trial.number}.yaml", plan, trial)
        lines.append(f"  trial {trial.number}  {result(trial, plan)}  {settings(trial, plan)}")
    return [*lines, f"again          workbench train --config {folder / f'trial-{found[0].number}.yaml'}"]


def _write_configuration(path: Path, plan: Plan, trial: FrozenTrial) -> None:
    from omegaconf import OmegaConf

    from ..compose import compose

    head = f"# Trial {trial.number} of the sweep {plan.name}: {result(trial, plan)}\n#   workbench train --config {path}\n"
    write_atomic(path, head + OmegaConf.to_yaml(compose(words(plan, trial))), durable=False)


def _importance(plan: Plan, study: optuna.Study, done: int) -> list[str]:
    """How much each setting mattered: Watanabe et al. (2023), arXiv:2304.10255."""
    if done < _LEAST or len(plan.definition.space) < 2:
        return []
    found: dict[str, dict[str, float]] = {}
    for number, metric in enumerate(plan.definition.metrics):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that Optuna calls experimental
            parts = optuna.importance.get_param_importances(study, target=partial(_value, number))
        found[metric] = {name: value for name, value in parts.items() if math.isfinite(value)}
    write_json(plan.folder / "importance.json", found, durable=False)
    shares = {metric: "  ".join(f"{name} {value:.2f}" for name, value in parts.items()) for metric, parts in found.items()}
    return [f"importance     {metric}: {text}" for metric, text in shares.items()]


def _value(number: int, trial: FrozenTrial) -> float:
    return float(trial.values[number])


def _facts(trial: FrozenTrial, plan: Plan) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "status": {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}.get(trial.state, "running"),
        "settings": trial.params,
        "values": dict(zip(plan.definition.metrics, trial.values or (), strict=False)),
        "metrics": trial.user_attrs.get("metrics"),
        "reports": {str(step): value for step, value in trial.intermediate_values.items()},
        "run": trial.user_attrs.get("run"),
        "retries": (trial.system_attrs.get(LEASE) or {}).get("attempt", 0),
        "error": trial.user_attrs.get("error"),
    }


def _run(trial: FrozenTrial, plan: Plan) -> str:
    run = trial.user_attrs.get("run")
    return str(plan.root / run) if run and (plan.root / run).is_dir() else ""
