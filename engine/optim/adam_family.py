"""Relatives of Adam: Adamax, NAdam, RAdam, and Lion, which takes the sign of the momentum alone."""

from __future__ import annotations

from math import sqrt
from typing import Any

from .by_ops import ByOps, counter
from .optimizer import Tensor, number, zeros_like


def _check(name: str, lr: Any, betas: tuple[float, float], eps: float, weight_decay: float) -> None:
    number(name, "lr", lr)
    number(name, "eps", eps)
    number(name, "beta1 of betas", betas[0], below=1.0)
    number(name, "beta2 of betas", betas[1], below=1.0)
    number(name, "weight_decay", weight_decay)


class _AdamLike(ByOps):
    _shaped = ("exp_avg", "exp_avg_sq", "exp_inf")

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["exp_avg"], state["exp_avg_sq"] = counter(), zeros_like(p), zeros_like(p)

    def _means(self, group: dict[str, Any], g: Tensor, state: dict[str, Any]) -> tuple[Tensor, Tensor]:
        """The running means of the gradient and of its square, brought up to date."""
        beta1, beta2 = group["betas"]
        return state["exp_avg"].mul_(beta1).add_(g * (1 - beta1)), state["exp_avg_sq"].mul_(beta2).add_(g * g * (1 - beta2))


class Adamax(_AdamLike):
    """Adam with the largest recent gradient in place of the root of the mean square.

    m = beta1 * m + (1 - beta1) * g; u = max(beta2 * u, |g| + eps); p -= lr / (1 - beta1^t) * m / u.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate.
        betas: Factors of the mean and of the largest, in [0, 1).
        eps: Added to the gradient's size.
        weight_decay: Factor of the parameter that is added to its gradient.
        foreach: Accepted; has no effect.
        maximize: Go up instead of down.
        differentiable: Record the step, so that it can be differentiated.
        capturable: Accepted; has a meaning on CUDA only.

    Raises:
        ValueError: An option out of its range.

    References:
        Kingma and Ba (2014), arXiv:1412.6980.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        _check("Adamax", lr, betas, eps, weight_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["exp_avg"], state["exp_inf"] = counter(), zeros_like(p), zeros_like(p)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        beta1, beta2 = group["betas"]
        mean = state["exp_avg"].mul_(beta1).add_(g * (1 - beta1))
        state["exp_inf"].copy_((state["exp_inf"] * beta2).maximum(g.abs() + group["eps"]))
        p.sub_(mean / state["exp_inf"] * (group["lr"] / (1 - beta1**t)))


class NAdam(_AdamLike):
    """Adam with Nesterov's look ahead, and a momentum that grows with the steps.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate.
        betas: Factors of the two running means, in [0, 1).
        eps: Added to the root.
        weight_decay: Factor of the parameter that is added to its gradient.
        momentum_decay: How fast the momentum grows to beta1.
        decoupled_weight_decay: Shrink the parameter by lr * weight_decay instead.
        foreach: Accepted; has no effect.
        maximize: Go up instead of down.
        capturable: Accepted; has a meaning on CUDA only.
        differentiable: Record the step, so that it can be differentiated.

    Raises:
        ValueError: An option out of its range.

    References:
        Dozat (2016), "Incorporating Nesterov momentum into Adam".
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        _check("NAdam", lr, betas, eps, weight_decay)
        number("NAdam", "momentum_decay", momentum_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        super()._start(p, state, group)
        state["mu_product"] = counter(1.0)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        beta1, beta2 = group["betas"]
        now, then = (beta1 * (1.0 - 0.5 * 0.96 ** (n * group["momentum_decay"])) for n in (t, t + 1))
        product = state["mu_product"].mul_(now).item()
        mean, square = self._means(group, g, state)
        root = (square / (1 - beta2**t)).sqrt() + group["eps"]
        p.sub_(g / root * (group["lr"] * (1 - now) / (1 - product)))
        p.sub_(mean / root * (group["lr"] * then / (1 - product * then)))


class RAdam(_AdamLike):
    """Adam that does without the mean square until enough of it is known.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate.
        betas: Factors of the two running means, in [0, 1).
        eps: Added to the root.
        weight_decay: Factor of the parameter that is added to its gradient.
        decoupled_weight_decay: Shrink the parameter by lr * weight_decay instead.
        foreach: Accepted; has no effect.
        maximize: Go up instead of down.
        capturable: Accepted; has a meaning on CUDA only.
        differentiable: Record the step, so that it can be differentiated.

    Raises:
        ValueError: An option out of its range.

    References:
        Liu et al. (2019), arXiv:1908.03265.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        _check("RAdam", lr, betas, eps, weight_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        beta1, beta2 = group["betas"]
        mean, square = self._means(group, g, state)
        direction = mean / (1 - beta1**t)
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        if length > 5.0:
            rectify = sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
            direction = direction * (rectify * sqrt(1 - beta2**t)) / (square.sqrt() + group["eps"])
        p.sub_(direction * group["lr"])


class Lion(ByOps):
    """Steps of equal size in every element, by the sign of a momentum.

    p -= lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * p); m = beta2 * m + (1 - beta2) * g.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate; about a tenth of Adam's.
        betas: Factors of the momentum in the step, and in its update, in [0, 1).
        weight_decay: Part of the parameter, times lr, that each step takes away.
        maximize: Go up instead of down.
        differentiable: Record the step, so that it can be differentiated.

    Raises:
        ValueError: An option out of its range.

    References:
        Chen et al. (2023), arXiv:2302.06675.
    """

    _shaped = ("exp_avg",)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        _check("Lion", lr, betas, 0.0, weight_decay)
        defaults = {
            "lr": lr, "betas": betas, "weight_decay": weight_decay, "decoupled_weight_decay": True, "maximize": maximize,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["exp_avg"] = zeros_like(p)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        beta1, beta2 = group["betas"]
        mean = state["exp_avg"]
        p.sub_((mean * beta1 + g * (1 - beta1)).sign() * group["lr"])
        mean.mul_(beta2).add_(g * (1 - beta2))
