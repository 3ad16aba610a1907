"""Reverse-mode differentiation, and forward mode beside it: PyTorch's `autograd`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from workbench.ext.core import _core

from . import forward_ad, functional, grad_mode, graph
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .function import Function, NestedIOFunction, once_differentiable
from .grad import backward, grad
from .grad_mode import enforce_grad_layout_policy, set_multithreading_enabled
from .gradcheck import GradcheckError, gradcheck, gradgradcheck

Variable = _core.Tensor
no_grad = _core.no_grad
enable_grad = _core.enable_grad
inference_mode = _core.inference_mode
set_grad_enabled = _core.set_grad_enabled

_SUBMODULES = ("variable",)


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Function", "GradcheckError", "NestedIOFunction", "Variable", "backward", "detect_anomaly", "enable_grad",
    "enforce_grad_layout_policy", "forward_ad", "functional", "grad", "grad_mode", "gradcheck", "gradgradcheck", "graph",
    "inference_mode", "no_grad", "once_differentiable", "set_detect_anomaly", "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip
