"""`workbench diff`: nothing of what was planted is missed, and nothing is found where nothing was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from workbench.experiments.cli import main
from workbench.experiments.files import read_json, write_json
from workbench.experiments.metrics import MetricsWriter

PATCH = "diff --git a/x.py b/x.py\n@@ -1 +1 @@\n-old\n+new\ndiff --git a/y.py b/y.py\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.fixture(autouse=True)
def pair(tmp_path, monkeypatch):
    """Two equal runs, `a` and `b`."""
    monkeypatch.chdir(tmp_path)
    made = Path("runs/resnet/a")
    (made / "provenance" / "untracked").mkdir(parents=True)
    write_json(made / "run.json", {"id": "a", "recipe": "resnet", "status": "finished", "seed": 0, "created_s": 1e9})
    write_json(made / "result.json", {"metrics": {"test/accuracy": 0.9}, "sha256": "aa", "train_s": 1.0})
    (made / "config.yaml").write_text("recipe: resnet\nseed: 0\noptim:\n  lr: 0.1\n")
    (made / "provenance" / "dirty.patch").write_text(PATCH)
    (made / "provenance" / "untracked" / "new.py").write_text("one\ntwo\n")
    untracked = {"new.py": {"bytes": 8, "sha256": "11" * 32}}
    write_json(made / "provenance" / "code.json", {"commit": "c0", "patch_sha256": "p0", "untracked": untracked, "root": "here"})
    write_json(made / "provenance" / "machine.json", {"python": "3.11.7", "features": ["avx", "avx2"], "threads": 2})
    write_json(made / "provenance" / "data.json", {"digits": {"sha256": "d0"}})
    (made / "provenance" / "packages.txt").write_text("numpy==2.4.6\nscipy==1.17.1\n")
    log(made, [0.5, 0.25, 0.125])
    shutil.copytree(made, "runs/resnet/b")
    change("run.json", lambda about: about.update(id="b", created_s=2e9))
    return made, Path("runs/resnet/b")


def log(folder, losses):
    (folder / "metrics.bin").unlink(missing_ok=True)
    with MetricsWriter(folder / "metrics.bin") as writer:
        for step, loss in enumerate(losses, 1):
            writer.write(step, {"train/loss": np.float32(loss)})


def change(name, how):
    path = Path("runs/resnet/b") / name
    value = read_json(path)
    how(value)
    write_json(path, value)


def differing(capsys):
    code = main(["diff", "a", "b", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["equal"] == (code == 0)
    return code, {name: value for name, value in found.items() if value and name not in ("metrics", "equal")}


def printed(capsys):
    main(["diff", "a", "b"])
    return capsys.readouterr().out


def test_equal_runs_are_equal(capsys):
    change("result.json", lambda result: result.update(train_s=9.0))
    change("provenance/code.json", lambda code: code.update(root="elsewhere"))
    assert differing(capsys) == (0, {})
    assert "no difference in configuration, code, environment, data, results and logged numbers" in printed(capsys)


def planted_patch():
    Path("runs/resnet/b/provenance/dirty.patch").write_text(PATCH.replace("+b", "+c"))


def planted_untracked():
    Path("runs/resnet/b/provenance/untracked/new.py").write_text("one\nthree\n")
    change("provenance/code.json", lambda code: code["untracked"]["new.py"].update(bytes=10, sha256="22" * 32))


PLANTED = {
    "configuration": (
        lambda: Path("runs/resnet/b/config.yaml").write_text("recipe: resnet\nseed: 0\noptim:\n  lr: 0.2\n"),
        {"configuration": {"optim.lr": [0.1, 0.2]}},
        "optim.lr       0.1  0.2",
    ),
    "commit": (lambda: change("provenance/code.json", lambda code: code.update(commit="c1")), {"code": {"commit": ["c0", "c1"]}}, "commit"),
    "patch": (planted_patch, {"patches": ["--- a: dirty.patch, y.py", "+++ b: dirty.patch, y.py", "@@ -1,4 +1,4 @@"]}, "-+b\n++c\n"),
    "untracked": (
        planted_untracked,
        {"untracked_text": ["--- a: new.py", "+++ b: new.py", "@@ -1,2 +1,2 @@", " one", "-two", "+three"]},
        "+three",
    ),
    "workbench": (
        lambda: write_json(Path("runs/resnet/b/provenance/package.json"), {"engine/x.py": "ee" * 32}),
        {"package_files": {"engine/x.py": [None, "ee" * 32]}},
        "engine/x.py         -  eeeeeeeeee",
    ),
    "native": (
        lambda: change("provenance/code.json", lambda code: code.update(package={"sha256": "99"})),
        {"code": {"package.sha256": [None, "99"]}},
        "package.sha256  -  99",
    ),
    "package": (
        lambda: Path("runs/resnet/b/provenance/packages.txt").write_text("numpy==2.4.5\n"),
        {"packages": {"numpy": ["2.4.6", "2.4.5"], "scipy": ["1.17.1", None]}},
        "scipy     1.17.1  -",
    ),
    "interpreter": (
        lambda: change("provenance/machine.json", lambda machine: machine.update(python="3.12.1")),
        {"machine": {"python": ["3.11.7", "3.12.1"]}},
        "python   3.11.7  3.12.1",
    ),
    "cpu": (
        lambda: change("provenance/machine.json", lambda machine: machine.update(features=["avx", "avx512f"])),
        {"machine": {"features": [["avx", "avx2"], ["avx", "avx512f"]]}},
        "features  avx2  avx512f",
    ),
    "data": (
        lambda: change("provenance/data.json", lambda data: data["digits"].update(sha256="d1")),
        {"data": {"digits.sha256": ["d0", "d1"]}},
        "digits.sha256  d0  d1",
    ),
    "result": (
        lambda: change("result.json", lambda result: result.update(sha256="bb")),
        {"result": {"sha256": ["aa", "bb"]}},
        "sha256  aa  bb",
    ),
    "metric": (lambda: change("result.json", lambda result: result["metrics"].update({"test/accuracy": 0.8})), {}, "0.9  0.8   -0.1"),
    "log": (
        lambda: log(Path("runs/resnet/b"), [0.5, 0.26, 0.125]),
        {"log": {"step": 2, "values": {"train/loss": [0.25, float(np.float32(0.26))]}}},
        "the logged numbers part at step 2: train/loss is 0.25 in a, 0.25999",
    ),
    "length": (lambda: log(Path("runs/resnet/b"), [0.5, 0.25]), {"log": {"step": 3, "only": "a"}}, "from step 3 on, a alone has some"),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_was_planted_is_found(capsys, what):
    plant, expected, words = PLANTED[what]
    plant()
    code, found = differing(capsys)
    assert code == 1
    for name, value in expected.items():
        assert (found[name][: len(value)] if isinstance(value, list) else found[name]) == value
    extra = {"untracked"} if what == "untracked" else set()
    assert found.keys() == expected.keys() | extra
    assert words in printed(capsys)


def test_a_damaged_log_is_told(capsys):
    Path("runs/resnet/b/metrics.bin").write_bytes(b"something else")
    code, found = differing(capsys)
    assert code == 1
    assert "expected a file that begins with" in found["log"]["unreadable"]


def test_runs_without_any_record_can_be_compared(capsys):
    for name in "ab":
        shutil.rmtree(f"runs/resnet/{name}/provenance")
        Path(f"runs/resnet/{name}/metrics.bin").unlink()
        Path(f"runs/resnet/{name}/config.yaml").unlink()
    assert differing(capsys) == (0, {})


def test_mistakes_end_with_2_and_a_sentence(capsys):
    for words, message in ((["a", "c"], "no run 'c' in runs/"), (["a"], "diff: the following arguments are required: B")):
        assert main(["diff", *words]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith(message)
        assert captured.out == ""
