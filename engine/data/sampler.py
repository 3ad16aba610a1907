"""Samplers: in which order a loader takes the samples. A random order depends on (seed, epoch) alone.

A sampler that knows its epoch's order as an array says so by `order(epoch)`; then a loader starts in the middle of an epoch without
going through what came before; a batch sampler that knows its epoch's batches says so by `batches(epoch)`. `set_epoch` chooses the
epoch that the next iteration takes, also that of a loader; without it each iteration takes the next epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from ..errors import expected
from ..random_keys import Key
from .border import Tensor, seed_of, to_array

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """Base class: subclasses define `__iter__` over the indices of an epoch, and `__len__` where it is known."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__}: expected an __iter__() of its own; define it in the subclass")


class _Ordered(Sampler[int]):
    """A sampler whose epochs are arrays."""

    epoch = 0
    told: int | None = None  # by set_epoch, until a loader takes notice
    generator: Any = None
    repeats = False  # whether an index may come more than once in an epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration takes."""
        self.epoch = self.told = epoch

    def order(self, epoch: int, seed: int | None = None) -> np.ndarray:
        """The indices of an epoch, int64; `seed` decides where there is no generator."""
        raise NotImplementedError

    def _key(self, epoch: int, seed: int | None) -> Key:
        return Key(seed_of(self.generator) if seed is None or self.generator is not None else seed, "shuffle", epoch)

    def __iter__(self) -> Iterator[int]:
        order = self.order(self.epoch)
        self.epoch += 1
        return iter(order.tolist())


class SequentialSampler(_Ordered):
    """The indices in their order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def order(self, epoch: int, seed: int | None = None) -> np.ndarray:
        return np.arange(len(self.data_source))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(_Ordered):
    """The indices in a random order, each once; or, with replacement, `num_samples` independent draws.

    Args:
        data_source: What is sampled from.
        replacement: Whether an index may be drawn again.
        num_samples: How many to draw; None: as many as there are. More than that without replacement takes several orders in a row.
        generator: Its seed decides; None takes that of `manual_seed`.
    """

    def __init__(self, data_source: Sized, replacement: bool = False, num_samples: int | None = None, generator: Any = None) -> None:
        if not isinstance(replacement, bool):
            raise expected("RandomSampler", "replacement to be a bool", replacement, error=TypeError)
        self.data_source, self.replacement, self._num_samples, self.generator = data_source, replacement, num_samples, generator
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise expected("RandomSampler", "num_samples to be an int above 0", self.num_samples, "sample from a source that is not empty")

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    @property
    def repeats(self) -> bool:  # type: ignore[override]
        return self.replacement or self.num_samples > len(self.data_source)

    def order(self, epoch: int, seed: int | None = None) -> np.ndarray:
        n, wanted, key = len(self.data_source), self.num_samples, self._key(epoch, seed)
        if self.replacement:
            return key.integers(n, size=wanted)
        orders = [key.permutation(n) for _ in range(-(-wanted // n))]
        return (orders[0] if len(orders) == 1 else np.concatenate(orders))[:wanted]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(_Ordered):
    """Given indices in a random order."""

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        self.indices, self.generator = indices, generator

    def order(self, epoch: int, seed: int | None = None) -> np.ndarray:
        return np.asarray(self.indices, np.int64)[self._key(epoch, seed).permutation(len(self.indices))]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(_Ordered):
    """Indices drawn with given probabilities.

    Args:
        weights: One weight of 0 or more for each index; they need not sum to 1.
        num_samples: How many to draw; > 0.
        replacement: Whether an index may be drawn again.
        generator: Its seed decides; None takes that of `manual_seed`.
    """

    def __init__(self, weights: Any, num_samples: int, replacement: bool = True, generator: Any = None) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise expected("WeightedRandomSampler", "num_samples to be an int above 0", num_samples)
        if not isinstance(replacement, bool):
            raise expected("WeightedRandomSampler", "replacement to be a bool", replacement)
        w = np.asarray(to_array(weights) if isinstance(weights, Tensor) else weights, np.float64)
        if w.ndim != 1:
            raise expected("WeightedRandomSampler", "weights to be 1-d", f"shape {w.shape}")
        if not np.isfinite(w).all() or (w < 0).any() or not w.any():
            raise expected("WeightedRandomSampler", "finite weights of 0 or more, not all 0", str(w.tolist()[:8]))
        if not replacement and np.count_nonzero(w) < num_samples:
            raise expected("WeightedRandomSampler", f"at least num_samples ({num_samples}) weights above 0", f"{np.count_nonzero(w)}")
        self.weights, self.num_samples, self.replacement, self.generator = weights, num_samples, replacement, generator
        self._w, self.repeats = w, replacement

    def order(self, epoch: int, seed: int | None = None) -> np.ndarray:
        key = self._key(epoch, seed)
        if self.replacement:
            cumulative = np.cumsum(self._w)
            drawn = np.searchsorted(cumulative, key.uniform(size=self.num_samples) * cumulative[-1], side="right")
            return np.minimum(drawn, np.flatnonzero(self._w)[-1])
        # the smallest of exponential times at these rates are a weighted draw without replacement (Efraimidis and Spirakis, 2006)
        with np.errstate(divide="ignore"):
            times = -np.log1p(-key.uniform(size=len(self._w))) / self._w
        times[self._w == 0] = np.inf
        return np.argsort(times, kind="stable")[: self.num_samples]

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler in lists of `batch_size`.

    Args:
        sampler: Any iterable of indices.
        batch_size: Indices in a batch; > 0.
        drop_last: Leave out the last batch where it is smaller.

    Example:
        >>> list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise expected("BatchSampler", "batch_size to be an int above 0", batch_size)
        if not isinstance(drop_last, bool):
            raise expected("BatchSampler", "drop_last to be a bool", drop_last)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def set_epoch(self, epoch: int) -> None:
        """Pass the epoch on to the sampler, where that has epochs."""
        if hasattr(self.sampler, "set_epoch"):
            self.sampler.set_epoch(epoch)

    def __iter__(self) -> Iterator[list[int]]:
        return group(iter(self.sampler), self.batch_size, self.drop_last)

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


def group(indices: Iterator[Any], size: int, drop_last: bool) -> Iterator[list[Any]]:
    """Lists of `size` consecutive indices."""
    while batch := list(islice(indices, size)):
        if len(batch) < size and drop_last:
            return
        yield batch


def told_epoch(sampler: Any) -> int | None:
    """The epoch that a sampler, or the one below it, was told by `set_epoch` since this was asked last."""
    found = None
    while sampler is not None:
        if getattr(sampler, "told", None) is not None:
            found, sampler.told = sampler.told, None
        sampler = getattr(sampler, "sampler", None)
    return found
