"""Stochastic weight averaging and moving averages of weights: PyTorch's `torch.optim.swa_utils`."""

from __future__ import annotations

from math import cos, pi
from typing import Any

from ..errors import expected
from .averaging import AveragedModel, get_ema_avg_fn, get_ema_multi_avg_fn, get_swa_avg_fn, get_swa_multi_avg_fn, update_bn
from .lr_scheduler.base import LRScheduler, per_group
from .optimizer import Optimizer

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn", "update_bn",
]  # fmt: skip


class SWALR(LRScheduler):
    """From the present rate to `swa_lr` in `anneal_epochs`, and constant from there.

    Args:
        optimizer: Whose learning rates are set.
        swa_lr: The last rate; one for all groups, or a list.
        anneal_epochs: Epochs of the change.
        anneal_strategy: "cos" or "linear".
        last_epoch: The epoch before the first.

    References:
        Izmailov et al. (2018), arXiv:1803.05407.
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: Any, anneal_epochs: int = 10, anneal_strategy: str = "cos", last_epoch: int = -1
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise expected("SWALR", 'anneal_strategy to be "cos" or "linear"', anneal_strategy)
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise expected("SWALR", "anneal_epochs to be an int of 0 or more", anneal_epochs)
        self.anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        for group, lr in zip(optimizer.param_groups, per_group("SWALR", "swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = lr
        super().__init__(optimizer, last_epoch)

    def _part(self, epoch: int) -> float:
        """How far the change has come at an epoch, from 0 to 1."""
        t = max(0.0, min(1.0, epoch / max(1, self.anneal_epochs)))
        return t if self.anneal_strategy == "linear" else (1 - cos(pi * t)) / 2

    def get_lr(self) -> list[Any]:
        self._warn_outside()
        epoch = self.last_epoch + 1 if self.anneal_epochs == 0 else self.last_epoch
        part, before = self._part(epoch), self._part(max(0, epoch - 1))
        lrs = []
        for group in self.optimizer.param_groups:
            target = group["swa_lr"]
            start = target if before == 1 else (group["lr"] - before * target) / (1 - before)
            lrs.append(target * part + start * (1 - part))
        return lrs
