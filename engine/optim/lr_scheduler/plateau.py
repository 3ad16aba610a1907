"""Less learning rate when a metric stops getting better."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ...errors import expected
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, per_group, write


class ReduceLROnPlateau(LRScheduler):
    """Times `factor` when a metric has not got better for `patience` epochs.

    Args:
        optimizer: Whose learning rates are set.
        mode: "min" where less is better, "max" where more is.
        factor: Of a reduction; < 1.
        patience: Epochs without improvement that are tolerated.
        threshold: What counts as improvement.
        threshold_mode: "rel" (a part of the best value) or "abs".
        cooldown: Epochs after a reduction in which nothing counts.
        min_lr: No rate gets lower; one for all groups, or a list.
        eps: A change smaller than this is not made.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        check_optimizer("ReduceLROnPlateau", optimizer)
        if factor >= 1.0:
            raise expected("ReduceLROnPlateau", "factor below 1", factor)
        if mode not in ("min", "max"):
            raise expected("ReduceLROnPlateau", 'mode to be "min" or "max"', mode)
        if threshold_mode not in ("rel", "abs"):
            raise expected("ReduceLROnPlateau", 'threshold_mode to be "rel" or "abs"', threshold_mode)
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown, self.eps = threshold, threshold_mode, cooldown, eps
        self.min_lrs = per_group("ReduceLROnPlateau", "min_lr", optimizer, min_lr)
        self.last_epoch = 0
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0
        self._last_lr = self._read()

    @property
    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            return sign * value > sign * self.best * (1 + sign * self.threshold)
        return sign * value > sign * self.best + self.threshold

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take the metric of an epoch.

        Args:
            metrics: A number, or a tensor of one element.
            epoch: Deprecated; epochs are counted.
        """
        if epoch is not None:
            warnings.warn("ReduceLROnPlateau: step() counts by itself; its epoch argument is deprecated", UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        value = float(metrics)
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._read()

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if len(set(self.min_lrs)) > 1:
                message = f"min_lrs for {len(groups)} parameter groups"
                raise expected("ReduceLROnPlateau", message, str(len(self.min_lrs)), "add one for each new group", RuntimeError)
            self.min_lrs = self.min_lrs[:1] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, lowest)
            if old - new > self.eps:
                write(group, "lr", new)
