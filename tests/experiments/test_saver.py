"""Saving in the background: the state of the step is what is written, one checkpoint after the other, and a failure is told."""

from __future__ import annotations

import errno
import os
import threading

import numpy as np
import pytest

from workbench import engine as torch
from workbench.experiments import checkpoint as module
from workbench.experiments.checkpoint import CheckpointStore, load
from workbench.experiments.saver import Saver


def saver(folder, **keep):
    return Saver(CheckpointStore(folder, **keep), lambda: None)


def steps(folder):
    return [c.step for c in CheckpointStore(folder).found()]


@pytest.fixture
def held(monkeypatch):
    """Lets no tensor be written before the event is set."""
    go, write = threading.Event(), module.write_tensors

    def patient(path, tensors):
        assert go.wait(20)
        return write(path, tensors)

    monkeypatch.setattr(module, "write_tensors", patient)
    return go


def test_the_training_goes_on_meanwhile(tmp_path, held):
    at_work, weight, half = saver(tmp_path), torch.ones(3), torch.ones(2, dtype=torch.bfloat16)
    array = np.ones(2)
    at_work.save(1, {"weight": weight, "half": half, "array": array}, {"val/loss": 0.5})
    weight.mul_(7)
    half.zero_()
    array[:] = 7
    assert steps(tmp_path) == []
    held.set()
    at_work.wait()
    about, state = load(tmp_path / "step-1")
    assert (state["weight"].tolist(), state["half"].tolist(), state["array"].tolist()) == ([1, 1, 1], [1, 1], [1, 1])
    assert state["half"].dtype is torch.bfloat16
    assert about.metrics == {"val/loss": 0.5}


def test_the_next_one_waits(tmp_path, held):
    at_work = saver(tmp_path, keep_last=9)
    at_work.save(1, {"step": 1}, {})
    threading.Timer(0.05, held.set).start()
    at_work.save(2, {"step": 2}, {})
    assert steps(tmp_path)[:1] == [1]
    at_work.wait()
    assert steps(tmp_path) == [1, 2]


@pytest.mark.parametrize("tell", ["check", "wait", "save"])
def test_a_failure_is_told_once(tmp_path, monkeypatch, tell):
    def full(path, tensors):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    at_work = saver(tmp_path)
    at_work.save(1, {"step": 1}, {})
    at_work.wait()
    with monkeypatch.context() as patch:
        patch.setattr(module, "write_tensors", full)
        at_work.save(2, {"step": 2}, {})
        at_work._thread.join()
    with pytest.raises(OSError, match="no space left for the checkpoint of step 2"):
        getattr(at_work, tell)(*([3, {}, {}] if tell == "save" else []))
    at_work.check()
    assert steps(tmp_path) == [1]


def test_logs_are_synced_before_the_checkpoint_counts(tmp_path):
    seen = []
    at_work = Saver(CheckpointStore(tmp_path), lambda: seen.append(steps(tmp_path)))
    at_work.save(1, {}, {})
    at_work.wait()
    assert (seen, steps(tmp_path)) == ([[]], [1])
