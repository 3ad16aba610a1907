"""Which sample is being made: the random stream that its transforms draw from, and the worker that makes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..random_keys import Key, Keys
from .border import default_generator


class _State(threading.local):
    key: Key | Keys | None = None
    drawn = 0


_state = _State()


def current_key() -> Key | Keys:
    """The random stream of the sample that is being made (of all samples, where a batch is made at once).

    A `DataLoader` keys it by (seed, epoch, index of the sample), so what is drawn does not depend on the number of workers, on the
    order, or on what other samples drew. Outside of a loader each call is a draw from the default generator, which `manual_seed` seeds.
    """
    if _state.key is not None:
        return _state.key
    *_, low, high = default_generator.key()
    return Key(default_generator.initial_seed(), "transform", low | high << 32)


@contextmanager
def use_key(key: Key | Keys) -> Iterator[None]:
    """Make `key` the current one; the transforms inside number their draws from 0."""
    before = _state.key, _state.drawn
    _state.key, _state.drawn = key, 0
    try:
        yield
    finally:
        _state.key, _state.drawn = before


def transform_keys(n: int) -> Keys:
    """Streams of its own for the next random transform of the current sample, or of the `n` samples of the current batch."""
    key, number = current_key(), _state.drawn
    _state.drawn += 1
    keys = (key if isinstance(key, Keys) else key.keys()).fold(number)
    # several images of one sample, or a __getitems__ that goes through its samples one by one: streams of their own for this call
    return keys if len(keys) == n else keys.spread(n)


class WorkerInfo:
    """What `get_worker_info` tells: `id`, `num_workers`, `seed`, `dataset` (this worker's copy)."""

    def __init__(self, id: int, num_workers: int, seed: int, dataset: Any) -> None:
        self.id, self.num_workers, self.seed, self.dataset = id, num_workers, seed, dataset

    def __repr__(self) -> str:
        return f"WorkerInfo(id={self.id}, num_workers={self.num_workers}, seed={self.seed}, dataset={self.dataset})"


_worker: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Which loader worker this process is; None in the main process."""
    return _worker


def set_worker_info(info: WorkerInfo | None) -> None:
    global _worker
    _worker = info
