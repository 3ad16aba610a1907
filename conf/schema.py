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
    before: Any = "???",
) -> Any:
    """A field whose value must lie in a range, or be one of some; for a list, each of its items.

    Args:
        low: Smallest value.
        high: Largest value.
        above: The value must be larger than this.
        below: The value must be smaller than this.
        one_of: The values that are allowed.
        before: What a run did that was recorded before there was this key.
    """
    limits = {"low": low, "high": high, "above": above, "below": below, "one_of": one_of}
    return field(default=MISSING, metadata={**limits, "before": before})


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
class GPT:
    """model: a decoder-only transformer."""

    name: str = MISSING
    layers: int = ranged(low=1)
    heads: int = ranged(low=1)
    width: int = ranged(low=1)
    block: int = ranged(low=1)
    positions: str = ranged(one_of=("learned", "rotary"))
    dropout: float = ranged(low=0, below=1)
    bias: bool = MISSING
    tied: bool = MISSING

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"model.heads must divide model.width, got {self.heads} and {self.width}")
        if self.positions == "rotary" and self.width // self.heads % 2:
            raise ValueError(f"model.positions=rotary needs an even width of a head, got {self.width // self.heads}")


@dataclass
class ActorCritic:
    """model: a policy and a value of states, each a perceptron of these hidden widths."""

    name: str = MISSING
    hidden: list[int] = ranged(low=1)  # noqa: RUF009
    activation: str = ranged(one_of=("tanh", "relu"))


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
class Text:
    """data: a text, and how it is fed to a language model."""

    name: str = MISSING
    path: str | None = MISSING
    download: bool = MISSING
    tokenizer: str = ranged(one_of=("char", "bpe"))
    vocabulary: int = ranged(low=256, high=65536)
    validation: float = ranged(above=0, below=1)
    batch_size: int = ranged(low=1)
    batches: int = ranged(low=1)
    workers: int = ranged(low=0, high=64)
    epochs: int = ranged(low=1)


@dataclass
class Environment:
    """env: copies of an environment of Gymnasium, and how many steps they are used for, all together."""

    id: str = MISSING
    copies: int = ranged(low=1, high=4096)
    steps: int = ranged(low=1)
    epochs: int = ranged(low=1)


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
    """schedule: up in a straight line, then down along a cosine."""

    name: str = MISSING
    floor: float = ranged(low=0, high=1)
    warmup: float = ranged(low=0, below=1, before=0.0)


@dataclass
class Linear:
    """schedule: down in a straight line."""

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
    keep_steps: int = ranged(low=0, before=0)
    metric: str = MISSING
    mode: str = ranged(one_of=("max", "min"))


@dataclass
class EarlyStop:
    """trainer.early_stop: when to end before the planned epochs, by the metric that ranks checkpoints."""

    patience: int | None = ranged(low=1)
    min_delta: float = ranged(low=0)


@dataclass
class Trainer:
    """trainer: how long, and how strictly."""

    name: str = MISSING
    epochs: int = ranged(low=1)
    max_steps: int | None = ranged(low=1)
    clip_norm: float | None = ranged(above=0)
    find_nan: bool = ranged(before=False)
    early_stop: EarlyStop = ranged(before={"patience": None, "min_delta": 0.0})  # noqa: RUF009
    checkpoint: Checkpoints = MISSING


@dataclass
class ImageTrainer(Trainer):
    """trainer: of a classifier of images."""

    label_smoothing: float = ranged(low=0, below=1)
    eval_batch_size: int = ranged(low=1)
    test: bool = MISSING


@dataclass
class TextTrainer(Trainer):
    """trainer: of a language model."""

    accumulate: int = ranged(low=1)
    eval_batch_size: int = ranged(low=1)
    eval_batches: int | None = ranged(low=1)
    sample: int = ranged(low=0)
    temperature: float = ranged(above=0)


@dataclass
class PolicyTrainer(Trainer):
    """trainer: of a policy, by proximal policy optimisation."""

    rollout: int = ranged(low=1)
    minibatch: int = ranged(low=2)
    passes: int = ranged(low=1)
    gamma: float = ranged(low=0, high=1)
    gae_lambda: float = ranged(low=0, high=1)
    clip: float = ranged(above=0)
    anneal_clip: bool = MISSING
    clip_value: bool = MISSING
    value_weight: float = ranged(low=0)
    entropy_weight: float = ranged(low=0)
    normalise_advantages: bool = MISSING
    eval_episodes: int = ranged(low=1)


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
    "model": {"resnet": ResNet, "gpt": GPT, "actor_critic": ActorCritic},
    "data": {
        **dict.fromkeys(("digits", "mnist5k", "fashion_mnist", "mnist", "cifar10"), Images),
        **dict.fromkeys(("text", "tinyshakespeare"), Text),
    },
    "env": Environment,
    "optim": {"sgd": SGD, "adamw": AdamW},
    "schedule": {"one_cycle": OneCycle, "cosine": Cosine, "linear": Linear, "constant": Constant},
    "trainer": {"plain": Trainer, "images": ImageTrainer, "text": TextTrainer, "policy": PolicyTrainer},
    "logger": Logger,
}

# The `name` in runs that were recorded before there was one.
UNNAMED = {"trainer": "images"}

# A run has either of these groups: it learns from data or from an environment.
EITHER = ("data", "env")

# What a recipe takes: its kind of model, of data or environment, and of trainer.
RECIPES: dict[str, dict[str, Any]] = {
    "resnet": {"model": ResNet, "data": Images, "trainer": ImageTrainer},
    "gpt": {"model": GPT, "data": Text, "trainer": TextTrainer},
    "ppo": {"model": ActorCritic, "env": Environment, "trainer": PolicyTrainer},
}

# What may be changed when a run is resumed: it changes no result.
RESUMABLE = (
    "threads",
    "data.workers",
    "data.root",
    "data.path",
    "data.download",
    "logger.",
    "trainer.checkpoint.every_epochs",
    "trainer.checkpoint.every_steps",
    "trainer.checkpoint.keep_last",
    "trainer.checkpoint.keep_best",
    "trainer.checkpoint.keep_steps",
)
