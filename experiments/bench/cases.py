"""What is timed. A case is written once, for whatever module stands in for `torch`: every engine runs the same code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Step = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One workload.

    Attributes:
        name: What the user calls it.
        what: One line about it.
        build: From the engine's module and the number of the layout to a step that returns the loss (or the output).
        repeats: Steps that make one timed sample.
        layouts: Names of the memory layouts that are tried; the best counts.
        trains: Whether a step trains (its losses are compared) or only evaluates.
    """

    name: str
    what: str
    build: Callable[[Any, str], Step]
    repeats: int
    layouts: tuple[str, ...] = ("contiguous",)
    trains: bool = True


def _weights(torch: Any, model: Any, seed: int = 0) -> None:
    """Equal weights for every engine, drawn by NumPy."""
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            shape = tuple(p.shape)
            fan = int(np.prod(shape[1:])) if len(shape) > 1 else 1
            value = (
                rng.standard_normal(shape) * (2.0 / fan) ** 0.5
                if len(shape) > 1
                else np.full(shape, 1.0 if "bn" in name and "weight" in name else 0.0)
            )
            p.copy_(torch.from_numpy(value.astype(np.float32)))


def _fused(torch: Any, kind: str, parameters: Any, **options: Any) -> Any:
    return getattr(torch.optim, kind)(parameters, fused=True, **options)


def _classifier(torch: Any, model: Any, shape: tuple[int, ...], optimizer: Any, layout: str = "contiguous") -> Step:
    rng = np.random.default_rng(1)
    x = torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
    if layout == "channels_last":
        x, model = x.to(memory_format=torch.channels_last), model.to(memory_format=torch.channels_last)
    y = torch.from_numpy(rng.integers(0, 10, shape[0]))
    loss_of = torch.nn.functional.cross_entropy

    def step() -> Any:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def mlp(torch: Any, layout: str) -> Step:
    """A step of Adam on a classifier of 784 inputs."""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    _weights(torch, model)
    return _classifier(torch, model, (128, 784), _fused(torch, "Adam", model.parameters(), lr=1e-3))


def _policy_net(torch: Any) -> Any:
    nn = torch.nn
    model = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2))
    _weights(torch, model)
    return model


def policy(torch: Any, layout: str) -> Step:
    """A step of Adam on the network of a small agent, by cross-entropy with its actions."""
    model = _policy_net(torch)
    optimizer = _fused(torch, "Adam", model.parameters(), lr=1e-3)
    rng = np.random.default_rng(1)
    x = torch.from_numpy(rng.standard_normal((256, 4)).astype(np.float32))
    y = torch.from_numpy(rng.integers(0, 2, 256))
    loss_of = torch.nn.functional.cross_entropy

    def step() -> Any:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def policy_latency(torch: Any, layout: str) -> Step:
    """One observation through the network of a small agent, without recording."""
    model = _policy_net(torch)
    x = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 4)).astype(np.float32))

    def step() -> Any:
        with torch.no_grad():
            return model(x)

    return step


def resnet20(torch: Any, layout: str) -> Step:
    """A step of SGD on the residual network for 32 x 32 images of He et al. (2015), arXiv:1512.03385."""
    nn = torch.nn
    functional = nn.functional

    class Block(nn.Module):  # type: ignore[name-defined]
        def __init__(self, c_in: int, c_out: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(c_out)
            self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(c_out)
            self.short = nn.Conv2d(c_in, c_out, 1, stride, bias=False) if stride != 1 or c_in != c_out else None

        def forward(self, x: Any) -> Any:
            y = functional.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            return functional.relu(y + (x if self.short is None else self.short(x)))

    class Net(nn.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
            self.bn = nn.BatchNorm2d(16)
            blocks, c = [], 16
            for width, stride in ((16, 1), (32, 2), (64, 2)):
                for i in range(3):
                    blocks.append(Block(c, width, stride if i == 0 else 1))
                    c = width
            self.blocks = nn.Sequential(*blocks)
            self.head = nn.Linear(64, 10)

        def forward(self, x: Any) -> Any:
            x = self.blocks(functional.relu(self.bn(self.conv(x))))
            return self.head(x.mean((2, 3)))

    model = Net()
    _weights(torch, model)
    optimizer = _fused(torch, "SGD", model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    return _classifier(torch, model, (128, 3, 32, 32), optimizer, layout)


CASES = {
    case.name: case
    for case in (
        Case("mlp", "MLP 784-256-256-10, batch 128, Adam", mlp, 20),
        Case("policy", "policy MLP 4-64-64-2, batch 256, Adam", policy, 100),
        Case("policy-latency", "policy MLP 4-64-64-2, one observation, no gradient", policy_latency, 2000, trains=False),
        Case("resnet20", "ResNet-20 (16-32-64), batch 128, 32 x 32, SGD", resnet20, 1, ("contiguous", "channels_last")),
    )
}
