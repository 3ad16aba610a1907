"""What the user sees while a run trains: a bar in a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

_LINE_S = 10.0
_REFRESH_S = 0.1
_SMOOTH = 0.9


class Progress:
    """Shows loss, accuracy, samples per second and time left.

    Args:
        log: Gets each line for the run's `log.txt`.
        plain: True for lines, False for a bar, None for a bar where standard output is a terminal.
        unit: What is counted per second.
    """

    def __init__(self, log: Any, plain: bool | None = None, unit: str = "images") -> None:
        self._log, self._unit = log, unit
        self._plain = not sys.stdout.isatty() if plain is None else plain
        self._bar: Any = None
        self._task: Any = None
        self._total = self._epochs = self._epoch = self._step = 0
        self._rate: float | None = None
        self._steps_s: float | None = None
        self._counted = 0
        self._since = self._shown = self._mark = 0.0
        self._mark_step = 0

    def start(self, total: int, step: int, epochs: int) -> None:
        """Begin with `step` of `total` steps done."""
        self._total, self._step, self._epochs = total, step, epochs
        self._shown = time.perf_counter()
        self._restart()
        if self._plain:
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("[bold]{task.fields[epoch]}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[values]}"),
            TextColumn("[cyan]{task.fields[rate]}"),
            TextColumn("[dim]{task.fields[left]}"),
        )
        self._bar = Bar(*columns, auto_refresh=False, expand=True, transient=True)
        self._task = self._bar.add_task("", total=total, completed=step, epoch="", values="", rate="", left="")
        self._bar.start()

    def begin_epoch(self, epoch: int) -> None:
        """Say which epoch the next steps belong to, counted from 0; what lay between the epochs is not counted as training time."""
        self._epoch = epoch
        self._restart()

    def advance(self, step: int, values: Mapping[str, Any], items: int) -> None:
        """Show a step."""
        self._step = step
        self._counted += items
        now = time.perf_counter()
        if now - self._mark >= _REFRESH_S or step == self._total:
            self._measure(now)
            if self._bar is not None:
                self._bar.update(self._task, completed=step, **self._fields(values), refresh=True)
        if self._plain and now - self._shown >= _LINE_S:
            self._shown = now
            fields = self._fields(values)
            self.message(f"{fields['epoch']}  step {step}/{self._total}  {fields['values']}  {fields['rate']}  {fields['left']}")

    def end_epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        """Show what an epoch came to; `epoch` counts those done."""
        shown = "  ".join(f"{name} {_short(name, value)}" for name, value in values.items())
        self.message(f"epoch {epoch}/{self._epochs}  {shown}  {self._rate_text()}".rstrip())

    def message(self, text: str) -> None:
        """Print a line above the bar and log it."""
        self._log(text)
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, flush=True)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _restart(self) -> None:
        self._mark, self._mark_step, self._counted = time.perf_counter(), self._step, 0

    def _measure(self, now: float) -> None:
        spent = now - self._mark
        if spent <= 0 or self._step == self._mark_step:
            return
        rate, steps_s = self._counted / spent, (self._step - self._mark_step) / spent
        self._rate = rate if self._rate is None else _SMOOTH * self._rate + (1 - _SMOOTH) * rate
        self._steps_s = steps_s if self._steps_s is None else _SMOOTH * self._steps_s + (1 - _SMOOTH) * steps_s
        self._restart()

    def _fields(self, values: Mapping[str, Any]) -> dict[str, str]:
        shown = {name.rpartition("/")[2]: value for name, value in values.items() if name.rpartition("/")[2] != "lr"}
        left = (self._total - self._step) / self._steps_s if self._steps_s else None
        return {
            "epoch": f"epoch {self._epoch + 1}/{self._epochs}",
            "values": "  ".join(f"{name} {_short(name, value)}" for name, value in shown.items()),
            "rate": self._rate_text(),
            "left": f"{duration(left)} left" if left is not None else "",
        }

    def _rate_text(self) -> str:
        return f"{self._rate:,.0f} {self._unit}/s" if self._rate else ""


def duration(seconds: float) -> str:
    """A span of time for people.

    Example:
        >>> duration(7.25), duration(75), duration(7300), duration(200_000)
        ('7.2 s', '1:15', '2:01:40', '2 d 7 h')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    if whole < 86400:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 86400} d {whole // 3600 % 24} h"


def _short(name: str, value: Any) -> str:
    number = float(value)
    return f"{number:.4f}" if "loss" in name or "accuracy" in name else f"{number:.4g}"
