"""A sweep in the process of the test: what a worker does, without the seconds that a process takes to start."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.experiments.sweep.ledger import Ledger
from workbench.experiments.sweep.outcome import leave
from workbench.experiments.sweep.settings import Definition, Plan, plan
from workbench.experiments.sweep.space import parameter
from workbench.experiments.sweep.worker import Order, Worker

WORDS = ["recipe=sweep.milli", "trainer.epochs=2", "logger=quiet"]
SPACE = ["optim.lr=log(1e-3,1)", "optim.momentum=interval(0.1,0.9)"]


def planned(*words, space=SPACE, multirun=False):
    made = plan([*WORDS, *space, *words], multirun)
    made.folder.mkdir(parents=True, exist_ok=True)
    return made


def bare(name="bare", trials=3, sampler="random", space=SPACE, **more):
    """A plan that nobody composed a configuration for."""
    definition = Definition(tuple(WORDS), tuple(map(parameter, space)), ("val/accuracy",), ("max",), sampler, **more)
    made = Plan(name, definition, trials, Path("runs"))
    made.folder.mkdir(parents=True, exist_ok=True)
    return made


def swept(*words, space=SPACE, multirun=False, **order):
    """The plan and the trials of a sweep that one worker did."""
    made = planned(*words, space=space, multirun=multirun)
    worker = Worker(Order(made, **order))
    worker.work()
    return made, worker._ledger.trials()


def results(*words, **more):
    """The folder of a sweep that one worker did, with its results."""
    made, trials = swept(*words, **more)
    leave(made, Ledger.open(made).study, trials)
    return made, trials


def about(made, trial, name="run.json"):
    return json.loads((made.root / trial.user_attrs["run"] / name).read_text())
