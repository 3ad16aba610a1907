"""Where two runs part: the step, and the operation with its line and its layer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from workbench.experiments.bisect import _first_parting, _tell
from workbench.experiments.cli import main
from workbench.experiments.compose import compose
from workbench.experiments.start import Start
from workbench.experiments.trace import trace_steps

WORDS = ["recipe=life.small", "trainer.epochs=4", "logger=quiet", "trainer.checkpoint.every_steps=3", "trainer.checkpoint.keep_steps=3"]
HERE = Path(__file__).parents[1]


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])))
    import life.small

    yield life.small
    sys.modules.pop("life.small", None)
    sys.modules.pop("life", None)


def trace(name, *words, first=7, last=8, start=None):
    path = Path(name)
    assert trace_steps(compose([*WORDS, *words]), start, str(path), first, last) == 0
    return path


def parting(capsys, *traces):
    capsys.readouterr()
    _tell("A", "B", _first_parting(*traces))
    return capsys.readouterr().out


def test_equal_traces_do_not_part(small, capsys):
    traces = trace("a"), trace("b")
    assert _first_parting(*traces) is None
    assert "do the same to the bit" in parting(capsys, *traces)
    steps = {line.split('"step": ')[1].split(",")[0] for line in traces[0].read_text().splitlines()}
    assert steps == {"8"}


@pytest.mark.parametrize(
    ("words", "first", "expected"),
    [
        (["optim.lr=0.2"], 7, "step 8: the settings of the optimizer differ: lr 0.1 and 0.2"),
        (["optim.lr=0.2"], 0, "step 1: the settings of the optimizer differ: lr 0.1 and 0.2"),
        (["seed=1"], 0, "step 0: the first operation that differs is uniform\n"),
    ],
    ids=["late", "settings", "seed"],
)
def test_what_differs_from_the_beginning(small, capsys, words, first, expected):
    out = parting(capsys, trace("a", first=first), trace("b", *words, first=first))
    assert out.startswith(expected)
    if words == ["seed=1"]:
        assert "small.py:" in out
        assert "in __init__: `self.body = nn.Sequential(nn.Linear(1, 4), nn.Tanh())`" in out


def test_an_operation_is_named_with_its_line_and_layer(small, capsys, monkeypatch):
    one = trace("a")
    monkeypatch.setattr(small, "change", "forward")
    out = parting(capsys, one, trace("b"))
    assert out.startswith("step 8: A does linear, B does mul\n")
    assert "in forward: `y = y * 1.001  # the change`, layer model (Net)" in out


def test_operations_of_backward_are_named_by_those_of_forward(small):
    entries = trace("a").read_text()
    assert "backward of" in entries
    assert "layer model.body.0 (Linear)" in entries
    assert '"name": "model.head.weight"' in entries


def test_a_parameter_that_is_changed_aside_is_found(small, capsys, monkeypatch):
    one = trace("a")
    monkeypatch.setattr(small, "change", "update")
    out = parting(capsys, one, trace("b"))
    assert out.startswith("step 8: the first operation that differs is linear\n")
    assert "layer model.head (Linear)" in out
    assert "argument 2: float32[1] " in out


def test_a_trace_begins_at_a_checkpoint_too(small):
    assert main(["train", "--plain", *WORDS]) == 0
    (run,) = Path("runs/small").iterdir()
    at_six = trace("b", start=Start(run / "checkpoints" / "step-6", run))
    assert _first_parting(trace("a"), at_six) is None


def test_two_runs(small, capfd, monkeypatch):
    """The one changed in its forward from step 8 on; both are done again from the checkpoint of step 6, in processes of their own."""
    assert main(["train", "--plain", *WORDS]) == 0
    (one,) = Path("runs/small").iterdir()
    monkeypatch.setattr(small, "change", "forward")
    assert main(["train", "--plain", *WORDS]) == 0
    (other,) = set(Path("runs/small").iterdir()) - {one}
    capfd.readouterr()
    assert main(["bisect", one.name, one.name]) == 2
    assert f"expected two runs, got {one.name} twice" in capfd.readouterr().err
    # what the test changed in memory is no part of the recorded code: a replay of both is equal, and that is told
    assert main(["bisect", one.name, other.name, "--code", "installed"]) == 1
    out = capfd.readouterr().out
    assert "the records part at step 8: train/loss is " in out
    assert "doing again from the checkpoint of step 6; traced from step 7 to 8" in out
    assert "what parted them is not in the code, the configuration or the data" in out
