"""The types, ranges and meanings of the configuration: what `workbench train` checks before anything runs.

The values live in the YAML files; a class here has none. A group whose options take different keys has one class for each `name`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING


def ranged(
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
    one_of: tuple[Any, ...] = (),
) -> Any:
    """A field whose value must lie in a range, or be one of some; for a list, each of its items.

    Args:
        low: Smallest value.
        high: Largest value.
        above: The value must be larger than this.
        below: The value must be smaller than this.
        one_of: The values that are allowed.
    """
    return field(default=MISSING, metadata={"low": low, "high": high, "above": above, "below": below, "one_of": one_of})


@dataclass
class ResNet:
    """model: a residual network of so many blocks a stage, of these widths."""

    name: str = MISSING
    blocks: list[int] = ranged(low=1)  # noqa: RUF009
    widths: list[int] = ranged(low=1)  # noqa: RUF009

    def __post_init__(self) -> None:
        if len(self.blocks) != len(self.widths):
            raise ValueError(f"model.blocks and model.widths must be equally long, got {len(self.blocks)} and {len(self.widths)}")


@dataclass
class Images:
    """data: a set of images and how it is fed."""

    name: str = MISSING
    root: str | None = MISSING
    download: bool = MISSING
    validation: int = ranged(low=0)
    batch_size: int = ranged(low=1)
    workers: int = ranged(low=0, high=64)
    shift: float = ranged(low=0)
    subpixel: bool = MISSING
    rotate: float = ranged(low=0, high=180)
    scale: float = ranged(low=0, below=1)
    shear: float = ranged(low=0, below=90)
    flip: bool = MISSING
    epochs: int = ranged(low=1)

    def __post_init__(self) -> None:
        if not self.subpixel and self.shift != int(self.shift):
            raise ValueError(f"data.shift must be a whole number without data.subpixel=true, got {self.shift}")


@dataclass
class SGD:
    """optim: stochastic gradient descent with momentum."""

    name: str = MISSING
    lr: float = ranged(above=0)
    momentum: float = ranged(low=0, below=1)
    nesterov: bool = MISSING
    weight_decay: float = ranged(low=0)

    def __post_init__(self) -> None:
        if self.nesterov and self.momentum == 0:
            raise ValueError("optim.nesterov=true needs optim.momentum above 0")


@dataclass
class AdamW:
    """optim: Adam with decoupled weight decay."""

    name: str = MISSING
    lr: float = ranged(above=0)
    betas: list[float] = ranged(low=0, below=1)  # noqa: RUF009
    eps: float = ranged(above=0)
    weight_decay: float = ranged(low=0)

    def __post_init__(self) -> None:
        if len(self.betas) != 2:
            raise ValueError(f"optim.betas must be two numbers, got {len(self.betas)}")


@dataclass
class OneCycle:
    """schedule: up to the rate of the optimizer, then down along a cosine."""

    name: str = MISSING
    warmup: float = ranged(above=0, below=1)
    start: float = ranged(low=1)


@dataclass
class Cosine:
    """schedule: down along a cosine, after a warm-up."""

    name: str = MISSING
    floor: float = ranged(low=0, high=1)


@dataclass
class Constant:
    """schedule: the rate of the optimizer throughout."""

    name: str = MISSING


@dataclass
class Checkpoints:
    """trainer.checkpoint: how often the state is saved and what is kept."""

    every_epochs: int = ranged(low=0)
    every_steps: int = ranged(low=0)
    keep_last: int = ranged(low=1)
    keep_best: int = ranged(low=0)
    metric: str = ranged(one_of=("val/accuracy", "val/loss"))
    mode: str = ranged(one_of=("max", "min"))


@dataclass
class Trainer:
    """trainer: how long, and how strictly."""

    epochs: int = ranged(low=1)
    max_steps: int | None = ranged(low=1)
    label_smoothing: float = ranged(low=0, below=1)
    clip_norm: float | None = ranged(above=0)
    eval_batch_size: int = ranged(low=1)
    test: bool = MISSING
    checkpoint: Checkpoints = MISSING


@dataclass
class Logger:
    """logger: what a run writes for TensorBoard."""

    tensorboard: bool = MISSING
    every_steps: int = ranged(low=1)
    histograms: bool = MISSING
    images: int = ranged(low=0, high=256)
    graph: bool = MISSING


@dataclass
class Run:
    """The keys outside the groups."""

    recipe: str = MISSING
    seed: int = ranged(low=0, high=2**63 - 1)
    threads: int | None = ranged(low=1, high=1024)
    runs: str = MISSING


# The schema of a group: one class, or for each `name` in its options a class.
GROUPS: dict[str, Any] = {
    "model": {"resnet": ResNet},
    "data": {"digits": Images, "mnist5k": Images, "fashion_mnist": Images, "mnist": Images, "cifar10": Images},
    "optim": {"sgd": SGD, "adamw": AdamW},
    "schedule": {"one_cycle": OneCycle, "cosine": Cosine, "constant": Constant},
    "trainer": Trainer,
    "logger": Logger,
}

# What may be changed when a run is resumed: it changes no result.
RESUMABLE = (
    "threads",
    "data.workers",
    "data.root",
    "data.download",
    "logger.",
    "trainer.checkpoint.every_epochs",
    "trainer.checkpoint.every_steps",
    "trainer.checkpoint.keep_last",
    "trainer.checkpoint.keep_best",
)
