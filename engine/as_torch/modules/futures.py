"""`torch.futures`: results that are not there yet, over Python's own."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterable
from types import GenericAlias
from typing import Any


class Future:
    """A result that some thread will set.

    Args:
        devices: Accepted for PyTorch's sake.
    """

    def __class_getitem__(cls, item: Any) -> GenericAlias:  # Future[int], in annotations
        return GenericAlias(cls, item)

    def __init__(self, *, devices: Any = None) -> None:
        self._future: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def done(self) -> bool:
        """Whether it is there."""
        return self._future.done()

    def wait(self) -> Any:
        """The result, or the exception that was set, when it is there."""
        return self._future.result()

    value = wait

    def set_result(self, result: Any) -> None:
        """Give the result.

        Raises:
            RuntimeError: There is one.
        """
        if self.done():
            raise RuntimeError("Future: expected a result to be set once, got a second one")
        self._future.set_result(result)

    def set_exception(self, result: BaseException) -> None:
        """Give an exception in its place, which `wait` raises."""
        self._future.set_exception(result)

    def add_done_callback(self, callback: Callable[[Future], None]) -> None:
        """Call `callback` with this future when the result is there."""
        self._future.add_done_callback(lambda _: callback(self))

    def then(self, callback: Callable[[Future], Any]) -> Future:
        """A future of what `callback`, called with this one, gives."""
        later = Future()

        def go_on(done: Future) -> None:
            try:
                later.set_result(callback(done))
            except Exception as error:
                later.set_exception(error)

        self.add_done_callback(go_on)
        return later


def collect_all(futures: Iterable[Future]) -> Future:
    """A future of the list of futures, there when all are."""
    futures = list(futures)
    together = Future()
    missing = {id(f) for f in futures}

    def one(done: Future) -> None:
        missing.discard(id(done))
        if not missing and not together.done():
            together.set_result(futures)

    for f in futures:
        f.add_done_callback(one)
    if not futures:
        together.set_result(futures)
    return together


def wait_all(futures: Iterable[Future]) -> list[Any]:
    """The results of all, when they are there."""
    return [f.wait() for f in futures]
