"""Tensors shared with other libraries without a copy, under the names of PyTorch's `torch.utils.dlpack`."""

from __future__ import annotations

from ..ops.dlpack import from_dlpack, to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
