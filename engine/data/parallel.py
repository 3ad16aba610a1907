"""An epoch whose batches are made by worker processes."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from .loader import DataLoader, Iteration, Position
from .transport import rebuild_error, unpack
from .worker import Pool


class Parallel(Iteration):
    """Batch n is made by worker n modulo their number, `prefetch_factor` ahead for each, and delivered in order (or as they come).

    For an iterable dataset the workers take turns, until each has come to the end of its copy.
    """

    def __init__(self, loader: DataLoader[Any], position: Position) -> None:
        super().__init__(loader, position)
        pool = loader._pool
        if pool is None:
            pool = Pool(
                loader._fetcher(), loader.num_workers, loader.worker_init_fn, self.seed, position.epoch, loader.multiprocessing_context
            )  # fmt: skip
            if loader.persistent_workers:
                loader._pool = pool
        self.pool: Pool = pool
        self.given: dict[int, tuple[int, Any]] = {}  # task number -> worker and indices, in the order of the tasks
        self.number = 0
        self.ended: set[int] = set()  # workers that came to the end of their stream
        self.turns = cycle(range(loader.num_workers))
        try:
            self.serial = pool.begin(self.seed, position.epoch)
            for _ in range(loader.prefetch_factor * loader.num_workers):  # type: ignore[operator]
                self._give(None)
        except BaseException:
            self._finish(failed=True)
            raise

    def _give(self, worker: int | None) -> None:
        """Give the next task of the plan to `worker`, or to the one whose turn it is."""
        if len(self.ended) == self.loader.num_workers:
            return
        step = next(self.plan, None)
        if step is None:
            return
        if worker is None or worker in self.ended:
            worker = next(w for w in self.turns if w not in self.ended)
        self.given[self.number] = (worker, step[0])
        self.pool.task(worker, (self.serial, self.number), *step)
        self.number += 1

    def __next__(self) -> Any:
        try:
            while self.given:
                batch = self._receive()
                if batch is not None:
                    return batch[0]
        except BaseException as e:
            if not self.pool.alive or not isinstance(e, Exception):
                self._finish(failed=True)
            raise
        self._finish()
        raise StopIteration

    def _receive(self) -> tuple[Any] | None:
        """The next batch; None where what came was not one."""
        if self.serial != self.pool.serial:
            raise RuntimeError("DataLoader: expected one iteration at a time with persistent_workers, got another one begun")
        ordered = self.loader.in_order
        workers = [next(iter(self.given.values()))[0]] if ordered else sorted({w for w, _ in self.given.values()})
        worker, kind, (serial, number), content = self.pool.receive(workers, self.loader.timeout)
        if serial != self.serial:
            return None
        _, indices = self.given.pop(number)
        if kind == "end":
            self.ended.add(worker)
        self._give(None if ordered else worker)
        if kind == "end":
            return None
        if kind == "error":
            raise rebuild_error(worker, *content)
        self._made(indices)
        return (unpack(content),)

    def _finish(self, failed: bool = False) -> None:
        if not failed:
            self.position.finished = True
        self.given.clear()
        if not self.loader.persistent_workers:
            self.pool.close()
        elif failed:
            self.pool.close()
            self.loader._pool = None
