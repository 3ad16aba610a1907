"""Schedules of rate and momentum together, up and down: cycles, and one cycle."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType
from typing import Any

from ...errors import expected
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, per_group, write


class _WithMomentum(LRScheduler):
    """A schedule that also sets the momentum, or beta1 of the groups."""

    cycle_momentum: bool
    use_beta1: bool

    def _start_momentum(self, optimizer: Optimizer, base: Any, largest: Any, last_epoch: int) -> tuple[list[float], list[float]]:
        name = type(self).__name__
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise expected(name, "an optimizer with momentum or betas", type(optimizer).__name__, "set cycle_momentum=False")
        self.use_beta1 = "betas" in optimizer.defaults
        bases, largests = per_group(name, "base_momentum", optimizer, base), per_group(name, "max_momentum", optimizer, largest)
        if last_epoch == -1:
            for group, low, high in zip(optimizer.param_groups, bases, largests, strict=True):
                self._set_momentum(group, high)
                group["base_momentum"], group["max_momentum"] = low, high
        return bases, largests

    def _set_momentum(self, group: dict[str, Any], value: float) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(_WithMomentum):
    """Up from `base_lr` to `max_lr` and down again, step by step, with the momentum the other way.

    Args:
        optimizer: Whose learning rates are set.
        base_lr: Lowest rate; one for all groups, or a list.
        max_lr: Highest rate.
        step_size_up: Steps of the way up.
        step_size_down: Steps of the way down; None: as many.
        mode: "triangular", "triangular2" (half as high each cycle) or "exp_range" (times gamma each step).
        gamma: For "exp_range".
        scale_fn: The height instead of `mode`: a function of the cycle (from 1), or of the step.
        scale_mode: "cycle" or "iterations": what `scale_fn` is a function of.
        cycle_momentum: Whether to set the momentum.
        base_momentum: Lowest momentum.
        max_momentum: Highest momentum.
        last_epoch: The step before the first.

    References:
        Smith (2015), arXiv:1506.01186.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Any,
        max_lr: Any,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.8,
        max_momentum: Any = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("CyclicLR", optimizer)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise expected("CyclicLR", 'mode to be "triangular", "triangular2" or "exp_range"', mode, "or give scale_fn")
        base_lrs = per_group("CyclicLR", "base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                write(group, "lr", lr)
        self.max_lrs = per_group("CyclicLR", "max_lr", optimizer, max_lr)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up) + float(down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._start_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of a cycle, as a part of the first one's."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 1 / 2.0 ** (x - 1)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[Any]:
        self._warn_outside()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True):
                self._set_momentum(group, high - (high - low) * height * scale)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        f = self._scale_fn_custom
        return {**super().state_dict(), "_scale_fn_custom": None if f is None or isinstance(f, FunctionType) else dict(vars(f))}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        rest = dict(state_dict)
        saved = rest.pop("_scale_fn_custom", None)
        if saved is not None:
            vars(self._scale_fn_custom).update(saved)
        super().load_state_dict(rest)


class OneCycleLR(_WithMomentum):
    """Up to `max_lr` and down to nearly nothing, over the whole training, with the momentum the other way; to be stepped every batch.

    Args:
        optimizer: Whose learning rates are set.
        max_lr: Highest rate; one for all groups, or a list.
        total_steps: Steps of the training; or None, and
        epochs: epochs of the training and
        steps_per_epoch: steps in each.
        pct_start: Part of the steps that go up, in [0, 1].
        anneal_strategy: "cos" or "linear".
        cycle_momentum: Whether to set the momentum.
        base_momentum: Momentum at the highest rate.
        max_momentum: Momentum at the beginning and the end.
        div_factor: The first rate is max_lr / div_factor,
        final_div_factor: and the last that divided by final_div_factor.
        three_phase: Go down to the first rate as fast as up, then to the last.
        last_epoch: The step before the first.

    References:
        Smith and Topin (2017), arXiv:1708.07120.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.85,
        max_momentum: Any = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer("OneCycleLR", optimizer)
        given = {"total_steps": total_steps} if total_steps is not None else {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
        if None in given.values():
            raise expected("OneCycleLR", "total_steps, or epochs and steps_per_epoch", "neither")
        for what, value in given.items():
            if not isinstance(value, int) or value <= 0:
                raise expected("OneCycleLR", f"{what} to be an int above 0", value)
        if not 0 <= pct_start <= 1:
            raise expected("OneCycleLR", "pct_start in [0, 1]", pct_start)
        if anneal_strategy not in ("cos", "linear"):
            raise expected("OneCycleLR", 'anneal_strategy to be "cos" or "linear"', anneal_strategy)
        self.total_steps = math.prod(given.values())  # type: ignore[arg-type]
        self.pct_start, self.anneal_strategy, self.three_phase = float(pct_start), anneal_strategy, three_phase
        max_lrs = per_group("OneCycleLR", "max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"], group["max_lr"] = highest / div_factor, highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _phase(self) -> tuple[float, str, str, str, str]:
        """Where in a phase the step is, from 0 to 1, and the names of the rates and momenta at both ends of the phase."""
        up, step = self.pct_start * self.total_steps, self.last_epoch
        phases = [(up - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")]
        if self.three_phase:
            phases.append((2 * up - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"))
            phases.append((self.total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"))
        else:
            phases.append((self.total_steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum"))
        start = 0.0
        while len(phases) > 1 and step > phases[0][0]:
            start = phases.pop(0)[0]
        end, *names = phases[0]
        part = (step - start) / (end - start) if end > start else 1.0  # a way up of one step begins at its end
        return part, *names  # type: ignore[return-value]

    def get_lr(self) -> list[Any]:
        self._warn_outside()
        if self.last_epoch > self.total_steps:
            raise expected("OneCycleLR", f"at most {self.total_steps} steps", f"step {self.last_epoch}", "make it with more total_steps")
        part, lr0, lr1, momentum0, momentum1 = self._phase()
        lrs = []
        for group in self.optimizer.param_groups:
            lrs.append(self._between(group[lr0], group[lr1], part))
            if self.cycle_momentum:
                self._set_momentum(group, self._between(group[momentum0], group[momentum1], part))
        return lrs

    def _between(self, start: Any, end: Any, part: float) -> Any:
        if self.anneal_strategy == "cos":
            return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)
        return (end - start) * part + start
