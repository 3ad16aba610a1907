"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core

from ..errors import expected
from .fused import Batch, FusedOptimizer
from .optimizer import Tensor, check_paths, empty_like, number


class SGD(FusedOptimizer):
    """Stochastic gradient descent, with momentum where wanted.

    g = grad + weight_decay * p; v = momentum * v + (1 - dampening) * g (at first v = g);
    p -= lr * v, or with nesterov p -= lr * (g + momentum * v).

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate; a number or a tensor of one element.
        momentum: Factor of the velocity of the step before.
        dampening: Part of the gradient that does not go into the velocity.
        weight_decay: Factor of the parameter that is added to its gradient.
        nesterov: Look ahead along the velocity; needs momentum and no dampening.
        maximize: Go up instead of down.
        foreach: Accepted; parameters are always stepped together.
        differentiable: Record the step, so that it can be differentiated.
        fused: Accepted; the step always is one native call.

    Raises:
        ValueError: An option out of its range.

    References:
        Sutskever et al. (2013), "On the importance of initialization and momentum in deep learning".
    """

    _shaped = ("momentum_buffer",)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        number("SGD", "lr", lr)
        number("SGD", "momentum", momentum)
        number("SGD", "weight_decay", weight_decay)
        check_paths("SGD", foreach, fused, differentiable)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise expected("SGD", "momentum and no dampening beside nesterov=True", f"momentum={momentum}, dampening={dampening}")
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for option in ("nesterov", "maximize", "differentiable"):
                group.setdefault(option, False)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        pass

    def _native(self, group: dict[str, Any], batch: Batch, grads: list[Tensor]) -> None:
        momentum = group["momentum"]
        options = (float(group["lr"]), momentum, group["dampening"], float(group["weight_decay"]), group["maximize"], group["nesterov"])
        if not momentum:
            core.multi_step("sgd_step", batch.params, grads, [(None,)] * len(grads), (*options, 0))
            return
        old = [i for i, s in enumerate(batch.states) if s.get("momentum_buffer") is not None]
        if len(old) == len(grads):
            core.multi_step("sgd_step", batch.params, grads, [(s["momentum_buffer"],) for s in batch.states], (*options, 0))
            return
        new = [i for i in range(len(grads)) if i not in old]
        for i in new:
            batch.states[i]["momentum_buffer"] = empty_like(batch.params[i])
        for which, first in ((new, 1), (old, 0)):
            params, states = [batch.params[i] for i in which], [(batch.states[i]["momentum_buffer"],) for i in which]
            core.multi_step("sgd_step", params, [grads[i] for i in which], states, (*options, first))

    def _one(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        momentum = group["momentum"]
        g = -grad if group["maximize"] else grad
        if float(group["weight_decay"]) != 0:
            g = g + p * group["weight_decay"]
        if momentum:
            velocity = state.get("momentum_buffer")
            if velocity is None:
                velocity = g.detach().clone()
            else:
                velocity.mul_(momentum).add_(g * (1 - group["dampening"]))
            state["momentum_buffer"] = velocity
            g = g + velocity * momentum if group["nesterov"] else velocity
        p.sub_(g * group["lr"])
