"""Saving in the background: the state is copied at the step, and a thread writes it while the training goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .checkpoint import CheckpointStore
from .tensorfile import Coded, raw
from .tree import pack


class Saver:
    """Writes the checkpoints of a run, one at a time.

    Args:
        store: Where they go.
        sync: Called by the thread before it writes: makes the logs durable up to the positions that the state holds.
    """

    def __init__(self, store: CheckpointStore, sync: Callable[[], None]) -> None:
        self.store, self._sync = store, sync
        self._thread: threading.Thread | None = None
        self._problem: BaseException | None = None

    def save(self, step: int, state: Any, metrics: Mapping[str, float]) -> None:
        """Copy the state and begin to write it, once the checkpoint before is written.

        Raises:
            OSError: The checkpoint before could not be written.
        """
        packed, tensors = pack(state)
        self.wait()
        copies = {name: Coded(code, np.array(array, copy=True)) for name, (code, array) in ((n, raw(t)) for n, t in tensors.items())}
        self._thread = threading.Thread(target=self._write, args=(step, packed, copies, dict(metrics)), name="checkpoint")
        self._thread.start()

    def check(self) -> None:
        """Tell what went wrong since the last call, if anything did.

        Raises:
            OSError: A checkpoint could not be written.
        """
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem

    def wait(self) -> None:
        """Wait until everything is written.

        Raises:
            OSError: A checkpoint could not be written.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.check()

    def _write(self, step: int, packed: Any, tensors: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
        try:
            self._sync()
            self.store.write(step, packed, tensors, metrics)
        except BaseException as error:
            self._problem = error
