"""`workbench tail`: every line of the log once, the newest metrics, an end when the run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.experiments import tailing
from workbench.experiments.cli import main
from workbench.experiments.metrics import MetricsWriter
from workbench.experiments.record import Record


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = Record.create(Path("runs"), "tiny", "seed: 0\n", 0)
    yield record
    record.finish("finished")


def script(monkeypatch, *acts):
    """Do one thing after another where the tail would sleep."""
    rest = iter(acts)

    def sleep(seconds):
        assert 0 < seconds <= 1
        next(rest)()

    monkeypatch.setattr(tailing.time, "sleep", sleep)
    return rest


def said(lines):
    return [line.partition("  ")[2] or line for line in lines]


def test_everything_is_said_once_and_the_end_is_seen(record, monkeypatch):
    for number in range(20):
        record.log(f"line {number}")
    writer = MetricsWriter(record.folder / "metrics.bin")
    writer.write(1, {"train/loss": np.float32(0.5)})

    def torn():
        with (record.folder / "log.txt").open("a") as file:
            file.write("2026-11-26 00:00:00  half a ")

    def whole():
        with (record.folder / "log.txt").open("a") as file:
            file.write("line\n")
        for step in (2, 3):
            writer.write(step, {"train/loss": np.float32(0.25 / step)})

    def last():
        record.log("the end")
        writer.write(4, {"train/loss": np.float32(0.0625)})
        writer.close()
        record.finish("finished")

    rest = script(monkeypatch, torn, lambda: None, whole, last)
    monkeypatch.setattr(tailing.time, "monotonic", iter(range(0, 10_000, 100)).__next__)
    lines = said(tailing.follow(record.folder, 3, 1.0))
    expected = ["line 17", "line 18", "line 19", "step 1  train/loss 0.5", "half a line", "step 3  train/loss 0.0833333"]
    assert lines == [*expected, "the end", "step 4  train/loss 0.0625", f"run {record.folder.name} is finished"]
    assert list(rest) == []


def test_metrics_come_no_more_often_than_asked(record, monkeypatch):
    writer = MetricsWriter(record.folder / "metrics.bin")
    acts = [lambda step=step: writer.write(step, {"train/loss": 1.0}) for step in range(1, 31)]
    script(monkeypatch, *acts, lambda: record.finish("interrupted"))
    monkeypatch.setattr(tailing.time, "monotonic", iter(np.arange(0, 100, 0.5)).__next__)
    lines = said(tailing.follow(record.folder, 0, 10.0))
    writer.close()
    steps = [line for line in lines if line.startswith("step")]
    assert 2 <= len(steps) <= 4
    assert steps[0] == "step 1  train/loss 1"
    assert steps[-1] == "step 30  train/loss 1"  # the newest is told at the end, however soon
    assert lines[-1] == f"run {record.folder.name} is interrupted"
    assert not any(line.startswith("step") for line in tailing.follow(record.folder, 0, 10.0, metrics=False))


def test_a_run_that_has_ended_is_told_at_once(record, capsys):
    record.log("something")
    record.finish("failed")
    assert main(["tail", "last", "--lines", "5"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith("something")
    assert out[1:] == [f"run {record.folder.name} is failed"]


def test_ctrl_c_ends_the_watching_alone(record):
    record.log("something")
    words = [sys.executable, "-m", "workbench.experiments.cli", "tail", "last", "--every", "0.1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().endswith("something\n")
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "")


def test_a_killed_run_ends_it_too(record, capsys):
    code = (
        "import os, signal\nfrom pathlib import Path\nfrom workbench.experiments.record import Record\n"
        "Record.create(Path('runs'), 'other', 'seed: 0', 0)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    (folder,) = Path("runs/other").iterdir()
    assert main(["tail", folder.name]) == 0
    assert capsys.readouterr().out == f"run {folder.name} is lost\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none"], "no run 'none' in runs/"),
        (["last", "--every", "0"], 'tail: --every: expected a number of seconds above 0, got "0"'),
        (["last", "--lines", "-1"], "tail: --lines: expected "),
    ],
)
def test_mistakes_end_with_2_and_a_sentence(record, capsys, words, message):
    assert main(["tail", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1
