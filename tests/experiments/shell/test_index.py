"""The index of runs: whatever happens to it, a list says what the files say."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading

import pytest

from workbench.experiments import index
from workbench.experiments.facts import read

from .many import make

N = 12


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Runs whose files count as still, however new they are, and their index."""
    monkeypatch.setattr(index, "_SETTLED_NS", -(10**12))
    make(tmp_path / "runs", N)
    index.entries(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def reads(monkeypatch):
    """The folders that were read because the index did not know them."""
    seen = []

    def watched(folder):
        seen.append(folder)
        return read(folder)

    monkeypatch.setattr(index, "read", watched)
    return seen


def tables(found):
    return {entry.folder: {key: value for key, value in entry.facts.items() if key != "age_s"} for entry in found}


def truth(root):
    """The same from the files alone."""
    return tables(read(str(path.parent)) for path in root.glob("*/*/run.json"))


def a_run(root):
    return next(iter(sorted(root.glob("resnet/*"))))


def test_a_list_reads_the_files_once(root, reads):
    found = index.entries(root)
    assert tables(found) == truth(root)
    assert len(found) == N
    assert reads == []
    assert [entry.created_s for entry in found] == sorted((entry.created_s for entry in found), reverse=True)
    assert found[0].metrics == read(found[0].folder).metrics
    assert found[0].config["optim.lr"] == found[0].facts["optim.lr"]


@pytest.mark.parametrize("name", ["run.json", "result.json", "config.yaml"])
def test_a_change_is_seen_even_with_the_same_size_and_time(root, reads, name):
    path = a_run(root) / name
    before = path.stat()
    text = path.read_text()
    path.write_text(text.replace("800", "801").replace("seed: 0", "seed: 7"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert path.read_text() != text
    assert tables(index.entries(root)) == truth(root)
    assert reads == [str(path.parent)]
    index.entries(root)
    assert len(reads) == 1


def test_runs_come_and_go(root, reads):
    old = a_run(root)
    old.rename(root / "resnet" / "moved")
    (root / ".hidden" / "run").mkdir(parents=True)
    (root / ".hidden" / "run" / "run.json").write_text("{}")
    (a_run(root) / "result.json").unlink()
    torn = root / "resnet" / "torn"
    torn.mkdir()
    (torn / "run.json").write_text("{")
    (root / "resnet" / "empty").mkdir()
    expected = tables(filter(None, (read(str(folder)) for folder in root.glob("[!.]*/*"))))
    assert tables(index.entries(root)) == expected
    assert len(expected) == N
    assert len(reads) == 3
    with sqlite3.connect(root / index.NAME) as base:
        assert base.execute("SELECT count(*) FROM runs").fetchone() == (N,)
    base.close()


def test_what_has_just_changed_is_not_believed(tmp_path, reads):
    make(tmp_path / "runs", 3)
    for _ in range(2):
        assert len(index.entries(tmp_path / "runs")) == 3
    assert len(reads) == 6


def test_a_running_run_is_told_from_a_lost_one(root):
    path = a_run(root) / "run.json"
    path.write_text(json.dumps({"id": "x", "status": "running", "heartbeat_s": 0.0}))
    assert {entry.facts["status"] for entry in index.entries(root) if entry.path == path.parent} == {"lost"}


def damaged(path, how):
    data = path.read_bytes()
    draw = random.Random(how)
    if how == "empty":
        path.write_bytes(b"")
    elif how == "short":
        path.write_bytes(data[: len(data) // 2])
    elif how == "noise":
        path.write_bytes(draw.randbytes(len(data)))
    elif how == "text":
        path.write_text("no database")
    elif how == "gone":
        path.unlink()
    elif how == "version":
        with contextlib.closing(sqlite3.connect(path)) as base:
            base.execute("PRAGMA user_version=99")
    elif how == "table":
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as base:
            base.execute("DROP TABLE runs")
    elif how == "wal":
        path.with_name(f"{path.name}-wal").write_bytes(draw.randbytes(9000))
    else:
        path.write_bytes(bytes(byte ^ 1 if draw.random() < 0.002 else byte for byte in data))


@pytest.mark.parametrize("how", ["empty", "short", "noise", "text", "gone", "version", "table", "wal", *map(str, range(12))])
def test_a_damaged_index_is_made_anew_in_silence(root, reads, capfd, how):
    damaged(root / index.NAME, how)
    assert tables(index.entries(root)) == truth(root)
    assert bool(reads) == (how != "wal")  # one that does not belong to the index is passed over
    index.entries(root)
    reads.clear()
    assert tables(index.entries(root)) == truth(root)
    assert reads == []
    assert capfd.readouterr() == ("", "")


def test_flipped_values_are_noticed(root, reads):
    with contextlib.closing(sqlite3.connect(root / index.NAME, isolation_level=None)) as base:
        base.execute("UPDATE runs SET facts = replace(facts, '800', '900') WHERE rowid = 1")
        base.execute("UPDATE runs SET created = created + 1 WHERE rowid = 2")
        base.execute("UPDATE shapes SET shape = replace(shape, 'optim.lr', 'optim.rl') WHERE id = (SELECT shape FROM runs WHERE rowid = 3)")
    assert tables(index.entries(root)) == truth(root)
    assert len(reads) >= 3


def test_a_folder_in_the_place_of_the_index(root, reads):
    (root / index.NAME).unlink()
    (root / index.NAME).mkdir()
    assert tables(index.entries(root)) == truth(root)
    assert len(reads) == N


def test_another_process_that_writes_is_not_waited_for(root, reads):
    (a_run(root) / "result.json").unlink()
    with contextlib.closing(sqlite3.connect(root / index.NAME, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        assert tables(index.entries(root)) == truth(root)
        assert len(reads) == 1
        base.execute("ROLLBACK")


def test_a_read_only_folder_is_read(root, reads, monkeypatch):
    monkeypatch.setattr(index.os, "access", lambda *_: False)
    content = (root / index.NAME).read_bytes()
    assert tables(index.entries(root)) == truth(root)
    assert reads == []
    (a_run(root) / "result.json").unlink()
    assert tables(index.entries(root)) == truth(root)
    assert (root / index.NAME).read_bytes() == content
    (root / index.NAME).unlink()
    assert tables(index.entries(root)) == truth(root)
    assert not (root / index.NAME).exists()


def test_no_folder_is_no_runs(tmp_path):
    assert index.entries(tmp_path / "none") == []
    assert index.rebuild(tmp_path / "none") == (0, False)


def test_rebuild(root, reads):
    assert index.rebuild(root) == (N, True)
    assert len(reads) == N
    with index._locked(root):
        reads.clear()
        assert index.rebuild(root) == (N, False)  # somebody else has it open: it is left, and still right
        assert reads == []


LISTER = """
import sys
from pathlib import Path
from workbench.experiments import index
index._SETTLED_NS = -10**12
for _ in range(25):
    found = index.entries(Path(sys.argv[1]))
    assert len(found) == int(sys.argv[2]), len(found)
    assert all(entry.facts["optim.lr"] and entry.facts["id"] for entry in found)
"""


def test_many_processes_and_a_vandal(root):
    """Lists in several processes stay right while files change and the index is destroyed below them."""
    lists = [subprocess.Popen([sys.executable, "-c", LISTER, str(root), str(N)], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    done = threading.Event()

    def vandal():
        turn = 0
        while not done.wait(0.01):
            turn += 1
            os.utime(a_run(root) / "config.yaml")
            with contextlib.suppress(OSError):
                if turn % 3 == 0:
                    (root / index.NAME).unlink()
                elif turn % 3 == 1:
                    with (root / index.NAME).open("r+b") as file:
                        file.seek(random.Random(turn).randrange(8192))
                        file.write(b"broken")

    thread = threading.Thread(target=vandal)
    thread.start()
    try:
        errors = [process.communicate(timeout=60)[1] for process in lists]
    finally:
        done.set()
        thread.join()
        for process in lists:
            process.kill()
    assert errors == ["", "", ""]
    assert tables(index.entries(root)) == truth(root)
