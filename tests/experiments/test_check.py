"""`workbench check`: what would stop a training stops the check, what it predicts is what the training does, and nothing is left."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from workbench.experiments import rehearsal
from workbench.experiments.cli import main
from workbench.experiments.metrics import read_metrics

HERE = Path(__file__).parent
WORDS = ["recipe=life.picky", "trainer.epochs=2", "optim.lr=0.05", "logger=quiet"]


@pytest.fixture
def picky(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    import life.picky

    monkeypatch.setattr(rehearsal, "STEPS_S", 0.0)
    monkeypatch.setattr(rehearsal, "EVALUATION_S", 0.0)
    yield life.picky
    for name in ("life.picky", "life"):
        sys.modules.pop(name, None)


def check(*more):
    return main(["check", *WORDS, *more])


def test_it_predicts_what_the_training_does_and_leaves_nothing(picky, capsys):
    assert check("--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert list(Path().iterdir()) == []
    assert picky.read == [1, *[rehearsal.LEAST_BATCHES] * 2]  # of 2,000
    assert main(["train", "--plain", *WORDS]) == 0
    (folder,) = Path("runs/picky").iterdir()
    about = json.loads((folder / "run.json").read_text())
    assert facts["ok"] is True
    assert (facts["steps"], facts["parameters"], facts["epochs"]) == (about["total_steps"], about["parameters"], 2)
    first = next(iter(read_metrics(folder / "metrics.bin"))).values
    assert facts["loss"] == {name: float(value) for name, value in first.items()}
    sizes = [sum(path.stat().st_size for path in each.iterdir() if path.name != "manifest.json") for each in folder.glob("checkpoints/*")]
    assert abs(facts["checkpoint_bytes"] / max(sizes) - 1) < 0.05


def test_the_time_is_that_of_all_steps_and_whole_evaluations(picky, capsys):
    assert check("--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["train_s"] > facts["steps"] * facts["spread_s"][0]
    evaluation = rehearsal._Evaluation(seconds=0.5, read=2, length=2000)
    assert evaluation.whole_s == 500.0


def test_data_is_compared_with_what_the_newest_run_read(picky, monkeypatch, capsys):
    assert check() == 0
    assert "newest run" not in capsys.readouterr().out
    assert main(["train", "--plain", *WORDS, "trainer.epochs=1"]) == 0
    capsys.readouterr()
    assert check() == 0
    assert "sha256 0, as in the newest run with it" in capsys.readouterr().out
    monkeypatch.setattr(picky, "fingerprint", "1")
    assert check() == 0
    assert "sha256 1, NOT what the newest run with it read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("no data", 2, "data: no file faces.npz; put it into data/"),
        ("shapes", 1, "layer body.2 (Linear)"),
        ("unsavable", 1, "expected parts.part.value to be a tensor, number"),
        ("nan", 1, "check: train/loss is nan at step 1"),
    ],
)
def test_what_would_stop_the_training_stops_the_check(picky, monkeypatch, capsys, how, code, message):
    monkeypatch.setattr(picky, "how", how)
    assert check() == code
    assert message in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_a_part_that_does_not_come_back_is_named(picky, monkeypatch, capsys):
    monkeypatch.setattr(picky, "how", "forgetful")
    assert check() == 1
    assert "does NOT come back: part; see their state_dict" in capsys.readouterr().out


def test_a_disk_that_is_too_small_is_told(picky, monkeypatch, capsys):
    monkeypatch.setattr(rehearsal.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100})())
    assert check() == 1
    assert "NOT enough: about" in capsys.readouterr().out


def test_a_wrong_key_is_told_first(picky, capsys):
    assert check("optim.lrr=1") == 2
    assert 'did you mean "optim.lr"' in capsys.readouterr().err
