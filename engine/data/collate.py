"""From samples to a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import expected
from ..ops.pieces import stack
from .border import Tensor, to_array, to_tensor


def default_convert(data: Any) -> Any:
    """Make tensors of the ndarrays and NumPy numbers inside `data`; everything else stays, containers keep their type."""
    if isinstance(data, (Tensor, str, bytes)):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return to_tensor(np.asarray(data)) if data.dtype.kind in "biufc" else data
    if isinstance(data, Mapping):
        return _like(data, {k: default_convert(v) for k, v in data.items()})
    if isinstance(data, tuple):
        values = [default_convert(v) for v in data]
        return type(data)(*values) if hasattr(data, "_fields") else values
    if isinstance(data, Sequence):
        return _like(data, [default_convert(v) for v in data])
    return data


def _like(data: Any, values: Any) -> Any:
    """`values` in the type of `data`, where that can be made from them."""
    try:
        return type(data)(values)
    except TypeError:
        return values


def _stack(arrays: list[np.ndarray]) -> Any:
    first = arrays[0].shape
    for i, a in enumerate(arrays):
        if a.shape != first:
            raise expected(
                "default_collate", f"samples of equal shape, {first} as in sample 0", f"{a.shape} in sample {i}",
                "resize or pad them, or give a collate_fn", RuntimeError,
            )  # fmt: skip
    return to_tensor(np.stack(arrays))


def default_collate(batch: Sequence[Any]) -> Any:
    """Make one batch of a list of samples, with a new first dimension.

    Tensors, ndarrays and numbers are stacked into a tensor (Python floats into float64, ints into int64), mappings and sequences are
    collated member by member, strings and bytes stay a list.

    Args:
        batch: Samples of one structure.

    Raises:
        TypeError: A sample holds something that cannot be collated.
        RuntimeError: Tensors are of different shapes, or sequences of different lengths.

    Example:
        >>> default_collate([(1, "a"), (2, "b")])
        [tensor([1, 2]), ['a', 'b']]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        if any(t.requires_grad for t in batch) or str(first.dtype).endswith("bfloat16"):
            return stack(list(batch))  # with its gradient, and for a dtype that NumPy does not have
        return _stack([to_array(t) for t in batch])
    if isinstance(first, (np.ndarray, np.generic)):
        if first.dtype.kind not in "biufc":
            raise expected("default_collate", "arrays of numbers", f"dtype {first.dtype}", "give a collate_fn", TypeError)
        return _stack([np.asarray(a) for a in batch])
    if isinstance(first, bool):
        return to_tensor(np.array(batch, np.bool_))
    if isinstance(first, float):
        return to_tensor(np.array(batch, np.float64))
    if isinstance(first, int):
        return to_tensor(np.array(batch, np.int64))
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        return _like(first, {k: default_collate([sample[k] for sample in batch]) for k in first})
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            sizes = sorted({len(sample) for sample in batch})
            raise expected("default_collate", "samples of equal length", f"lengths {sizes}", "give a collate_fn", RuntimeError)
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        if isinstance(first, tuple):
            return type(first)(*columns) if hasattr(first, "_fields") else columns
        return _like(first, columns)
    raise expected(
        "default_collate",
        "tensors, ndarrays, numbers, strings, mappings or sequences",
        type(first).__name__,
        "give a collate_fn",
        TypeError,
    )
