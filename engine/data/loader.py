"""DataLoader: batches of a dataset, in this process or from worker processes, in an order that depends on (seed, epoch) alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from ..errors import expected
from .border import seed_of
from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .fetch import Fetcher
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, group, told_epoch

T_co = TypeVar("T_co", covariant=True)
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _Stream(Sampler[None]):
    """Stands for the sampler of an iterable dataset, which has none."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class Position:
    """How far an epoch has come: batches and samples delivered."""

    def __init__(self, epoch: int, batches: int = 0, samples: int = 0) -> None:
        self.epoch, self.batches, self.samples, self.finished = epoch, batches, samples, False


class DataLoader(Generic[T_co]):
    """Iterate over the batches of a dataset.

    Each iteration is one epoch. The order depends on (seed, epoch), and what a sample's random transforms draw on (seed, epoch, index
    of the sample): neither depends on the number of workers, nor does what a dataset draws by the engine's random functions. Where a
    sampler may give an index twice in an epoch (with replacement), the sample's place in the epoch stands for its index. The seed is
    that of `generator`, or of `manual_seed`.

    `state_dict` tells the position, also in the middle of an epoch, in a few integers; after `load_state_dict` the next iteration goes on
    there, without going through the samples before (an iterable dataset has to be read again up to there).

    Args:
        dataset: Map-style (`__getitem__`, `__len__`) or an `IterableDataset`.
        batch_size: Samples in a batch; None delivers single samples.
        shuffle: Take the samples in a new random order each epoch.
        sampler: Gives the order instead of `shuffle`.
        batch_sampler: Gives lists of indices instead of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: Processes that make batches ahead; 0 makes them here when asked for.
        collate_fn: From a list of samples to a batch; None: `default_collate`.
        pin_memory: Accepted; has no effect without a GPU.
        drop_last: Leave out the last batch where it is smaller.
        timeout: Seconds to wait for a worker's batch; 0: however long it takes. A worker that dies is reported at once.
        worker_init_fn: Called in each worker with its number.
        multiprocessing_context: How workers start: "fork" (the default), "spawn", "forkserver" or a context.
        generator: Its seed decides the order and the randomness of samples.
        prefetch_factor: Batches that each worker makes ahead; 2 where there are workers.
        persistent_workers: Keep the workers from epoch to epoch.
        pin_memory_device: Accepted; has no effect without a GPU.
        in_order: Deliver batches in their order; False delivers them as they come.

    Raises:
        ValueError: Arguments that exclude each other, or a negative one.
        TypeError: multiprocessing_context is neither a name nor a context.

    Example:
        >>> [batch.tolist() for batch in DataLoader(range(5), batch_size=2)]
        [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_numbers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        self.dataset, self.num_workers, self.timeout, self.worker_init_fn = dataset, num_workers, timeout, worker_init_fn
        self.pin_memory, self.pin_memory_device, self.in_order = pin_memory, pin_memory_device, in_order
        self.multiprocessing_context, self.generator = multiprocessing_context, generator
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            _check_iterable(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise expected("DataLoader", "shuffle=False beside a sampler", "shuffle=True")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise expected("DataLoader", "batch_sampler alone", "batch_size, shuffle, sampler or drop_last beside it")
            batch_size = None
        elif batch_size is None and drop_last:
            raise expected("DataLoader", "a batch_size beside drop_last=True", "batch_size=None")
        if sampler is None:
            if self._iterable:
                sampler = _Stream()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last, self.sampler, self.batch_sampler = batch_size, drop_last, sampler, batch_sampler
        self.collate_fn = collate_fn or (default_collate if self._auto_collation else default_convert)
        self._pool: Any = None
        self._begun: Position | None = None  # that of the iteration begun last
        self._next = Position(0)  # where the next iteration starts
        self._seed: int | None = None  # of a loaded state
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and getattr(self, "_ready", False):
            raise expected("DataLoader", f"{name} to stay as it was made", "another value", "make a new DataLoader")
        super().__setattr__(name, value)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.batch_sampler if self._auto_collation else self.sampler

    def __len__(self) -> int:
        if not self._iterable:
            source = self._index_sampler
            return len(source.batches(self._at().epoch, self._current_seed())) if hasattr(source, "batches") else len(source)
        n = len(self.dataset)
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration, as `set_epoch` of the sampler does. A loaded position in the middle of it stays."""
        if not isinstance(epoch, (int, np.integer)) or epoch < 0:
            raise expected("set_epoch", "epoch to be an int of 0 or more", epoch)
        if epoch != self._next.epoch:
            self._next = Position(int(epoch))
        self._begun = None

    def _at(self) -> Position:
        """Where the iteration begun last is, or the next one starts."""
        told = told_epoch(self._index_sampler)
        if told is not None:
            self.set_epoch(told)
        return self._next if self._begun is None or self._begun.finished else self._begun

    def state_dict(self) -> dict[str, int]:
        """The position: epoch, batches and samples delivered in it, and the seed."""
        at = self._at()
        return {"epoch": at.epoch, "batch": at.batches, "sample": at.samples, "seed": self._current_seed()}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on at a position: the next iteration delivers what was to come after it. The state's seed stays with this loader."""
        missing = {"epoch", "batch", "sample", "seed"} - set(state)
        if missing:
            raise expected("load_state_dict", "epoch, batch, sample and seed", f"no {', '.join(sorted(missing))}", error=KeyError)
        self._next = Position(int(state["epoch"]), int(state["batch"]), int(state["sample"]))
        self._seed, self._begun = int(state["seed"]), None

    def _current_seed(self) -> int:
        return self._seed if self._seed is not None and self.generator is None else seed_of(self.generator)

    def __iter__(self) -> Iterator[Any]:
        self._at()
        position, self._next = self._next, Position(self._next.epoch + 1)
        kind: type[Iteration] = _Serial
        if self.num_workers > 0:
            from .parallel import Parallel  # here, as multiprocessing costs 15 ms to import

            kind = Parallel
        if self._iterable:
            iterator = kind(self, Position(position.epoch))
            for _ in islice(iterator, position.batches):
                pass
        else:
            iterator = kind(self, position)
        self._begun = iterator.position
        return iterator

    def _fetcher(self) -> Fetcher:
        sampler = getattr(self.batch_sampler, "sampler", None) if self._auto_collation else self.sampler
        drop_last = self.drop_last and self._iterable
        return Fetcher(self.dataset, self.collate_fn, self._auto_collation, bool(getattr(sampler, "repeats", False)), drop_last)

    def _plan(self, epoch: int, batches: int, samples: int) -> Iterator[tuple[Any, int]]:
        """What each batch of the epoch is made of, after so many batches and samples: its indices and the place of its first sample."""
        source = self._index_sampler
        if self._iterable:
            while True:
                yield self.batch_size, 0
        if hasattr(source, "batches"):
            place = samples
            for indices in source.batches(epoch, self._current_seed())[batches:]:
                yield list(indices), place
                place += len(indices)
            return
        sampler = source.sampler if type(source) is BatchSampler else source
        if (sampler is not source or not self._auto_collation) and hasattr(sampler, "order"):
            order, size = sampler.order(epoch, self._current_seed()), source.batch_size if sampler is not source else 1
            whole = len(order) - len(order) % size if sampler is not source and source.drop_last else len(order)
            for start in range(samples, whole, size):
                indices = order[start : start + size].tolist()
                yield indices if self._auto_collation else indices[0], start
            return
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(epoch)
            told_epoch(sampler)  # by this loader
        if sampler is not source:
            source, batches = group(islice(iter(sampler), samples, None), source.batch_size, source.drop_last), 0
        else:
            samples = 0
        position = samples
        for number, indices in enumerate(source):
            if number >= batches:
                yield indices, position
            position += len(indices) if self._auto_collation else 1


class Iteration:
    """One epoch on its way: what `iter(loader)` returns."""

    def __init__(self, loader: DataLoader[Any], position: Position) -> None:
        self.loader, self.position = loader, position
        self.seed = loader._current_seed()
        self.plan = loader._plan(position.epoch, position.batches, position.samples)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.loader)

    def _made(self, indices: Any) -> None:
        """Count a batch that is about to be delivered."""
        loader = self.loader
        self.position.batches += 1
        self.position.samples += (indices or 1) if loader._iterable else len(indices) if loader._auto_collation else 1
        if loader._iterable and hasattr(loader.dataset, "__len__") and self.position.batches == len(loader) + 1:
            warnings.warn(
                f"DataLoader: expected {len(loader)} batches from len(dataset), got more; "
                "with workers, divide the stream by get_worker_info()",
                stacklevel=3,
            )


class _Serial(Iteration):
    """Batches made in this process, when they are asked for."""

    def __init__(self, loader: DataLoader[Any], position: Position) -> None:
        super().__init__(loader, position)
        self.fetcher = loader._fetcher()
        self.fetcher.begin(self.seed, position.epoch)

    def __next__(self) -> Any:
        if self.position.finished:
            raise StopIteration
        try:
            indices, place = next(self.plan)
            batch = self.fetcher.fetch(indices, place)
        except StopIteration:
            self.position.finished = True
            raise
        self._made(indices)
        return batch


def _check_numbers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool, context: Any) -> None:
    if not isinstance(num_workers, (int, np.integer)) or num_workers < 0:
        raise expected("DataLoader", "num_workers to be an int of 0 or more", num_workers)
    if timeout < 0:
        raise expected("DataLoader", "timeout to be 0 or more seconds", timeout)
    if num_workers == 0 and prefetch_factor is not None:
        raise expected("DataLoader", "prefetch_factor only beside num_workers > 0", prefetch_factor)
    if prefetch_factor is not None and prefetch_factor < 1:
        raise expected("DataLoader", "prefetch_factor to be 1 or more", prefetch_factor)
    if persistent_workers and num_workers == 0:
        raise expected("DataLoader", "persistent_workers only beside num_workers > 0", "num_workers=0")
    if context is not None and num_workers == 0:
        raise expected("DataLoader", "multiprocessing_context only beside num_workers > 0", context)
    if isinstance(context, str) and context not in ("fork", "spawn", "forkserver"):
        raise expected("DataLoader", 'multiprocessing_context to be "fork", "spawn" or "forkserver"', context)
    if context is not None and not isinstance(context, str) and not hasattr(context, "get_start_method"):
        raise expected("DataLoader", "multiprocessing_context to be a name or a context of multiprocessing", context, error=TypeError)


def _check_iterable(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    for name, value in (("shuffle", shuffle), ("sampler", sampler), ("batch_sampler", batch_sampler)):
        if value is not None and value is not False:
            raise expected("DataLoader", f"no {name} for an IterableDataset", value, "let the dataset decide the order of its stream")
