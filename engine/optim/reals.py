"""Steps of complex parameters: those of their real and imaginary parts, each for itself, as PyTorch takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.complex_view import view_as_complex, view_as_real


def _parts(value: Any) -> Any:
    return view_as_real(value) if isinstance(value, Tensor) and value.is_complex() else value


def start(p: Tensor, state: dict[str, Any], group: dict[str, Any], fill: Callable[..., None]) -> None:
    """Fill a new state of `p` by `fill(p, state, group)`."""
    if not p.is_complex():
        fill(p, state, group)
        return
    parts = view_as_real(p.detach())
    fill(parts, state, group)
    for name, value in state.items():
        if isinstance(value, Tensor) and value.shape == parts.shape:
            state[name] = view_as_complex(value)


def step(p: Tensor, grad: Tensor, state: dict[str, Any], one: Callable[[Tensor, Tensor, dict[str, Any]], None]) -> None:
    """Step `p` by `one(p, grad, state)`."""
    if not p.is_complex():
        one(p, grad, state)
        return
    parts = view_as_real(p)
    real = {name: _parts(value) for name, value in state.items()}
    before = dict(real)
    one(parts, view_as_real(grad), real)
    for name, value in real.items():
        if value is not before.get(name):  # not written in place
            state[name] = view_as_complex(value) if isinstance(value, Tensor) and value.shape == parts.shape else value
