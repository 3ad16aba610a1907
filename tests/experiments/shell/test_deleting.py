"""`workbench delete` and `workbench index`: no run is lost by a mistake, an interruption or a race."""

from __future__ import annotations

import builtins
import os
import shutil
from pathlib import Path

import pytest

from workbench.experiments import deleting
from workbench.experiments.cli import main
from workbench.experiments.files import write_json
from workbench.experiments.record import this_process

from .many import make


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(Path("runs"), 12)
    (Path("runs/resnet") / A / "checkpoints").mkdir()
    (Path("runs/resnet") / A / "checkpoints" / "step-1").write_bytes(b"\0" * 1000)
    return Path("runs")


A = "260101-000000-0000"


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def names(root):
    return {path.parent.name for path in root.glob("*/*/run.json")}


def answers(monkeypatch, answer):
    monkeypatch.setattr(deleting.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(builtins, "input", lambda question: (print(question), answer)[1])


def test_a_deleted_run_comes_back_whole(root, capsys):
    before = tree(root / "resnet" / A)
    assert main(["delete", A, "--yes"]) == 0
    assert A not in names(root)
    assert f"workbench delete --undo {A} brings back" in capsys.readouterr().out
    assert main(["show", A]) == 2
    assert main(["delete", "--undo", A[:13]]) == 0
    assert tree(root / "resnet" / A) == before
    assert main(["show", A]) == 0


@pytest.mark.parametrize(("answer", "gone"), [("y", True), ("YES", True), ("", False), ("n", False), ("of course", False)])
def test_it_asks(root, capsys, monkeypatch, answer, gone):
    answers(monkeypatch, answer)
    assert main(["delete", A]) == (0 if gone else 1)
    assert (A not in names(root)) == gone
    out = capsys.readouterr().out
    assert "move 1 run (" in out
    assert ("nothing was changed" in out) == (not gone)


def test_a_query_selects(root, capsys):
    assert main(["delete", "--where", "recipe=gpt", "--yes"]) == 0
    assert {path.parent.parent.name for path in root.glob("*/*/run.json")} == {"resnet"}
    assert len(list((root / ".trash" / "gpt").iterdir())) == 4
    assert main(["delete", "--where", "recipe=resnet and seed>100", "--yes"]) == 0
    assert "none of the runs in runs/ is one of these" in capsys.readouterr().out


def test_running_runs_are_refused_and_nothing_is_changed(root, capsys):
    write_json(
        root / "resnet" / A / "run.json", {"id": A, "recipe": "resnet", "status": "running", "process": this_process(), "created_s": 1.0}
    )
    before = names(root)
    assert main(["delete", "--where", "recipe=resnet", "--yes"]) == 2
    assert capsys.readouterr().err == f"delete: run {A} is still running; stop it first, nothing was changed\n"
    assert names(root) == before


def test_purge_removes_for_good_what_was_deleted_and_nothing_else(root, capsys):
    main(["delete", A, "--yes"])
    rest = names(root)
    assert main(["delete", "--purge", "--yes"]) == 0
    assert "removed 1 run, " in capsys.readouterr().out
    assert names(root) == rest
    assert tree(root / ".trash") == {}
    assert main(["delete", "--purge", "--yes"]) == 0
    assert main(["delete", "--undo", A]) == 2


def test_an_interrupted_purge_brings_no_part_of_a_run_back(root, capsys, monkeypatch):
    main(["delete", A, "--yes"])
    with monkeypatch.context() as patch:
        patch.setattr(deleting.shutil, "rmtree", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        assert main(["delete", "--purge", "--yes"]) == 130
    assert main(["delete", "--undo", A]) == 2
    assert main(["delete", "--purge", "--yes"]) == 0
    assert tree(root / ".trash") == {}


def test_a_run_that_cannot_be_moved_stays(root, capsys, monkeypatch):
    def refuse(*_):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(Path, "rename", refuse)
    before = tree(root / "resnet" / A)
    assert main(["delete", A, "--yes"]) == 2
    assert "Read-only file system); it is where it was" in capsys.readouterr().err
    assert tree(root / "resnet" / A) == before


def test_two_deleted_runs_of_one_name_both_stay(root, capsys):
    main(["delete", A, "--yes"])
    shutil.copytree(root / ".trash" / "resnet" / A, root / "resnet" / A)
    main(["delete", A, "--yes"])
    assert sorted(path.name for path in (root / ".trash" / "resnet").iterdir()) == [A, f"{A}.2"]
    shutil.copytree(root / ".trash" / "resnet" / A, root / "resnet" / A)
    assert main(["delete", "--undo", A]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([A], "delete: nobody can be asked here; say --yes, nothing was changed"),
        ([], "delete: expected runs or --where QUERY; name some, as in workbench delete last"),
        (["nothing", "--yes"], "no run 'nothing' in runs/"),
        (["--undo"], "delete: --undo takes the ids of deleted runs"),
        (["--undo", "x"], 'delete: no run "x" in runs/.trash/; there are none'),
        (["--purge", A], "delete: --purge takes no runs"),
        (["--purge", "--undo", A], "delete: --undo: not allowed with argument --purge"),
        (["elsewhere/resnet/x", "--yes"], "delete: elsewhere/resnet/x is not in runs/; say where it is with --runs FOLDER"),
    ],
)
def test_mistakes_end_with_2_and_a_sentence(root, capsys, words, message):
    shutil.copytree(root / "resnet" / A, "elsewhere/resnet/x")
    before = names(root)
    assert main(["delete", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1
    assert names(root) == before


def test_index_is_made_anew(root, capsys):
    assert main(["index"]) == 0
    assert capsys.readouterr().out == "12 runs in runs/.index.sqlite\n"
    assert main(["index", "--runs", "none"]) == 0
    assert "0 runs without an index" in capsys.readouterr().out
