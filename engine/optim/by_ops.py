"""Optimizers whose step is written in ops, one parameter after the other."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core

from . import reals
from .optimizer import Optimizer, Tensor


def counter(value: float = 0.0) -> Tensor:
    """A number in a parameter's state, as a tensor."""
    return core.make_empty((), core.float32).fill_(value)


class ByOps(Optimizer):
    """Base class: subclasses define `_start`, which fills a new state, and `_one`, which steps one parameter."""

    _decays_itself = False  # whether `_one` sees to the weight decay

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for option in ("maximize", "differentiable"):  # which states of older versions may lack
                if option in self.defaults or option == "maximize":
                    group.setdefault(option, False)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise NotImplementedError

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        """Step `p` by its gradient `g` (its sign turned to maximize, the weight decay added), for the `t`-th time."""
        raise NotImplementedError

    def _update(self) -> None:
        for group in self.param_groups:
            with core.set_grad_enabled(group.get("differentiable", False)):
                for p in group["params"]:
                    if p.grad is not None:
                        self._step_one(group, p, self.state[p])

    def _step_one(self, group: dict[str, Any], p: Tensor, state: dict[str, Any]) -> None:
        if not state:
            reals.start(p, state, group, self._start)
        t = 0
        if "step" in state:
            state["step"].add_(1)
            t = int(state["step"].item())
        reals.step(p, p.grad, state, lambda p, grad, state: self._step_real(group, p, grad, state, t))

    def _step_real(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any], t: int) -> None:
        g = -grad if group["maximize"] else grad
        decay = 0 if self._decays_itself else group.get("weight_decay", 0)
        if decay:
            if group.get("decoupled_weight_decay"):
                p.mul_(1 - group["lr"] * decay)
            else:
                g = g + p * decay
        self._one(group, p, g, state, t)
