"""What a case is: a model written once against PyTorch's API, for whatever module stands in for `torch`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Step = Callable[[], Any]


@dataclass(frozen=True)
class Work:
    """A model and what it works on, made by one engine.

    Attributes:
        model: The network.
        inputs: Its arguments.
        loss: From its output to the loss; None where it is no network.
        optimizer: Built over its parameters; None likewise.
    """

    model: Any
    inputs: tuple[Any, ...]
    loss: Any = None
    optimizer: Any = None


@dataclass(frozen=True)
class Case:
    """One workload.

    Attributes:
        name: What the user calls it.
        what: One line about it.
        build: From the engine's module and the sizes to the work.
        sizes: Arguments of `build` that `workbench bench scaling` can vary: batch, width, length.
        layouts: Memory layouts that the peer is tried with; its best counts. Ours is always used as it comes.
        modes: "train": forward, backward and optimizer; "infer": forward in evaluation, without recording.
        suite: Which list it is in.
    """

    name: str
    what: str
    build: Callable[..., Work]
    sizes: Mapping[str, int] = field(default_factory=dict)
    layouts: tuple[str, ...] = ("contiguous",)
    modes: tuple[str, ...] = ("train", "infer")
    suite: str = "models"


def draw(shapes: Mapping[str, tuple[int, ...]], seed: int = 0) -> dict[str, np.ndarray]:
    """Equal weights for every engine.

    Args:
        shapes: Shape of each parameter by its name in the torch module.
        seed: Of the draws.

    Returns:
        float32 arrays: matrices and filters as He et al. (2015), arXiv:1502.01852, scales of norms 1, biases near 0.
    """
    rng = np.random.default_rng(seed)
    drawn = {}
    for name in sorted(shapes):
        shape = shapes[name]
        if len(shape) == 1:
            value = np.ones(shape) if name.endswith("weight") else 0.01 * rng.standard_normal(shape)
        else:
            value = rng.standard_normal(shape) * (2.0 / math.prod(shape[1:])) ** 0.5
        drawn[name] = value.astype(np.float32)
    return drawn


def fill(torch: Any, model: Any) -> Any:
    """Give the model the weights that every engine has."""
    parameters = dict(model.named_parameters())
    drawn = draw({name: tuple(p.shape) for name, p in parameters.items()})
    with torch.no_grad():
        for name, p in parameters.items():
            p.copy_(torch.from_numpy(drawn[name]))
    return model


def normal(torch: Any, *shape: int) -> Any:
    """Normal numbers, the same on every engine."""
    return torch.from_numpy(normal_array(*shape))


def normal_array(*shape: int) -> np.ndarray:
    """The numbers of `normal`, for engines without torch's API."""
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def whole(torch: Any, below: int, *shape: int, seed: int = 2) -> Any:
    """Whole numbers from 0 to below `below`, the same on every engine."""
    return torch.from_numpy(whole_array(below, *shape, seed=seed))


def whole_array(below: int, *shape: int, seed: int = 2) -> np.ndarray:
    """The numbers of `whole`, for engines without torch's API."""
    return np.random.default_rng(seed).integers(0, below, shape)


def fused(torch: Any, kind: str, model: Any, **options: Any) -> Any:
    """An optimizer whose step is one native call."""
    return getattr(torch.optim, kind)(model.parameters(), fused=True, **options)


def make_step(torch: Any, work: Work, mode: str, layout: str, compiled: bool = False) -> Step:
    """What is timed: a call of it trains once and returns the loss, or evaluates once and returns the output.

    Args:
        torch: The engine's module.
        work: Made by the case.
        mode: "train" or "infer".
        layout: "contiguous", or "channels_last" for the model and its images.
        compiled: Whether the model goes through `torch.compile`.
    """
    model, inputs, optimizer, loss_of = work.model, work.inputs, work.optimizer, work.loss
    if layout == "channels_last":
        model = model.to(memory_format=torch.channels_last)
        inputs = tuple(x.to(memory_format=torch.channels_last) if x.dim() == 4 else x for x in inputs)
    if mode == "infer":
        model.eval()
    if compiled:
        model = torch.compile(model)

    def train() -> Any:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(*inputs))
        loss.backward()
        optimizer.step()
        return loss

    def infer() -> Any:
        with torch.inference_mode():
            return model(*inputs)

    return train if mode == "train" else infer
