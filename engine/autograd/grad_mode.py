"""The gradient modes, under the name where PyTorch has them."""

from workbench.ext.core import _core

no_grad = _core.no_grad
enable_grad = _core.enable_grad
inference_mode = _core.inference_mode
set_grad_enabled = _core.set_grad_enabled

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]
