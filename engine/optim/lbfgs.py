"""Quasi-Newton steps with a limited memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ext.core import _core as core

from ..errors import expected
from ..ops.complex_view import view_as_real
from ..ops.pieces import cat
from .line_search import strong_wolfe
from .optimizer import Optimizer, Tensor, number, zeros_like


class LBFGS(Optimizer):
    """Steps along -H g, where H, the inverse of the curvature, is made of the last changes of parameters and gradients.

    `step` needs a closure that computes the loss and the gradients anew; it is called several times in each step.

    Args:
        params: Parameters; one group only. Of complex ones both parts count.
        lr: Length of a step, or where the line search begins.
        max_iter: Iterations in one call of `step`.
        max_eval: Evaluations of the closure in one call; None means 1.25 * max_iter.
        tolerance_grad: Stop where no element of the gradient is larger.
        tolerance_change: Stop where parameters or loss change by less.
        history_size: How many changes are remembered; each takes twice the memory of the parameters.
        line_search_fn: None, or "strong_wolfe".

    Raises:
        ValueError: More than one group, or an option out of its range.
        RuntimeError: An unknown line search.

    References:
        Liu and Nocedal (1989), "On the limited memory BFGS method for large scale optimization"; Nocedal and Wright (2006), "Numerical
        optimization", algorithms 7.4 and 3.5.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        number("LBFGS", "lr", lr)
        defaults = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise expected("LBFGS", "one parameter group", str(len(self.param_groups)))
        self._params: list[Tensor] = self.param_groups[0]["params"]

    # -- all parameters as one vector

    def _flat(self, tensors: list[Tensor | None]) -> Tensor:
        parts = [zeros_like(p) if t is None else t.detach() for p, t in zip(self._params, tensors, strict=True)]
        return cat([(view_as_real(t) if t.is_complex() else t).reshape(-1) for t in parts])

    def _gradient(self) -> Tensor:
        return self._flat([p.grad for p in self._params])

    def _move(self, start: Tensor, length: float, direction: Tensor) -> None:
        """Set the parameters to start + length * direction."""
        at = 0
        for p in self._params:
            real = view_as_real(p) if p.is_complex() else p
            n = real.numel()
            real.copy_((start[at : at + n] + direction[at : at + n] * length).reshape(real.shape))
            at += n

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take up to `max_iter` iterations.

        Args:
            closure: Sets the gradients to zero, computes the loss, calls its backward and returns it.

        Returns:
            The loss before the first of them.

        Raises:
            RuntimeError: no closure.
        """
        if closure is None:
            raise expected("LBFGS", "a closure that computes the loss anew", "None", "call optimizer.step(closure)", RuntimeError)
        with core.no_grad():
            return self._iterate(closure)

    def _evaluate(self, closure: Callable[[], Any]) -> Any:
        with core.enable_grad():
            return closure()

    def _iterate(self, closure: Callable[[], Any]) -> Any:
        group, state = self.param_groups[0], self.state[self._params[0]]
        lr, search = float(group["lr"]), group["line_search_fn"]
        if search not in (None, "strong_wolfe"):
            raise expected("LBFGS", 'line_search_fn to be None or "strong_wolfe"', search, error=RuntimeError)
        first = self._evaluate(closure)
        loss, gradient, evaluations = float(first), self._gradient(), 1
        state["func_evals"] = state.get("func_evals", 0) + 1
        state.setdefault("n_iter", 0)
        small = float(gradient.abs().max()) <= group["tolerance_grad"]
        if small:
            return first
        n = 0
        while n < group["max_iter"]:
            n += 1
            state["n_iter"] += 1
            direction = self._direction(gradient, state, group["history_size"])
            state["prev_flat_grad"] = gradient.clone()
            previous = loss
            length = min(1.0, 1.0 / float(gradient.abs().sum())) * lr if state["n_iter"] == 1 else lr
            slope = float((gradient * direction).sum())
            if slope > -group["tolerance_change"]:
                break
            start = self._flat(list(self._params))
            spent = 0
            if search is not None:

                def at(t: float, start: Tensor = start, direction: Tensor = direction) -> tuple[float, Tensor]:
                    self._move(start, t, direction)
                    found = float(self._evaluate(closure))
                    return found, self._gradient()

                loss, gradient, length, spent = strong_wolfe(at, length, direction, loss, gradient, slope, group["tolerance_change"])
                self._move(start, length, direction)
                small = float(gradient.abs().max()) <= group["tolerance_grad"]
            else:
                self._move(start, length, direction)
                if n != group["max_iter"]:
                    loss = float(self._evaluate(closure))
                    gradient, spent = self._gradient(), 1
                    small = float(gradient.abs().max()) <= group["tolerance_grad"]
            state["d"], state["t"], state["prev_loss"] = direction, length, previous
            evaluations += spent
            state["func_evals"] += spent
            moved = float((direction * length).abs().max())
            if small or evaluations >= group["max_eval"] or moved <= group["tolerance_change"]:
                break
            if abs(loss - previous) < group["tolerance_change"]:
                break
        return first

    def _direction(self, gradient: Tensor, state: dict[str, Any], memory: int) -> Tensor:
        """-H g by the two-loop recursion, after the last change is taken into H."""
        if state["n_iter"] == 1:
            state["old_dirs"], state["old_stps"], state["ro"], state["H_diag"] = [], [], [], 1.0
            return -gradient
        change, moved = gradient - state["prev_flat_grad"], state["d"] * state["t"]
        curvature = float((change * moved).sum())
        if curvature > 1e-10:
            if len(state["old_dirs"]) == memory:
                for key in ("old_dirs", "old_stps", "ro"):
                    state[key].pop(0)
            state["old_dirs"].append(change)
            state["old_stps"].append(moved)
            state["ro"].append(1.0 / curvature)
            state["H_diag"] = curvature / float((change * change).sum())
        weights = []
        q = -gradient
        for y, s, ro in zip(reversed(state["old_dirs"]), reversed(state["old_stps"]), reversed(state["ro"])):
            weights.append(float((s * q).sum()) * ro)
            q = q - y * weights[-1]
        r = q * state["H_diag"]
        for y, s, ro, weight in zip(state["old_dirs"], state["old_stps"], state["ro"], reversed(weights)):
            r = r + s * (weight - float((y * r).sum()) * ro)
        return r
