"""Sweeps through PostgreSQL, with a server that the tests start on the loopback interface, in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import TrialState

from workbench.experiments.cli import main
from workbench.experiments.sweep.ledger import LEASE, Empty, Ledger
from workbench.experiments.sweep.store import open_store

from .test_kill import COMMAND, SPACE, WORDS, environment, workers
from .tools import bare

BINARIES = [Path(found).parent for found in [shutil.which("initdb")] if found] + sorted(Path("/usr/lib/postgresql").glob("*/bin"))
USERS = ("postgres", "nobody")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged():
    """The options with which a process is no root, as the server demands."""
    import pwd

    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next((known[name] for name in USERS if name in known), None)
    if entry is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def server():
    """The URL of a database."""
    psycopg = pytest.importorskip("psycopg")
    if not BINARIES:
        pytest.skip("PostgreSQL is not installed (initdb is neither on the path nor below /usr/lib/postgresql)")
    folder, who = Path(tempfile.mkdtemp(prefix="workbench-postgres-")), unprivileged()
    if who:
        os.chown(folder, who["user"], who["group"])
    binaries, data, port = BINARIES[-1], folder / "data", free_port()
    make = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "workbench", "--no-sync", "--locale=C", "-E", "UTF8"]
    made = subprocess.run(make, capture_output=True, text=True, cwd=folder, check=False, **who)
    assert made.returncode == 0, made.stdout + made.stderr
    options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "shared_buffers=16MB"]
    start = [binaries / "postgres", "-D", data, "-p", str(port), *(word for option in options for word in ("-c", option))]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(start, stdout=log, stderr=log, cwd=folder, **who)
    url = f"postgresql://workbench:{secrets.token_hex(8)}@127.0.0.1:{port}/postgres"
    try:
        for _ in range(600):
            try:
                psycopg.connect(url, connect_timeout=5).close()
                break
            except psycopg.OperationalError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        shutil.rmtree(folder)


def test_the_accounts_are_kept_as_in_a_journal(server):
    plan = replace(bare("accounts", trials=2), storage=server)
    with contextlib.ExitStack() as stack:
        accounts(*(stack.enter_context(contextlib.closing(Ledger.open(plan))) for _ in range(3)))


def accounts(first, second, third):
    a, b = first.claim(), second.claim()
    assert ([a.number, b.number], third.claim()) == ([0, 1], Empty.WAIT)
    changed = {**first.trials()[0].system_attrs[LEASE], "worker": "another"}
    changed["process"] = {**changed["process"], "start": -1}
    first._store.storage.set_trial_system_attr(a.trial._trial_id, LEASE, changed)
    again = third.claim()
    assert (again.number, again.attempt, again.words, again.run) == (0, 1, a.words, a.run)
    assert not first.finish(a, TrialState.COMPLETE, [1.0])
    assert third.finish(again, TrialState.COMPLETE, [2.0], metrics={"x": 0.5})
    assert second.finish(b, TrialState.FAIL, error="broken")
    assert first.claim() == Empty.DONE
    assert [(trial.number, trial.state, trial.values) for trial in first.trials()] == [
        (0, TrialState.COMPLETE, [2.0]),
        (1, TrialState.FAIL, None),
    ]
    assert first.trials()[0].user_attrs["metrics"] == {"x": 0.5}


def test_the_lock_of_the_server_dies_with_its_holder(server, tmp_path):
    code = f"""
import time
from workbench.experiments.sweep.store import PostgresStore
with PostgresStore("lock", {server.replace("postgresql", "postgresql+psycopg")!r}).exclusive():
    print("held", flush=True)
    time.sleep(600)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    store = open_store(tmp_path, "lock", server)
    from sqlalchemy import text

    with store._engine.begin() as connection:
        assert not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": store._key}).scalar()
    holder.kill()
    with store.exclusive():
        pass
    store.close()
    holder.stdout.close()
    holder.wait()


@pytest.mark.slow
def test_two_folders_share_a_sweep_though_a_worker_is_killed(server, tmp_path):
    """As two machines do: the same command, folders of their own, one storage; the budget is one."""
    command = [*COMMAND, "sweep", *WORDS, *SPACE, "sweep.trials=4", "sweep.name=shared", f"sweep.storage={server}", "--plain"]
    folders = [tmp_path / name for name in ("here", "there")]
    for folder in folders:
        folder.mkdir()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    sweepers = [subprocess.Popen(command, cwd=folder, env=environment(tmp_path, 0.05), text=True, **pipes) for folder in folders]
    while not (folders[0] / "runs" / "milli").is_dir():
        assert sweepers[0].poll() is None, sweepers[0].communicate()[0]
        time.sleep(0.02)
    for victim in workers(folders[0]):
        os.kill(victim, signal.SIGKILL)
    outs = [sweeper.communicate()[0] for sweeper in sweepers]
    assert [sweeper.returncode for sweeper in sweepers] == [0, 0], outs
    assert all("4 finished of 4" in out for out in outs)
    trials = json.loads((folders[0] / "runs" / "sweeps" / "shared" / "trials.json").read_text())
    assert [each["trial"] for each in trials] == list(range(4))
    results = [[folder / "runs" / each["run"] / "result.json" for folder in folders] for each in trials]
    assert [sum(path.is_file() for path in paths) for paths in results] == [1] * 4
    assert len({json.loads(next(p for p in paths if p.is_file()).read_text())["sha256"] for paths in results}) == 1
    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"workbench:***@127.0.0.1" in text for text in texts)
    password = server.partition("@")[0].rpartition(":")[2].encode()
    assert not any(password in text for text in texts)


def test_a_server_that_does_not_answer_is_told(capsys):
    words = ["sweep", "+recipe=resnet", "optim.lr=log(1e-3,1)", f"sweep.storage=postgresql://workbench@127.0.0.1:{free_port()}/none"]
    assert main(words) == 2
    err = capsys.readouterr().err
    assert err.startswith("sweep: cannot use the database of sweep.storage: ")
    assert err.count("\n") == 1
