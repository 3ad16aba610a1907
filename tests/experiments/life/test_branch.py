"""Branches: equal to their parent to the bit where nothing is changed, and different by what was declared alone."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from workbench import engine as torch
from workbench.experiments import start as module
from workbench.experiments.cli import main
from workbench.experiments.files import read_json
from workbench.experiments.metrics import read_digests, read_metrics

from ..test_events import scalars

WORDS = ["recipe=life.tiny", "trainer.epochs=4", "trainer.checkpoint.every_steps=4", "trainer.checkpoint.keep_steps=4", "optim.lr=0.05"]


@pytest.fixture
def parent(tiny):
    assert main(["train", "--plain", *WORDS, "logger.every_steps=1"]) == 0
    return newest()


def newest():
    return max(Path("runs/tiny").iterdir(), key=lambda run: run.stat().st_ctime_ns)


def branch(*words):
    return main(["branch", "--plain", *words])


def came_to(run):
    path = run / "metrics.bin"
    rows = [(row.step, row.values) for row in read_metrics(path)]
    return read_json(run / "result.json")["sha256"], rows, read_digests(path), scalars(run)


@pytest.mark.parametrize("step", [4, 12, 20])
def test_unchanged_it_equals_its_parent(parent, step):
    assert branch(f"{parent.name}@{step}") == 0
    made = newest()
    assert made != parent
    assert came_to(made) == came_to(parent)
    about = read_json(made / "run.json")
    assert about["parent"] == parent.name
    assert about["lineage"] == {"kind": "branch", "parent": parent.name, "step": step, "overrides": [], "changed": []}


def test_it_is_complete_in_itself(parent, monkeypatch, tiny):
    """Stopped before its first checkpoint, and its parent gone, it goes on from where it began."""
    whole = came_to(parent)
    monkeypatch.setattr(tiny, "at_step", lambda at: [os.kill(os.getpid(), signal.SIGINT) for _ in "12"] if at == 10 else None)
    assert branch(f"{parent.name}@8") == 130
    made = newest()
    shutil.rmtree(parent)
    assert list((made / "checkpoints").iterdir()) == []
    monkeypatch.setattr(tiny, "at_step", lambda at: None)
    assert main(["train", "--plain", "--resume", made.name]) == 0
    assert came_to(made) == whole


def test_what_was_declared_differs_from_that_step_on(parent, capsys):
    assert branch(f"{parent.name}@12", "optim.lr=0.01") == 0
    made = newest()
    ours, theirs = came_to(made), came_to(parent)
    assert ours[0] != theirs[0]
    assert [row for row in ours[1] if row[0] < 12] == [row for row in theirs[1] if row[0] < 12]
    assert dict(ours[1])[13] != dict(theirs[1])[13]
    assert read_json(made / "run.json")["lineage"]["overrides"] == ["optim.lr=0.01"]
    assert "branch of" in capsys.readouterr().out


def test_another_seed_draws_other_numbers(parent):
    assert branch(f"{parent.name}@12", "seed=7") == 0
    first = came_to(newest())
    assert first[0] != came_to(parent)[0]
    assert branch(f"{parent.name}@12", "seed=7") == 0
    assert came_to(newest())[0] == first[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["last@13"], "has no checkpoint of step 13; there are 4, 8, 12, 16, 20, 24"),
        (["last@soon"], 'expected RUN@STEP with a step, "best" or "last", got "soon"'),
        (["last@12", "optim.lrate=1"], 'no key "optim.lrate" in the configuration of this run; did you mean "optim.lr"?'),
        (["last@12", "optim.lr=-1"], "expected optim.lr to be more than 0"),
        (["nobody@12"], "no run 'nobody'"),
    ],
)
def test_wrong_words_make_no_run(parent, capsys, words, message):
    capsys.readouterr()
    assert branch(*words) == 2
    assert message in capsys.readouterr().err
    assert newest() == parent
    assert len(list(Path("runs/tiny").iterdir())) == 1


def test_changed_data_is_refused(parent, capsys, monkeypatch):
    monkeypatch.setenv("TINY_DATA", "changed")
    assert branch("last@12") == 2
    assert "the data set none has changed since the run began (sha256 differs)" in capsys.readouterr().err


def trained(rate, steps):
    """An SGD with momentum and a schedule after some steps."""
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=rate, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    for _ in range(steps):
        (weight * torch.tensor([1.0, 2.0])).sum().backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return optimizer, schedule


def test_an_optimizer_keeps_its_moments_and_takes_the_new_rate():
    (saved, saved_schedule), (fresh, schedule), (other, _) = trained(0.1, 4), trained(0.01, 0), trained(0.01, 4)
    begin = module.Start(Path(), Path(), ["optim.lr"])
    begin.adopt("optimizer", fresh, saved.state_dict())
    begin.adopt("schedule", schedule, saved_schedule.state_dict())
    assert fresh.state_dict()["state"][0]["momentum_buffer"].tolist() == saved.state_dict()["state"][0]["momentum_buffer"].tolist()
    assert fresh.param_groups[0]["lr"] == pytest.approx(other.param_groups[0]["lr"], rel=1e-12)
    assert schedule.last_epoch == 4


def test_a_state_that_does_not_fit_is_told():
    with pytest.raises(module.UserError, match=r"branch: the checkpoint's model does not fit the changed configuration \(model.widths\)"):
        module.Start(Path(), Path(), ["model.widths"]).adopt("model", torch.nn.Linear(2, 2), torch.nn.Linear(3, 2).state_dict())
