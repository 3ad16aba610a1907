"""A training ends when its metric has stopped getting better, also where it was interrupted in between."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from workbench.experiments.cli import main
from workbench.experiments.early_stop import EarlyStop

HERE = Path(__file__).parent
WORDS = ["recipe=life.curve", "logger=quiet", "trainer.checkpoint.metric=val/loss", "trainer.checkpoint.mode=min"]
LOSSES = [0.9, 0.5, 0.6, 0.5, 0.7, 0.4, 0.3]


@pytest.fixture
def curve(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    import life.curve

    monkeypatch.setattr(life.curve, "losses", LOSSES)
    yield life.curve
    for name in ("life.curve", "life"):
        sys.modules.pop(name, None)


def train(*more):
    return main(["train", "--plain", *WORDS, f"trainer.epochs={len(LOSSES)}", *more])


def epochs():
    (path,) = Path("runs/curve").glob("*/result.json")
    return json.loads(path.read_text())["epochs"]


@pytest.mark.parametrize(
    ("patience", "min_delta", "expected"),
    [(1, 0.0, 3), (2, 0.0, 4), (3, 0.0, 5), (4, 0.0, 7), (4, 0.15, 6), ("null", 0.0, 7)],
)
def test_it_stops_after_so_many_epochs_without_a_better_value(curve, capsys, patience, min_delta, expected):
    assert train(f"trainer.early_stop.patience={patience}", f"trainer.early_stop.min_delta={min_delta}") == 0
    assert epochs() == expected
    stopped = "stopped early: val/loss was not better in" in capsys.readouterr().out
    assert stopped == (expected < len(LOSSES))


@pytest.mark.parametrize("interrupted_in", range(4))
def test_a_resumed_run_stops_where_it_would_have(curve, monkeypatch, interrupted_in):
    def losses(epoch):
        if epoch == interrupted_in and not Path("interrupted").exists():
            Path("interrupted").touch()
            raise RuntimeError("stop here")
        return LOSSES[epoch]

    class Curve:
        def __getitem__(self, epoch):
            return losses(epoch)

    monkeypatch.setattr(curve, "losses", Curve())
    assert train("trainer.early_stop.patience=2") == 1
    assert main(["train", "--plain", "--resume", "last"]) == 0
    assert epochs() == 4


def test_a_run_that_had_stopped_early_but_not_ended_does_no_more_epochs(curve, monkeypatch):
    from workbench.experiments.record import Record

    with monkeypatch.context() as patch:
        patch.setattr(Record, "write_result", lambda *_: (_ for _ in ()).throw(RuntimeError("killed before the result")))
        assert train("trainer.early_stop.patience=2") == 1
    assert main(["train", "--plain", "--resume", "last"]) == 0
    assert epochs() == 4


def test_an_epoch_without_the_metric_counts_as_none():
    stop = EarlyStop("val/loss", "min", patience=1)
    assert [stop.offer(values) for values in ({"val/loss": 1.0}, {}, {"val/loss": 1.0})] == [False, False, True]


def test_larger_is_better_where_the_mode_says_so():
    stop = EarlyStop("val/accuracy", "max", patience=1)
    assert [stop.offer({"val/accuracy": value}) for value in (0.5, 0.6, 0.6)] == [False, False, True]
    assert stop.value == 0.6
