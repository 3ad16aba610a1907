"""A recipe without the engine's layers: a linear model on NumPy, with every kind of state that a resumed run needs.

`at_step` lets a test do something in a step; TINY_KILL_STEP and TINY_KILL_SAVE kill the process in a step, or while a checkpoint is made.
"""

from __future__ import annotations

import os
import signal

import numpy as np

BATCHES = 6


def at_step(step):
    """Replaced by tests."""


class Model:
    def __init__(self):
        self.weight = np.random.standard_normal((3, 2)).astype(np.float32)  # noqa: NPY002  # the generator that a run has to restore
        self.saves = 0

    def parameters(self):
        return [self.weight]

    def state_dict(self):
        self.saves += 1
        if self.saves == int(os.environ.get("TINY_KILL_SAVE", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight = state["weight"].copy()


class Momentum:
    def __init__(self, rate):
        self.state, self.rate = {0: {"momentum": np.zeros((3, 2), np.float32), "steps": 0}}, rate

    def step(self, model, gradient):
        state = self.state[0]
        state["momentum"] = (0.9 * state["momentum"] + gradient).astype(np.float32)
        state["steps"] += 1
        model.weight -= self.rate * state["momentum"]

    def state_dict(self):
        return {"state": self.state, "groups": [{"lr": self.rate, "betas": (0.9, 0.999)}]}

    def load_state_dict(self, state):
        self.state = state["state"]


class Loader:
    def __init__(self, seed):
        self.seed, self.epoch, self.done = seed, 0, 0

    def __iter__(self):
        order = np.random.default_rng([self.seed, self.epoch]).permutation(BATCHES)
        while self.done < BATCHES:
            self.done += 1
            yield np.float32(order[self.done - 1])
        self.epoch, self.done = self.epoch + 1, 0

    def state_dict(self):
        return {"epoch": self.epoch, "done": self.done}

    def load_state_dict(self, state):
        self.epoch, self.done = state["epoch"], state["done"]


def train(config, run):
    run.data("none", {"sha256": os.environ.get("TINY_DATA", "0"), "shape": [3, 2]})
    model, optimizer, loader = Model(), Momentum(config.optim.lr), Loader(config.seed)
    run.parameters(model.weight.size)
    run.plan(config.trainer.epochs, BATCHES)
    run.track(model=model, optimizer=optimizer, loader=loader)
    run.images("samples", np.zeros((2, 1, 4, 4)))
    for _ in run.epochs():
        for batch in run.batches(loader):
            noise = np.random.standard_normal((3, 2)).astype(np.float32)  # noqa: NPY002
            optimizer.step(model, 0.1 * model.weight + 0.01 * batch * noise)
            if run.step + 1 == int(os.environ.get("TINY_KILL_STEP", 0)):
                os.kill(os.getpid(), signal.SIGKILL)
            loss = at_step(run.step + 1)
            run.advance({"train/loss": np.square(model.weight).mean() if loss is None else loss, "train/lr": 0.1}, items=4)
        run.histograms("weights", {"weight": model.weight})
        run.end_epoch({"val/accuracy": 1.0 / (1.0 + float(np.square(model.weight).mean()))})
    return {"test/accuracy": 1.0 / (1.0 + float(np.square(model.weight).mean()))}
