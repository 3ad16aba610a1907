"""`workbench compare`: who is grouped with whom, and what is said of the groups."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from workbench.experiments.cli import main
from workbench.experiments.files import read_json, write_json


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


COUNT = iter(range(10**6))


def put(value, seed=0, lr=0.1, recipe="resnet", status="finished", metric="test/accuracy", commit="c0", patch=None, data="d0", **config):
    number = next(COUNT)
    folder = Path("runs") / recipe / f"run-{number:06}"
    folder.mkdir(parents=True)
    about = {"id": folder.name, "recipe": recipe, "status": status, "seed": seed, "created_s": 1e9 + number, "step": 1}
    (folder / "config.yaml").write_text(
        f"recipe: {recipe}\nseed: {seed}\nthreads: {number}\noptim:\n  lr: {lr}\n" + "".join(f"{k}: {v}\n" for k, v in config.items())
    )
    if status == "finished":
        write_json(folder / "result.json", {"metrics": {"val/loss": 1 - value, metric: value}, "sha256": "0"})
    (folder / "provenance").mkdir()
    write_json(
        folder / "provenance" / "code.json", {"commit": commit, "patch_sha256": patch, "untracked": {"notes.txt": {"bytes": number}}}
    )
    write_json(folder / "provenance" / "data.json", {"digits": {"sha256": data}})
    write_json(folder / "run.json", about)
    return folder


def compared(capsys, *words):
    assert main(["compare", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def two_groups():
    draw = np.random.default_rng(0)
    a, b = draw.normal(0.9, 0.01, 8), draw.normal(0.88, 0.01, 7)
    for seed, value in enumerate(a):
        put(float(value), seed, lr=0.1)
    for seed, value in enumerate(b):
        put(float(value), seed + 1, lr=0.2)
    return a, b


def test_numbers_are_scipys(capsys):
    a, b = two_groups()
    found = compared(capsys)
    first, second = found["groups"]
    assert found["metric"] == "test/accuracy"
    assert (first["group"], second["group"]) == ({"optim.lr": 0.1}, {"optim.lr": 0.2})
    for group, values in ((first, a), (second, b)):
        low, high = stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values))
        np.testing.assert_allclose(list(group["mean"].values()), [values.mean(), low, high], rtol=1e-9)
        assert group["seeds"] == len(values)
        assert not group["single_seed"]
    common_a, common_b = a[1:], b  # seeds 1 to 7
    versus = second["versus_first"]
    assert versus["pairs"] == 7
    assert versus["difference"] == pytest.approx((common_b - common_a).mean())
    assert versus["paired_t"] == pytest.approx(stats.ttest_rel(common_a, common_b).pvalue)
    assert versus["wilcoxon"] == pytest.approx(stats.wilcoxon(common_a, common_b).pvalue)
    assert first["versus_first"] is None


def test_a_single_seed_is_badged(capsys):
    put(0.9, seed=0, lr=0.1)
    put(0.8, seed=0, lr=0.2)
    assert [group["single_seed"] for group in compared(capsys)["groups"]] == [True, True]
    main(["compare"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split("  ")[0] == "optim.lr=0.1"
    assert "1 seed, no interval" in lines[1]
    assert "one seed says nothing about the next: run more with seed=1, seed=2" in lines
    assert "no test without two seeds that both groups have" in lines


@pytest.mark.parametrize("other", [{"commit": "c1"}, {"patch": "p1"}, {"data": "d1"}, {"lr": 0.3}, {"recipe": "gpt"}, {"model": "deep"}])
def test_what_changes_results_parts_groups(capsys, other):
    put(0.9, seed=0)
    put(0.8, seed=1, **other)
    assert len(compared(capsys)["groups"]) == 2
    put(0.7, seed=2)
    sizes = [group["seeds"] for group in compared(capsys)["groups"]]
    assert sorted(sizes) == [1, 2]
    if {"commit", "patch"} & other.keys():
        assert [group["seeds"] for group in compared(capsys, "--any-code")["groups"]] == [3]
    main(["compare"])
    assert ("--any-code puts them together" in capsys.readouterr().out) == bool({"commit", "patch"} & other.keys())


def branch(value, seed, step, overrides):
    folder = put(value, seed, lr=0.2)
    about = read_json(folder / "run.json")
    lineage = {
        "kind": "branch",
        "parent": f"run-{seed}",
        "step": step,
        "overrides": overrides,
        "changed": [o.partition("=")[0] for o in overrides],
    }
    write_json(folder / "run.json", about | {"parent": f"run-{seed}", "lineage": lineage})


def test_branches_are_grouped_with_branches(capsys):
    """Runs that changed their rate on the way are not those that had it from the start; those that changed nothing are."""
    for seed in range(2):
        put(0.9, seed, lr=0.2)
        branch(0.8, seed, 10, ["optim.lr=0.2"])
        branch(0.7, seed, 20, ["optim.lr=0.2"])
        branch(0.9, seed, 20, [])
    groups = compared(capsys)["groups"]
    assert [group["group"]["branch"] for group in groups] == [None, "from step 10 with optim.lr=0.2", "from step 20 with optim.lr=0.2"]
    assert [(group["seeds"], group["repeats_left_out"]) for group in groups] == [(2, 2), (2, 0), (2, 0)]


def test_seeds_threads_and_notes_do_not(capsys):
    for seed in range(3):
        put(0.9 + seed / 100, seed)
    (group,) = compared(capsys)["groups"]
    assert group["seeds"] == 3


def test_a_seed_counts_once_as_its_newest_run(capsys):
    put(0.1, seed=0)
    put(0.9, seed=0)
    put(0.8, seed=1)
    (group,) = compared(capsys)["groups"]
    assert sorted(run["value"] for run in group["runs"]) == [0.8, 0.9]
    assert group["repeats_left_out"] == 1
    main(["compare"])
    assert "left out: 1 older runs of a seed that a newer run has too" in capsys.readouterr().out


def test_only_finished_runs_count(capsys):
    put(0.9)
    put(0.8, seed=1, status="failed")
    found = compared(capsys)
    assert found["runs_left_out"] == 1
    assert [group["seeds"] for group in found["groups"]] == [1]


def test_losses_are_best_when_small(capsys):
    for seed in range(2):
        put(0.9, seed, lr=0.1)
        put(0.8, seed, lr=0.2)
    assert [group["mean"]["value"] for group in compared(capsys, "--metric", "val/loss")["groups"]] == pytest.approx([0.1, 0.2])


def test_several_tests_are_corrected_for_their_number(capsys):
    draw = np.random.default_rng(1)
    values = {lr: draw.normal(mean, 0.01, 6) for lr, mean in ((0.1, 0.9), (0.2, 0.88), (0.3, 0.87))}
    for lr, group in values.items():
        for seed, value in enumerate(group):
            put(float(value), seed, lr=lr)
    _, *others = compared(capsys)["groups"]
    plain = [stats.ttest_rel(values[0.1], values[lr]).pvalue for lr in (0.2, 0.3)]
    smallest = min(plain)
    expected = [2 * p if p == smallest else max(p, 2 * smallest) for p in plain]
    assert [group["versus_first"]["paired_t"] for group in others] == pytest.approx(expected)


def test_reinforcement_learning_gets_interquartile_means(capsys):
    returns = {"a": [0.1, 0.2, 0.3, 0.9], "b": [0.5, 0.6, 0.7, 0.8]}
    for task, values in returns.items():
        for seed, value in enumerate(values):
            put(value, seed, recipe="ppo", metric="test/return", env=f"{{id: {task}}}")
    apart = compared(capsys, "ppo")["groups"]
    assert [group["interquartile_mean"]["value"] for group in apart] == pytest.approx([0.65, 0.25])
    (together,) = compared(capsys, "ppo", "--tasks", "env.id")["groups"]
    middle = together["interquartile_mean"]
    assert middle["value"] == pytest.approx(stats.trim_mean(sum(returns.values(), []), 0.25))  # noqa: RUF017
    assert middle["low"] < middle["value"] < middle["high"]
    assert (together["seeds"], len(together["runs"])) == (4, 8)
    tasks = [np.array(values) for values in returns.values()]
    draw = np.random.default_rng(2)
    spread = [np.concatenate([draw.choice(task, 4) for task in tasks]).mean() for _ in range(4000)]
    np.testing.assert_allclose([together["mean"]["low"], together["mean"]["high"]], np.quantile(spread, [0.025, 0.975]), atol=0.03)


def test_forms(capsys):
    two_groups()
    main(["compare", "--markdown"])
    markdown = capsys.readouterr().out.splitlines()
    assert markdown[0] == "| group | seeds | test/accuracy, mean | 95 % interval | to the first | pairs | p (t) | p (Wilcoxon) |"
    assert markdown[1] == "|---|---:|---:|---:|---:|---:|---:|---:|"
    assert [line.count("|") for line in markdown] == [9] * 4
    main(["compare", "--latex"])
    latex = capsys.readouterr().out.splitlines()
    assert latex[0] == r"\begin{tabular}{lrrrrrrr}"
    assert r"95 \% interval" in latex[2]
    assert latex[-1] == r"\end{tabular}"
    main(["compare", "--csv"])
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["group"], first["seeds"], first["pairs"]) == ("optim.lr=0.1", "8", "")
    expected = compared(capsys)["groups"][1]
    assert float(second["mean"]) == expected["mean"]["value"]
    assert float(second["paired_t"]) == expected["versus_first"]["paired_t"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--metric", "test/acuracy"], 'compare: no finished run among these has a result "test/acuracy"; did you mean "test/accuracy"?'),
        (["--where", "seed=9"], "compare: none of the 2 runs in runs/ is one of these; workbench runs lists them"),
        (["--where", "status=failed"], "compare: none of these 1 runs is finished, and what is not finished has no result to compare"),
        (["--tasks", "env.idd"], 'compare: no key "env.idd" in the configuration of these runs; there are '),
        (["--latex", "--csv"], "compare: --csv: not allowed with argument --latex"),
    ],
)
def test_mistakes_end_with_2_and_a_sentence(capsys, words, message):
    put(0.9)
    put(0.8, status="failed")
    assert main(["compare", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1
    assert captured.out == ""
