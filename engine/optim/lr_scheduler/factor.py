"""Schedules that multiply the learning rate by something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from ...errors import expected
from ..optimizer import Optimizer
from .base import ByFactor, LRScheduler, functions

Function = Callable[[int], float]


class _ByFunction(LRScheduler):
    def __init__(self, optimizer: Optimizer, lr_lambda: Function | list[Function], last_epoch: int = -1) -> None:
        self.lr_lambdas = functions(type(self).__name__, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """As of all schedules; of callable objects their attributes, of functions nothing."""
        saved = [None if isinstance(f, FunctionType) else dict(vars(f)) for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": saved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        rest = dict(state_dict)
        for f, saved in zip(self.lr_lambdas, rest.pop("lr_lambdas"), strict=True):
            if saved is not None:
                vars(f).update(saved)
        super().load_state_dict(rest)


class LambdaLR(_ByFunction):
    """The base rate times a function of the epoch.

    Args:
        optimizer: Whose learning rates are set.
        lr_lambda: From the epoch to a factor; one for all groups, or a list.
        last_epoch: The epoch before the first.
    """

    def get_lr(self) -> list[Any]:
        self._warn_outside()
        return [lr * f(self.last_epoch) for f, lr in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_ByFunction):
    """The rate of the epoch before times a function of the epoch.

    Args:
        optimizer: Whose learning rates are set.
        lr_lambda: From the epoch to a factor; one for all groups, or a list.
        last_epoch: The epoch before the first.
    """

    def get_lr(self) -> list[Any]:
        self._warn_outside()
        if self._is_initial:
            return self._read()
        return [g["lr"] * f(self.last_epoch) for f, g in zip(self.lr_lambdas, self.optimizer.param_groups, strict=True)]


class StepLR(ByFactor):
    """Times `gamma` every `step_size` epochs.

    Args:
        optimizer: Whose learning rates are set.
        step_size: Epochs between two changes.
        gamma: Factor of a change.
        last_epoch: The epoch before the first.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if step_size <= 0:
            raise expected("StepLR", "step_size above 0", step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return self.gamma if self.last_epoch != 0 and self.last_epoch % self.step_size == 0 else 1.0

    def _whole_factor(self) -> float:
        return self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(ByFactor):
    """Times `gamma` at each milestone.

    Args:
        optimizer: Whose learning rates are set.
        milestones: Epochs of the changes; one that comes twice changes twice.
        gamma: Factor of a change.
        last_epoch: The epoch before the first.
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        times = self.milestones.get(self.last_epoch, 0)
        return self.gamma**times if times else 1.0

    def _whole_factor(self) -> float:
        return self.gamma ** sum(times for epoch, times in self.milestones.items() if epoch <= self.last_epoch)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take a state back, one that went through JSON too, which has texts for keys."""
        super().load_state_dict(state_dict)
        self.milestones = Counter({int(epoch): times for epoch, times in Counter(self.milestones).items()})


class ConstantLR(ByFactor):
    """Times `factor` for the first `total_iters` epochs.

    Args:
        optimizer: Whose learning rates are set.
        factor: In [0, 1].
        total_iters: Epochs of the smaller rate.
        last_epoch: The epoch before the first.
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        if not 0 <= factor <= 1:
            raise expected("ConstantLR", "factor in [0, 1]", factor)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.factor
        return 1.0 / self.factor if self.last_epoch == self.total_iters else 1.0

    def _whole_factor(self) -> float:
        return self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor)


class LinearLR(ByFactor):
    """From `start_factor` to `end_factor` times the base rate, in equal steps over `total_iters` epochs.

    Args:
        optimizer: Whose learning rates are set.
        start_factor: In (0, 1].
        end_factor: In [0, 1].
        total_iters: Epochs of the change.
        last_epoch: The epoch before the first.
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 < start_factor <= 1:
            raise expected("LinearLR", "start_factor in (0, 1]", start_factor)
        if not 0 <= end_factor <= 1:
            raise expected("LinearLR", "end_factor in [0, 1]", end_factor)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1.0
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)

    def _whole_factor(self) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(self.total_iters, self.last_epoch) / self.total_iters


class ExponentialLR(ByFactor):
    """Times `gamma` every epoch.

    Args:
        optimizer: Whose learning rates are set.
        gamma: Factor of each epoch.
        last_epoch: The epoch before the first.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return 1.0 if self._is_initial else self.gamma

    def _whole_factor(self) -> float:
        return self.gamma**self.last_epoch


class PolynomialLR(ByFactor):
    """Times (1 - epoch / total_iters) to a power, down to 0.

    Args:
        optimizer: Whose learning rates are set.
        total_iters: Epochs until 0.
        power: The power.
        last_epoch: The epoch before the first.
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1.0
        return ((1.0 - self.last_epoch / self.total_iters) / (1.0 - (self.last_epoch - 1) / self.total_iters)) ** self.power

    def _whole_factor(self) -> float:
        return (1.0 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power
