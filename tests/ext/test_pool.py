"""The thread pool: every part once, whoever calls, and nothing left over when nothing runs."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from .native import CORE, ROOT, TASK, library


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    made = library(tmp_path_factory.mktemp("pool"), CORE / "pool.c", ROOT / "tests/ext/stress.c")
    for name in ("stress", "nest", "slots"):
        getattr(made, name).restype = ctypes.c_long
    made.wb_pool_run.argtypes = [TASK, ctypes.c_void_p, ctypes.c_long]
    made.wb_pool_init(4, ctypes.c_long(20000))
    yield made
    made.wb_pool_set_spin(ctypes.c_long(0))


@pytest.fixture(autouse=True)
def four_threads(pool):
    pool.wb_pool_set_threads(4)
    pool.wb_pool_set_spin(ctypes.c_long(20000))


def stats(pool) -> dict[str, int]:
    out = (ctypes.c_long * 4)()
    pool.wb_pool_stats(out)
    return dict(zip(("jobs", "serial", "wakes", "workers"), out))


def test_every_part_runs_once_under_contention(pool):
    assert pool.stress() == 0


def test_nested_jobs_run_serially(pool):
    before = stats(pool)
    assert pool.nest() == 64
    after = stats(pool)
    assert after["serial"] - before["serial"] == 8
    assert after["jobs"] - before["jobs"] == 9


def test_slots_are_private_and_within_the_number_promised(pool):
    assert pool.slots() == 0


def test_lowest_failing_part_wins(pool):
    def task(_, part):
        return int(part) if part >= 3 else 0

    for _ in range(50):
        assert pool.wb_pool_run(TASK(task), None, 64) == 3
    assert pool.wb_pool_run(TASK(task), None, 3) == 0


@pytest.mark.parametrize("parts", [0, -1])
def test_no_parts_is_no_work(pool, parts):
    assert pool.wb_pool_run(TASK(lambda *_: 7), None, parts) == 0


@pytest.mark.parametrize(("asked", "got"), [(0, 1), (-3, 1), (3, 3), (10**6, 256)])
def test_thread_count_is_bounded(pool, asked, got):
    pool.wb_pool_set_threads(asked)
    assert pool.wb_pool_threads() == got


def test_idle_pool_uses_no_cpu(pool):
    pool.nest()
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - before < 0.02


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python warns of a fork with threads: that is what is tested
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_survives_fork(pool, busy):
    stop = threading.Event()

    def load():
        while not stop.is_set():
            pool.nest()

    other = threading.Thread(target=load)
    if busy:
        other.start()
    try:
        for _ in range(10):
            pid = os.fork()
            if not pid:
                signal.alarm(20)
                ok = all(pool.nest() == 64 for _ in range(5)) and 1 <= stats(pool)["workers"] < 256
                os._exit(0 if ok else 1)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        stop.set()
        if busy:
            other.join()
    assert pool.nest() == 64


def test_keyboard_interrupt_reaches_python():
    code = """
import os, signal, threading
from workbench import engine
a = engine.ones(300, 300)
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    while True: a @ a
except KeyboardInterrupt:
    print("interrupted", float((a @ a)[0, 0]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "interrupted 300.0", done.stderr
