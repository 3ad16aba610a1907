"""Adam with a step as long as the layer's weights allow."""

from __future__ import annotations

from typing import Any

from .by_ops import ByOps, counter
from .optimizer import Tensor, number, zeros_like


class LAMB(ByOps):
    """Adam's direction, scaled in each parameter by the ratio of norms: for large batches.

    m, v: Adam's running means, bias-corrected; u = m / (sqrt(v) + eps) + weight_decay * p; p -= lr * |p| / |u| * u (the ratio is 1 where a
    norm is 0).

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate.
        betas: Factors of the running means, in [0, 1).
        eps: Added to the root.
        weight_decay: Factor of the parameter in u.
        maximize: Go up instead of down.
        differentiable: Record the step, so that it can be differentiated.

    Raises:
        ValueError: An option out of its range.

    References:
        You et al. (2020), arXiv:1904.00962, algorithm 2.
    """

    _shaped = ("exp_avg", "exp_avg_sq")
    _decays_itself = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        for what, value in (("lr", lr), ("eps", eps), ("weight_decay", weight_decay)):
            number("LAMB", what, value)
        for i, beta in enumerate(betas):
            number("LAMB", f"betas[{i}]", beta, below=1.0)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["exp_avg"], state["exp_avg_sq"] = counter(), zeros_like(p), zeros_like(p)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        (beta1, beta2), lr = group["betas"], group["lr"]
        mean = state["exp_avg"].mul_(beta1).add_(g * (1 - beta1))
        square = state["exp_avg_sq"].mul_(beta2).add_(g * g * (1 - beta2))
        direction = mean / (1 - beta1**t) / ((square / (1 - beta2**t)).sqrt() + group["eps"]) + p * group["weight_decay"]
        weight, length = p.norm().item(), direction.norm().item()
        p.sub_(direction * (lr * (weight / length if weight > 0 and length > 0 else 1.0)))
