"""Worker processes: the loop that runs in one, and the pool of them as the main process sees it."""

from __future__ import annotations

import math
import multiprocessing
import os
import random
import signal
import sys
import time
import warnings
import weakref
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from ..errors import expected
from ..random_keys import Key
from .border import core, default_generator
from .context import WorkerInfo, set_worker_info
from .fetch import Fetcher
from .transport import Receiver, Sender

_LOOK_S = 5.0  # how often an idle worker looks whether its parent is still there
_DEATH_S = 1.0  # how often the main process looks whether a worker that says nothing is still there
_GRACE_S = 2.0  # how long a worker may finish its sample before it is stopped

# the main process's ends of all connections: a forked worker closes its copies, so that every worker sees the main process end
_open: weakref.WeakSet[Connection] = weakref.WeakSet()


def run_worker(
    connection: Connection, fetcher: Fetcher, info: WorkerInfo, init: Callable[[int], None] | None, parent: int, forked: bool
) -> None:
    """The life of a worker process: take tasks, send batches, until the main process closes the connection."""
    if forked:
        for other in list(_open):
            other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to handle
    core.set_num_threads(1)
    default_generator.manual_seed(info.seed)
    random.seed(info.seed)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(info.seed & 0xFFFFFFFF)
    fetcher.worker = info.id
    set_worker_info(info)
    sender = Sender(connection)
    failed: BaseException | None = None
    try:
        if init is not None:
            init(info.id)
    except Exception as e:
        failed = e
    try:
        while True:
            while not connection.poll(_LOOK_S):
                if os.getppid() != parent:
                    return
            kind, *rest = connection.recv()
            if kind == "begin":
                fetcher.begin(*rest)
            else:
                _do_task(sender, fetcher, failed, *rest)
    except (EOFError, OSError):  # the main process has closed the connection, or is gone
        return


def _do_task(sender: Sender, fetcher: Fetcher, failed: BaseException | None, tag: Any, indices: Any, place: int, done: list[int]) -> None:
    sender.release(done)
    try:
        if failed is not None:
            raise failed
        sender.send_batch(tag, fetcher.fetch(indices, place))
    except StopIteration:
        sender.send_end(tag)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as e:
        sender.send_error(tag, e)


class Pool:
    """The worker processes of one loader.

    Args:
        fetcher: Makes the batches; each worker has a copy.
        n: How many workers.
        init: Called in each worker with its number before its first task.
        seed: Root of the workers' seeds.
        epoch: The epoch that the workers' seeds belong to.
        context: Of multiprocessing, its name, or None for fork.
    """

    def __init__(self, fetcher: Fetcher, n: int, init: Callable[[int], None] | None, seed: int, epoch: int, context: Any) -> None:
        if context is None or isinstance(context, str):
            context = multiprocessing.get_context(context or "fork")
        forked = context.get_start_method() == "fork"
        self.receivers: list[Receiver] = []
        self.processes: list[Any] = []
        self.serial = 0  # of the epoch that the workers are in
        self._stop = weakref.finalize(self, _stop, self.processes, self.receivers, os.getpid())
        for worker in range(n):
            ours, theirs = context.Pipe()
            _open.add(ours)
            self.receivers.append(Receiver(ours))
            info = WorkerInfo(worker, n, Key(seed, "worker", epoch, worker).integers(1 << 62), fetcher.dataset)
            process = context.Process(
                target=run_worker, args=(theirs, fetcher, info, init, os.getpid(), forked), daemon=True, name=f"DataLoader-{worker}"
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: the engine's pool is safe to fork
                process.start()
            theirs.close()
            self.processes.append(process)

    def begin(self, seed: int, epoch: int) -> int:
        """Tell every worker that an epoch starts; returns a number that tells its messages from those of one that was left early."""
        self.serial += 1
        for worker in range(len(self.receivers)):
            self._send(worker, ("begin", seed, epoch))
        return self.serial

    def task(self, worker: int, tag: Any, indices: Any, position: int) -> None:
        """Give a worker a batch to make."""
        receiver = self.receivers[worker]
        done, receiver.done = receiver.done, []
        self._send(worker, ("task", tag, indices, position, done))

    def receive(self, workers: list[int], timeout: float) -> tuple[int, str, Any, Any]:
        """The next message of any of `workers`: its number, then what `Receiver.receive` returns.

        Raises:
            RuntimeError: A worker died, or nothing came for `timeout` seconds (0: however long it takes).
        """
        worker = self._wait(workers, timeout)
        if worker is None:
            raise RuntimeError(
                f"DataLoader: timed out: expected a batch within {timeout:g} s, got none from worker {workers[0]}; "
                "raise timeout, or look for what blocks in the dataset"
            )
        try:
            return worker, *self.receivers[worker].receive()
        except (EOFError, OSError) as e:
            raise self._death(worker) from e

    def _wait(self, workers: list[int], timeout: float) -> int | None:
        """The first of `workers` that has something to say; None where none has in time."""
        connections = [self.receivers[w].connection for w in workers]
        end = time.monotonic() + timeout if timeout else math.inf
        while True:
            # a process that a worker forked holds its connection open after its death: then it takes a look to see that it is dead
            dead = [w for w in workers if not self.processes[w].is_alive()]
            most = 0.0 if dead else max(0.0, min(_DEATH_S, end - time.monotonic()))
            if len(workers) == 1:
                ready = connections if connections[0].poll(most) else []
            else:
                ready = wait(connections, most)  # type: ignore[assignment]
            if ready:
                return workers[connections.index(ready[0])]
            if dead:
                raise self._death(dead[0])
            if time.monotonic() >= end:
                return None

    def _send(self, worker: int, message: Any) -> None:
        try:
            self.receivers[worker].connection.send(message)
        except (BrokenPipeError, ConnectionResetError) as e:
            raise self._death(worker) from e

    def _death(self, worker: int) -> Exception:
        process = self.processes[worker]
        process.join(_GRACE_S)
        code, pid = process.exitcode, process.pid
        if code is not None and code < 0:
            how = f"was killed by {signal.Signals(-code).name}"
            then = "it may have run out of memory" if -code == signal.SIGKILL else ""
        else:
            how, then = f"ended with exit code {code}", ""
        self.close()
        what = f"worker {worker} to go on making batches"
        return expected("DataLoader", what, f"that its process {pid} {how}", then, RuntimeError)

    @property
    def alive(self) -> bool:
        return self._stop.alive

    def close(self) -> None:
        """End all workers."""
        self._stop()


def _stop(processes: list[Any], receivers: list[Receiver], owner: int) -> None:
    """Let go of all workers and wait for them; those that do not end in time are stopped."""
    for receiver in receivers:
        receiver.close()
    if os.getpid() != owner:  # a copy in a forked process: the workers are not its children
        return
    for signal_it in (None, "terminate", "kill"):
        end = time.monotonic() + _GRACE_S
        for process in processes:
            if signal_it and process.is_alive():
                getattr(process, signal_it)()
        for process in processes:
            process.join(max(0.0, end - time.monotonic()))
        if not any(process.is_alive() for process in processes):
            break
    for process in processes:
        if not process.is_alive():
            process.close()
