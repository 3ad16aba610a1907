"""Momentum made orthogonal, for the weight matrices of hidden layers."""

from __future__ import annotations

from math import sqrt
from typing import Any

from workbench.ext.core import _core as core

from ..errors import expected
from ..ops.matmul_add import addmm
from .optimizer import Optimizer, Tensor, number, zeros_like


class Muon(Optimizer):
    """Steps along the orthogonal matrix that is nearest to the momentum.

    B = momentum * B + (1 - momentum) * g; O = the polynomial iteration of Newton and Schulz on B (on g and B mixed, with `nesterov`);
    p = p * (1 - lr * weight_decay) - lr' * O, lr' = lr adjusted to the shape of p.

    Args:
        params: Matrices, (name, matrix) pairs or dicts of groups. Biases, embeddings and the like are for another optimizer.
        lr: Learning rate.
        weight_decay: Part of the parameter, times lr, that each step takes away.
        momentum: Factor of the running mean of gradients.
        nesterov: Look one step ahead.
        ns_coefficients: (a, b, c) of the iteration X <- a X + (b A + c A^2) X, A = X X^T.
        eps: The least norm that B is divided by.
        ns_steps: Iterations; below 100.
        adjust_lr_fn: "original" (None): lr * sqrt(max(1, rows / columns)); "match_rms_adamw": 0.2 * lr * sqrt(max(rows, columns)), with
            which AdamW's learning rates can be kept.

    Raises:
        ValueError: An option out of its range, or a parameter that is no matrix.
        RuntimeError: At a step, a complex matrix.

    References:
        Jordan et al. (2024), "Muon: an optimizer for hidden layers in neural networks"; Liu et al. (2025), arXiv:2502.16982.
    """

    _shaped = ("momentum_buffer",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        for what, value in (("lr", lr), ("weight_decay", weight_decay), ("momentum", momentum)):
            number("Muon", what, value)
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise expected("Muon", 'adjust_lr_fn to be None, "original" or "match_rms_adamw"', adjust_lr_fn)
        if not ns_steps < 100:
            raise expected("Muon", "ns_steps below 100", ns_steps)
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov, "ns_coefficients": ns_coefficients,
            "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise expected("Muon", "matrices", p, "give other parameters to another optimizer, such as AdamW")

    def _update(self) -> None:
        with core.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._one(group, p, p.grad, self.state[p])

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any]) -> None:
        if p.is_complex():
            raise expected("Muon", "real matrices", p, error=RuntimeError)
        momentum, lr = group["momentum"], float(group["lr"])
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = zeros_like(p)
        mean = state["momentum_buffer"]
        mean.add_((g - mean) * (1 - momentum))
        ahead = g + (mean - g) * momentum if group["nesterov"] else mean
        direction = orthogonalised(ahead, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        adjusted = 0.2 * sqrt(max(rows, columns)) if group["adjust_lr_fn"] == "match_rms_adamw" else sqrt(max(1.0, rows / columns))
        p.mul_(1 - lr * group["weight_decay"]).sub_(direction.to(p.dtype) * (lr * adjusted))


def orthogonalised(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """Near the orthogonal factor of a matrix: its singular values are brought into about [0.7, 1.2].

    In bfloat16, as the method was published: the iteration corrects its own rounding.
    """
    a, b, c = coefficients
    x = matrix.to(core.bfloat16)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = addmm(x, addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
