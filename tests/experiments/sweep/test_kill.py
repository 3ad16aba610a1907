"""Whoever is killed, and whenever: every trial of the budget comes to one end, in one run, with the bits of a run that nobody disturbed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend, JournalStorage

from workbench.experiments.metrics import read_metrics

from . import milli

HERE = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "workbench.experiments.cli"]
WORDS = ["recipe=sweep.milli", "trainer.epochs=2", "trainer.checkpoint.every_steps=1", "logger=quiet"]
SPACE = ["optim.lr=log(1e-3,1)", "optim.momentum=interval(0.1,0.9)"]
STEPS = 2 * milli.BATCHES


def environment(folder, pause):
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "MILLI_LOG": str(folder / "begun.txt"), "MILLI_PAUSE": str(pause)}


def workers(folder):
    """The processes of workers whose folder this is."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # it may end meanwhile
            if entry.name.isdigit() and b"sweep.worker" in (entry / "cmdline").read_bytes() and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
    return found


def begun(folder):
    """How many times a run was begun or resumed."""
    try:
        return len((folder / "begun.txt").read_text().splitlines())
    except FileNotFoundError:
        return 0


def sweep_under_fire(folder, trials, jobs, kills, draw):
    """Run a sweep; after a few runs each time, kill a worker or the sweeper, whose command is then given again."""
    kills = list(kills)
    command = [*COMMAND, "sweep", *WORDS, *SPACE, f"sweep.trials={trials}", "--jobs", str(jobs), "--retry", "1000", "--plain"]
    while True:
        with (folder / "out.txt").open("ab") as out:
            sweeper = subprocess.Popen(command, cwd=folder, env=environment(folder, 0.01), stdout=out, stderr=subprocess.STDOUT)
        wanted = begun(folder) + draw.randint(1, jobs)
        while sweeper.poll() is None:
            time.sleep(draw.uniform(0.005, 0.03))
            victims = workers(folder)
            if not kills or begun(folder) < wanted or not victims:
                continue
            wanted = begun(folder) + draw.randint(1, jobs)
            if kills.pop(0) == "sweeper":
                sweeper.kill()
                break
            os.kill(draw.choice(victims), signal.SIGKILL)
        if sweeper.wait() != -signal.SIGKILL:
            return sweeper.returncode


def check(folder, trials):
    """Everything is there once, as if nobody had been killed. The journal is read by Optuna's own code."""
    (sweep,) = (folder / "runs" / "sweeps").iterdir()
    study = optuna.load_study(study_name=sweep.name, storage=JournalStorage(JournalFileBackend(str(sweep / "journal.log"))))
    assert [trial.number for trial in study.trials] == list(range(trials))
    assert {trial.state for trial in study.trials} == {optuna.trial.TrialState.COMPLETE}
    runs = {run: json.loads((run / "run.json").read_text()) for run in (folder / "runs" / "milli").iterdir()}
    assert {about["sweep"]["trial"]: f"milli/{run.name}" for run, about in runs.items()} == {
        trial.number: trial.user_attrs["run"] for trial in study.trials
    }
    assert len(runs) == trials
    assert {about["status"] for about in runs.values()} == {"finished"}
    assert len({json.loads((run / "result.json").read_text())["sha256"] for run in runs}) == 1  # they share a seed
    for run in runs:
        assert [row.step for row in read_metrics(run / "metrics.bin") if "train/loss" in row.values] == list(range(1, STEPS + 1))
    for trial in study.trials:
        rate, momentum = trial.params["optim.lr"], trial.params["optim.momentum"]
        config = type("", (), {"optim": type("", (), {"lr": rate, "momentum": momentum})})
        assert trial.value == pytest.approx(1 / (1 + milli.loss(config)), rel=1e-12)
        assert sorted(trial.intermediate_values) == [1, 2]
    assert workers(folder) == []


@pytest.mark.slow
def test_a_small_sweep_under_fire(tmp_path):
    assert sweep_under_fire(tmp_path, 5, 2, ["worker", "sweeper"], random.Random(0)) == 0, (tmp_path / "out.txt").read_text()
    check(tmp_path, 5)


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_two_hundred_trials_of_four_workers_under_fire(tmp_path, seed):
    draw = random.Random(seed)
    kills = draw.choices(["worker", "sweeper"], [4, 1], k=60)
    assert sweep_under_fire(tmp_path, 200, 4, kills, draw) == 0, (tmp_path / "out.txt").read_text()
    check(tmp_path, 200)


def test_what_is_lost_too_often_fails_and_nothing_hangs(tmp_path):
    """A trial that kills its worker is given up after the retries, and the others are done."""
    command = [*COMMAND, "train", "-m", *WORDS, "seed=14,0", "--retry", "0", "--plain"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path, 0), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "job 0  failed    seed=14  its worker was lost, 1 times" in done.stdout
    assert "1 finished  1 failed of 2" in done.stdout
