"""Where the data code, which works on ndarrays, meets the engine's tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.generator import default_generator

__all__ = ["Tensor", "core", "default_generator", "index_rows", "seed_of", "to_array", "to_tensor"]


def to_array(tensor: Any) -> np.ndarray:
    """The tensor's memory as an ndarray, without its history."""
    return tensor.detach().numpy()


def to_tensor(array: np.ndarray) -> Any:
    """A tensor over the array's memory where its strides and byte order allow, else over a copy."""
    if not array.flags.writeable or any(s < 0 for s in array.strides) or not array.dtype.isnative:
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        if not array.flags.writeable:
            array = array.copy()
    return core.from_numpy(array)


def index_rows(values: Any, indices: Sequence[int]) -> Any:
    """The rows of a tensor, an ndarray or a sequence at `indices`, as a tensor where they are numbers."""
    if isinstance(values, Tensor):
        if values.requires_grad or str(values.dtype).endswith("bfloat16"):
            return values[list(indices)]
        return to_tensor(to_array(values).take(indices, axis=0))
    if isinstance(values, np.ndarray):
        return to_tensor(values.take(indices, axis=0))
    return [values[i] for i in indices]


def seed_of(generator: Any = None) -> int:
    """The seed that decides: the generator's, or the one of `manual_seed`."""
    return (default_generator if generator is None else generator).initial_seed() & 0xFFFFFFFFFFFFFFFF
