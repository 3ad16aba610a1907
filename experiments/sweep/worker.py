"""A worker of a sweep: one process that runs one trial after the other, until there is none left or its sweeper is gone.

It is started by the sweeper, is told what to do in a line of JSON on its standard input, and stops when that closes. The imports are paid
for once; what a run leaves behind in the process is cleared away before the next.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from optuna.trial import TrialState

from ..errors import Interrupted
from .ledger import BEAT_S, Claim, Empty, Ledger
from .settings import Definition, Plan
from .trial import run_trial

_WAIT_S = 0.2


@dataclass(frozen=True)
class Order:
    """What a worker is told.

    Args:
        plan: The sweep.
        retry: How often a trial whose worker was lost is taken up again.
        retry_failed: How often one that failed is.
        fail_fast: Whether to stop when a trial fails.
        command: The command line, for the records.
    """

    plan: Plan
    retry: int = 3
    retry_failed: int = 0
    fail_fast: bool = False
    command: tuple[str, ...] = ()

    def as_json(self) -> str:
        """As a line of JSON."""
        plan = self.plan
        facts = {
            "name": plan.name,
            "definition": plan.definition.as_json(),
            "budget": plan.budget,
            "root": str(plan.root),
            "storage": plan.storage,
            "multirun": plan.multirun,
            "local": plan.local,
        }
        order = {"retry": self.retry, "retry_failed": self.retry_failed, "fail_fast": self.fail_fast, "command": self.command}
        return json.dumps({"plan": facts, **order})

    @classmethod
    def from_json(cls, line: str) -> Order:
        """What `as_json` gave."""
        values: dict[str, Any] = json.loads(line)
        plan = values.pop("plan")
        plan.update(definition=Definition.from_json(plan["definition"]), root=Path(plan["root"]), local=tuple(plan["local"]))
        return cls(plan=Plan(**plan), **{**values, "command": tuple(values["command"])})


class Worker:
    """Runs trials.

    Args:
        order: What to do.
    """

    def __init__(self, order: Order) -> None:
        self._order, self._plan = order, order.plan
        self._ledger = Ledger.open(order.plan, order.retry)
        self._claim: Claim | None = None
        self._lock = threading.Lock()
        self.stopped = False

    def work(self) -> None:
        """Run trials until all have ended, or a stop was asked for."""
        threading.Thread(target=self._beat, name="lease", daemon=True).start()
        while not self.stopped:
            claim = self._ledger.claim()
            if isinstance(claim, str):
                if claim == Empty.DONE:
                    return
                time.sleep(_WAIT_S)
                continue
            self._one(claim)
            gc.collect()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Take no further trial. The training in hand takes the signal itself; one that is only being prepared is left at once."""
        first, self.stopped = not self.stopped, True
        if first and self._claim is not None and signal.getsignal(number) == self.stop:
            raise Interrupted(128 + number)

    def _one(self, claim: Claim) -> None:
        plan, order = self._plan, self._order
        try:
            with self._lock:
                self._claim = claim
            if self.stopped:  # asked for while it was claimed
                raise Interrupted
            ended = run_trial(claim, plan.definition, plan.name, plan.root, plan.local, list(order.command))
        except Interrupted:
            self._ledger.release(claim)
            return
        except Exception:  # what a run does wrong is an outcome: here no run can be begun, and the trial has no part in that
            self._ledger.release(claim)
            raise
        finally:
            with self._lock:
                self._claim = None
        if ended.state is None:
            self._ledger.release(claim)
            self.stopped = self.stopped or not ended.again
            time.sleep(_WAIT_S)
        elif ended.state == TrialState.FAIL and ended.again and claim.attempt < order.retry_failed:
            self._ledger.release(claim, again=True)
        else:
            notes = {"metrics": dict(ended.metrics or {}), "error": ended.error, "untold": list(ended.untold) or None}
            self._ledger.finish(claim, ended.state, ended.values, **notes)
            self.stopped = self.stopped or (order.fail_fast and ended.state == TrialState.FAIL)

    def _beat(self) -> None:
        """Keep the lease alive. A trial that was given to another meanwhile must not be written to any more: the process ends at once."""
        while True:
            time.sleep(BEAT_S)
            with self._lock:
                if self._claim is not None and not self._ledger.beat(self._claim):
                    print(f"trial {self._claim.number} was given to another worker; this one ends", flush=True)
                    os._exit(3)


def main() -> int:
    """The process: its standard input gives the order, and ends with the sweeper."""
    order = Order.from_json(sys.stdin.readline())
    worker = Worker(order)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, worker.stop)
    threading.Thread(target=_watch, args=(lambda: os.kill(os.getpid(), signal.SIGTERM),), name="sweeper", daemon=True).start()
    worker.work()
    return 0


def _watch(gone: Callable[[], None]) -> None:
    """Wait until the sweeper has closed the pipe, which it does at the latest by ending."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    gone()


if __name__ == "__main__":
    sys.exit(main())
