"""The command: mistakes in one sentence, stopping and going on, failures."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import time
from dataclasses import replace

import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial
from rich.console import Console

from workbench.experiments.cli import main
from workbench.experiments.sweep.ledger import LEASE, Ledger
from workbench.experiments.sweep.table import Table
from workbench.experiments.sweep.worker import Order, Worker

from . import tools
from .test_kill import COMMAND, SPACE, WORDS, begun, environment, workers
from .tools import about, bare, swept

RATES = "optim.lr=0.1,0.2"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["+recipe=resnet"], "sweep: there is nothing to search; give a key several values, as 'optim.lr=log(1e-4,1)'"),
        ([RATES], "sweep: no recipe chosen; name one, as in workbench sweep +recipe="),
        (["+recipe=resnet", "optim.lrr=1,2"], 'sweep: no key "optim.lrr" in the configuration; did you mean "optim.lr"'),
        (
            ["+recipe=resnet", "optim.lr=interval(-1,2)"],
            "sweep: expected optim.lr to be more than 0, got -1.0 (conf/optim/sgd_resnet.yaml); tried",
        ),
        (["+recipe=resnet", RATES, "optim.lr=0.3,0.4"], "sweep: optim.lr is given several values twice"),
        (["+recipe=nothing.here", RATES], 'sweep: no recipe "nothing.here"; there is no module nothing.here'),
        (["+recipe=resnet", RATES, "+sweep=tp"], 'sweep: no option "tp" in sweep; did you mean "tpe"? (conf/sweep/)'),
        (["+recipe=resnet", RATES, "+sweep=none.yaml"], 'sweep: no option "none.yaml" in sweep; there are asha, cmaes'),
        (["+recipe=resnet", RATES, "sweep.trails=3"], 'did you mean "sweep.trials" (conf/sweep/default.yaml)?'),
        (["+recipe=resnet", RATES, "sweep.trials=0"], "sweep: expected sweep.trials to be at least 1, got 0"),
        (["+recipe=resnet", RATES, "sweep.trials=null"], "sweep: sweep.trials=null is for a grid; give a number"),
        (
            ["+recipe=resnet", RATES, "sweep.sampler=tep"],
            'sweep: expected sweep.sampler to be tpe or random or grid or cmaes or nsga2, got "tep"',
        ),
        (["+recipe=resnet", RATES, "sweep.sampler=cmaes"], "sweep: cmaes searches two numbers or more, and no choices; take tpe"),
        (["+recipe=resnet", RATES, "sweep.metric=x"], "sweep: expected sweep.direction to be max or min for each of x, got nothing"),
        (
            ["+recipe=resnet", RATES, "sweep.metric=a,b", "sweep.direction=max,min", "sweep.pruner=asha"],
            "sweep: asha judges by one objective",
        ),
        (["+recipe=resnet", "optim.lr=log(1,2)", "+sweep=grid"], "has no end of values, and a grid needs some"),
        (["+recipe=resnet", RATES, "sweep.name=a/b"], 'sweep: expected sweep.name to be letters, digits, "-" and "_", got "a/b"'),
        (["+recipe=resnet", RATES, "sweep.storage=mysql://x"], "sweep: expected sweep.storage to be postgresql://USER@HOST/DATABASE"),
        (["+recipe=resnet", RATES, "sweep.space.optim.lr=1"], "sweep: sweep.space.optim.lr belongs into a file"),
        (["+recipe=resnet", RATES, "--jobs", "0"], "sweep: expected --jobs to be at least 1, got 0"),
    ],
)
def test_a_mistake_is_one_sentence(words, message, capsys):
    assert main(["sweep", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert (captured.err.count("\n"), captured.out) == (1, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["+recipe=resnet", "optim.lr=0.1,0.2"], "a run takes one; workbench train -m makes a run of each"),
        (["+recipe=resnet", "+sweep=tpe"], 'train: "+sweep=tpe" is for several runs; see workbench sweep --help'),
        (["-m", "+recipe=resnet", RATES, "sweep.sampler=tpe"], "train: -m runs every combination, so sweep.sampler is grid"),
        (["-m", "--resume", "last"], "train: -m and --resume do not go together; leave out one"),
        (["--config", "none.yaml"], "train: expected --config FILE to be a whole configuration, as the config.yaml of a run is"),
        (["--config", "list.yaml"], "train: expected list.yaml to hold keys and values"),
    ],
)
def test_a_mistake_in_training(words, message, capsys, tmp_path):
    (tmp_path / "list.yaml").write_text("- 1\n")
    assert main(["train", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert (captured.err.count("\n"), captured.out) == (1, "")


def test_another_definition_is_another_sweep(capsys):
    swept("sweep.trials=1", "sweep.name=mine")
    assert main(["sweep", *WORDS[:2], "logger=quiet", *SPACE, "sweep.trials=1", "sweep.name=mine", "seed=4", "sweep.seed=2"]) == 2
    assert capsys.readouterr().err == (
        "sweep: mine was begun with another words, seed; sweep.name=NAME begins another sweep, and only sweep.trials can change\n"
    )


@pytest.mark.parametrize("again", [0, 1])
def test_a_trial_that_fails_is_told_and_tried_again_where_that_is_asked_for(again):
    made, trials = swept("sweep.trials=2", "sweep.sampler=grid", space=["seed=13,0"], retry_failed=again)
    assert [trial.state for trial in trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert trials[0].user_attrs["error"] == "train: RuntimeError: thirteen is not a seed"
    assert len(about(made, trials[0])["resumed"]) == again


def test_fail_fast_leaves_the_rest():
    _, trials = swept("sweep.sampler=grid", "sweep.trials=null", space=["seed=13,0"], fail_fast=True)
    assert [trial.state for trial in trials] == [TrialState.FAIL]


@pytest.mark.parametrize(("more", "code"), [([], 2), (["--keep-going"], 1)])
def test_an_objective_that_no_run_has_stops_the_sweep_unless_it_is_to_go_on(more, code, capsys):
    words = ["sweep.metric=val/acuracy", "sweep.direction=max", "sweep.trials=1"]
    swept(*words)
    capsys.readouterr()
    assert main(["sweep", *tools.WORDS, *SPACE, *words, "--plain", *more]) == code
    told = "sweep: the result of the run has no val/acuracy; it has parameters, steps, train_s, val/accuracy, val/loss (trial 0)"
    assert capsys.readouterr().err.startswith(told) == (not more)


def test_what_keeps_a_run_from_beginning_is_no_loss_of_its_trial(monkeypatch):
    """Else a broken installation would take the whole budget, and tell nothing."""

    def broken(*_):
        raise ImportError("cannot import name")

    monkeypatch.setattr("workbench.experiments.sweep.worker.run_trial", broken)
    worker = Worker(Order(bare(trials=1)))
    with pytest.raises(ImportError):
        worker.work()
    (trial,) = worker._ledger.trials()
    lease = trial.system_attrs[LEASE]
    assert (trial.state, lease["released"], lease["attempt"]) == (TrialState.RUNNING, True, 0)


def test_workers_that_cannot_work_end_the_sweep(monkeypatch, capsys):
    monkeypatch.setattr("workbench.experiments.sweep.sweeper.sys.executable", "false")
    assert main(["sweep", *WORDS, RATES, "--plain"]) == 2
    captured = capsys.readouterr()
    assert "worker 1 ended with exit code 1; another takes its place" in captured.out
    assert captured.err.startswith("sweep: the workers cannot work: they say nothing (runs/sweeps/milli-tpe-")


def test_a_storage_that_fails_is_told(monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Ledger, "trials", full)
    assert main(["sweep", *WORDS, RATES, "sweep.name=full", "--plain"]) == 2
    assert capsys.readouterr().err == (
        "sweep: the storage of full failed: [Errno 28] No space left on device; mend it, and the same command goes on\n"
    )


@pytest.mark.slow
def test_ctrl_c_stops_with_checkpoints_and_the_same_command_goes_on(tmp_path):
    command = [*COMMAND, "sweep", *WORDS, *SPACE, "sweep.trials=2", "--retry", "0", "--plain"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": tmp_path}
    sweeper = subprocess.Popen(command, env=environment(tmp_path, 0.5), **pipes)
    while begun(tmp_path) == 0:
        time.sleep(0.02)
    sweeper.send_signal(signal.SIGINT)
    out, _ = sweeper.communicate()
    assert sweeper.returncode == 130
    assert "stopping the workers after the step in hand, with checkpoints" in out
    assert "stopped; the same command goes on" in out
    assert workers(tmp_path) == []
    (run,) = (tmp_path / "runs" / "milli").iterdir()
    assert json.loads((run / "run.json").read_text())["status"] == "interrupted"
    assert list((run / "checkpoints").glob("step-*"))
    done = subprocess.run(command, env=environment(tmp_path, 0), check=False, **pipes)
    assert (done.returncode, "2 finished of 2" in done.stdout) == (0, True)
    assert len(json.loads((run / "run.json").read_text())["resumed"]) == 1


def test_the_table_shows_what_runs_and_what_failed():
    plan = replace(bare(space=["optim.lr=log(1e-3,1)"]), multirun=False)
    rate = {"optim.lr": FloatDistribution(1e-3, 1, log=True)}
    notes = {"run": "milli/x", "error": "train: shapes differ\nand more"}
    trials = [
        create_trial(
            state=TrialState.COMPLETE, value=0.912345, params={"optim.lr": 0.1}, distributions=rate, user_attrs={"run": "milli/y"}
        ),
        create_trial(state=TrialState.FAIL, params={"optim.lr": 0.2}, distributions=rate, user_attrs=notes),
        create_trial(state=TrialState.RUNNING, params={"optim.lr": 0.3}, distributions=rate, intermediate_values={1: 0.5, 2: 0.75}),
    ]
    for number, trial in enumerate(trials):
        trial.number = number
    console = Console(file=io.StringIO(), width=120)
    console.print(Table(plan, plain=True)._picture(trials))
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("bare   2/3   1 finished  1 failed  1 running")
    assert [line.split()[:2] for line in lines[1:5]] == [["trial", "status"], ["2", "running"], ["1", "failed"], ["0", "finished"]]
    assert "val/accuracy 0.75 after 2" in lines[2]
    assert "val/accuracy 0.9123" in lines[4]
    assert lines[5].strip() == "trial 1: train: shapes differ"


def test_lines_tell_each_end_once(capsys):
    plan = bare(space=["optim.lr=log(1e-3,1)"])
    rate = {"optim.lr": FloatDistribution(1e-3, 1, log=True)}
    trial = create_trial(value=0.5, params={"optim.lr": 0.1}, distributions=rate)
    trial.number = 0
    with Table(plan, plain=True) as table:
        table.show([])
        table.show([trial])
        table.show([trial])
    assert capsys.readouterr().out == (
        f"sweep bare in {plan.folder}: 3 trials\ntrial 0  finished  val/accuracy 0.5 (the best so far)  optim.lr=0.1\n"
    )
