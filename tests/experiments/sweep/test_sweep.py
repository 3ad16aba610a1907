"""What a sweep does and leaves: proposals that do not depend on who asks, pruned runs, the best configuration."""

from __future__ import annotations

import gc
import json
import os
import signal
import weakref
import xml.etree.ElementTree as ElementTree

import optuna
import pytest
from omegaconf import OmegaConf
from optuna.trial import TrialState

from workbench.experiments import train
from workbench.experiments.cli import main
from workbench.experiments.sweep import outcome
from workbench.experiments.sweep.coordinates import Axis
from workbench.experiments.sweep.samplers import sampler
from workbench.experiments.sweep.settings import Definition
from workbench.experiments.sweep.space import parameter
from workbench.experiments.sweep.worker import Order, Worker

from .tools import SPACE, WORDS, about, bare, planned, results, swept


def proposals(made, upto):
    """What the sampler of a definition proposes where every trial gets the recipe's own value, by Optuna's own ask and tell."""
    from .milli import loss

    study = optuna.create_study(direction="maximize")
    for number in range(upto):
        study.sampler = sampler(made.definition, number)
        trial = study.ask()
        trial.relative_params  # noqa: B018  # chosen together, by the first draw
        for part, each in enumerate(made.definition.space):
            study.sampler = sampler(made.definition, number, part + 1)
            each.suggest(trial)
        config = OmegaConf.create({"optim": {"lr": trial.params["optim.lr"], "momentum": trial.params["optim.momentum"]}})
        study.tell(trial, 1 / (1 + loss(config)))
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize("name", ["random", "tpe", "cmaes"])
def test_a_sweep_that_is_continued_proposes_what_an_uninterrupted_one_does(name):
    made = bare(trials=7, sampler=name, startup=2)
    for budget in (3, 7):
        from workbench.experiments.sweep.ledger import Ledger
        from workbench.experiments.sweep.store import open_store

        from .milli import loss

        ledger = Ledger(open_store(made.folder, made.name, None), made.name, made.definition, budget)
        while not isinstance(claim := ledger.claim(), str):
            rate, momentum = (float(word.partition("=")[2]) for word in claim.words)
            value = 1 / (1 + loss(OmegaConf.create({"optim": {"lr": rate, "momentum": momentum}})))
            assert ledger.finish(claim, TrialState.COMPLETE, [value])
    assert [trial.params for trial in ledger.trials()] == proposals(made, 7)


def test_every_trial_is_an_ordinary_run_with_the_bits_of_one(tmp_path):
    made, trials = swept("sweep.trials=2", "seed=3")
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 2
    assert about(made, trials[1]) | {"status": "finished", "sweep": {"name": made.name, "trial": 1}} == about(made, trials[1])
    words = [f"{name}={value!r}" for name, value in trials[1].params.items()]
    assert main(["train", "--plain", *WORDS, *words, "seed=3", "runs=alone"]) == 0
    (alone,) = (tmp_path / "alone" / "milli").iterdir()
    theirs, mine = json.loads((alone / "result.json").read_text()), about(made, trials[1], "result.json")
    assert {key: theirs[key] for key in ("sha256", "metrics", "steps")} == {key: mine[key] for key in ("sha256", "metrics", "steps")}
    assert trials[1].value == mine["metrics"]["val/accuracy"]


def test_nothing_of_a_run_is_left_in_the_process(monkeypatch):
    seen = []
    run = train.Run

    def watched(*arguments):
        made = run(*arguments)
        seen.append(weakref.ref(made))
        return made

    monkeypatch.setattr(train, "Run", watched)
    swept("sweep.trials=2")
    gc.collect()
    assert [ref() for ref in seen] == [None, None]


@pytest.mark.parametrize("pruner", ["asha", *(pytest.param(each, marks=pytest.mark.long) for each in ("hyperband", "median"))])
def test_trials_that_do_badly_are_pruned_and_keep_their_record(pruner, tmp_path):
    words = [f"sweep.pruner={pruner}", "trainer.epochs=4", "sweep.startup=2", "sweep.reduction=2", "sweep.trials=6", "sweep.sampler=grid"]
    made, trials = results(*words, space=["optim.lr=0.1,0.09,0.08,0.001,0.0001,0.00001"])
    pruned = [trial for trial in trials if trial.state == TrialState.PRUNED]
    assert {trial.number for trial in pruned} >= {4, 5} if pruner != "hyperband" else pruned
    assert trials[0].state == TrialState.COMPLETE
    for trial in pruned:
        record = about(made, trial)
        text = f"train: pruned at step {record['step']}: other trials of the sweep did better up to here"
        assert (record["status"], record["error"]) == ("pruned", text)
        assert len(trial.intermediate_values) == record["step"] / 3 < 4
        assert (made.root / trial.user_attrs["run"] / "checkpoints" / f"step-{record['step']}").is_dir()
    facts = json.loads((made.folder / "trials.json").read_text())
    assert [each["status"] for each in facts].count("pruned") == len(pruned)


def test_a_metric_of_steps_is_reported_every_so_many_steps():
    _, trials = swept("sweep.trials=1", "sweep.metric=train/loss", "sweep.direction=min", "sweep.report_every=2")
    assert sorted(trials[0].intermediate_values) == [1, 2, 3]
    assert trials[0].state == TrialState.FAIL  # the result of this recipe has no such metric
    assert "the result of the run has no train/loss; it has parameters" in trials[0].user_attrs["error"]


def test_a_grid_is_every_point_once_the_last_varying_fastest(capsys):
    made, trials = results("sweep.sampler=grid", "sweep.trials=null", space=["optim.lr=0.1,0.2", "seed=range(0,2)"])
    assert [(trial.params["optim.lr"], trial.params["seed"]) for trial in trials] == [("0.1", 0), ("0.1", 1), ("0.2", 0), ("0.2", 1)]
    assert [about(made, trial)["seed"] for trial in trials] == [0, 1, 0, 1]
    assert "4 finished of 4" in capsys.readouterr().out


def test_several_objectives_leave_those_that_no_other_beats(capsys):
    words = ["sweep.sampler=nsga2", "sweep.metric=[val/accuracy,val/loss]", "sweep.direction=[min,min]", "sweep.trials=3"]
    made, trials = results(*words)
    best = {path.stem for path in (made.folder / "best").iterdir()}
    assert best == {f"trial-{trial.number}" for trial in optuna_front(made)}
    assert f"workbench train --config {made.folder / 'best'}" in capsys.readouterr().out
    assert [len(trial.values) for trial in trials] == [2] * 3


def optuna_front(made):
    from workbench.experiments.sweep.ledger import Ledger

    return Ledger.open(made).study.best_trials


def test_the_best_is_left_as_a_configuration_that_train_takes(capsys):
    made, trials = results("sweep.trials=5", "sweep.startup=3")
    best = max(trials, key=lambda trial: trial.value)
    assert f"best           trial {best.number}  val/accuracy" in capsys.readouterr().out
    assert main(["train", "--config", str(made.folder / "best.yaml"), "--plain", "runs=again"]) == 0
    (again,) = (made.root.parent / "again" / "milli").iterdir()
    assert json.loads((again / "result.json").read_text())["sha256"] == about(made, best, "result.json")["sha256"]
    shares = json.loads((made.folder / "importance.json").read_text())["val/accuracy"]
    assert shares.keys() == {"optim.lr", "optim.momentum"}
    assert sum(shares.values()) == pytest.approx(1)
    page = (made.folder / "coordinates.html").read_text()
    svg = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    paths = [each for each in svg if each.tag.endswith("path")]
    assert len(paths) == 5
    assert paths[-1][0].text.startswith(f"trial {best.number}: ")  # the best is drawn last, on top
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_an_axis_places_values_by_its_scale():
    assert Axis("a", [1, 10, 100, None], log=True).places() == [0, 0.5, 1, None]
    assert Axis("a", [1.0, 2.0, 5.0]).places() == [0, 0.25, 1]
    assert Axis("a", [1.0, 2.0, 5.0], down=True).places() == [1, 0.75, 0]
    assert Axis("a", ["x", "z"], choices=("x", "y", "z")).places() == [0, 1]
    assert Axis("a", [3.0]).places() == [0]
    assert [text for _, text in Axis("a", [1, 10_000], log=True).ticks()] == ["1", "10", "100", "1000", "10000"]


def test_a_definition_survives_json():
    definition = Definition(tuple(WORDS), (parameter(SPACE[0]), parameter("a=x,y")), ("m",), ("max",), "tpe", resource=3)
    again = Definition.from_json(json.loads(json.dumps(definition.as_json())))
    assert again == definition
    assert definition.differences(Definition.from_json({**definition.as_json(), "seed": 1, "metrics": ["n"]})) == ["metrics", "seed"]


def test_the_front_is_that_of_optuna():
    study = optuna.create_study(directions=["maximize", "minimize"])
    for a, b in [(1, 1), (2, 2), (2, 1), (0, 0), (3, 5), (3, 5)]:
        study.add_trial(optuna.trial.create_trial(values=[a, b]))
    plan = bare()
    plan = type(plan)(plan.name, Definition((), (), ("a", "b"), ("max", "min"), "tpe"), 6, plan.root)
    assert [trial.number for trial in outcome.best(plan, study.trials)] == [trial.number for trial in study.best_trials]


def asked(worker):
    """Let a worker work that takes signals, as its process has it."""
    before = signal.signal(signal.SIGTERM, worker.stop)
    try:
        worker.work()
    finally:
        signal.signal(signal.SIGTERM, before)
    return [trial.state for trial in worker._ledger.trials()]


def test_a_worker_that_is_asked_to_stop_as_its_trial_ends_takes_no_other():
    assert asked(Worker(Order(planned("sweep.trials=3", "seed=15")))) == [TrialState.COMPLETE]


@pytest.mark.parametrize("place", ["compose", "claim"])
def test_a_worker_that_is_asked_to_stop_before_its_trial_trains_gives_it_back(place, monkeypatch):
    made = planned("sweep.trials=3")
    worker = Worker(Order(made, retry=0))
    owner = train if place == "compose" else worker._ledger
    original = getattr(owner, place)

    def asking(*words):
        out = original(*words)
        os.kill(os.getpid(), signal.SIGTERM)
        return out

    with monkeypatch.context() as patch:
        patch.setattr(owner, place, asking)
        assert asked(worker) == [TrialState.RUNNING]
    assert not (made.root / "milli").exists()
    assert asked(Worker(Order(made, retry=0))) == [TrialState.COMPLETE] * 3
