"""Provenance: what is captured of a dirty repository, and what two captures differ in."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from pathlib import Path

import pytest

from workbench.experiments import cli, provenance
from workbench.experiments.differences import differences


def git(folder, *words):
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(folder), *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def code(tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.py").write_text("x = 1\n")
    (folder / ".gitignore").write_text("ignored\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def capture(code, place):
    provenance.capture(place, ["workbench", "train"], code)
    return json.loads((place / "code.json").read_text())


def test_clean_tree(code, tmp_path):
    about = capture(code, tmp_path / "p")
    assert about["commit"] == git(code, "rev-parse", "HEAD")
    assert (about["dirty"], about["untracked"]) == (False, {})
    assert not (tmp_path / "p" / "dirty.patch").exists()


def test_dirty_tree_can_be_rebuilt(code, tmp_path):
    (code / "a.py").write_text("x = 2\n")
    (code / "new").mkdir()
    (code / "new" / "b.py").write_text("y = 1\n")
    (code / "binary").write_bytes(bytes(range(256)))
    (code / "large.bin").write_bytes(b"\0" * (2 << 20))
    (code / "ignored").write_text("no\n")
    git(code, "add", "binary")
    about = capture(code, tmp_path / "p")
    assert about["dirty"]
    assert set(about["untracked"]) == {"new/b.py", "large.bin"}
    assert "sha256" not in about["untracked"]["large.bin"]
    assert (tmp_path / "p" / "untracked" / "new" / "b.py").read_text() == "y = 1\n"
    assert not (tmp_path / "p" / "untracked" / "large.bin").exists()
    again = tmp_path / "again"
    git(tmp_path, "clone", "-q", str(code), str(again))
    git(again, "checkout", "-q", about["commit"])
    git(again, "apply", str(tmp_path / "p" / "dirty.patch"))
    assert (again / "a.py").read_text() == "x = 2\n"
    assert (again / "binary").read_bytes() == bytes(range(256))


def test_no_repository(tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    about = capture(folder, tmp_path / "p")
    assert about["commit"] is None
    assert "no git repository" in about["why"]


def test_files_of_the_package_stand_for_code_outside_its_repository(code, tmp_path):
    about = capture(code, tmp_path / "p")
    files = json.loads((tmp_path / "p" / "package.json").read_text())
    assert about["package"]["files"] == len(files)
    assert files["experiments/cli.py"] == hashlib.sha256(Path(cli.__file__).read_bytes()).hexdigest()
    assert any(name.startswith("ext/core/_core") for name in files)
    assert about["native"] in files.values()


def test_the_file_of_a_recipe_in_no_repository_is_kept(tmp_path):
    recipe = tmp_path / "mine.py"
    recipe.write_text("x = 1\n")
    provenance.capture(tmp_path / "p", [], recipe, "mine")
    about = json.loads((tmp_path / "p" / "code.json").read_text())
    assert (about["commit"], about["path"]) == (None, str(tmp_path))
    assert (tmp_path / "p" / "untracked" / "mine.py").read_text() == "x = 1\n"


def test_runs_are_not_taken_for_code(code, tmp_path):
    run = code / "runs" / "recipe" / "1"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    assert capture(code, run / "provenance")["untracked"] == {}


def test_users_settings_of_git_change_no_patch(code, tmp_path):
    (code / "a.py").write_text("x = 2\n")
    before = capture(code, tmp_path / "p")["patch_sha256"]
    for key, value in (("diff.noprefix", "true"), ("color.ui", "always"), ("core.abbrev", "20")):
        git(code, "config", key, value)
    assert capture(code, tmp_path / "q")["patch_sha256"] == before


def test_no_git(code, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert capture(code, tmp_path / "p")["commit"] is None


def test_environment(code, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_ISA", "v2")
    monkeypatch.setenv("A_SECRET_TOKEN", "hidden")
    capture(code, tmp_path / "p")
    machine = json.loads((tmp_path / "p" / "machine.json").read_text())
    assert machine["variables"]["WORKBENCH_ISA"] == "v2"
    assert machine["features"]
    packages = (tmp_path / "p" / "packages.txt").read_text()
    assert "numpy==" in packages
    assert "hydra-core==" in packages
    everything = "".join(path.read_text() for path in (tmp_path / "p").iterdir() if path.is_file())
    assert "hidden" not in everything


def test_packages_have_the_versions_that_metadata_says():
    from importlib.metadata import version

    found = provenance.packages()
    assert all(found[name] == version(name) for name in ("numpy", "rich", "omegaconf"))


def test_takes_less_than_a_second(code, tmp_path):
    began = time.perf_counter()
    capture(code, tmp_path / "p")
    assert time.perf_counter() - began < 1.0


def test_differences_are_named(code, tmp_path):
    before = tmp_path / "before"
    capture(code, before)
    assert differences(before, before) == []
    (code / "a.py").write_text("x = 3\n")
    (code / "c.py").write_text("z = 1\n")
    (code / "notes.txt").write_text("no source\n")
    git(code, "commit", "-q", "--allow-empty", "-m", "second")
    after = tmp_path / "after"
    capture(code, after)
    with (after / "packages.txt").open("a") as file:
        file.write("left-pad==1.0\n")
    machine = json.loads((after / "machine.json").read_text())
    (after / "machine.json").write_text(json.dumps(machine | {"python": "3.99", "features": [*machine["features"], "new"]}))
    found = "\n".join(map(str, differences(before, after)))
    for words in (
        "commit ",
        "dirty file a.py is new",
        "untracked file c.py is new",
        "package left-pad none became 1.0",
        "python differs",
        "only now: new",
    ):
        assert words in found
    assert "notes.txt" not in found


def test_data_fingerprints_add_up(tmp_path):
    provenance.record_data(tmp_path / "p", "a", {"sha256": "1"})
    assert provenance.record_data(tmp_path / "p", "b", {"sha256": "2"}) == {"a": {"sha256": "1"}, "b": {"sha256": "2"}}
