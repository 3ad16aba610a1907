"""What all schedules share: when they step, where they write, what they save."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import expected
from ..optimizer import Optimizer, Tensor


def per_group(name: str, what: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A value for each parameter group, from one for all or a list."""
    n = len(optimizer.param_groups)
    values = list(value) if isinstance(value, (list, tuple)) else [value] * n
    if len(values) != n:
        raise expected(name, f"{what} for {n} parameter groups", f"{len(values)} values")
    return [v.clone() if isinstance(v, Tensor) else v for v in values]


def write(group: dict[str, Any], key: str, value: Any) -> None:
    """Set an option of a group; into the tensor, where it is one."""
    if isinstance(group[key], Tensor):
        group[key].fill_(float(value))
    else:
        group[key] = value


def check_optimizer(name: str, optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise expected(name, "an Optimizer", type(optimizer).__name__, error=TypeError)


class LRScheduler:
    """Base class: subclasses define `get_lr`, the rates at `last_epoch`, from those of the epoch before or from `base_lrs`.

    Args:
        optimizer: Whose groups' "lr" is set.
        last_epoch: The epoch before the first; -1 starts anew, others need "initial_lr" in the groups.
    """

    _is_initial = False
    _within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        check_optimizer(name, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"].clone() if isinstance(group["lr"], Tensor) else group["lr"])
            elif "initial_lr" not in group:
                what = f"initial_lr in group {i} beside last_epoch={last_epoch}"
                raise expected(name, what, "none", "load the optimizer's state first", KeyError)
        self.base_lrs = self._read("initial_lr")
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            del self._is_initial

    def _read(self, key: str = "lr") -> list[Any]:
        return [g[key].clone() if isinstance(g[key], Tensor) else g[key] for g in self.optimizer.param_groups]

    def get_last_lr(self) -> list[Any]:
        """The rates that were set last, one for each group."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The rates at `last_epoch`; for use by `step`."""
        raise NotImplementedError(f"{type(self).__name__}: expected a get_lr() of its own; define it in the subclass")

    def _closed_form(self) -> list[Any] | None:
        """The rates at `last_epoch` from the base rates alone, where there is such a form."""
        return None

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch, or to a given one, and set its rates."""
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(f"{type(self).__name__}: step() counts by itself; its epoch argument is deprecated", UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _check_order(self) -> None:
        if type(self.optimizer).step is Optimizer.step and not self.optimizer._stepped:
            warnings.warn(
                f"{type(self).__name__}: expected optimizer.step() before the schedule's step(), got none; its first rate is skipped",
                UserWarning,
                stacklevel=3,
            )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self._within_step = True
        try:
            yield
        finally:
            del self._within_step

    def _update_lr(self, epoch: int | None = None) -> None:
        with self._reading():
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                closed = self._closed_form()
                values = self.get_lr() if closed is None else closed
        self._set(values)

    def _set(self, values: list[Any]) -> None:
        for group, lr in zip(self.optimizer.param_groups, values, strict=True):
            write(group, "lr", lr)
        self._last_lr = self._read()

    def _warn_outside(self) -> None:
        if not self._within_step:
            warnings.warn("get_lr: expected a call from step(); read the rates by get_last_lr()", UserWarning, stacklevel=3)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions: numbers, strings and lists."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer" and not callable(value)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take a state back."""
        self.__dict__.update(state_dict)


class ByFactor(LRScheduler):
    """A schedule that multiplies the rate, so that it can be chained with others: subclasses define `_factor` and `_whole_factor`."""

    def _factor(self) -> float:
        """What the rate of the epoch before is multiplied by at `last_epoch`."""
        raise NotImplementedError

    def _whole_factor(self) -> float:
        """What the base rate is multiplied by at `last_epoch`."""
        raise NotImplementedError

    def get_lr(self) -> list[Any]:
        self._warn_outside()
        factor = self._factor()
        return self._read() if factor == 1.0 else [group["lr"] * factor for group in self.optimizer.param_groups]

    def _closed_form(self) -> list[Any] | None:
        factor = self._whole_factor()
        return [lr * factor for lr in self.base_lrs]


def functions(name: str, optimizer: Optimizer, given: Any) -> list[Callable[[int], float]]:
    """A function for each group."""
    fs = per_group(name, "lr_lambda", optimizer, given)
    for f in fs:
        if not callable(f):
            raise expected(name, "lr_lambda to be a function", f, error=TypeError)
    return fs
