"""The types that annotations name: `torch.types` and `torch.nn.common_types`."""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Size, Tensor

from ... import storage

__all__ = ["Device", "FileLike", "Number", "Size", "Storage", "Tensor"]

Number = builtins.int | builtins.float | builtins.bool
Device = Any
MAP_LOCATION = Any
FileLike = str | os.PathLike | Any
Storage = storage.UntypedStorage
_dtype = core.dtype
_device = core.device
_layout = type(core.STRIDED)
_int, _float, _bool, _complex = builtins.int, builtins.float, builtins.bool, builtins.complex
_size = core.Size | list[int] | tuple[int, ...]
_symsize = _size
_dispatchkey = Any
_TensorOrTensors = Tensor | Sequence[Tensor]

_scalar_or_tuple_any_t = Any
_scalar_or_tuple_1_t = _scalar_or_tuple_2_t = _scalar_or_tuple_3_t = _scalar_or_tuple_4_t = Any
_size_any_t = _size_1_t = int | tuple[int]
_size_2_t = int | tuple[int, int]
_size_3_t = int | tuple[int, int, int]
_size_4_t = int | tuple[int, int, int, int]
_size_5_t = _size_6_t = Any
_size_any_opt_t = _size_2_opt_t = _size_3_opt_t = Any
_ratio_2_t = float | tuple[float, float]
_ratio_3_t = _ratio_any_t = Any
_tensor_list_t = Tensor | list[Tensor]
_maybe_indices_t = Any
