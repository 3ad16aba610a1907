"""Clipping of gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...ops.pieces import stack


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def get_total_norm(
    tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all tensors as if they were one vector, a 0-d tensor.

    Raises:
        RuntimeError: It is infinite or NaN, and error_if_nonfinite is set.
    """
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    norm_type = float(norm_type)
    with core.no_grad():
        if not tensors:
            return core.fill(core.make_empty(()), 0.0)
        norms = stack([_norm(t.detach(), norm_type) for t in tensors])
        total = _norm(norms, norm_type)
    if error_if_nonfinite and not math.isfinite(float(total)):
        raise RuntimeError(
            f"clip_grad_norm_: expected a finite total norm of order {norm_type}, got {float(total)}; "
            "look for the parameter with anomaly detection, or set error_if_nonfinite=False"
        )
    return total


def _norm(tensor: Tensor, p: float) -> Tensor:
    if math.isinf(p):
        return tensor.abs().max() if p > 0 else tensor.abs().min()
    if p == 2:
        flat = tensor.reshape(-1)
        return (flat * flat).sum().sqrt()
    return tensor.abs().pow(p).sum().pow(1 / p)


def clip_grads_with_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Scale the gradients by max_norm / total_norm, where that is below 1."""
    with core.no_grad():
        factor = (max_norm / (total_norm + 1e-6)).clamp(max=1.0)
        for grad in _gradients(parameters):
            grad.mul_(factor)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients down, in place, so that their norm as one vector is at most `max_norm`.

    Args:
        parameters: Whose gradients; one tensor or several.
        max_norm: The largest norm allowed.
        norm_type: Order of the norm; inf for the largest absolute value.
        error_if_nonfinite: Raise if the norm is infinite or NaN.
        foreach: Accepted for PyTorch's sake.

    Returns:
        The norm before clipping, a 0-d tensor.

    Raises:
        RuntimeError: The norm is infinite or NaN, and error_if_nonfinite is set.
    """
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


clip_grad_norm = clip_grad_norm_


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Cut every element of every gradient, in place, to [-clip_value, clip_value]."""
    with core.no_grad():
        for grad in _gradients(parameters):
            grad.clamp_(-float(clip_value), float(clip_value))
