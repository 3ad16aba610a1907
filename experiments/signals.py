"""Ctrl-C and termination: the first asks a training to stop after its step, the second stops it at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from .errors import Interrupted

_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


class StopRequest:
    """Whether somebody asked this process to stop.

    Args:
        say: Tells the user what happens.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._code: int | None = None
        self._patient = False
        self._before: dict[int, Any] = {}

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Take the signals while the block runs; does nothing outside the main thread, where Python delivers none.

        A function that took them before is told of each as well: a worker of a sweep has to know, even if the training has just ended.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._before = {number: signal.signal(number, self._take) for number in _CODES}
        try:
            yield
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def be_patient(self) -> None:
        """From now on a signal waits for `heed`; until here there was no work to save, and it stopped the process at once."""
        self._patient = True

    @property
    def asked(self) -> bool:
        """Whether a stop was asked for."""
        return self._code is not None

    def heed(self) -> None:
        """Stop here if it was asked for.

        Raises:
            Interrupted: It was.
        """
        if self._code is not None:
            raise Interrupted(self._code)

    def _take(self, number: int, frame: FrameType | None) -> None:
        before = self._before[number]
        if callable(before) and before is not signal.default_int_handler:
            before(number, frame)
        again, self._code = self._code is not None, _CODES[signal.Signals(number)]
        if again or not self._patient:
            raise Interrupted(self._code)
        self._say("stopping after this step, with a checkpoint; Ctrl-C again stops at once")
