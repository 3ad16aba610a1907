"""One native call for all parameters of a group, with as little Python around it as can be.

What does not change from step to step (which parameters have gradients, which of them the kernel can take, whose step counters are
equal) is kept in a plan, and made anew when the parameters or the set of gradients change.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from workbench.ext.core import _core as core

from . import reals
from .optimizer import KERNELS, Optimizer, Tensor, is_dense


class Batch:
    """Parameters that one call steps: their places among those with gradients, their states, and the step counter that they share."""

    __slots__ = ("params", "places", "states", "step")

    def __init__(self, params: list[Tensor], places: list[int] | None, states: list[dict[str, Any]], step: Tensor | None) -> None:
        self.params, self.places, self.states, self.step = params, places, states, step

    def pick(self, grads: list[Tensor]) -> list[Tensor]:
        """This batch's gradients out of those of the group."""
        return grads if self.places is None else [grads[i] for i in self.places]


class Plan:
    """How to step a group: batches for the kernel, and the parameters that are stepped one by one, by ops."""

    __slots__ = ("batches", "ids", "n_state", "single")

    def __init__(self, ids: list[int], batches: list[Batch], single: list[int], n_state: int) -> None:
        self.ids, self.batches, self.single, self.n_state = ids, batches, single, n_state


class FusedOptimizer(Optimizer):
    """An optimizer whose step is a kernel: subclasses define `_start`, `_native` and `_one`."""

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Fill the state of a parameter that has none yet."""
        raise NotImplementedError

    def _takes(self, group: dict[str, Any]) -> bool:
        """Whether the kernel knows this group's options."""
        return not group["differentiable"]

    def _native(self, group: dict[str, Any], batch: Batch, grads: list[Tensor]) -> None:
        """Step a batch by the kernel."""
        raise NotImplementedError

    def _one(self, group: dict[str, Any], p: Tensor, grad: Tensor, state: dict[str, Any]) -> None:
        """Step one parameter by ops: the meaning of the kernel, and what it does not take."""
        raise NotImplementedError

    def _update(self) -> None:
        for number, group in enumerate(self.param_groups):
            params = group["params"]
            grads = [g for p in params if (g := p.grad) is not None]
            if len(grads) != len(params):
                params = [p for p in params if p.grad is not None]
                if not params:
                    continue
            ids = list(map(id, params))
            plan = self._plans.get(number)
            if plan is None or plan.ids != ids or plan.n_state != len(self.state):
                plan = self._plans[number] = self._plan(params, ids, group)
            for batch in plan.batches:
                self._native(group, batch, batch.pick(grads))
            if plan.single:
                with core.set_grad_enabled(group["differentiable"]):
                    for i in plan.single:
                        reals.step(params[i], grads[i], self.state[params[i]], partial(self._one, group))

    def _plan(self, params: list[Tensor], ids: list[int], group: dict[str, Any]) -> Plan:
        by_kernel: list[int] = []
        single: list[int] = []
        fused = self._takes(group)
        for i, p in enumerate(params):
            state = self.state[p]
            if not state:
                reals.start(p, state, group, self._start)
            (by_kernel if fused and p.dtype.name in KERNELS and is_dense(p) else single).append(i)
        counts: dict[float | None, list[int]] = {}
        for i in by_kernel:
            step = self.state[params[i]].get("step")
            counts.setdefault(None if step is None else float(step), []).append(i)
        batches = []
        for count, places in counts.items():
            states = [self.state[params[i]] for i in places]
            shared = None if count is None else core.make_empty((), core.float32).fill_(count)
            if shared is not None:
                for state in states:
                    state["step"] = shared
            everything = len(places) == len(params)
            batches.append(Batch([params[i] for i in places], None if everything else places, states, shared))
        for i in single:  # must not go on sharing a counter
            if "step" in self.state[params[i]]:
                self.state[params[i]]["step"] = core.make_empty((), core.float32).fill_(float(self.state[params[i]]["step"]))
        return Plan(ids, batches, single, len(self.state))
