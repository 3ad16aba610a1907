"""Variable, which has long been a Tensor."""

from workbench.ext.core import _core

Variable = _core.Tensor

__all__ = ["Variable"]
