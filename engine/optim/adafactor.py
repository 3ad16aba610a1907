"""Adaptive steps with a memory of rows and columns only."""

from __future__ import annotations

from math import sqrt
from typing import Any

from ..errors import expected
from ..limits import finfo
from .by_ops import ByOps, counter
from .optimizer import Tensor, number


class Adafactor(ByOps):
    """Adam's second moment, held as its row and column means, with steps in proportion to the parameter.

    For matrices (the last two dimensions) V = R C / mean(R), R and C the running means of g^2 along rows and columns; else V itself runs.
    The factor of the running means is 1 - t^beta2_decay. U = g / sqrt(V), scaled down where its root mean square is above d;
    p -= max(eps2, RMS(p)) * min(lr, 1 / sqrt(t)) * U.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups; real.
        lr: Bound of the relative step.
        beta2_decay: Power of the step in the factor of the running means; 0 or less.
        eps: (eps1, eps2): the least value of V's root (None: the dtype's epsilon), and the least scale of a parameter.
        d: Bound of the root mean square of U; 1 or more.
        weight_decay: Part of the parameter, times lr, that each step takes away.
        foreach: Accepted; has no effect.
        maximize: Go up instead of down.

    Raises:
        ValueError: An option out of its range.

    References:
        Shazeer and Stern (2018), arXiv:1804.04235; the learning rate as PyTorch has it.
    """

    _decays_itself = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        number("Adafactor", "lr", lr)
        if not beta2_decay <= 0:
            raise expected("Adafactor", "beta2_decay of 0 or less", beta2_decay)
        number("Adafactor", "the first of eps", eps[0] or 0.0)
        number("Adafactor", "the second of eps", eps[1])
        number("Adafactor", "d", d, low=1.0)
        number("Adafactor", "weight_decay", weight_decay)
        defaults = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _step_one(self, group: dict[str, Any], p: Tensor, state: dict[str, Any]) -> None:
        if p.is_complex():
            raise expected("Adafactor", "real parameters", p, error=RuntimeError)
        super()._step_one(group, p, state)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = counter()
        if p.ndim > 1:
            state["row_var"] = p.new_zeros((*p.shape[:-1], 1))
            state["col_var"] = p.new_zeros((*p.shape[:-2], 1, p.shape[-1]))
        else:
            state["variance"] = p.new_zeros(p.shape)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        floor, least = group["eps"]
        floor = finfo(p.dtype).eps if floor is None else floor
        fresh = t ** group["beta2_decay"]
        scale = max(least, p.norm().item() / sqrt(max(p.numel(), 1))) * min(float(group["lr"]), 1 / sqrt(t))
        p.mul_(1 - group["lr"] * group["weight_decay"])
        if p.ndim > 1:
            rows = state["row_var"].mul_(1 - fresh).add_((g * g).mean(-1, keepdim=True) * fresh)
            columns = state["col_var"].mul_(1 - fresh).add_((g * g).mean(-2, keepdim=True) * fresh)
            variance = rows @ columns / rows.mean(-2, keepdim=True).clamp(min=floor)
        else:
            variance = state["variance"].mul_(1 - fresh).add_(g * g * fresh)
        update = g * variance.clamp(min=floor * floor).rsqrt()
        size = update.norm().item() / sqrt(max(update.numel(), 1))
        p.sub_(update * (scale / max(1.0, size / group["d"])))
