"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from .by_ops import ByOps, counter
from .optimizer import Tensor, number, zeros_like


class ASGD(ByOps):
    """Gradient descent whose rate falls with the steps, with a running average of the parameters beside it.

    p = p * (1 - lambd * eta) - eta * g, eta = lr / (1 + lambd * lr * t)^alpha; the average `ax` in the state takes in p with weight
    1 / max(1, t - t0).

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate.
        lambd: Decay of the parameters and of the rate.
        alpha: Power of the rate's fall.
        t0: The step at which averaging begins.
        weight_decay: Factor of the parameter that is added to its gradient.
        foreach: Accepted; has no effect.
        maximize: Go up instead of down.
        differentiable: Record the step, so that it can be differentiated.
        capturable: Accepted; has a meaning on CUDA only.

    Raises:
        ValueError: An option out of its range.

    References:
        Polyak and Juditsky (1992), "Acceleration of stochastic approximation by averaging".
    """

    _shaped = ("ax",)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        number("ASGD", "lr", lr)
        number("ASGD", "weight_decay", weight_decay)
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["eta"], state["mu"], state["ax"] = counter(), counter(float(group["lr"])), counter(1.0), zeros_like(p)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        lr, lambd = group["lr"], group["lambd"]
        eta, mu = state["eta"].item(), state["mu"].item()
        p.mul_(1 - lambd * eta).sub_(g * eta)
        state["ax"].add_((p - state["ax"]) * mu)
        state["eta"] = counter(float(lr) / (1 + lambd * float(lr) * t) ** group["alpha"])
        state["mu"] = counter(1 / max(1, t - group["t0"]))
