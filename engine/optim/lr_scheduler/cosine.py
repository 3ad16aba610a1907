"""Schedules along a cosine, in one go or with restarts."""

from __future__ import annotations

import math
from typing import Any

from ...errors import expected
from ..optimizer import Optimizer
from .base import LRScheduler


class CosineAnnealingLR(LRScheduler):
    """Down to `eta_min` along half a cosine of `T_max` epochs (and up again after).

    Args:
        optimizer: Whose learning rates are set.
        T_max: Epochs of the half cosine.
        eta_min: The smallest rate.
        last_epoch: The epoch before the first.

    References:
        Loshchilov and Hutter (2016), arXiv:1608.03983.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if T_max <= 0:
            raise expected("CosineAnnealingLR", "T_max above 0", T_max)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def _height(self, epoch: int) -> float:
        return 1 + math.cos(math.pi * epoch / self.T_max)

    def get_lr(self) -> list[Any]:
        self._warn_outside()
        if self._is_initial:
            return self._read()
        if self._step_count == 1 and self.last_epoch > 0:
            return self._closed_form()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # just after the bottom, where the quotient has no value
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [lr + (base - self.eta_min) * rise for lr, base in zip(self._read(), self.base_lrs, strict=True)]
        quotient = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return [quotient * (lr - self.eta_min) + self.eta_min for lr in self._read()]

    def _closed_form(self) -> list[Any]:
        return [self.eta_min + (base - self.eta_min) * self._height(self.last_epoch) / 2 for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine from the base rate to `eta_min`, again and again, each `T_mult` times as long as the one before.

    Args:
        optimizer: Whose learning rates are set.
        T_0: Epochs of the first.
        T_mult: Factor of the length; 1 or more.
        eta_min: The smallest rate.
        last_epoch: The epoch before the first.

    References:
        Loshchilov and Hutter (2016), arXiv:1608.03983.
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise expected("CosineAnnealingWarmRestarts", "T_0 to be an int above 0", T_0)
        if not isinstance(T_mult, int) or T_mult < 1:
            raise expected("CosineAnnealingWarmRestarts", "T_mult to be an int of 1 or more", T_mult)
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_outside()
        height = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * height / 2 for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to a given one, which may lie between two."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        self._step_count += 1
        self._update_lr(epoch)

    def _update_lr(self, epoch: float | None = None) -> None:
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch < 0:
                raise expected("CosineAnnealingWarmRestarts", "epoch of 0 or more", epoch)
            self._find(epoch)
        self.last_epoch = math.floor(epoch)
        with self._reading():
            values = self.get_lr()
        self._set(values)

    def _find(self, epoch: float) -> None:
        """The cosine that an epoch lies on, and how far along."""
        self.T_i, self.T_cur = self.T_0, epoch
        while self.T_cur >= self.T_i:
            if self.T_mult == 1:
                self.T_cur %= self.T_i
                return
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
