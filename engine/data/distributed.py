"""The share of an epoch that one of several processes takes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sized
from typing import Any

import numpy as np

from ..errors import expected
from ..random_keys import Key
from .sampler import _Ordered


def _of_launcher(name: str, value: int | None, variable: str) -> int:
    """A number that was given, or that the launcher of this process left in its environment."""
    if value is not None:
        return value
    if variable not in os.environ:
        raise expected("DistributedSampler", f"{name}, or {variable} in the environment", "neither", "pass it, or start with a launcher")
    return int(os.environ[variable])


class DistributedSampler(_Ordered):
    """Every `num_replicas`-th index of an epoch, from the `rank`-th on, so that processes train on disjoint parts.

    All ranks see the same order, which (seed, epoch) decides; its length is made a multiple of `num_replicas`, by taking indices from its
    beginning again or, with `drop_last`, by leaving out some at its end. `set_epoch` chooses the epoch. A `DataLoader` counts epochs by
    itself and follows what `set_epoch` says.

    Args:
        dataset: What is sampled from.
        num_replicas: How many processes there are; None: `WORLD_SIZE` of the environment.
        rank: Which of them this is, in [0, num_replicas); None: `RANK` of the environment.
        shuffle: A new random order each epoch.
        seed: Decides the order; the same in all processes.
        drop_last: Leave out indices instead of taking some again.

    Raises:
        ValueError: num_replicas or rank is nowhere to be found, or rank is out of range.

    Example:
        >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)]
        [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self, dataset: Sized, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True, seed: int = 0,
        drop_last: bool = False,
    ) -> None:  # fmt: skip
        self.num_replicas = _of_launcher("num_replicas", num_replicas, "WORLD_SIZE")
        self.rank = _of_launcher("rank", rank, "RANK")
        if not 0 <= self.rank < self.num_replicas:
            raise expected("DistributedSampler", f"rank in [0, {self.num_replicas})", self.rank)
        self.dataset, self.shuffle, self.seed, self.drop_last = dataset, shuffle, seed, drop_last
        n = len(dataset)
        self.num_samples = n // self.num_replicas if drop_last else -(-n // self.num_replicas)
        self.total_size = self.num_samples * self.num_replicas

    def order(self, epoch: int, seed: int | None = None) -> np.ndarray:
        n = len(self.dataset)
        whole = Key(self.seed, "shuffle", epoch).permutation(n) if self.shuffle else np.arange(n)
        return np.resize(whole, self.total_size)[self.rank :: self.num_replicas]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.order(self.epoch).tolist())

    def __len__(self) -> int:
        return self.num_samples
