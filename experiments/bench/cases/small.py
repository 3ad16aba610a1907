"""Networks so small that what surrounds the arithmetic counts."""

from __future__ import annotations

from typing import Any

from ..case import Case, Work, fill, fused, normal, whole


def mlp(torch: Any, batch: int = 128, width: int = 256) -> Work:
    """A classifier of 784 inputs."""
    nn = torch.nn
    model = fill(torch, nn.Sequential(nn.Linear(784, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)))
    target = whole(torch, 10, batch)
    return Work(
        model,
        (normal(torch, batch, 784),),
        lambda output: nn.functional.cross_entropy(output, target),
        fused(torch, "Adam", model, lr=1e-3),
    )


def policy(torch: Any, batch: int = 256, width: int = 64) -> Work:
    """The network of a small agent, trained by cross-entropy with its actions."""
    nn = torch.nn
    model = fill(torch, nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 2)))
    target = whole(torch, 2, batch)
    return Work(
        model,
        (normal(torch, batch, 4),),
        lambda output: nn.functional.cross_entropy(output, target),
        fused(torch, "Adam", model, lr=1e-3),
    )


def policy_latency(torch: Any) -> Work:
    """One observation through the network of a small agent."""
    return policy(torch, batch=1)


CASES = (
    Case("mlp", "MLP 784-256-256-10, batch 128, Adam", mlp, {"batch": 128, "width": 256}),
    Case("policy", "policy MLP 4-64-64-2, batch 256, Adam", policy, {"batch": 256, "width": 64}),
    Case("policy-latency", "policy MLP 4-64-64-2, one observation", policy_latency, modes=("infer",)),
)
