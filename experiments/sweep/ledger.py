"""Who works on which trial: the budget, leases and retries of a sweep.

A trial's number is its place in the budget: numbers from 0 up to the budget are run, each to one end, whoever asks and whoever is killed.
Whoever works on a trial holds a lease on it: a note in the trial that names the process, and a count that goes up while the process lives.
The process is seen to be gone at once on its own machine, and on others when the count has stood still for a minute by the observer's own
clock. All this is read and written under the sweep's lock, which dies with its holder; and in an order that leaves a killed holder's
trial as one without a living lease, never as one that nobody will take up.
"""

from __future__ import annotations

import os
import secrets
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ..record import status, this_process
from .samplers import pruner, sampler
from .settings import Definition, Plan
from .store import Store, open_store

LEASE = "workbench:lease"
BEAT_S = 10.0
LOST_AFTER_S = 60.0
DEFINITION = "workbench:definition"


class Empty:
    """Why there is no trial to work on."""

    DONE = "all trials have ended"
    WAIT = "the rest is being worked on"


@dataclass
class Claim:
    """A trial that this process works on.

    Args:
        trial: Optuna's trial.
        number: Its place in the budget.
        attempt: How often its worker was lost, or it was to be tried again, before.
        words: What sets its parameters.
        run: The run's folder below the folder of the runs, as `resnet/<id>`.
    """

    trial: optuna.Trial
    number: int
    attempt: int
    words: list[str]
    run: str


class Ledger:
    """The trials of a sweep, as one process works on them.

    Args:
        store: Where they are kept.
        name: Of the sweep.
        definition: What the sweep is.
        budget: Trials in all.
        retry: How often a trial whose worker was lost is taken up again.
    """

    def __init__(self, store: Store, name: str, definition: Definition, budget: int, retry: int = 3) -> None:
        self._store, self._definition, self._budget, self._retry = store, definition, budget, retry
        self.problems = store.problems
        self._mine, self._me = f"{os.getpid()}-{secrets.token_hex(4)}", this_process()
        self._seen: dict[int, tuple[Any, float]] = {}
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        directions = [StudyDirection.MAXIMIZE if each == "max" else StudyDirection.MINIMIZE for each in definition.directions or ("max",)]
        with store.exclusive():
            self.study = optuna.create_study(
                storage=store.storage, study_name=name, directions=directions, load_if_exists=True, pruner=pruner(definition)
            )
            known = self.study.user_attrs.get(DEFINITION)
            if known is None:
                self.study.set_user_attr(DEFINITION, definition.as_json())
        self.known = definition if known is None else Definition.from_json(known)

    @classmethod
    def open(cls, plan: Plan, retry: int = 3) -> Ledger:
        """The ledger of a plan."""
        return cls(open_store(plan.folder, plan.name, plan.storage), plan.name, plan.definition, plan.budget, retry)

    def close(self) -> None:
        """Close what the storage keeps open."""
        self._store.close()

    def trials(self) -> list[FrozenTrial]:
        """The trials of the budget, by number."""
        return self.study.get_trials(deepcopy=False)[: self._budget]

    def claim(self) -> Claim | str:
        """Take a trial to work on: one whose worker is gone before a new one.

        Returns:
            The claim; or why there is none, `Empty.WAIT` or `Empty.DONE`.
        """
        with self._store.exclusive():
            known = self.study.get_trials(deepcopy=False)
            running = [trial for trial in known[: self._budget] if not trial.state.is_finished()]
            for trial in running:
                lease = trial.system_attrs.get(LEASE)
                if not self._is_free(trial, lease):
                    continue
                lost = bool(lease and not lease["released"])
                attempt = lease["attempt"] + lost if lease else 0
                if lost and attempt > self._retry:
                    self._end(trial, TrialState.FAIL, (), {"error": f"its worker was lost, {attempt} times"})
                    continue
                return self._take(self._continued(trial), attempt)
            if len(known) < self._budget:
                self.study.sampler = sampler(self._definition, len(known))
                return self._take(self.study.ask(), 0)
            return Empty.WAIT if running and any(not trial.state.is_finished() for trial in self.trials()) else Empty.DONE

    def beat(self, claim: Claim) -> bool:
        """Show that the worker of a trial lives. False: the trial was taken from it meanwhile, and is not its to write to."""
        with self._store.exclusive():
            lease = self._lease(claim)
            if lease is None:
                return False
            self._write(claim.trial, {**lease, "beat": lease["beat"] + 1})
        return True

    def finish(self, claim: Claim, state: TrialState, values: Sequence[float] = (), **notes: Any) -> bool:
        """End a trial.

        Args:
            claim: The trial.
            state: COMPLETE, PRUNED or FAIL.
            values: The objectives of a complete trial.
            notes: Facts to keep with it.

        Returns:
            False if the trial was taken from this worker meanwhile, and nothing was written.
        """
        with self._store.exclusive():
            if self._lease(claim) is None:
                return False
            self._end(self.study.get_trials(deepcopy=False)[claim.number], state, values, notes)
        return True

    def release(self, claim: Claim, again: bool = False) -> None:
        """Give a trial back unfinished, for the next who asks; `again` counts it as a retry."""
        with self._store.exclusive():
            lease = self._lease(claim)
            if lease is not None:
                self._write(claim.trial, {**lease, "released": True, "attempt": lease["attempt"] + again})

    def _take(self, trial: optuna.Trial, attempt: int) -> Claim:
        """Choose what is not chosen yet, then put the lease on the trial: without one, its maker is known to be gone."""
        words, chosen = [], trial.relative_params.keys() | trial.params.keys()  # what is chosen together, is so by the trial's first draw
        for part, each in enumerate(self._definition.space):
            if each.name not in chosen:
                self.study.sampler = sampler(self._definition, trial.number, part + 1)
            words.append(each.word(each.suggest(trial)))
        run = trial.user_attrs.get("run")
        if run is None:
            stamp = time.strftime("%y%m%d-%H%M%S", time.gmtime())
            recipe = [word.partition("=")[2] for word in (*self._definition.words, *words) if word.lstrip("+").startswith("recipe=")]
            run = f"{recipe[-1].rpartition('.')[2]}/{stamp}-{secrets.token_hex(2)}-t{trial.number}"
            trial.set_user_attr("run", run)
        self._write(trial, {"worker": self._mine, "process": self._me, "attempt": attempt, "beat": 0, "released": False})
        return Claim(trial, trial.number, attempt, words, run)

    def _continued(self, trial: FrozenTrial) -> optuna.Trial:
        self.study.sampler = sampler(self._definition, trial.number)
        return optuna.Trial(self.study, trial._trial_id)

    def _end(self, trial: FrozenTrial, state: TrialState, values: Sequence[float], notes: dict[str, Any]) -> None:
        for key, value in notes.items():
            if value is not None:
                self._store.storage.set_trial_user_attr(trial._trial_id, key, value)
        self.study.sampler = sampler(self._definition, trial.number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a pruned trial may have reported nothing
            self.study.tell(trial.number, list(values) or None, state)

    def _lease(self, claim: Claim) -> dict[str, Any] | None:
        """The lease of a trial, if this process still holds it."""
        trial = self.study.get_trials(deepcopy=False)[claim.number]
        lease = trial.system_attrs.get(LEASE)
        if trial.state.is_finished() or lease is None or lease["released"]:
            return None
        return lease if (lease["worker"], lease["attempt"]) == (self._mine, claim.attempt) else None

    def _write(self, trial: optuna.Trial, lease: dict[str, Any]) -> None:
        self._store.storage.set_trial_system_attr(trial._trial_id, LEASE, lease)

    def _is_free(self, trial: FrozenTrial, lease: dict[str, Any] | None) -> bool:
        """Whether nobody works on a trial that has not ended."""
        if lease is None or lease["released"] or lease["worker"] == self._mine:
            return True
        if status({"status": "running", "process": lease["process"], "heartbeat_s": float("inf")}) == "lost":
            return True  # its process ran on this machine, and runs no more
        if all(lease["process"].get(key) == self._me[key] for key in ("boot", "pids")):
            return False
        mark, now = (lease["worker"], lease["attempt"], lease["beat"]), time.monotonic()
        before, since = self._seen.setdefault(trial.number, (mark, now))
        if before != mark:
            self._seen[trial.number] = (mark, now)
            return False
        return now - since > LOST_AFTER_S


def counts(trials: Iterable[FrozenTrial]) -> dict[str, int]:
    """How many trials are in which state, by the name that is shown."""
    found = {"finished": 0, "pruned": 0, "failed": 0, "running": 0}
    names = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
    for trial in trials:
        found[names.get(trial.state, "running")] += 1
    return found
