"""Checkpoints: whole or absent, verified, pruned, and never lost to what goes wrong later."""

from __future__ import annotations

import errno
import json
import os

import numpy as np
import pytest

from workbench.experiments import checkpoint as module
from workbench.experiments.checkpoint import CheckpointStore, DamagedCheckpointError


def state(step):
    return {
        "run": {"step": step},
        "parts": {"model": {"weight": np.full((4, 3), step, np.float32)}, "optimizer": {"state": {0: {"m": None}}}},
    }


def read(store):
    notes = []
    found = store.load_latest(notes.append, tensor=lambda code, array: array)
    return found, notes


def test_state_comes_back(tmp_path):
    store = CheckpointStore(tmp_path / "checkpoints")
    store.save(7, state(7), {"val/accuracy": 0.5})
    (checkpoint, back), notes = read(store)
    assert (checkpoint.step, checkpoint.metrics, notes) == (7, {"val/accuracy": 0.5}, [])
    assert back["parts"]["optimizer"] == state(7)["parts"]["optimizer"]
    assert (back["parts"]["model"]["weight"] == 7).all()


def test_files_are_safetensors_and_json(tmp_path):
    import safetensors.numpy

    store = CheckpointStore(tmp_path)
    folder = store.save(1, state(1)).folder
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "tensors.safetensors", "tree.json"]
    assert set(safetensors.numpy.load_file(folder / "tensors.safetensors")) == {"parts.model.weight"}
    assert set(json.loads((folder / "manifest.json").read_text())["files"]) == {"tensors.safetensors", "tree.json"}


def test_no_checkpoint(tmp_path):
    assert read(CheckpointStore(tmp_path / "none")) == (None, [])


def test_keeps_the_last_and_the_best(tmp_path):
    store = CheckpointStore(tmp_path, keep_last=2, keep_best=1, metric="val/accuracy")
    for step, accuracy in enumerate([0.1, 0.9, 0.3, 0.4, float("nan")]):
        store.save(step, state(step), {"val/accuracy": accuracy})
    assert [c.step for c in store.found()] == [1, 3, 4]
    assert store.best().step == 1


def test_keeps_the_smallest_where_less_is_better(tmp_path):
    store = CheckpointStore(tmp_path, keep_last=1, keep_best=1, metric="val/loss", mode="min")
    for step, loss in enumerate([0.5, 0.2, 0.4]):
        store.save(step, state(step), {"val/loss": loss})
    assert [c.step for c in store.found()] == [1, 2]


def test_keeps_those_of_every_so_many_steps(tmp_path):
    store = CheckpointStore(tmp_path, keep_last=1, keep_best=0, keep_steps=10)
    for step in range(5, 40, 5):
        store.save(step, state(step))
    assert [c.step for c in store.found()] == [10, 20, 30, 35]


def test_keeps_some_of_the_best(tmp_path):
    store = CheckpointStore(tmp_path, keep_last=1, keep_best=2, metric="train/loss", mode="min")
    for step, loss in enumerate([0.5, 0.2, 0.4, 0.1, 0.3]):
        store.save(step, state(step), {"train/loss": loss})
    assert [c.step for c in store.found()] == [1, 3, 4]


def test_steps_sort_as_numbers(tmp_path):
    store = CheckpointStore(tmp_path, keep_last=9)
    for step in (9, 10, 100):
        store.save(step, state(step))
    assert read(store)[0][0].step == 100


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "altered tensors": (lambda folder: flip(folder / "tensors.safetensors"), "tensors.safetensors does not match its sha256"),
    "altered tree": (lambda folder: flip(folder / "tree.json"), "tree.json does not match its sha256"),
    "cut tensors": (lambda folder: os.truncate(folder / "tensors.safetensors", 10), "tensors.safetensors has 10 bytes, its manifest says"),
    "missing tensors": (lambda folder: (folder / "tensors.safetensors").unlink(), "tensors.safetensors is missing"),
    "missing manifest": (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
    "cut manifest": (lambda folder: os.truncate(folder / "manifest.json", 20), "manifest.json is missing or no JSON"),
    "other format": (lambda folder: (folder / "manifest.json").write_text('{"format": 99}'), "expected format 1, got 99"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_named_and_the_one_before_taken(tmp_path, damage):
    store = CheckpointStore(tmp_path, keep_last=3)
    for step in (1, 2):
        store.save(step, state(step))
    hurt, message = DAMAGES[damage]
    hurt(tmp_path / "step-2")
    (checkpoint, _), notes = read(store)
    assert checkpoint.step == 1
    assert len(notes) == 1
    assert "step-2" in notes[0]
    assert message in notes[0]
    hurt(tmp_path / "step-1")
    with pytest.raises(DamagedCheckpointError, match="none of the 2 checkpoints"):
        read(store)


def test_a_damaged_checkpoint_is_replaced_when_its_step_comes_again(tmp_path):
    store = CheckpointStore(tmp_path, keep_last=3)
    for step in (1, 2):
        store.save(step, state(step))
    flip(tmp_path / "step-2" / "tree.json")
    store.save(2, state(2))
    (checkpoint, _), notes = read(store)
    assert (checkpoint.step, notes) == (2, [])


def test_what_a_killed_save_left_is_ignored_and_cleared(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save(1, state(1))
    left = tmp_path / ".step-2.99999.tmp"
    left.mkdir()
    (left / "tensors.safetensors").write_bytes(b"half")
    assert read(store)[0][0].step == 1
    store.save(3, state(3))
    assert not left.exists()


@pytest.mark.parametrize("then", ["read", "save"])
def test_one_that_a_kill_left_moved_aside_is_put_back(tmp_path, then):
    store = CheckpointStore(tmp_path)
    store.save(1, state(1))
    (tmp_path / "step-1").rename(tmp_path / ".step-1.99999.old")
    if then == "save":
        store.save(2, state(2))
        assert [c.step for c in store.found()] == [1, 2]
    else:
        assert read(store)[0][0].step == 1


@pytest.mark.parametrize("after_bytes", [0, 100, 300])
def test_a_full_disk_leaves_earlier_checkpoints(tmp_path, monkeypatch, after_bytes):
    store = CheckpointStore(tmp_path)
    store.save(1, state(1))
    written = [0]

    def fsync(handle):
        written[0] += os.fstat(handle).st_size
        if written[0] > after_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.os, "fsync", fsync)
    with pytest.raises(OSError, match="no space left for the checkpoint of step 2: it needs") as caught:
        store.save(2, state(2))
    assert caught.value.errno == errno.ENOSPC
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["step-1"]
    assert read(store)[0][0].step == 1
