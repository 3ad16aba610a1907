"""DataLoader's worker processes: failures, shutdown, what is left behind."""

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from workbench.engine.data import DataLoader, Dataset, get_worker_info


class Large(Dataset):
    """Samples that go through shared memory."""

    def __init__(self, n=50):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return np.full((3, 16, 16), i, np.float32), i


class OddError(ValueError):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")
        self.a, self.b = a, b


class Failing(Large):
    def __init__(self, how):
        super().__init__()
        self.how = how

    def __getitem__(self, i):
        if i == 17:
            self.how()
        return i


def fail_plainly():
    raise KeyError("seventeen")


def fail_oddly():
    raise OddError(1, 2)


def test_exception_arrives_with_class_and_traceback():
    iterator = iter(DataLoader(Failing(fail_plainly), batch_size=8, num_workers=2))
    assert next(iterator).tolist() == list(range(8))
    next(iterator)
    with pytest.raises(KeyError, match="seventeen") as caught:
        next(iterator)
    assert "in DataLoader worker 0" in str(caught.value.__cause__)
    assert "in fail_plainly" in str(caught.value.__cause__)
    assert next(iterator).tolist() == list(range(24, 32))


def test_exception_that_cannot_be_sent():
    with pytest.raises(RuntimeError, match=r"(?s)got an exception there.*OddError: 1 and 2"):
        list(DataLoader(Failing(fail_oddly), batch_size=8, num_workers=1))


def test_stop_iteration_does_not_end_the_epoch():
    for workers in (0, 1):
        with pytest.raises(RuntimeError, match="expected a sample from the dataset, got StopIteration"):
            list(DataLoader(Failing(lambda: next(iter(()))), batch_size=8, num_workers=workers))


@pytest.mark.parametrize(
    ("how", "says"), [(lambda: os.kill(os.getpid(), signal.SIGKILL), "killed by SIGKILL"), (lambda: os._exit(3), "exit code 3")]
)
@pytest.mark.parametrize("persistent", [False, True])
def test_dead_worker_is_reported(how, says, persistent):
    loader = DataLoader(Failing(how), batch_size=8, num_workers=2, persistent_workers=persistent)
    started = time.monotonic()
    with pytest.raises(RuntimeError, match=rf"DataLoader: expected worker 0 to go on making batches, got that its process \d+.*{says}"):
        list(loader)
    assert time.monotonic() - started < 5
    assert loader._pool is None


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("in_order", [True, False])
def test_dead_worker_whose_child_lives_on_is_reported(tmp_path, workers, in_order):
    """The child holds the worker's connection open, so that its end cannot be seen there."""
    note = tmp_path / "child"

    def die():
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        note.write_text(str(child))
        os.kill(os.getpid(), signal.SIGKILL)

    try:
        with pytest.raises(RuntimeError, match=r"expected worker 0 to go on .* was killed by SIGKILL"):
            list(DataLoader(Failing(die), batch_size=8, num_workers=workers, in_order=in_order))
    finally:
        os.kill(int(note.read_text()), signal.SIGKILL)


def test_ctrl_c_leaves_nothing_behind(tmp_path):
    """The terminal sends it to every process of the group, also while workers are in the middle of a batch."""
    script = tmp_path / "train.py"
    script.write_text(
        "import time\n"
        "from workbench.engine.data import DataLoader, Dataset\n"
        "class Slow(Dataset):\n"
        "    def __len__(self):\n"
        "        return 1000\n"
        "    def __getitem__(self, i):\n"
        "        time.sleep(0.01)\n"
        "        return i\n"
        "loaders = [DataLoader(Slow(), num_workers=2, persistent_workers=p) for p in (False, True)]\n"
        "iterators = [iter(loader) for loader in loaders]\n"
        "for iterator in iterators:\n"
        "    next(iterator)\n"
        "print(*[p.pid for it in iterators for p in it.pool.processes], flush=True)\n"
        "for _ in zip(*iterators):\n"
        "    pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    pids = [int(p) for p in process.stdout.readline().split()]
    assert len(pids) == 4
    assert all(map(alive, pids))
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert not any(map(alive, pids))


def test_timeout():
    loader = DataLoader(Failing(lambda: time.sleep(5)), batch_size=8, num_workers=1, timeout=0.3)
    with pytest.raises(RuntimeError, match=r"timed out: expected a batch within 0.3 s"):
        list(loader)


def test_worker_init_and_info():
    seen = []

    class Who(Large):
        def __getitem__(self, i):
            info = get_worker_info()
            return info.id, info.num_workers, int(os.environ["WHO"])

    def init(worker):
        os.environ["WHO"] = str(worker * 10)

    for ids, n, who in DataLoader(Who(8), batch_size=2, num_workers=2, worker_init_fn=init):
        seen.append(ids[0].item())
        assert n[0].item() == 2
        assert who[0].item() == ids[0].item() * 10
    assert seen == [0, 1, 0, 1]
    assert get_worker_info() is None

    def bad(worker):
        raise OSError("no such device")

    with pytest.raises(OSError, match="no such device"):
        list(DataLoader(Large(), num_workers=1, worker_init_fn=bad))


def children():
    import multiprocessing

    return multiprocessing.active_children()


def test_nothing_is_left_behind():
    def mapped():
        return Path("/proc/self/maps").read_text().count("workbench-batch")

    def entries(folder):
        return sorted(p.name for p in Path(folder).iterdir())

    gc.collect()
    assert children() == []
    before, descriptors = entries("/dev/shm"), len(entries("/proc/self/fd"))
    loader = DataLoader(Large(), batch_size=8, num_workers=2)
    list(loader)
    iterator = iter(loader)
    next(iterator)
    assert len(children()) == 2
    del iterator
    persistent = DataLoader(Large(), batch_size=8, num_workers=2, persistent_workers=True)
    for _ in persistent:
        break
    assert len(list(persistent)) == 7
    assert mapped() > 0
    del persistent
    assert children() == []
    assert mapped() == 0
    assert entries("/dev/shm") == before
    assert len(entries("/proc/self/fd")) == descriptors


def test_workers_end_with_their_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os\n"
        "from workbench.engine.data import DataLoader\n"
        "loaders = [DataLoader(range(100), num_workers=2, persistent_workers=True) for _ in range(2)]\n"
        "for loader in loaders:\n"
        "    next(iter(loader))\n"
        "print(*[p.pid for loader in loaders for p in loader._pool.processes], flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    out = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    pids = [int(p) for p in out.stdout.split()]
    assert len(pids) == 4, out.stderr
    end = time.monotonic() + 4
    while time.monotonic() < end and any(alive(p) for p in pids):
        time.sleep(0.02)
    assert not any(alive(p) for p in pids)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_two_iterations_of_persistent_workers():
    loader = DataLoader(Large(), batch_size=8, num_workers=1, persistent_workers=True)
    first = iter(loader)
    next(first)
    second = iter(loader)
    with pytest.raises(RuntimeError, match="one iteration at a time"):
        list(first)
    assert len(list(second)) == 7


def test_spawn():
    loader = DataLoader(range(2000), batch_size=900, shuffle=True, num_workers=1, multiprocessing_context="spawn")
    assert [b.tolist() for b in loader] == [b.tolist() for b in DataLoader(range(2000), batch_size=900, shuffle=True)]
