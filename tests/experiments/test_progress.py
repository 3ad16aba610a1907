"""Progress: the numbers that it shows, as lines and as a bar."""

from __future__ import annotations

import io

import pytest

from workbench.experiments import progress as module
from workbench.experiments.progress import Progress, duration


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    return now


def walk(progress, clock, steps, step_s=1.0, total=None):
    progress.start(total or steps, 0, 2)
    progress.begin_epoch(0)
    for step in range(1, steps + 1):
        clock[0] += step_s
        progress.advance(step, {"train/loss": 0.5, "train/accuracy": 0.25, "train/lr": 0.1}, items=64)


def test_lines(clock, capsys):
    said = []
    progress = Progress(said.append, plain=True)
    walk(progress, clock, steps=30, total=60)
    progress.end_epoch(1, {"val/accuracy": 0.9})
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "epoch 1/2  step 10/60  loss 0.5000  accuracy 0.2500  64 images/s  50.0 s left"
    assert out[-1] == "epoch 1/2  val/accuracy 0.9000  64 images/s"
    assert out == said
    assert len(out) == 4


def test_what_lies_between_epochs_is_no_training_time(clock):
    progress = Progress(lambda line: None, plain=True)
    walk(progress, clock, steps=5, total=10)
    clock[0] += 1000.0  # evaluation
    progress.begin_epoch(1)
    clock[0] += 1.0
    progress.advance(6, {}, items=64)
    assert progress._rate == pytest.approx(64)


def test_bar(clock, monkeypatch):
    import rich.progress
    from rich.console import Console

    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    bar = rich.progress.Progress
    monkeypatch.setattr(rich.progress, "Progress", lambda *columns, **options: bar(*columns, console=console, **options))
    progress = Progress(lambda line: None, plain=False)
    walk(progress, clock, steps=4, total=8)
    progress.message("a line")
    progress.stop()
    shown = screen.getvalue()
    for words in ("epoch 1/2", "4/8", "loss 0.5000", "accuracy 0.2500", "64 images/s", "4.0 s left", "a line"):
        assert words in shown


def test_resuming_shows_what_is_left(clock, capsys):
    progress = Progress(lambda line: None, plain=True)
    progress.start(100, 90, 1)
    progress.begin_epoch(0)
    clock[0] += 10.0
    progress.advance(95, {}, items=320)
    assert "step 95/100" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0.0 s"), (59.96, "60.0 s"), (3599.6, "1:00:00"), (3661, "1:01:01"), (90000, "1 d 1 h")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text
