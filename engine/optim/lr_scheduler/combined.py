"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...errors import expected
from ..optimizer import Optimizer
from .base import LRScheduler, write
from .plateau import ReduceLROnPlateau


def _check(name: str, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
    if not schedulers:
        raise expected(name, "at least one scheduler", "none")
    for i, scheduler in enumerate(schedulers):
        if not hasattr(scheduler, "optimizer"):
            raise expected(name, f"schedulers with an optimizer, at place {i} too", type(scheduler).__name__, error=TypeError)
        if isinstance(scheduler, ReduceLROnPlateau):
            raise expected(name, "schedulers whose step() takes nothing", f"ReduceLROnPlateau at place {i}", "step it by itself")
        if scheduler.optimizer is not (optimizer or schedulers[0].optimizer):
            raise expected(name, "schedulers of one optimizer", f"another one's at place {i}")


class _Combined(LRScheduler):
    _schedulers: Sequence[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        """The states of all, with those of the parts under "_schedulers"."""
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        rest = dict(state_dict)
        for scheduler, saved in zip(self._schedulers, rest.pop("_schedulers"), strict=True):
            scheduler.load_state_dict(saved)
        super().load_state_dict(rest)


class SequentialLR(_Combined):
    """Schedules one after the other, each starting anew at its milestone.

    Args:
        optimizer: That of all the schedules.
        schedulers: In their order.
        milestones: Epochs at which the second, third, ... begin.
        last_epoch: The epoch before the first.
    """

    def __init__(self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1) -> None:
        _check("SequentialLR", schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise expected("SequentialLR", f"{len(schedulers) - 1} milestones for {len(schedulers)} schedulers", str(len(milestones)))
        self._schedulers, self._milestones = schedulers, milestones
        self.optimizer, self.last_epoch = optimizer, last_epoch + 1
        for group in optimizer.param_groups:
            write(group, "lr", group["initial_lr"])
        _undo(self)  # the schedules have all taken their first step when they were made; only one should have
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Go to the next epoch of the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _undo(scheduler: LRScheduler) -> None:
    if isinstance(scheduler, _Combined):
        for part in scheduler._schedulers:
            _undo(part)
    else:
        scheduler.last_epoch -= 1


class ChainedScheduler(_Combined):
    """Several schedules that step together, each changing what the one before left.

    Args:
        schedulers: In their order.
        optimizer: That of all the schedules; None: the first's.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        _check("ChainedScheduler", schedulers, optimizer)
        self._schedulers, self.optimizer = schedulers, optimizer or schedulers[0].optimizer
        self._last_lr = self._read()

    def _initial_step(self) -> None:
        for scheduler in self._schedulers:
            scheduler._initial_step()
        self._last_lr = self._read()

    def step(self) -> None:  # type: ignore[override]
        """Go to the next epoch of all schedules."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._read()
