"""Reruns: equal to the bit where nothing has changed, and every planted change is named in the certificate."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.experiments.certificate import compare
from workbench.experiments.cli import main
from workbench.experiments.files import read_json
from workbench.experiments.metrics import MetricsWriter
from workbench.experiments.parting import bits

RECIPE = """
import hashlib
from pathlib import Path

import numpy as np

from lab.factor import FACTOR
from lab.shift import SHIFT


class Model:
    def __init__(self):
        self.weight = np.random.standard_normal(3).astype(np.float32)

    def parameters(self):
        return [self.weight]

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight = state["weight"].copy()


def train(config, run):
    data = Path("numbers.bin").read_bytes()
    run.data("numbers", {"sha256": hashlib.sha256(data).hexdigest(), "count": len(data)})
    model = Model()
    run.plan(config.trainer.epochs, 6)
    run.track(model=model)
    for _ in run.epochs():
        for i in run.batches(range(run.step % 6, 6)):
            model.weight *= np.float32(FACTOR)
            model.weight += np.float32(data[i] / 1000 + SHIFT)
            run.advance({"train/loss": np.square(model.weight).mean()}, items=1)
        run.end_epoch({})
    return {}
"""
WORDS = ["recipe=lab.tiny", "trainer.epochs=5", "logger=quiet", "trainer.checkpoint.metric=train/loss"]


def git(folder, *words):
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(folder), *words], check=True, capture_output=True
    )


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A repository with a recipe, one of its files changed and one not yet added; a package, and data; and a run of it."""
    root = tmp_path / "repository"
    package, site = root / "lab", tmp_path / "site"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "tiny.py").write_text(RECIPE)
    (package / "factor.py").write_text("FACTOR = 0.5\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    (package / "factor.py").write_text("FACTOR = 0.9\n")
    (package / "shift.py").write_text("SHIFT = 0.25\n")
    (site / "planted-1.0.dist-info").mkdir(parents=True)
    work = tmp_path / "work"
    work.mkdir()
    (work / "numbers.bin").write_bytes(bytes(range(100, 106)))
    monkeypatch.chdir(work)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")])))
    for folder in (site, root):
        monkeypatch.syspath_prepend(str(folder))
    assert main(["train", "--plain", *WORDS]) == 0
    yield root
    for name in [name for name in sys.modules if name.partition(".")[0] == "lab"]:
        del sys.modules[name]


def commit(root):
    (root / "notes.txt").write_text("more\n")
    git(root, "add", "notes.txt")
    git(root, "commit", "-q", "-m", "second", "--only", "notes.txt")


def tracked(root):
    (root / "lab" / "factor.py").write_text("FACTOR = 0.8\n")


def untracked(root):
    (root / "lab" / "shift.py").write_text("SHIFT = 0.5\n")


def package(root):
    (root.parent / "site" / "planted-1.0.dist-info").rename(root.parent / "site" / "planted-1.1.dist-info")


def data_byte(root):
    path = root.parent / "work" / "numbers.bin"
    content = bytearray(path.read_bytes())
    content[5] ^= 1
    path.write_bytes(content)


def nothing(root):
    pass


# what is planted: how, words of the command, the kind and name in the certificate, whether the bits differ, and from which step
PLANTED = {
    "commit": (commit, [], ("commit", ""), None),
    "dirty file": (tracked, [], ("dirty file", "lab/factor.py"), 1),
    "untracked file": (untracked, [], ("untracked file", "lab/shift.py"), 1),
    "package version": (package, [], ("package", "planted"), None),
    "data byte": (data_byte, [], ("data", "numbers"), 6),
    "seed": (nothing, ["seed=1"], ("config", "seed"), 1),
    "threads": (nothing, ["threads=1"], ("config", "threads"), None),
}


def rerun(*words):
    """The exit code and the certificate, which lies in both runs."""
    (first,) = [path.parent for path in Path("runs/tiny").glob("*/certificate.json")] or [max(Path("runs/tiny").iterdir())]
    code = main(["rerun", first.name, "--verify", *words])
    paths = list(Path("runs/tiny").glob("*/certificate.json"))
    assert len(paths) == 2
    certificates = [json.loads(path.read_text()) for path in paths]
    assert certificates[0] == certificates[1]
    return code, certificates[0]


def named(entries):
    return {(entry["kind"], entry["name"]) for entry in entries}


def test_the_recorded_code_comes_to_the_same_bits(lab, capfd):
    """Whatever has become of the code since: it is rebuilt."""
    for change in (commit, tracked, untracked):
        change(lab)
    code, certificate = rerun()
    out = capfd.readouterr().out
    assert code == 0, out
    assert (certificate["verdict"], certificate["first_difference"], certificate["differences"]) == ("equal", None, [])
    assert certificate["code"]["how"] == "rebuilt"
    assert certificate["compared"] | {"steps": 30, "scalars": 35, "digests": 2} == certificate["compared"]
    assert named(certificate["checkout"]) == {("commit", ""), ("dirty file", "lab/factor.py"), ("untracked file", "lab/shift.py")}
    assert "equal: 30 steps, 35 scalars and 2 digests of the parameters agree to the bit" in out
    assert "the code lies otherwise now" in out
    made = read_json(Path("runs/tiny") / certificate["rerun"] / "run.json")
    assert (made["parent"], made["lineage"]["kind"]) == (certificate["run"], "rerun")
    assert subprocess.run(["git", "-C", str(lab), "worktree", "list"], capture_output=True, text=True, check=True).stdout.count("\n") == 1


def test_seven_of_seven_planted_changes_are_named(lab, capfd):
    words = []
    for change, more, _, _ in PLANTED.values():
        change(lab)
        words += more
    code, certificate = rerun("--code", "installed", *words)
    out = capfd.readouterr().out
    assert (code, certificate["verdict"], certificate["first_difference"]["step"]) == (1, "different", 1)
    assert {kind for _, _, kind, _ in PLANTED.values()} <= named(certificate["differences"])
    assert "different from step 1 on: train/loss " in out
    for text in ("commit ", "dirty file lab/factor.py differs", "package planted 1.0 became 1.1", "seed 0 became 1", "data set numbers"):
        assert text in out


@pytest.mark.long
@pytest.mark.parametrize("plant", PLANTED)
def test_each_planted_change_is_named(lab, plant):
    change, words, kind, step = PLANTED[plant]
    change(lab)
    code, certificate = rerun("--code", "installed", *words)
    assert code == (0 if step is None else 1)
    assert (certificate["first_difference"] or {}).get("step") == step
    expected = {kind} | ({("threads", "threads")} if plant == "threads" else set())
    assert kind in named(certificate["differences"])
    assert named(certificate["differences"]) <= expected


def test_what_cannot_be_rebuilt_is_told(lab, capsys):
    (run,) = Path("runs/tiny").iterdir()
    about = run / "provenance" / "code.json"
    content = about.read_text()
    patch = run / "provenance" / "dirty.patch"
    for change, message in (
        (lambda: about.write_text(content.replace(read_json(about)["commit"], "0" * 40)), "commit 0000000000 of run"),
        (lambda: patch.write_text("nonsense"), "does not fit commit"),
        (patch.unlink, "dirty.patch is missing"),
        (
            lambda: (run / "run.json").write_text(json.dumps(read_json(run / "run.json") | {"status": "failed"})),
            "is failed, so there is no",
        ),
    ):
        change()
        assert main(["rerun", run.name, "--verify"]) == 2
        assert message in capsys.readouterr().err
        about.write_text(content)
    assert list(Path("runs/tiny").iterdir()) == [run]


def records(folder, *rows):
    folder.mkdir()
    with MetricsWriter(folder / "metrics.bin") as writer:
        for step, values in rows:
            writer.write(step, values)
    return folder


@pytest.mark.parametrize(
    ("others", "first"),
    [
        ([(1, {"loss": 0.5, "took_s": 9.0}), (2, {"loss": 0.1})], None),
        ([(1, {"loss": 0.5, "took_s": 1.0}), (2, {"loss": 0.1 + 2**-56})], (2, "loss")),
        ([(1, {"loss": 0.5, "took_s": 1.0}), (2, {"loss": 0.1, "more": 1})], (2, "more")),
        ([(1, {"loss": 0.5, "took_s": 1.0})], (2, "steps")),
        ([(1, {"took_s": 1.0}), (2, {"loss": 0.1})], (1, "loss")),
    ],
)
def test_one_bit_counts(tmp_path, others, first):
    a = records(tmp_path / "a", (1, {"loss": 0.5, "took_s": 1.0}), (2, {"loss": 0.1}))
    found = compare(a, records(tmp_path / "b", *others)).first
    assert (None if found is None else (found["step"], found["what"])) == first


def test_bits_are_those_of_the_type():
    import numpy as np

    assert (bits(np.float32(1)), bits(1.0), bits(1), bits(-0.0)) == ("3f800000", "3ff0000000000000", "0" * 15 + "1", "8" + "0" * 15)


def test_code_in_no_repository(tmp_path, monkeypatch, capfd):
    """The file of the recipe is kept with the run; workbench itself is told by the sums of its files."""
    place = tmp_path / "loose"
    (place / "lab").mkdir(parents=True)
    recipe = RECIPE.replace("from lab.factor import FACTOR", "FACTOR = 0.9").replace("from lab.shift import SHIFT", "SHIFT = 0.25")
    (place / "lab" / "loose_recipe.py").write_text(recipe)
    (tmp_path / "numbers.bin").write_bytes(bytes(range(100, 106)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(place))
    words = ["recipe=lab.loose_recipe", *WORDS[1:]]
    assert main(["train", "--plain", *words]) == 0
    for name in [name for name in sys.modules if name.partition(".")[0] == "lab"]:
        del sys.modules[name]
    (run,) = Path("runs/loose_recipe").iterdir()
    assert main(["rerun", run.name, "--verify"]) == 0
    captured = capfd.readouterr()
    assert "the run's code is in no repository, so the code runs that is installed" in captured.err
    assert read_json(run / "certificate.json")["code"]["how"] == "installed"
    (place / "lab" / "loose_recipe.py").write_text(recipe.replace("0.9", "0.8"))
    package = run / "provenance" / "package.json"
    package.write_text(package.read_text().replace(read_json(package)["experiments/cli.py"], "0" * 64))
    assert main(["rerun", run.name, "--verify"]) == 1
    found = named(read_json(run / "certificate.json")["differences"])
    assert found == {("untracked file", "loose_recipe.py"), ("package file", "experiments/cli.py")}
