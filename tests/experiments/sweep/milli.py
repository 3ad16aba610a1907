"""A recipe of milliseconds: a known function of optim.lr and optim.momentum, over epochs of a few steps.

MILLI_LOG names a file that gets a line for each run that is begun or resumed; MILLI_PAUSE is how long a step takes. seed=13 makes it fail,
seed=14 makes it kill its process, seed=15 lets somebody ask it to stop when its last step is done.
"""

from __future__ import annotations

import math
import os
import signal
import time

import numpy as np

BATCHES = 3


def loss(config):
    """Least at optim.lr = 0.1 and optim.momentum = 0.5."""
    return (math.log10(config.optim.lr) + 1) ** 2 + (config.optim.momentum - 0.5) ** 2


class Model:
    def __init__(self):
        self.weight = np.random.standard_normal(4)  # noqa: NPY002  # the generator that a run has to seed

    def parameters(self):
        return [self.weight]

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight = state["weight"].copy()


def train(config, run):
    model, pause = Model(), float(os.environ.get("MILLI_PAUSE", 0))
    run.parameters(4)
    run.plan(config.trainer.epochs, BATCHES)
    run.track(model=model)
    if "MILLI_LOG" in os.environ:
        with open(os.environ["MILLI_LOG"], "a") as file:
            file.write(f"{run.folder.name} {run.step}\n")
    for epoch in run.epochs():
        for _ in run.batches(range(run.step - epoch * BATCHES, BATCHES)):
            time.sleep(pause)
            model.weight = model.weight * 0.9 + np.random.standard_normal(4)  # noqa: NPY002
            if config.seed == 13:
                raise RuntimeError("thirteen is not a seed")
            if config.seed == 14:
                os.kill(os.getpid(), signal.SIGKILL)
            run.advance({"train/loss": loss(config) + 1 / (run.step + 1)}, items=1)
        run.end_epoch({"val/loss": loss(config) + 1 / (epoch + 1), "val/accuracy": 1 / (1 + loss(config) + 1 / (epoch + 1))})
    if config.seed == 15:
        os.kill(os.getpid(), signal.SIGTERM)
    return {"val/loss": loss(config), "val/accuracy": 1 / (1 + loss(config))}
