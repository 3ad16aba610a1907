"""The command `workbench sweep`: it keeps workers alive, shows what happens, and leaves the results.

It takes no part in the accounts: whoever kills it, the trials are as the ledger has them, and the same command goes on.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from workbench.ext.core.cpus import available

from ..errors import UserError
from ..files import read_object, write_json
from .ledger import LEASE, Ledger, counts
from .outcome import leave
from .settings import Plan, plan
from .store import why
from .table import Table
from .worker import Order

_POLL_S = 0.2
_BARREN = 3  # workers that end by an error of their own, with nothing done in between: the next would too
_KILLED = 50  # likewise by signals
_PATIENCE_S = 60.0
_PASSWORD = re.compile(r"(//[^:/@]*):[^@/]*@")


def sweep(words: Sequence[str], command: Sequence[str], options: dict[str, Any], multirun: bool = False) -> int:
    """Begin a sweep, or go on with it.

    Args:
        words: See `settings.plan`.
        command: The command line, for the records.
        options: `jobs`, `retry`, `fail_fast`, `keep_going` and `plain`, as the command has them.
        multirun: Every combination is a job.

    Returns:
        The exit code: 0, 1 if trials failed, 130 after Ctrl-C.
    """
    planned, command = plan(words, multirun), [_PASSWORD.sub(r"\1:***@", word) for word in command]
    again = options.get("retry")
    retry = 3 if again is None else again
    if planned.storage is None:
        _make(planned.folder)
    ledger = Ledger.open(planned, retry)
    with contextlib.closing(ledger):
        _make(planned.folder / "workers")  # only now: a database that does not answer leaves no folder
        try:
            return _sweep(planned, ledger, command, options, retry)
        except ledger.problems as error:
            raise UserError(f"sweep: the storage of {planned.name} failed: {why(error)}; mend it, and the same command goes on") from error


def _sweep(planned: Plan, ledger: Ledger, command: Sequence[str], options: dict[str, Any], retry: int) -> int:
    if changed := planned.definition.differences(ledger.known):
        raise UserError(
            f"sweep: {planned.name} was begun with another {', '.join(changed)}; sweep.name=NAME begins another sweep, "
            f"and only sweep.trials can change"
        )
    _describe(planned, command)
    jobs = options.get("jobs") or 1
    local = planned.local
    if jobs > 1 and not any(word.startswith("threads=") for word in local):
        local = (*local, f"threads={max(1, available() // jobs)}")
    order = Order(_with(planned, local), retry, options.get("retry") or 0, bool(options.get("fail_fast")), tuple(command))
    known = ledger.trials()
    with Table(planned, options.get("plain")) as table:
        code = Sweeper(order, ledger, jobs, table, bool(options.get("keep_going"))).run()
    trials = ledger.trials()
    leave(planned, ledger.study, trials)
    if _n_finished(known) == planned.budget:
        more = "" if planned.definition.sampler == "grid" else "a larger sweep.trials goes on with it; "
        print(f"it was done before; {more}sweep.name=NAME begins another")
    if code:
        return code
    return 1 if counts(trials)["failed"] else 0


class Sweeper:
    """Keeps the workers of a sweep.

    Args:
        order: What each is told.
        ledger: The trials.
        jobs: How many work at once.
        table: Where it is shown.
        keep_going: Whether to do the others where the first run has no objective.
    """

    def __init__(self, order: Order, ledger: Ledger, jobs: int, table: Table, keep_going: bool = False) -> None:
        self._order, self._ledger, self._jobs, self._table = order, ledger, jobs, table
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        self._keep_going = keep_going
        self._started = self._errors = self._killed = 0
        self._mark: Any = None
        self._done = 0
        self._signals = 0

    def run(self) -> int:
        """Work until every trial has ended. Returns 0, 1 if the sweep was stopped by a failure, 130 or 143 by a signal."""
        before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        code = 0
        try:
            while not self._signals:
                trials = self._ledger.trials()
                self._table.show(trials)
                self._refuse_untold(trials)
                if self._is_over(trials):
                    break
                if self._order.fail_fast and counts(trials)["failed"]:
                    code = 1
                    break
                self._tend(trials)
                time.sleep(_POLL_S)
            if self._signals or code:
                self._table.say("stopping the workers after the step in hand, with checkpoints; Ctrl-C again stops at once")
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        self._table.show(self._ledger.trials())
        if self._signals:
            self._table.say("stopped; the same command goes on")
            return 130 if self._taken == signal.SIGINT else 143
        return code

    def _is_over(self, trials: Sequence[FrozenTrial]) -> bool:
        return _n_finished(trials) >= self._order.plan.budget

    def _refuse_untold(self, trials: Sequence[FrozenTrial]) -> None:
        """Stop where nothing that was measured can be chosen by: a misspelt objective would take the whole budget."""
        untold = [trial for trial in trials if trial.user_attrs.get("untold")]
        if untold and not self._keep_going and not any(trial.state == TrialState.COMPLETE for trial in trials):
            error = untold[0].user_attrs["error"]
            raise UserError(f"sweep: {error} (trial {untold[0].number}); sweep.metric=NAME is another sweep, --keep-going does the others")

    def _tend(self, trials: Sequence[FrozenTrial]) -> None:
        """Replace workers that ended, as long as there is something to do for them."""
        ended = [(number, worker) for number, worker in self._workers.items() if worker.poll() is not None]
        mark, done = [(trial.state, (trial.system_attrs.get(LEASE) or {}).get("worker")) for trial in trials], _n_finished(trials)
        if mark != self._mark:
            self._mark, self._killed = mark, 0
        if done != self._done:
            self._done, self._errors = done, 0
        for number, worker in ended:
            _close(self._workers.pop(number))
            self._errors += worker.returncode > 0
            self._killed += worker.returncode < 0
            if worker.returncode:
                self._table.say(f"worker {number} ended with {_exit(worker.returncode)}; another takes its place")
            if self._errors > _BARREN * self._jobs or self._killed > _KILLED:
                raise UserError(f"sweep: the workers cannot work: {_last_line(self._log(number))} ({self._log(number)})")
        left = self._order.plan.budget - done
        while len(self._workers) < min(self._jobs, left):
            self._start()

    def _start(self) -> None:
        self._started += 1
        number = self._started
        with self._log(number).open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.worker"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the sweeper, which passes it on
            )
        assert worker.stdin is not None
        with contextlib.suppress(OSError):  # it may be dead already, which is seen in the next round
            worker.stdin.write(self._order.as_json().encode() + b"\n")
            worker.stdin.flush()
        self._workers[number] = worker

    def _stop(self) -> None:
        """End the workers: each stops after its step, with a checkpoint; those that do not, or a second Ctrl-C, are killed."""
        for worker in self._workers.values():
            worker.terminate()
        until = time.monotonic() + _PATIENCE_S
        while any(worker.poll() is None for worker in self._workers.values()):
            if self._signals > 1 or time.monotonic() > until:
                for worker in self._workers.values():
                    worker.kill()
            time.sleep(0.02)
        for worker in self._workers.values():
            _close(worker)

    def _log(self, number: int) -> Path:
        return self._order.plan.folder / "workers" / f"{os.getpid()}-{number}.log"

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._taken = number


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"sweep: cannot make the folder {folder}: {error.strerror}; choose another with runs=FOLDER") from error


def _n_finished(trials: Sequence[FrozenTrial]) -> int:
    return sum(trial.state.is_finished() for trial in trials)


def _close(worker: subprocess.Popen[bytes]) -> None:
    worker.wait()
    if worker.stdin is not None:
        with contextlib.suppress(OSError):
            worker.stdin.close()


def _describe(planned: Plan, command: Sequence[str]) -> None:
    """Write `sweep.json`, what a reader of the folder needs to know."""
    before = read_object(planned.folder / "sweep.json")
    facts = {
        "schema": 1,
        "name": planned.name,
        "created_s": before.get("created_s", time.time()),
        "trials": planned.budget,
        "multirun": planned.multirun,
        "command": list(command),
        "storage": "journal.log" if planned.storage is None else "postgresql",
        "definition": planned.definition.as_json(),
    }
    write_json(planned.folder / "sweep.json", facts)


def _with(planned: Plan, local: tuple[str, ...]) -> Plan:
    from dataclasses import replace

    return replace(planned, local=local)


def _exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError, IndexError):
        return log.read_text(errors="replace").strip().splitlines()[-1]
    return "they say nothing"
