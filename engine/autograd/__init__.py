"""Reverse-mode differentiation: PyTorch's `autograd`."""

from __future__ import annotations

from workbench.ext.core import _core

from .function import Function, once_differentiable
from .grad import backward, detect_anomaly, grad, set_detect_anomaly
from .gradcheck import gradcheck, gradgradcheck

Variable = _core.Tensor
no_grad = _core.no_grad
enable_grad = _core.enable_grad
inference_mode = _core.inference_mode
set_grad_enabled = _core.set_grad_enabled

__all__ = [
    "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "grad", "gradcheck", "gradgradcheck", "inference_mode", "no_grad",
    "once_differentiable", "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip
