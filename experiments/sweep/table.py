"""What the user sees while a sweep runs: a table in a terminal, a line for each trial that ends anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from ..progress import duration
from .ledger import LEASE, counts
from .settings import Plan

_ROWS = 8
_WHOLE = 1e9  # below it a whole number is shown in all its digits
_FAILURES = 6
_STYLE = {"finished": "green", "pruned": "yellow", "failed": "red", "running": "cyan"}
_STATE = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


class Table:
    """Shows a sweep.

    Args:
        plan: The sweep.
        plain: True for lines, False for a table, None for a table where standard output is a terminal.
    """

    def __init__(self, plan: Plan, plain: bool | None = None) -> None:
        self._plan = plan
        self._plain = not sys.stdout.isatty() if plain is None else plain
        self._ended: set[int] | None = None
        self._again: dict[int, int] = {}
        self._live: Any = None
        self._began = time.monotonic()

    def __enter__(self) -> Table:
        if not self._plain:
            from rich.live import Live

            self._live = Live(auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """Print a line, above the table."""
        if self._live is not None:
            self._live.console.print(text, markup=False, highlight=False)
        else:
            print(text, flush=True)

    def show(self, trials: Sequence[FrozenTrial]) -> None:
        """Show the trials as they are now."""
        if self._ended is None:
            self._ended = {trial.number for trial in trials if trial.state.is_finished()}
            done = f", of which {len(self._ended)} have ended" if self._ended else ""
            self.say(f"{self._kind('sweep')} {self._plan.name} in {self._plan.folder}: {self._plan.budget} {self._kind('trial')}s{done}")
        for trial in trials:
            attempt = (trial.system_attrs.get(LEASE) or {}).get("attempt", 0)
            if attempt > self._again.setdefault(trial.number, attempt) and not trial.state.is_finished():
                self.say(f"{self._kind('trial')} {trial.number} is tried again (time {attempt + 1}), from its checkpoint")
            self._again[trial.number] = attempt
            if trial.state.is_finished() and trial.number not in self._ended:
                self._ended.add(trial.number)
                self.say(self._line(trial, trials))
        if self._live is not None:
            self._live.update(self._picture(trials), refresh=True)

    def _line(self, trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> str:
        best = " (the best so far)" if self._plan.definition.metrics and is_best(trial, trials, self._plan.definition.directions) else ""
        error = f"  {first_line(trial.user_attrs.get('error'))}" if trial.state == TrialState.FAIL else ""
        number = f"{self._kind('trial')} {trial.number}"
        return f"{number}  {_STATE[trial.state]}  {result(trial, self._plan)}{best}  {settings(trial, self._plan)}{error}".rstrip()

    def _picture(self, trials: Sequence[FrozenTrial]) -> Any:
        from rich.console import Group
        from rich.table import Table as Rich
        from rich.text import Text

        count = counts(trials)
        ended = len(trials) - count["running"]
        head = "  ".join(f"{number} {name}" for name, number in count.items() if number)
        spent = duration(time.monotonic() - self._began)
        title = Text(f"{self._plan.name}   {ended}/{self._plan.budget}   {head or 'nothing yet'}   {spent}", style="bold")
        table = Rich(box=None, header_style="bold", pad_edge=False)
        for column in (self._kind("trial"), "status", "result", *(each.name for each in self._plan.definition.space), "run"):
            table.add_column(column, no_wrap=True, min_width={"trial": 5, "job": 3, "status": 8}.get(column))
        for trial in _shown(trials):
            state = _STATE.get(trial.state, "running")
            values = [shown(trial.params.get(each.name)) for each in self._plan.definition.space]
            row = (str(trial.number), state, result(trial, self._plan), *values, str(trial.user_attrs.get("run", "")))
            table.add_row(*(Text(cell, style=_STYLE[state] if cell == state else "") for cell in row))
        failed = [trial for trial in trials if trial.state == TrialState.FAIL][-_FAILURES:]
        notes = [Text(f"{self._kind('trial')} {t.number}: {first_line(t.user_attrs.get('error'))}", style="red") for t in failed]
        return Group(title, table, *notes)

    def _kind(self, name: str) -> str:
        return {"sweep": "jobs", "trial": "job"}[name] if self._plan.multirun else name


def result(trial: FrozenTrial, plan: Plan) -> str:
    """The objectives of a trial, or the last that a running or pruned one reported, in words."""
    metrics = plan.definition.metrics
    if not metrics:
        found = trial.user_attrs.get("metrics") or {}
        name = next(iter(sorted(found, key=lambda name: (not name.startswith("test/"), "loss" in name))), None)
        return "" if name is None else f"{name} {found[name]:.4f}"
    if trial.state == TrialState.COMPLETE:
        return "  ".join(f"{name} {shown(value)}" for name, value in zip(metrics, trial.values, strict=True))
    if trial.intermediate_values:
        last = max(trial.intermediate_values)
        return f"{metrics[0]} {shown(trial.intermediate_values[last])} after {last}"
    return ""


def settings(trial: FrozenTrial, plan: Plan) -> str:
    """The settings of a trial as words of the command line, numbers shortened."""
    return " ".join(f"{each.name}={shown(trial.params[each.name])}" for each in plan.definition.space if each.name in trial.params)


def is_best(trial: FrozenTrial, trials: Sequence[FrozenTrial], directions: Sequence[str]) -> bool:
    """Whether no complete trial of a sweep with one objective beats this one."""
    if trial.state != TrialState.COMPLETE or len(directions) != 1:
        return False
    sign = 1 if directions[0] == "max" else -1
    return all(sign * trial.values[0] >= sign * other.values[0] for other in trials if other.state == TrialState.COMPLETE)


def shown(value: Any) -> str:
    """A value in four digits.

    Example:
        >>> shown(0.000123456), shown(128), shown("resnet8"), shown(77754.0)
        ('0.0001235', '128', 'resnet8', '77754')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return str(int(value))
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)


def first_line(text: Any) -> str:
    """The first line of a text."""
    return str(text or "").strip().partition("\n")[0]


def _shown(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Those that run, and the last that ended."""
    running = [trial for trial in trials if not trial.state.is_finished()]
    ended = sorted((t for t in trials if t.datetime_complete is not None), key=lambda t: t.datetime_complete.timestamp())  # type: ignore[union-attr]
    return [*running[:_ROWS], *reversed(ended[-max(2, _ROWS - len(running)) :])]
