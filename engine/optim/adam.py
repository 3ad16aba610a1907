"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

from math import sqrt
from typing import Any

from workbench.ext.core import _core as core

from .fused import Batch, FusedOptimizer
from .optimizer import Tensor, check_paths, number, zeros_like


class Adam(FusedOptimizer):
    """Steps of the size of the learning rate, along the mean of the gradients over the root of the mean of their squares.

    m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
    p -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps), where g = grad + weight_decay * p.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate; a number or a tensor of one element.
        betas: Factors of the two running means, in [0, 1).
        eps: Added to the root.
        weight_decay: Factor of the parameter that is added to its gradient.
        amsgrad: Divide by the largest of the mean squares so far.
        foreach: Accepted; parameters are always stepped together.
        maximize: Go up instead of down.
        capturable: Accepted; has a meaning on CUDA only.
        differentiable: Record the step, so that it can be differentiated.
        fused: Accepted; the step always is one native call, but for differentiable.
        decoupled_weight_decay: Shrink the parameter by lr * weight_decay instead, as `AdamW`.

    Raises:
        ValueError: An option out of its range.

    References:
        Kingma and Ba (2014), arXiv:1412.6980; Reddi, Kale and Kumar (2018), "On the convergence of Adam and beyond".
    """

    _shaped = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        name = type(self).__name__
        number(name, "lr", lr)
        number(name, "eps", eps)
        number(name, "beta1 of betas", betas[0], below=1.0)
        number(name, "beta2 of betas", betas[1], below=1.0)
        number(name, "weight_decay", weight_decay)
        check_paths(name, foreach, fused, differentiable)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for option in ("amsgrad", "maximize", "differentiable"):
                group.setdefault(option, False)
            group.setdefault("decoupled_weight_decay", isinstance(self, AdamW))

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = core.make_empty((), core.float32).fill_(0.0)
        state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(p)

    def _native(self, group: dict[str, Any], batch: Batch, grads: list[Tensor]) -> None:
        t = batch.step.add_(1).item()  # type: ignore[union-attr]
        beta1, beta2 = map(float, group["betas"])
        options = (
            float(group["lr"]), beta1, beta2, group["eps"], group["weight_decay"], group["decoupled_weight_decay"], group["maximize"],
            1 - beta1**t, sqrt(1 - beta2**t),
        )  # fmt: skip
        if group["amsgrad"]:
            states: list[tuple[Tensor, ...]] = [(s["exp_avg"], s["exp_avg_sq"], s["max_exp_avg_sq"]) for s in batch.states]
        else:
            states = [(s["exp_avg"], s["exp_avg_sq"]) for s in batch.states]
        core.multi_step("adam_step", batch.params, grads, states, options)

    def _one(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        t = state["step"].add_(1).item()
        beta1, beta2 = map(float, group["betas"])
        lr, decay = group["lr"], group["weight_decay"]
        g = -grad if group["maximize"] else grad
        if decay and group["decoupled_weight_decay"]:
            p.mul_(1 - lr * decay)
        elif decay:
            g = g + p * decay
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.mul_(beta1).add_(g * (1 - beta1))
        square.mul_(beta2).add_(g * g * (1 - beta2))
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = square = state["max_exp_avg_sq"].maximum(square)
        root = square.sqrt() / sqrt(1 - beta2**t) + group["eps"]
        p.sub_(mean / root * (lr / (1 - beta1**t)))


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters directly, by lr * weight_decay, instead of going through the gradients.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate; a number or a tensor of one element.
        betas: Factors of the two running means, in [0, 1).
        eps: Added to the root.
        weight_decay: Part of the parameter, times lr, that each step takes away.
        amsgrad: Divide by the largest of the mean squares so far.
        maximize: Go up instead of down.
        foreach: Accepted; parameters are always stepped together.
        capturable: Accepted; has a meaning on CUDA only.
        differentiable: Record the step, so that it can be differentiated.
        fused: Accepted; the step always is one native call, but for differentiable.

    Raises:
        ValueError: An option out of its range.

    References:
        Loshchilov and Hutter (2017), arXiv:1711.05101.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
