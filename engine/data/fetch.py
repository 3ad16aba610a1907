"""Making one batch, the same way in the main process and in a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ..random_keys import Key, Keys
from .border import default_generator
from .collate import default_collate, default_convert
from .context import use_key
from .dataset import IterableDataset, samples_of


def _streams(indices: Sequence[Any], position: int, by_position: bool) -> Sequence[int]:
    """Stream numbers of samples: their indices; their places in the epoch where an index may come twice or is no number."""
    if by_position or any(not isinstance(i, (int, np.integer)) or i < 0 for i in indices):
        return range(position, position + len(indices))
    return indices


class Fetcher:
    """Turns the indices of a batch into the batch; for an iterable dataset, takes the next samples.

    Args:
        dataset: Map-style or iterable.
        collate_fn: From a list of samples (one sample where `batched` is false) to what is delivered.
        batched: Whether samples are put together.
        by_position: Key the randomness of a sample by its place in the epoch instead of its index.
        drop_last: Leave out the last batch of a stream where it is smaller.
    """

    def __init__(self, dataset: Any, collate_fn: Callable[[Any], Any], batched: bool, by_position: bool, drop_last: bool) -> None:
        self.dataset, self.collate_fn, self.batched = dataset, collate_fn, batched
        self.by_position, self.drop_last, self.worker = by_position, drop_last, 0
        self.whole = batched and collate_fn is default_collate and hasattr(dataset, "__getbatch__")
        self.begin(0, 0)

    def begin(self, seed: int, epoch: int) -> None:
        """Start an epoch."""
        self.seed, self.epoch, self.iterator, self.taken = seed, epoch, None, 0

    def fetch(self, indices: Any, position: int) -> Any:
        """The batch of `indices`, a number of samples for an iterable dataset, whose first sample is the epoch's `position`-th.

        Raises:
            StopIteration: The stream has ended.
        """
        if isinstance(self.dataset, IterableDataset):
            return self._next(indices)
        # what the dataset draws from the default generator depends on the batch alone, and changes nothing for the others
        before = default_generator.get_state()
        default_generator.manual_seed(Key(self.seed, "dataset", self.epoch, position).integers(1 << 63))
        try:
            return self._at(indices, position)
        except StopIteration as e:  # would look like the end of the epoch
            raise RuntimeError("DataLoader: expected a sample from the dataset, got StopIteration") from e
        finally:
            default_generator.set_state(before)

    def _at(self, indices: Any, position: int) -> Any:
        if not self.batched:
            stream = _streams([indices], position, self.by_position)[0]
            with use_key(Key(self.seed, "augment", self.epoch, stream)):
                return self.collate_fn(self.dataset[indices])
        with use_key(Keys(self.seed, "augment", self.epoch, streams=_streams(indices, position, self.by_position))):
            if self.whole:
                return default_convert(self.dataset.__getbatch__(indices))
            return self.collate_fn(samples_of(self.dataset, indices))

    def _next(self, n: int | None) -> Any:
        if self.iterator is None:
            self.iterator = iter(self.dataset)
        if n is None:
            return self.collate_fn(self._sample())
        samples = list(islice(iter(self._sample_or_end, _END), n))
        if not samples or (self.drop_last and len(samples) < n):
            raise StopIteration
        return self.collate_fn(samples)

    def _sample(self) -> Any:
        self.taken += 1
        with use_key(Key(self.seed, "augment", self.epoch, self.worker, self.taken)):
            return next(self.iterator)  # type: ignore[call-overload]

    def _sample_or_end(self) -> Any:
        try:
            return self._sample()
        except StopIteration:
            return _END


_END = object()
