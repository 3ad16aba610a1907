"""Where a value of a training is not finite, the operation, the layer and the step that made it are named, and can be seen again."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from workbench.experiments.checkpoint import load
from workbench.experiments.cli import main
from workbench.experiments.tensorfile import digest_tensors

HERE = Path(__file__).parent
WORDS = ["recipe=life.unstable", "trainer.epochs=3", "optim.lr=0.05", "logger=quiet"]
ORIGINS = {
    "forward": r"log: expected a finite result .*unstable\.py:\d+, in forward: `y = \(y \* 0 - 1\)\.log\(\)  # the forward`, layer Net",
    "backward": r"backward: .* from SqrtBackward0 .*unstable\.py:\d+, in forward: `y = .* # the backward`, layer Net",
    "optimizer": r"no operation: the step of the optimizer made model\.\S+ not finite",
    "value": r"no operation: train/loss is inf",
    "evaluation": r"no operation: val/loss is nan",
}


@pytest.fixture
def unstable(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    import life.unstable

    yield life.unstable
    for name in ("life.unstable", "life"):
        sys.modules.pop(name, None)


def train(*more):
    return main(["train", "--plain", *WORDS, *more])


def told(capsys):
    """Step, origin and capsule, as the failed run told them."""
    text = capsys.readouterr().err
    found = re.search(r"Origin, step (\d+): (.*)\nworkbench replay (\S+) shows it again", text)
    assert found, text
    return int(found[1]), found[2], Path(found[3])


@pytest.mark.parametrize("how", ORIGINS)
def test_the_origin_is_named_and_replayed(unstable, monkeypatch, capsys, how):
    monkeypatch.setattr(unstable, "how", how)
    assert train() == 1
    step, origin, capsule = told(capsys)
    assert re.match(ORIGINS[how], origin)
    assert json.loads((capsule / "tree.json").read_text())["state"]["run"]["step"] == step - 1
    assert main(["replay", "last"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"step {step}: ")
    assert origin in out
    assert out.endswith("reproduced\n")


def test_it_is_the_same_from_a_checkpoint_within_the_epoch_and_with_workers(unstable, capsys):
    unstable.how = "forward"
    assert train() == 1
    step, origin, capsule = told(capsys)
    batch = json.loads((capsule / "tree.json").read_text())["batch"]
    assert step > 1
    assert train("data.workers=1", "trainer.checkpoint.every_steps=1", "trainer.checkpoint.keep_last=9") == 1
    again, same, other = told(capsys)
    assert (again, same) == (step, origin)
    assert json.loads((other / "tree.json").read_text())["batch"] == batch
    ours, theirs = (load(folder)[1] for folder in (capsule, other))
    assert ours["batch"][0].tolist() == theirs["batch"][0].tolist()
    assert unstable.at_sample in ours["batch"][0].flatten().tolist()
    assert digest_tensors(ours["state"]["parts"]["model"]) == digest_tensors(theirs["state"]["parts"]["model"])


def test_a_branch_is_followed_from_where_it_began(unstable, monkeypatch, capsys):
    monkeypatch.setattr(unstable, "how", "none")
    assert train("trainer.checkpoint.every_steps=3", "trainer.checkpoint.keep_last=9") == 0
    monkeypatch.setattr(unstable, "how", "optimizer")
    assert main(["branch", "last@9", "optim.lr=0.01"]) == 1
    step, origin, capsule = told(capsys)
    assert 10 <= step <= 15
    assert re.match(ORIGINS["optimizer"], origin)
    assert load(capsule)[1]["state"]["parts"]["optimizer"]["param_groups"][0]["lr"] == 0.01
    assert main(["replay", "last"]) == 0


def test_an_evaluation_after_the_last_checkpoint_is_looked_at_too(unstable, monkeypatch, capsys):
    """The checkpoint of the epoch's last step is gone on from within the epoch, whose end is still to come."""
    monkeypatch.setattr(unstable, "how", "evaluation by an operation")
    assert train("trainer.checkpoint.every_steps=10", "trainer.epochs=2") == 1
    step, origin, _ = told(capsys)
    assert step == 11  # the one that would come after
    assert re.match(r"log: expected a finite result .*unstable\.py", origin)


def test_a_trial_of_a_sweep_is_not_looked_at(unstable, monkeypatch, capsys, tmp_path):
    from workbench.experiments import train as module

    trial = SimpleNamespace(about={"sweep": "x"}, folder=tmp_path / "runs/unstable/trial", report=lambda step, values: False)
    monkeypatch.setattr(unstable, "how", "forward")
    assert module.begin(WORDS, ["workbench"], True, trial=trial) == 1
    err = capsys.readouterr().err
    assert "train/loss is nan" in err
    assert "Origin" not in err


def test_another_origin_is_not_called_reproduced(unstable, monkeypatch, capsys):
    monkeypatch.setattr(unstable, "how", "forward")
    assert train() == 1
    *_, capsule = told(capsys)
    monkeypatch.setattr(unstable, "how", "none")
    assert main(["replay", str(capsule)]) == 1
    assert "every value of the step is finite here\nnot reproduced" in capsys.readouterr().out
    monkeypatch.setattr(unstable, "how", "backward")
    assert main(["replay", str(capsule), "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["same"] is False
    assert "SqrtBackward0" in facts["origin"]


def test_what_does_not_come_up_again_is_said(unstable, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(
        unstable.Net, "forward", lambda self, x: self.head(self.body(x)) * (calls.append(1) or float("nan") ** (len(calls) == 3))
    )
    assert train() == 1
    assert "the value did not come up again, so something outside of the run's state and seed takes part" in capsys.readouterr().err


def test_nothing_is_looked_for_where_that_is_switched_off(unstable, monkeypatch, capsys):
    monkeypatch.setattr(unstable, "how", "forward")
    assert train("trainer.find_nan=false") == 1
    assert "Origin" not in capsys.readouterr().err
    assert main(["replay", "last"]) == 2
    assert "has no capsule" in capsys.readouterr().err


def test_a_checkpoint_is_no_capsule(unstable, monkeypatch, capsys):
    monkeypatch.setattr(unstable, "how", "none")
    assert train("trainer.epochs=1") == 0
    (checkpoint,) = Path("runs/unstable").glob("*/checkpoints/step-*")
    assert main(["replay", str(checkpoint)]) == 2
    assert "to be a capsule, got a checkpoint" in capsys.readouterr().err
