"""Optimizers and schedules from their configuration: `conf/optim` and `conf/schedule`."""

from __future__ import annotations

from typing import Any

from workbench import engine as torch


def optimizer(config: Any, model: Any) -> Any:
    """The optimizer of `config` (`conf/optim`) for a model; biases and the scales of norms are not decayed.

    Args:
        config: `name`, `lr` and what else the optimizer takes.
        model: The parameters to train.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if config.name == "sgd":
        return torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=config.nesterov)
    if config.name == "adamw":
        return torch.optim.AdamW(groups, lr=config.lr, betas=tuple(config.betas), eps=config.eps)
    raise ValueError(f"optimizer: expected name to be sgd or adamw, got {config.name!r}")


def schedule(config: Any, optimizer: Any, n_steps: int) -> Any:
    """The schedule of `config` (`conf/schedule`), to be stepped once after each step of the optimizer.

    Args:
        config: `name` and what else the schedule takes.
        optimizer: Its rates are the peak.
        n_steps: Steps of the whole training.
    """
    schedules = torch.optim.lr_scheduler
    peak = [group["lr"] for group in optimizer.param_groups]
    if config.name == "one_cycle":
        return schedules.OneCycleLR(
            optimizer, peak, total_steps=max(2, n_steps), pct_start=config.warmup, div_factor=config.start, cycle_momentum=False
        )
    if config.name == "cosine":
        rising = round(config.warmup * n_steps)
        falling = schedules.CosineAnnealingLR(optimizer, T_max=max(1, n_steps - rising), eta_min=config.floor * peak[0])
        if not rising:
            return falling
        warmup = schedules.LinearLR(optimizer, start_factor=1 / (rising + 1), total_iters=rising)
        return schedules.SequentialLR(optimizer, [warmup, falling], milestones=[rising])
    if config.name == "linear":
        return schedules.LinearLR(optimizer, start_factor=1.0, end_factor=config.floor, total_iters=n_steps)
    if config.name == "constant":
        return schedules.ConstantLR(optimizer, factor=1.0, total_iters=1)
    raise ValueError(f"schedule: expected name to be one_cycle, cosine, linear or constant, got {config.name!r}")
