"""The ResNet recipe: two steps, equal bits however it is run, and the kill test."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench import engine as torch
from workbench.experiments.cli import main
from workbench.experiments.compose import compose
from workbench.experiments.metrics import read_metrics
from workbench.recipes import resnet
from workbench.recipes.resnet import ResNet

WORDS = ["+recipe=resnet", "model.blocks=[1,1]", "model.widths=[4,8]", "data.batch_size=128", "trainer.epochs=3", "logger.graph=false"]
WORDS += ["trainer.checkpoint.every_steps=3", "logger.histograms=false"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def result(root="runs"):
    folder = max(Path(root, "resnet").iterdir())
    return json.loads((folder / "result.json").read_text()), [(row.step, row.values) for row in read_metrics(folder / "metrics.bin")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    assert main(["train", "--plain", *WORDS, f"runs={root}"]) == 0
    found, rows = result(root)
    return found["sha256"], rows


@pytest.mark.parametrize(
    ("blocks", "widths", "size"), [([1, 1, 1], [16, 32, 64], 8), ([3, 3, 3], [16, 32, 64], 32), ([2, 2, 2, 2], [8, 16, 32, 64], 28)]
)
def test_shapes(blocks, widths, size):
    model = ResNet(1, 10, blocks, widths)
    assert tuple(model(torch.zeros(2, 1, size, size)).shape) == (2, 10)


def test_parameters_are_those_of_the_paper():
    model = ResNet(3, 10, [3, 3, 3], [16, 32, 64])
    n = sum(p.numel() for p in model.parameters())
    assert n == 272_474  # 0.27 million in the paper, whose shortcuts have no parameters


def test_two_steps(capsys):
    assert main(["train", "--plain", "+recipe=resnet", "trainer.max_steps=2"]) == 0
    out = capsys.readouterr().out
    assert "parameters     308,074" in out
    found, rows = result()
    assert [step for step, values in rows if "train/loss" in values] == [1, 2]
    assert set(found["metrics"]) == {"test/accuracy", "test/loss", "val/accuracy", "val/loss"}


class Looks:
    """Counts the images that `evaluate` is shown, call by call; scripted accuracies stand in for the real ones."""

    def __init__(self, *accuracies):
        self.accuracies, self.seen, self.states = list(accuracies), [], []

    def __call__(self, model, loader):
        self.seen.append(sum(len(labels) for _, labels in loader))
        self.states.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return 1.0, self.accuracies.pop(0) if self.accuracies else 0.5


def test_the_test_images_are_read_once_at_the_end(monkeypatch):
    looks = Looks()
    monkeypatch.setattr(resnet, "evaluate", looks)
    assert main(["train", "--plain", *WORDS]) == 0
    assert looks.seen == [137, 137, 137, 360]


def test_the_best_epoch_is_tested(monkeypatch):
    looks = Looks(0.5, 0.9, 0.7, 0.25)
    monkeypatch.setattr(resnet, "evaluate", looks)
    assert main(["train", "--plain", *WORDS]) == 0
    found, _ = result()
    assert found["metrics"] == {"val/loss": 1.0, "val/accuracy": 0.9, "test/loss": 1.0, "test/accuracy": 0.25}
    first, second, third, tested = looks.states
    assert all(bool((tested[name] == second[name]).all()) for name in tested)
    assert not all(bool((tested[name] == third[name]).all()) for name in tested)
    assert not all(bool((tested[name] == first[name]).all()) for name in tested)


def test_without_validation_the_last_epoch_is_tested(monkeypatch):
    looks = Looks()
    monkeypatch.setattr(resnet, "evaluate", looks)
    assert main(["train", "--plain", *WORDS, "data.validation=0"]) == 0
    found, rows = result()
    assert looks.seen == [360]
    assert set(found["metrics"]) == {"test/accuracy", "test/loss"}
    assert not any(name.startswith("val/") for _, values in rows for name in values)
    assert found["steps"] == 3 * (1437 // 128)


def test_a_search_leaves_the_test_images_alone(monkeypatch):
    looks = Looks()
    monkeypatch.setattr(resnet, "evaluate", looks)
    assert main(["train", "--plain", *WORDS, "trainer.test=false"]) == 0
    assert looks.seen == [137] * 3
    assert set(result()[0]["metrics"]) == {"val/accuracy", "val/loss"}


def test_the_split_is_recorded(tmp_path):
    assert main(["train", "--plain", *WORDS, "trainer.max_steps=1"]) == 0
    (file,) = Path("runs/resnet").glob("*/provenance/data.json")
    recorded = json.loads(file.read_text())["digits"]
    assert {key: recorded[key] for key in ("train", "validation", "test")} == {"train": 1300, "validation": 137, "test": 360}
    assert len(recorded["split"]) == 64


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (["data.rotate=8", "data.shift=1"], ["RandomAffine", "SubpixelShift"]),
        (["data.rotate=0", "data.scale=0.1", "data.shear=0"], ["RandomAffine", "SubpixelShift"]),
        (["data=fashion_mnist"], ["RandomShift", "RandomHorizontalFlip"]),
        (["data=fashion_mnist", "data.shift=0", "data.flip=false"], []),
    ],
    ids=" ".join,
)
def test_augmentation_is_as_configured(words, steps):
    assert [type(step).__name__ for step in resnet.augmentation(compose(["+recipe=resnet", *words]).data)] == steps


@pytest.mark.parametrize("words", [["threads=1"], ["threads=2"], ["data.workers=2"], ["logger=quiet"]], ids=" ".join)
def test_equal_bits_however_it_is_run(words, whole):
    words = [word for word in WORDS if not (words == ["logger=quiet"] and word.startswith("logger."))] + words
    assert main(["train", "--plain", *words]) == 0
    found, rows = result()
    assert (found["sha256"], rows) == whole


def test_another_seed_gives_other_bits(whole):
    assert main(["train", "--plain", *WORDS, "seed=1"]) == 0
    assert result()[0]["sha256"] != whole[0]


@pytest.mark.slow
@pytest.mark.long
def test_killed_at_random_moments(tmp_path):
    words = [*WORDS, "trainer.epochs=16"]
    assert main(["train", "--plain", *words, "runs=whole"]) == 0
    wanted, wanted_rows = result("whole")
    command = [sys.executable, "-m", "workbench.experiments.cli", "train", "--plain"]
    chance, kills = random.Random(0), 0
    while kills < 5 and not list(Path("runs").glob("*/*/result.json")):
        process = subprocess.Popen(
            [*command, *(["--resume", "last"] if kills else words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        _wait_for_training(process)
        time.sleep(chance.uniform(0.0, 0.3))
        process.kill()
        process.communicate()
        kills += 1
    if not list(Path("runs").glob("*/*/result.json")):
        assert main(["train", "--plain", "--resume", "last", "data.workers=2"]) == 0
    found, rows = result()
    assert kills > 1
    assert (found["sha256"], rows) == (wanted["sha256"], wanted_rows)


def test_ctrl_c_in_a_shell(whole):
    """Ctrl-C goes to the whole group of processes: the workers of the loader get it too."""
    command = [sys.executable, "-m", "workbench.experiments.cli", "train", "--plain", *WORDS, "data.workers=2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    _wait_for_training(process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode != 0:  # it may have been quicker
        assert process.returncode == 130, err
        assert "goes on from step" in err
        assert "Traceback" not in out + err
        assert main(["train", "--plain", "--resume", "last"]) == 0
    found, rows = result()
    assert (found["sha256"], rows) == whole


def _wait_for_training(process):
    """Until the newest run has logged a step of its own."""
    before = [path.stat().st_size for path in Path("runs/resnet").glob("*/metrics.bin")]
    end = time.time() + 60
    while process.poll() is None and time.time() < end:
        sizes = [path.stat().st_size for path in Path("runs/resnet").glob("*/metrics.bin")]
        if sizes != before and sizes[-1] > 100:
            return
        time.sleep(0.005)
