"""The record of a run: what is running and what is lost, and finding a run by what a user types."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from workbench.experiments import record as module
from workbench.experiments.errors import UserError
from workbench.experiments.record import Record, find, runs, status


def make(root, recipe="resnet"):
    return Record.create(root, recipe, "seed: 0\n", seed=0)


def on_disk(record):
    return json.loads((record.folder / "run.json").read_text())


def test_life(tmp_path):
    record = make(tmp_path)
    about = on_disk(record)
    assert (about["schema"], about["status"], about["recipe"], about["seed"], about["parent"]) == (1, "running", "resnet", 0, None)
    assert record.folder == tmp_path / "resnet" / about["id"]
    assert (record.folder / "config.yaml").read_text() == "seed: 0\n"
    assert status(about) == "running"
    record.update(step=5)
    record.finish("failed", "a reason")
    about = on_disk(record)
    assert (about["status"], about["step"], about["error"]) == ("failed", 5, "a reason")
    assert about["ended_s"] >= about["created_s"]


def test_heartbeat_writes_what_was_updated(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.01)
    record = make(tmp_path)
    first = on_disk(record)["heartbeat_s"]
    record.update(step=3)
    end = time.time() + 5
    while on_disk(record)["step"] != 3 and time.time() < end:
        time.sleep(0.01)
    assert on_disk(record)["step"] == 3
    assert on_disk(record)["heartbeat_s"] > first
    record.finish("finished")
    time.sleep(0.05)
    assert on_disk(record)["status"] == "finished"


def test_a_killed_run_is_lost(tmp_path):
    code = (
        "import os, sys, pathlib; from workbench.experiments.record import Record; "
        "Record.create(pathlib.Path(sys.argv[1]), 'r', '', 0); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    ((_, about),) = runs(tmp_path)
    assert about["status"] == "running"
    assert status(about) == "lost"


def test_a_run_elsewhere_is_judged_by_its_heartbeat(tmp_path):
    record = make(tmp_path)
    about = on_disk(record) | {"process": {"pid": 1, "start": 1, "boot": "another machine", "pids": "x"}}
    assert status(about) == "running"
    assert status(about | {"heartbeat_s": time.time() - 120}) == "lost"
    record.finish("finished")


def test_another_process_with_the_same_number_does_not_count(tmp_path):
    record = make(tmp_path)
    about = on_disk(record)
    about["process"]["start"] += 1
    assert status(about) == "lost"
    record.finish("finished")


def test_reopen_keeps_the_history(tmp_path):
    record = make(tmp_path)
    record.finish("interrupted")
    again = Record.reopen(record.folder, from_step=7)
    again.finish("finished")
    (resumed,) = on_disk(again)["resumed"]
    assert (resumed["step"], resumed["after"]) == (7, "interrupted")


def test_runs_are_listed_newest_first(tmp_path):
    made = []
    for recipe in ("a", "b", "a"):
        record = make(tmp_path, recipe)
        record.finish("finished")
        made.append(record.folder)
        time.sleep(0.01)
    (tmp_path / "a" / "no-run").mkdir()
    (tmp_path / "a" / "torn").mkdir()
    (tmp_path / "a" / "torn" / "run.json").write_text("{")
    assert [folder for folder, _ in runs(tmp_path)] == made[::-1]


def test_find(tmp_path):
    for name in ("261123-0917-aa", "261123-0918-bb", "261124-0000-cc"):
        folder = tmp_path / "resnet" / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({"created_s": float(name[4:6] + name[7:11])}))
    root = tmp_path
    assert find(root, "last").name == "261124-0000-cc"
    assert find(root, "261123-0917-aa").name == "261123-0917-aa"
    assert find(root, "261123-0918").name == "261123-0918-bb"
    assert find(root, "resnet/261124").name == "261124-0000-cc"
    assert find(root, str(root / "resnet" / "261123-0918-bb")).name == "261123-0918-bb"
    with pytest.raises(UserError, match="could be 261123-0917-aa, 261123-0918-bb; give more of its id"):
        find(root, "261123")
    with pytest.raises(UserError, match=r'no run .261123-0917-ab. in .*; did you mean "261123-0917-aa"\?'):
        find(root, "261123-0917-ab")
    with pytest.raises(UserError, match="there are no runs in"):
        find(root / "other", "last")


def test_two_processes_never_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(module.time, "strftime", lambda *_: "same")
    names = iter(["aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr(module.secrets, "token_hex", lambda _: next(names))
    assert [module.new_folder(tmp_path).name for _ in range(2)] == ["same-aaaa", "same-bbbb"]
