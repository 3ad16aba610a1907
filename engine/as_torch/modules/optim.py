"""What programs take from inside of `torch.optim`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.ext.core import _core as core

ParamsT = Iterable[Any]
StateDict = dict[str, Any]
_use_grad_for_differentiable = core.no_grad()  # a decorator: steps run without recording
