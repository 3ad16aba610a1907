"""The accounts of a sweep: no number twice, none left out, whatever becomes of those who hold one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import TrialState

from workbench.experiments.sweep import ledger as module
from workbench.experiments.sweep.journal import Journal, locked
from workbench.experiments.sweep.ledger import LEASE, Claim, Empty, Ledger

from .tools import bare

COMPLETE, FAIL = TrialState.COMPLETE, TrialState.FAIL


@pytest.fixture
def plan():
    return bare()


def lease(ledger, number):
    return ledger.trials()[number].system_attrs.get(LEASE)


def lose(ledger, number, **process):
    """Make the worker of a trial another process, as after a kill."""
    trial = ledger.trials()[number]
    changed = {**lease(ledger, number), "worker": "another"}
    changed["process"] = {**changed["process"], **process}
    ledger._store.storage.set_trial_system_attr(trial._trial_id, LEASE, changed)


def test_the_budget_is_exact(plan):
    first, second, third, idle = (Ledger.open(plan) for _ in range(4))
    claims = [first.claim(), second.claim(), third.claim()]
    assert [claim.number for claim in claims] == [0, 1, 2]
    assert len({tuple(claim.words) for claim in claims}) == len({claim.run for claim in claims}) == 3
    assert idle.claim() == Empty.WAIT
    assert first.finish(claims[0], COMPLETE, [0.5], note="kept")
    assert second.finish(claims[1], FAIL, error="broken")
    assert idle.claim() == Empty.WAIT
    assert third.finish(claims[2], COMPLETE, [0.25])
    assert first.claim() == idle.claim() == Empty.DONE
    assert [trial.state for trial in first.trials()] == [COMPLETE, FAIL, COMPLETE]
    assert first.trials()[0].user_attrs["note"] == "kept"


def test_a_larger_budget_goes_on_and_a_smaller_one_stops(plan):
    ledger = Ledger.open(plan)
    assert ledger.finish(ledger.claim(), COMPLETE, [1.0])
    smaller = Ledger(ledger._store, plan.name, plan.definition, 1)
    assert smaller.claim() == Empty.DONE
    assert ledger.claim().number == 1


def test_a_trial_whose_process_is_gone_is_taken_up_at_once(plan):
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    ledger = Ledger.open(plan)
    lost = ledger.claim()
    lose(ledger, 0, pid=int(dead.stdout))
    again = ledger.claim()
    assert (again.number, again.attempt, again.words, again.run) == (0, 1, lost.words, lost.run)
    assert not ledger.finish(lost, COMPLETE, [1.0])  # who lost it has no say any more
    assert not ledger.beat(lost)
    assert ledger.finish(again, COMPLETE, [2.0])
    assert ledger.trials()[0].value == 2.0


def test_a_trial_that_is_lost_too_often_fails(plan):
    ledger = Ledger.open(plan, retry=1)
    for attempt in range(2):
        assert ledger.claim().attempt == attempt
        lose(ledger, 0, start=-1)
    assert ledger.claim().number == 1
    assert ledger.trials()[0].state == FAIL
    assert ledger.trials()[0].user_attrs["error"] == "its worker was lost, 2 times"


def test_on_another_machine_the_lease_must_stand_still(plan, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    others = [Ledger.open(plan) for _ in range(3)]
    assert [other.claim().number for other in others] == [0, 1, 2]
    ledger = Ledger.open(plan)
    lose(ledger, 1, boot="another")
    assert ledger.claim() == Empty.WAIT
    now[0] = 50.0
    trial = ledger.trials()[1]
    ledger._store.storage.set_trial_system_attr(trial._trial_id, LEASE, {**lease(ledger, 1), "beat": 1})
    assert ledger.claim() == Empty.WAIT
    now[0] = 109.0
    assert ledger.claim() == Empty.WAIT
    now[0] = 111.0
    assert ledger.claim().number == 1


def test_a_trial_that_is_given_back_costs_no_retry(plan):
    ledger, other = Ledger.open(plan, retry=0), Ledger.open(plan, retry=0)
    claim = ledger.claim()
    ledger.release(claim)
    assert not ledger.finish(claim, COMPLETE, [1.0])
    again = other.claim()
    assert (again.number, again.attempt) == (0, 0)
    other.release(again, again=True)
    assert other.claim().attempt == 1


def test_a_beat_keeps_the_lease(plan):
    ledger = Ledger.open(plan)
    claim = ledger.claim()
    assert ledger.beat(claim)
    assert ledger.beat(claim)
    assert lease(ledger, 0)["beat"] == 2
    assert ledger.finish(claim, COMPLETE, [1.0])
    assert not ledger.beat(claim)


@pytest.mark.parametrize("known", [0, 1, 2])
def test_a_trial_whose_maker_was_killed_while_making_it_is_made_whole(plan, known):
    """The words are those that its maker would have chosen, wherever it was stopped."""
    whole = Ledger.open(bare("whole")).claim()
    ledger = Ledger.open(plan)
    ledger.study.sampler = module.sampler(plan.definition, 0)
    half = ledger.study.ask()
    for part, each in enumerate(plan.definition.space[:known]):
        ledger.study.sampler = module.sampler(plan.definition, 0, part + 1)
        each.suggest(half)
    claim = Ledger.open(plan).claim()
    assert isinstance(claim, Claim)
    assert (claim.number, claim.attempt, claim.words) == (0, 0, whole.words)


def test_what_processes_append_at_once_is_all_there(tmp_path):
    code = """
import sys
from pathlib import Path
from workbench.experiments.sweep.journal import Journal
journal = Journal(Path("journal.log"))
sys.stdin.readline()
for number in range(50):
    journal.append_logs([{"name": sys.argv[1], "number": number}])
"""
    processes = [subprocess.Popen([sys.executable, "-c", code, name], stdin=subprocess.PIPE, text=True) for name in "ab"]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate() and process.returncode for process in processes] == [0, 0]
    lines = [json.loads(line) for line in (tmp_path / "journal.log").read_text().splitlines()]
    assert [[line["number"] for line in lines if line["name"] == name] for name in "ab"] == [list(range(50))] * 2


@pytest.mark.parametrize("torn", [b'{"op_code":', b'{"op_code":4}', b"x" * 100_000])
def test_half_a_line_of_a_killed_writer_spoils_nothing(tmp_path, torn):
    path = tmp_path / "journal.log"
    study = optuna.create_study(storage=JournalStorage(Journal(path)), study_name="s")
    study.tell(study.ask(), 1.0)
    with path.open("ab") as file:
        file.write(torn)
    assert len(optuna.load_study(storage=JournalStorage(Journal(path)), study_name="s").trials) == 1
    study.tell(study.ask(), 2.0)
    for backend in (Journal(path), JournalFileBackend(str(path))):  # Optuna's own reader agrees
        again = optuna.load_study(storage=JournalStorage(backend), study_name="s")
        assert [trial.value for trial in again.trials] == [1.0, 2.0]


def test_the_lock_dies_with_its_holder(tmp_path):
    code = f"""
import sys, time
from pathlib import Path
from workbench.experiments.sweep.journal import locked
with locked(Path({str(tmp_path / "lock")!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    got = threading.Event()

    def wait():
        with locked(tmp_path / "lock"):
            got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not got.wait(0.1)
    os.kill(holder.pid, signal.SIGKILL)
    thread.join(20)
    assert got.is_set()
    holder.stdout.close()
    holder.wait()
