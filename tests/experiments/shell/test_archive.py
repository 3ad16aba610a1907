"""`workbench archive`: what comes back is what was packed, to the byte, and what is damaged is refused whole."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from workbench.experiments import archive
from workbench.experiments.cli import main
from workbench.experiments.files import write_json
from workbench.experiments.record import this_process

from .many import make

A = "260101-000000-0000"
ENDS = (".tar.zst", ".tar.gz")


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(Path("runs"), 6)
    folder = Path("runs/resnet") / A / "checkpoints" / "step-1"
    folder.mkdir(parents=True)
    (folder / "tensors.safetensors").write_bytes(random.Random(0).randbytes(3_000_000))
    (folder / "empty").touch()
    (folder / ("long" * 50 + "ä")).write_text("a name longer than the old tar format has room for")
    os.utime(folder / "empty", (1e9, 1e9))
    return Path("runs")


def tree(folder):
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.name.startswith(".index"):
            found[str(path.relative_to(folder))] = (path.read_bytes(), int(path.stat().st_mtime), path.stat().st_mode & 0o777)
    return found


@pytest.mark.parametrize("end", ENDS)
def test_a_run_comes_back_to_the_byte(root, capsys, end):
    before = tree(root / "resnet" / A)
    assert main(["archive", A, "--to", f"one{end}"]) == 0
    assert "1 run, 6 files, " in capsys.readouterr().out
    shutil.rmtree(root / "resnet" / A)
    assert main(["archive", "--restore", f"one{end}"]) == 0
    assert "restored 1 run to runs/, 6 files verified" in capsys.readouterr().out
    assert tree(root / "resnet" / A) == before
    assert main(["show", A]) == 0


def test_other_programs_read_it(root, tmp_path):
    assert main(["archive", "--where", "recipe=gpt", "--to", "gpt.tar.gz"]) == 0
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-xzf", "gpt.tar.gz", "-C", str(out)], check=True)
    listed = json.loads((out / "workbench-archive.json").read_text())["files"]
    sums = "".join(f"{about['sha256']}  {name}\n" for name, about in listed.items())
    subprocess.run(["sha256sum", "--check", "--quiet"], input=sums, text=True, cwd=out, check=True)
    assert tree(out / "gpt") == tree(root / "gpt")


def test_several_runs_and_a_default_name(root, capsys):
    assert main(["archive", "--where", "recipe=resnet"]) == 0
    (made,) = Path().glob("runs-*.tar.zst")
    before = tree(root)
    shutil.rmtree(root)
    assert main(["archive", "--restore", str(made)]) == 0
    assert tree(root) == {name: about for name, about in before.items() if name.startswith("resnet/")}
    assert main(["archive", A]) == 0
    assert Path(f"resnet-{A}.tar.zst").is_file()


def test_what_is_there_stays(root, capsys):
    main(["archive", "--where", "recipe=resnet", "--to", "all.tar.zst"])
    shutil.rmtree(root / "resnet" / A)
    assert main(["archive", "--restore", "all.tar.zst"]) == 0
    assert "restored 1 run to runs/" in capsys.readouterr().out
    other = next(path for path in (root / "resnet").iterdir() if path.name != A)
    (other / "config.yaml").write_text("seed: 9\n")
    shutil.rmtree(root / "resnet" / A)
    before = tree(root)
    assert main(["archive", "--restore", "all.tar.zst"]) == 2
    assert "is there already and differs from the run in all.tar.zst; nothing was changed" in capsys.readouterr().err
    assert tree(root) == before


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999, "cut", "flip early", "flip late", "flip last"])
def test_damaged_archives_are_refused_whole(root, capsys, end, part):
    main(["archive", A, "--to", f"one{end}"])
    path = Path(f"one{end}")
    data = bytearray(path.read_bytes())
    if isinstance(part, float):
        data = data[: int(len(data) * part)]
    elif part == "cut":
        data = data[:-1]
    else:
        data[{"flip early": 40, "flip late": len(data) // 2, "flip last": -2}[part]] ^= 4
    path.write_bytes(data)
    shutil.rmtree(root / "resnet" / A)
    before = tree(root)
    capsys.readouterr()
    assert main(["archive", "--restore", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("archive: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert tree(root) == before
    assert not list(root.glob(".restore*"))


def forged(name="resnet/x/run.json", kind=tarfile.REGTYPE, said=None, last=True, link=""):
    """An archive as somebody else might write one."""
    with tarfile.open("forged.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, 2 if kind == tarfile.REGTYPE else 0, link
        tar.addfile(member, io.BytesIO(b"{}"))
        if last:
            sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
            text = json.dumps(said or {"format": 1, "files": {name: {"bytes": 2, "sha256": sha256}}}).encode()
            about = tarfile.TarInfo("workbench-archive.json")
            about.size = len(text)
            tar.addfile(about, io.BytesIO(text))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"name": "../../outside"}, "holds '../../outside', which is no part of a run"),
        ({"name": "resnet/../../outside"}, "which is no part of a run"),
        ({"name": "/outside/a/b"}, "which is no part of a run"),
        ({"name": ".trash/resnet/x"}, "which is no part of a run"),
        ({"name": "resnet/file"}, "which is no part of a run"),
        ({"kind": tarfile.SYMTYPE, "link": "/etc/passwd"}, "which is no part of a run"),
        ({"kind": tarfile.FIFOTYPE}, "which is no part of a run"),
        ({"said": {"format": 9, "files": {}}}, "to be of format 1, got 9"),
        ({"said": {"format": 1, "files": {"a/b/c": {}}}}, "a/b/c does not match its sha256"),
        ({"said": {"files": {}}}, "the list of files in forged.tar.gz cannot be read"),
        ({"last": False}, "has no workbench-archive.json at its end, so it was cut short"),
    ],
)
def test_strange_archives_are_refused(root, capsys, tmp_path, how, message):
    forged(**how)
    before = tree(tmp_path)
    assert main(["archive", "--restore", "forged.tar.gz"]) == 2
    assert message in capsys.readouterr().err
    assert tree(tmp_path) == before


def test_a_forged_archive_that_is_right_is_taken(root):
    forged()
    assert main(["archive", "--restore", "forged.tar.gz"]) == 0
    assert (root / "resnet" / "x" / "run.json").read_text() == "{}"


def test_runs_in_progress_are_refused(root, capsys):
    about = {"id": A, "recipe": "resnet", "status": "running", "process": this_process(), "created_s": 1.0}
    write_json(root / "resnet" / A / "run.json", about)
    assert main(["archive", "--where", "recipe=resnet", "--to", "x.tar.zst"]) == 2
    assert capsys.readouterr().err == f"archive: run {A} is still running; stop it first, nothing was changed\n"
    assert [path.name for path in Path().iterdir()] == ["runs"]


def test_an_archive_that_reads_back_wrong_is_not_kept(root, capsys, monkeypatch):
    real = archive._compressed

    def broken(raw, name, mode):
        if mode == "rb":
            with open(raw.name, "r+b") as file:
                file.seek(1000)
                file.write(b"broken")
        return real(raw, name, mode)

    monkeypatch.setattr(archive, "_compressed", broken)
    assert main(["archive", A, "--to", "x.tar.zst"]) == 2
    assert [path.name for path in Path().iterdir()] == ["runs"]


def test_a_full_disk_leaves_nothing_behind(root, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(archive, "_add", full)
    assert main(["archive", A, "--to", "x.tar.zst"]) == 2
    assert capsys.readouterr().err == "archive: cannot write x.tar.zst (No space left on device); make room and try again\n"
    assert [path.name for path in Path().iterdir()] == ["runs"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "archive: expected runs or --where QUERY"),
        ([A, "--to", "x.zip"], "archive: expected a file that ends in .tar.zst or .tar.gz, got x.zip"),
        ([A, "--to", "there.tar.gz"], "archive: there.tar.gz is there already; choose another with --to FILE"),
        ([A, "--to", "none/x.tar.gz"], "archive: cannot write none/x.tar.gz (No such file or directory)"),
        (["--restore", "none.tar.gz"], "archive: there is no file none.tar.gz"),
        (["--restore", "there.tar.gz"], "archive: there.tar.gz is damaged or no archive"),
        (["--restore", "there.tar.gz", A], "archive: --restore takes the whole archive"),
    ],
)
def test_mistakes_end_with_2_and_a_sentence(root, capsys, words, message):
    Path("there.tar.gz").write_text("something")
    assert main(["archive", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1
