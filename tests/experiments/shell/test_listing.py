"""`workbench runs`: what is listed, in which order and form."""

from __future__ import annotations

import csv
import io
import json

import pytest

from workbench.experiments.cli import main

from .many import make


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("listing")
    make(folder / "runs", 40)
    return folder


@pytest.fixture(autouse=True)
def elsewhere(made, monkeypatch):
    monkeypatch.chdir(made)


def printed(capsys, *words):
    assert main(["runs", *words]) == 0
    return capsys.readouterr().out


def rows(capsys, *words):
    return json.loads(printed(capsys, *words, "--json"))


def test_where(capsys):
    found = rows(capsys, "--where", "recipe=resnet and optim.lr<0.1", "--columns", "recipe,optim.lr,seed")
    everything = rows(capsys, "--columns", "recipe,optim.lr,seed")
    assert found == [row for row in everything if row["recipe"] == "resnet" and row["optim.lr"] < 0.1]
    assert 0 < len(found) < len(everything) == 40


def test_a_recipe_and_a_query(capsys):
    found = rows(capsys, "gpt", "--where", "status=failed")
    assert {(row["recipe"], row["status"]) for row in found} == {("gpt", "failed")}


@pytest.mark.parametrize("words", [["--sort", "-test/accuracy"], ["--sort=-test/accuracy"], ["--sort", "test/accuracy"]])
def test_sort(capsys, words):
    values = [row["test/accuracy"] for row in rows(capsys, *words, "--columns", "test/accuracy")]
    numbers = [value for value in values if value is not None]
    assert numbers == sorted(numbers, reverse="-" in words[-1].removeprefix("--sort"))
    assert 0 < len(numbers) < len(values)
    assert values[len(numbers) :] == [None] * (len(values) - len(numbers))  # failed runs have none, and stand at the end either way


def test_the_newest_come_first(capsys):
    assert [row["created_s"] for row in rows(capsys)] == [1.7e9 + number for number in reversed(range(40))]
    assert [row["created_s"] for row in rows(capsys, "--sort", "age", "--limit", "2")] == [1.7e9 + 39, 1.7e9 + 38]


def test_columns(capsys):
    lines = printed(capsys, "--columns", "run,optim.lr,model.widths,data.flip,error", "--limit", "2").splitlines()
    assert lines[0].split() == ["run", "optim.lr", "model.widths", "data.flip", "error"]
    assert lines[1].split() == ["260101-000039-0027", "0.2", "[16,32,64]", "false", "train:", "out", "of", "memory"]
    assert lines[3] == "38 older ones"
    assert len(lines) == 4


def test_csv_has_every_key_and_digit(capsys):
    table = list(csv.DictReader(io.StringIO(printed(capsys, "--csv"))))
    assert len(table) == 40
    by_id = {row["id"]: row for row in table}
    for row in rows(capsys):
        assert float(by_id[row["id"]]["val/loss"]) == row["metrics"]["val/loss"]
        assert by_id[row["id"]]["optim.momentum"] == "0.9"


def test_keys(capsys):
    lines = [line.split() for line in printed(capsys, "--keys").splitlines()]
    assert ["optim.momentum", "0.9"] in lines
    assert ["test/accuracy"] in [line[:1] for line in lines]


def test_none_of_them(capsys):
    assert printed(capsys, "--where", "seed>100") == "none of the 40 runs in runs/ is one of these\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--where", "optim.rl<1"], 'runs: no run has a key "optim.rl"; did you mean "optim.lr"?'),
        (["--columns", "run,sed"], 'runs: no run has a key "sed"; did you mean "seed"?'),
        (["--sort", "-acuracy"], 'runs: no run has a key "acuracy"; did you mean "val/accuracy"?'),
        (["--columns", "a,,b"], 'runs: --columns: expected names between commas, got "a,,b"'),
        (["--limit", "0"], 'runs: --limit: expected a whole number of at least 1, got "0"'),
        (["--sort"], "runs: --sort: expected one argument"),
        (["resnt"], 'runs: there is no run of a recipe "resnt" in runs/; did you mean "resnet"?'),
        (["--where", "seed"], 'where: expected =, !=, <, <=, >, >= or ~ after "seed", got the end of: seed'),
    ],
)
def test_mistakes_end_with_2_and_a_sentence(capsys, words, message):
    assert main(["runs", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err == message + "\n"
    assert captured.out == ""
