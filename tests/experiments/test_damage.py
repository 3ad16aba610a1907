"""A file of a run that is missing, cut, or something else than it should be: one sentence, never a traceback, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import pytest

from workbench.experiments import bisect, deleting, train
from workbench.experiments.cli import main
from workbench.experiments.errors import UserError
from workbench.experiments.files import folder_locked
from workbench.experiments.metrics import read_metrics

HERE = Path(__file__).parent
WORDS = ["recipe=life.tiny", "trainer.epochs=4", "trainer.checkpoint.every_steps=4", "optim.lr=0.05", "logger=quiet"]
CUT_AT = 10
FILES = [
    "run.json", "config.yaml", "metrics.bin", "result.json", "log.txt", "checkpoints/step-24/manifest.json", "provenance/data.json",
    "provenance/code.json", "provenance/machine.json", "provenance/command.json", "provenance/packages.txt",
]  # fmt: skip
DAMAGES = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\0(: [\xc3"),
    "a list": lambda path: path.write_bytes(b"[1]"),
    "no keys": lambda path: path.write_bytes(b"{}"),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two finished runs and one that was interrupted, by their seeds 0, 1 and 2."""
    root = tmp_path_factory.mktemp("damage")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        import life.tiny

        for seed in (0, 1):
            assert main(["train", "--plain", *WORDS, f"seed={seed}", f"runs={root}"]) == 0
        patch.setattr(life.tiny, "at_step", lambda step: os.kill(os.getpid(), signal.SIGINT) if step == CUT_AT else None)
        assert main(["train", "--plain", *WORDS, "seed=2", f"runs={root}"]) == 130
    return root


@pytest.fixture
def copied(runs, tmp_path, monkeypatch):
    """A copy of them below runs/, and their names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    shutil.copytree(runs, "runs")
    by_seed = {json.loads(path.read_text())["seed"]: path.parent for path in Path("runs").glob("*/*/run.json")}
    yield [by_seed[seed] for seed in range(3)]
    sys.modules.pop("life.tiny", None)
    sys.modules.pop("life", None)


def told(capsys, words):
    """The exit code and what was told; a mistake is told in one sentence."""
    code = main(words)
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert code in (0, 1, 2), words
    assert code != 2 or (err.count("\n") == 1 and len(err) > 20), (words, err)
    return code, err


@pytest.mark.parametrize("name", FILES)
def test_commands_that_read(copied, capsys, monkeypatch, name):
    done, other, cut = copied
    monkeypatch.setattr(bisect, "_replay", lambda *_: (_ for _ in ()).throw(UserError("the records alone are of interest here")))
    commands = (["runs", "--csv"], ["diff", done.name, other.name], ["compare", "--any-code"], ["bisect", done.name, other.name])
    for run in (done, cut):
        path = run / name
        if not path.exists():
            continue
        kept = path.read_bytes()
        for damage in DAMAGES.values():
            damage(path)
            for words in (*commands, ["show", run.name], ["show", run.name, "--json"], ["tail", run.name]):
                told(capsys, words)
            if path.is_dir():
                path.rmdir()
            path.write_bytes(kept)


@pytest.mark.parametrize(
    ("name", "damage", "says"),
    [
        ("run.json", "empty", "cannot be read, so it is no run, or it is damaged; nothing in it was changed"),
        ("config.yaml", "missing", "has no config.yaml, so nobody can go on with it"),
        ("config.yaml", "no text", "config.yaml to be text in UTF-8, got other bytes at place 0"),
        ("config.yaml", "a list", "config.yaml to hold keys and values, got something else"),
        ("config.yaml", "a folder", "config.yaml: "),
        ("metrics.bin", "no text", "it is damaged or none of a run"),
    ],
)
def test_a_run_that_cannot_be_resumed_or_branched(copied, capsys, name, damage, says):
    run = copied[2]
    DAMAGES[damage](run / name)
    before = {path: path.stat().st_size for path in run.rglob("checkpoints/**/*")}
    code, err = told(capsys, ["train", "--plain", "--resume", str(run)])
    assert code == 2
    assert says in err or name == "run.json"  # such a folder is not even found to be a run
    assert {path: path.stat().st_size for path in run.rglob("checkpoints/**/*")} == before


def test_a_damaged_checkpoint_makes_no_branch(copied, capsys):
    run = copied[0]
    (tree,) = run.glob("checkpoints/step-24/tree.json")
    tree.write_bytes(tree.read_bytes() + b" ")
    code, err = told(capsys, ["branch", "--plain", f"{run.name}@24"])
    assert code == 2
    assert "tree.json has" in err
    assert len(list(Path("runs/tiny").iterdir())) == 3


@pytest.mark.parametrize(("part", "begins"), [(0.9, 8), (0.1, CUT_AT)])
def test_a_log_that_was_cut_is_made_whole_where_a_checkpoint_allows(copied, capsys, part, begins):
    """As of a run that was copied while it went on: the log first, then a newer checkpoint."""
    run = copied[2]
    os.truncate(run / "metrics.bin", int(part * (run / "metrics.bin").stat().st_size))
    assert main(["train", "--plain", "--resume", run.name]) == 0
    captured = capsys.readouterr()
    assert f"metrics.bin ends before step {CUT_AT}" in captured.out + captured.err
    assert json.loads((run / "run.json").read_text())["resumed"][0]["step"] == begins
    steps = [row.step for row in read_metrics(run / "metrics.bin") if "train/loss" in row.values]
    assert steps[-1] == 24
    assert (steps == list(range(1, 25))) == (begins < CUT_AT)


def test_two_who_resume_a_run_at_once(copied, capsys):
    """The second waits until the first has taken it, and then finds it running."""
    run = copied[2]
    errors = []

    def second():
        try:
            train.resume(run.name, [], [], Path("runs"), True)
        except UserError as error:
            errors.append(str(error))

    other = threading.Thread(target=second)
    with folder_locked(run):
        other.start()
        other.join(0.2)
        assert other.is_alive()
        about = json.loads((run / "run.json").read_text())
        from workbench.experiments.record import this_process

        (run / "run.json").write_text(json.dumps(about | {"status": "running", "process": this_process()}))
    other.join()
    assert len(errors) == 1
    assert "is still running" in errors[0]


def test_a_run_that_was_resumed_while_somebody_was_asked_is_not_deleted(copied, capsys, monkeypatch):
    from workbench.experiments.record import this_process

    def answer(*_):
        about = json.loads((copied[2] / "run.json").read_text())
        (copied[2] / "run.json").write_text(json.dumps(about | {"status": "running", "process": this_process()}))
        return True

    monkeypatch.setattr(deleting, "_agreed", answer)
    code, err = told(capsys, ["delete", copied[0].name, copied[2].name])
    assert (code, "is still running" in err) == (2, True)
    assert all(run.is_dir() for run in copied)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "train: expected --config FILE to be a whole configuration, as the config.yaml of a run is; there is no c.yaml"),
        ("folder", "train: cannot read c.yaml: Is a directory"),
        (b"recipe: gr\xfcn\n", "train: expected c.yaml to be text in UTF-8, got other bytes at place 10"),
        (b"recipe: [resnet\nseed: 1\n", "train: expected c.yaml to be YAML, got a mistake in line 2: "),
        (b"- 1\n", "train: expected c.yaml to hold keys and values, got something else"),
        (b"", "train: no recipe"),
        (b"recipe: resnet\n", "train: the configuration has no model"),
    ],
)
def test_a_configuration_that_is_none(tmp_path, monkeypatch, capsys, data, says):
    monkeypatch.chdir(tmp_path)
    if data == "folder":
        Path("c.yaml").mkdir()
    elif data is not None:
        Path("c.yaml").write_bytes(data)
    code, err = told(capsys, ["train", "--plain", "--config", "c.yaml"])
    assert code == 2
    assert err.startswith(says) or data == b""
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, 'sweep: no option "s.yaml" in sweep; '),
        ("folder", "sweep: cannot read s.yaml: Is a directory"),
        (b"trials: \xff\n", "sweep: expected s.yaml to be text in UTF-8"),
        (b"space: [optim.lr]\n", "sweep: expected space in s.yaml to be keys and their values"),
        (b"1\n", "sweep: expected s.yaml to hold keys and values"),
    ],
)
def test_a_space_that_is_none(tmp_path, monkeypatch, capsys, data, says):
    monkeypatch.chdir(tmp_path)
    if data == "folder":
        Path("s.yaml").mkdir()
    elif data is not None:
        Path("s.yaml").write_bytes(data)
    code, err = told(capsys, ["sweep", "+recipe=resnet", "+sweep=s.yaml", "optim.lr=log(1e-3,1)"])
    assert (code, err.startswith(says)) == (2, True), err
    assert not Path("runs").exists()


def test_an_archive_that_is_missing_leaves_no_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert told(capsys, ["archive", "--restore", "none.tar.gz"]) == (2, "archive: there is no file none.tar.gz\n")
    assert not Path("runs").exists()
