"""Batches of samples of like length, so that little is lost to padding: of so many samples each, or of so many tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import expected
from ..random_keys import Key
from .border import Tensor, seed_of, to_array
from .dataset import IterableDataset
from .sampler import Sampler


def _checked(name: str, lengths: Any) -> np.ndarray:
    found = np.asarray(to_array(lengths) if isinstance(lengths, Tensor) else lengths)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu") or (found < 0).any():
        raise expected(name, "lengths to be a sequence of ints of 0 or more", f"{found.dtype} of shape {found.shape}")
    return found.astype(np.int64)


def _positive(name: str, **numbers: Any) -> None:
    for argument, value in numbers.items():
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value <= 0:
            raise expected(name, f"{argument} to be an int above 0", value)


class _ByLength(Sampler[list[int]]):
    """Sorts by length within pools of an epoch's order, cuts the pools into batches, and mixes the batches.

    What it gives depends on (seed, epoch) alone; `batches` tells it as a whole, so that a loader starts anywhere in it.
    """

    epoch = 0
    told: int | None = None

    def __init__(self, name: str, lengths: Any, pool: int, shuffle: bool, generator: Any) -> None:
        _positive(name, pool=pool)
        self.lengths, self.pool, self.shuffle, self.generator = _checked(name, lengths), pool, shuffle, generator
        self._made: tuple[tuple[int, int], list[list[int]]] | None = None

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration takes."""
        self.epoch = self.told = epoch

    def _cut(self, order: np.ndarray) -> Iterator[list[int]]:
        """The batches of a pool, in which samples lie by length."""
        raise NotImplementedError

    def batches(self, epoch: int, seed: int | None = None) -> list[list[int]]:
        """The batches of an epoch; `seed` decides where there is no generator."""
        if seed is None or self.generator is not None:
            seed = seed_of(self.generator)
        if self._made is None or self._made[0] != (seed, epoch):
            self._made = (seed, epoch), self._batches(Key(seed, "shuffle", epoch))
        return self._made[1]

    def _batches(self, key: Key) -> list[list[int]]:
        n = len(self.lengths)
        order = key.permutation(n) if self.shuffle else np.arange(n)
        found: list[list[int]] = []
        for start in range(0, n, self.pool):
            part = order[start : start + self.pool]
            found += self._cut(part[np.argsort(self.lengths[part], kind="stable")])
        return [found[i] for i in key.permutation(len(found))] if self.shuffle else found

    def __iter__(self) -> Iterator[list[int]]:
        found = self.batches(self.epoch)
        self.epoch += 1
        return iter([list(batch) for batch in found])

    def __len__(self) -> int:
        return len(self.batches(self.epoch))


class BucketBatchSampler(_ByLength):
    """Batches of `batch_size` samples of like length: a `batch_sampler` for a `DataLoader`.

    The epoch's random order is cut into pools of `pool_batches` batches, each pool is sorted by length and cut into batches, and the
    batches of all pools are mixed. The larger the pools, the less padding, and the less random who is in a batch with whom.

    Args:
        lengths: The length of each sample.
        batch_size: Samples in a batch; > 0.
        shuffle: A new random order each epoch; False keeps the pools and batches in the order of the samples.
        drop_last: Leave out the batch that is smaller, where there is one.
        pool_batches: Batches in a pool; > 0.
        generator: Its seed decides; None takes that of `manual_seed`.

    Raises:
        ValueError: lengths are no ints of 0 or more, or a number is not above 0.

    Example:
        >>> list(BucketBatchSampler([5, 1, 4, 2, 3], 2, shuffle=False))
        [[1, 3], [4, 2], [0]]
    """

    def __init__(
        self, lengths: Any, batch_size: int, shuffle: bool = True, drop_last: bool = False, pool_batches: int = 100, generator: Any = None
    ) -> None:
        _positive("BucketBatchSampler", batch_size=batch_size, pool_batches=pool_batches)
        super().__init__("BucketBatchSampler", lengths, pool_batches * batch_size, shuffle, generator)
        self.batch_size, self.drop_last = batch_size, drop_last

    def _cut(self, order: np.ndarray) -> Iterator[list[int]]:
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size].tolist()
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch


class TokenBatchSampler(_ByLength):
    """Batches of as many samples of like length as `max_tokens` allows, padding included: a `batch_sampler` for a `DataLoader`.

    A batch of samples that are padded to the longest of them holds (samples) x (longest, rounded up to `multiple_of`) tokens. How many
    batches there are varies a little from epoch to epoch; `len` is that of the epoch which the next iteration takes.

    Args:
        lengths: The length of each sample.
        max_tokens: Most tokens in a batch; > 0.
        max_samples: Most samples in a batch; None: as many as fit.
        shuffle: A new random order each epoch; False keeps the pools and batches in the order of the samples.
        pool: Samples that are sorted by length together; > 0.
        multiple_of: What padding rounds lengths up to; > 0.
        generator: Its seed decides; None takes that of `manual_seed`.

    Raises:
        ValueError: lengths are no ints of 0 or more, one of them is above max_tokens, or a number is not above 0.

    Example:
        >>> list(TokenBatchSampler([5, 1, 4, 2, 3], 9, shuffle=False))
        [[1, 3, 4], [2], [0]]
    """

    def __init__(
        self, lengths: Any, max_tokens: int, max_samples: int | None = None, shuffle: bool = True, pool: int = 8192, multiple_of: int = 1,
        generator: Any = None,
    ) -> None:  # fmt: skip
        _positive(
            "TokenBatchSampler", max_tokens=max_tokens, multiple_of=multiple_of, max_samples=1 if max_samples is None else max_samples
        )
        super().__init__("TokenBatchSampler", lengths, pool, shuffle, generator)
        self.max_tokens, self.max_samples, self.multiple_of = max_tokens, max_samples, multiple_of
        self._padded = -(-self.lengths // multiple_of) * multiple_of
        if self.lengths.size and self._padded.max() > max_tokens:
            i = int(self._padded.argmax())
            got = f"{self._padded[i]} at index {i}"
            raise expected("TokenBatchSampler", f"lengths of at most max_tokens ({max_tokens})", got, "cut long samples, or leave them out")

    def _cut(self, order: np.ndarray) -> Iterator[list[int]]:
        batch: list[int] = []
        most = len(order) if self.max_samples is None else self.max_samples
        for i, length in zip(order.tolist(), self._padded[order].tolist(), strict=True):  # the last is the longest
            if batch and (len(batch) == most or length * (len(batch) + 1) > self.max_tokens):
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch


class TokenBatches(IterableDataset[list[Any]]):
    """Lists of consecutive samples of a stream, of as many as `max_tokens` allows, padding included.

    For streams whose lengths are not known beforehand. Deliver them by a `DataLoader` with `batch_size=None` and a `collate_fn` that takes
    lists of samples, as `PadCollate` does.

    Args:
        dataset: Any iterable of samples; an `IterableDataset` divides itself among workers by `get_worker_info()`.
        max_tokens: Most tokens in a list, counted as (samples) x (longest); > 0.
        length: From a sample to its length.
        pool: Samples that are read ahead and sorted by length; 1 keeps the order of the stream.

    Raises:
        ValueError: max_tokens or pool is not above 0; while iterating, a sample is longer than max_tokens.

    Example:
        >>> list(TokenBatches([[1], [2, 3], [4, 5, 6], [7]], 4))
        [[[1], [2, 3]], [[4, 5, 6]], [[7]]]
    """

    def __init__(self, dataset: Any, max_tokens: int, length: Callable[[Any], int] = len, pool: int = 1) -> None:
        _positive("TokenBatches", max_tokens=max_tokens, pool=pool)
        self.dataset, self.max_tokens, self.length, self.pool = dataset, max_tokens, length, pool

    def _sorted(self) -> Iterator[tuple[int, Any]]:
        held: list[tuple[int, Any]] = []
        for sample in self.dataset:
            held.append((self.length(sample), sample))
            if len(held) == self.pool:
                yield from sorted(held, key=lambda pair: pair[0])
                held = []
        yield from sorted(held, key=lambda pair: pair[0])

    def __iter__(self) -> Iterator[list[Any]]:
        batch: list[Any] = []
        longest = 0
        for length, sample in self._sorted():
            if length > self.max_tokens:
                what = f"samples of length at most max_tokens ({self.max_tokens})"
                raise expected("TokenBatches", what, length, "cut long samples, or leave them out")
            longest = max(longest, length)
            if batch and longest * (len(batch) + 1) > self.max_tokens:
                yield batch
                batch, longest = [], length
            batch.append(sample)
        if batch:
            yield batch
