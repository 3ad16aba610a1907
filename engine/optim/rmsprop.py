"""RMSprop, Adagrad, Adadelta and Rprop: rates for each element, from its gradients so far."""

from __future__ import annotations

from typing import Any

from . import reals
from .by_ops import ByOps, counter
from .optimizer import Tensor, check_paths, number, zeros_like


class RMSprop(ByOps):
    """Divide by the root of a running mean of the squared gradients.

    v = alpha * v + (1 - alpha) * g^2; p -= lr * g / (sqrt(v) + eps), with momentum on the quotient where wanted.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate.
        alpha: Factor of the running mean, in [0, 1).
        eps: Added to the root.
        weight_decay: Factor of the parameter that is added to its gradient.
        momentum: Factor of the step before.
        centered: Subtract the square of the mean gradient, to divide by its standard deviation.
        capturable: Accepted; has a meaning on CUDA only.
        foreach: Accepted; has no effect.
        maximize: Go up instead of down.
        differentiable: Record the step, so that it can be differentiated.

    Raises:
        ValueError: An option out of its range.

    References:
        Hinton (2012), "Neural networks for machine learning", lecture 6.
    """

    _shaped = ("square_avg", "momentum_buffer", "grad_avg")

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        for what, value in (("lr", lr), ("eps", eps), ("momentum", momentum), ("weight_decay", weight_decay), ("alpha", alpha)):
            number("RMSprop", what, value)
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered, "weight_decay": weight_decay,
            "capturable": capturable, "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["square_avg"] = counter(), zeros_like(p)
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = zeros_like(p)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        alpha = group["alpha"]
        square = state["square_avg"].mul_(alpha).add_(g * g * (1 - alpha))
        if group["centered"]:
            mean = state["grad_avg"]
            mean.add_((g - mean) * (1 - alpha))
            square = square - mean * mean
        quotient = g / (square.sqrt() + group["eps"])
        if group["momentum"] > 0:
            quotient = state["momentum_buffer"].mul_(group["momentum"]).add_(quotient)
        p.sub_(quotient * group["lr"])


class Adagrad(ByOps):
    """Divide by the root of the sum of all squared gradients.

    s += g^2; p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps).

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Learning rate.
        lr_decay: How fast the learning rate falls with the steps.
        weight_decay: Factor of the parameter that is added to its gradient.
        initial_accumulator_value: What the sums begin with.
        eps: Added to the root.
        foreach: Accepted; has no effect.
        maximize: Go up instead of down.
        differentiable: Record the step, so that it can be differentiated.
        fused: Accepted; has no effect.

    Raises:
        ValueError: An option out of its range.

    References:
        Duchi, Hazan and Singer (2011), "Adaptive subgradient methods for online learning and stochastic optimization".
    """

    _shaped = ("sum",)

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        options = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        options["initial_accumulator_value"] = initial_accumulator_value
        for what, value in options.items():
            number("Adagrad", what, value)
        check_paths("Adagrad", foreach, fused, differentiable)
        super().__init__(params, {**options, "foreach": foreach, "maximize": maximize, "differentiable": differentiable, "fused": fused})
        for group in self.param_groups:  # as PyTorch does: the sums are there from the beginning
            for p in group["params"]:
                reals.start(p, self.state[p], group, self._start)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["sum"] = counter(), zeros_like(p).fill_(group["initial_accumulator_value"])

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        total = state["sum"].add_(g * g)
        p.sub_(g / (total.sqrt() + group["eps"]) * (group["lr"] / (1 + (t - 1) * group["lr_decay"])))


class Adadelta(ByOps):
    """Steps in the units of the parameter: the root of the mean squared steps over that of the mean squared gradients.

    v = rho * v + (1 - rho) * g^2; d = sqrt(u + eps) / sqrt(v + eps) * g; u = rho * u + (1 - rho) * d^2; p -= lr * d.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: Factor of the step.
        rho: Factor of the running means, in [0, 1].
        eps: Added under the roots.
        weight_decay: Factor of the parameter that is added to its gradient.
        foreach: Accepted; has no effect.
        capturable: Accepted; has a meaning on CUDA only.
        maximize: Go up instead of down.
        differentiable: Record the step, so that it can be differentiated.

    Raises:
        ValueError: An option out of its range.

    References:
        Zeiler (2012), arXiv:1212.5701.
    """

    _shaped = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        for what, value in (("lr", lr), ("eps", eps), ("weight_decay", weight_decay)):
            number("Adadelta", what, value)
        number("Adadelta", "rho", rho, below=1.0 + 1e-12)
        defaults = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize, "capturable": capturable,
            "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["square_avg"], state["acc_delta"] = counter(), zeros_like(p), zeros_like(p)

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        rho, eps = group["rho"], group["eps"]
        square = state["square_avg"].mul_(rho).add_(g * g * (1 - rho))
        delta = (state["acc_delta"] + eps).sqrt() / (square + eps).sqrt() * g
        state["acc_delta"].mul_(rho).add_(delta * delta * (1 - rho))
        p.sub_(delta * group["lr"])


class Rprop(ByOps):
    """Steps of a size of their own for each element, by the sign of the gradient: larger while it stays, smaller where it turns.

    Args:
        params: Parameters, (name, parameter) pairs or dicts of groups.
        lr: The first step size.
        etas: Factors (below 1, above 1) of the step size.
        step_sizes: Its bounds.
        capturable: Accepted; has a meaning on CUDA only.
        foreach: Accepted; has no effect.
        maximize: Go up instead of down.
        differentiable: Record the step, so that it can be differentiated.

    Raises:
        ValueError: An option out of its range.

    References:
        Riedmiller and Braun (1993), "A direct adaptive method for faster backpropagation learning: the RPROP algorithm".
    """

    _shaped = ("prev", "step_size")
    _decays_itself = True  # not at all: PyTorch's has no weight decay, whatever stands in the group

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        number("Rprop", "lr", lr)
        number("Rprop", "the first of etas", etas[0], below=1.0)
        number("Rprop", "the second of etas", etas[1], low=1.0)
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["prev"] = counter(), zeros_like(p)
        state["step_size"] = zeros_like(p).fill_(float(group["lr"]))

    def _one(self, group: dict[str, Any], p: Tensor, g: Tensor, state: dict[str, Any], t: int) -> None:
        (less, more), (low, high) = group["etas"], group["step_sizes"]
        sign = (g * state["prev"]).sign()
        factor = (sign > 0).to(p.dtype) * more + (sign < 0).to(p.dtype) * less + (sign == 0).to(p.dtype)
        state["step_size"].mul_(factor).clamp_(low, high)
        g = g * (sign >= 0).to(p.dtype)
        p.sub_(g.sign() * state["step_size"])
        state["prev"].copy_(g)
