"""Every case trains to the same bits for any number of threads, and again."""

from __future__ import annotations

import hashlib

import pytest

from workbench import engine
from workbench.experiments.bench.case import make_step
from workbench.experiments.bench.cases import CASES
from workbench.ext.core import _core as core

# so large that the pool shares the work, so small that all take seconds
SIZES = {
    "resnet18": {"batch": 6, "width": 16},
    "resnet20": {"batch": 10, "width": 8},
    "unet": {"batch": 3, "width": 16},
    "mobile": {"batch": 3, "width": 16},
    "gpt": {"batch": 3, "width": 128, "length": 96},
    "encoder": {"batch": 5, "width": 128, "length": 48},
    "lm": {"batch": 3, "width": 64, "length": 40},
    "lstm": {"batch": 9, "width": 64, "length": 12},
    "mlp": {"batch": 96, "width": 200},
    "policy": {"batch": 256, "width": 64},
}


def trained(name, threads):
    """sha256 of the losses of two steps and of all parameters after them, and how many jobs the pool shared."""
    before = engine.get_num_threads()
    engine.set_num_threads(threads)
    try:
        case = CASES[name]
        work = case.build(engine, **SIZES[name])
        step, jobs = make_step(engine, work, "train", "contiguous"), core.pool_stats()["jobs"]
        digest = hashlib.sha256()
        for x in (step(), step(), *work.model.state_dict().values()):
            digest.update(x.detach().numpy().tobytes())
        return digest.hexdigest(), core.pool_stats()["jobs"] - jobs
    finally:
        engine.set_num_threads(before)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "train" in case.modes])
def test_training(name):
    wanted, _ = trained(name, 1)
    for threads in (2, 3, 5, 2):
        found, jobs = trained(name, threads)
        assert found == wanted, f"{threads} threads"
        assert jobs > 0, f"nothing was shared between {threads} threads"
