"""From samples to a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from copy import copy
from typing import Any

import numpy as np

from ..errors import expected
from ..ops.data import tensor
from ..ops.pieces import stack
from .border import Tensor, core, to_array, to_tensor

Collate = Callable[..., Any]
Table = dict[Any, Collate]  # a type or a tuple of types -> what collates their samples


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
    """`values` in a container like `data`, which may hold more than its members, where one can be made; else as they are."""
    try:
        if isinstance(data, (MutableMapping, MutableSequence)):
            found: Any = copy(data)
            for key, value in values.items() if isinstance(data, MutableMapping) else enumerate(values):
                found[key] = value
            return found
        return values if isinstance(data, range) else type(data)(values)
    except (TypeError, RuntimeError):  # a container of other things, as bytearray
        return values


def collate_tensor_fn(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """Stack tensors along a new first dimension."""
    first = batch[0]
    plain = all(isinstance(t, Tensor) and not t.requires_grad and t.dtype is first.dtype for t in batch)
    if not plain or str(first.dtype).endswith("bfloat16"):
        return stack(list(batch))  # with its gradient, in the promoted dtype, or for a dtype that NumPy does not have
    return _stack([to_array(t) for t in batch])


def collate_numpy_array_fn(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """Stack ndarrays or NumPy numbers into a tensor."""
    if batch[0].dtype.kind not in "biufc":
        raise expected("default_collate", "arrays of numbers", f"dtype {batch[0].dtype}", "give a collate_fn", TypeError)
    if len({getattr(a, "dtype", None) for a in batch}) > 1:
        return stack([default_convert(a) if isinstance(a, (np.ndarray, np.generic)) else tensor(a) for a in batch])
    return _stack([np.asarray(a) for a in batch])


collate_numpy_scalar_fn = collate_numpy_array_fn


def collate_float_fn(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """Put Python floats into a float64 tensor."""
    return to_tensor(np.array(batch, np.float64)) if set(map(type, batch)) == {float} else tensor(list(batch), dtype=core.float64)


def collate_int_fn(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """Put Python ints into an int64 tensor, bools into one of bool, and what is mixed into one of the dtype that holds all."""
    kinds = set(map(type, batch))
    if kinds == {int}:
        return to_tensor(np.array(batch, np.int64))
    return to_tensor(np.array(batch, np.bool_)) if kinds == {bool} else tensor(list(batch))


def collate_str_fn(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """Leave strings and bytes as they come: in a list, or as a member of tuples in a tuple."""
    return batch


default_collate_fn_map: Table = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    (str, bytes): collate_str_fn,
}
"""How `default_collate` makes batches of samples by their type; a type that is added here is collated by its function from then on."""


def _stack(arrays: list[np.ndarray]) -> Any:
    first = arrays[0].shape
    for i, a in enumerate(arrays):
        if a.shape != first:
            raise expected(
                "default_collate", f"samples of equal shape, {first} as in sample 0", f"{a.shape} in sample {i}",
                "resize or pad them (PadCollate), or give a collate_fn", RuntimeError,
            )  # fmt: skip
    return to_tensor(np.stack(arrays))


def collate(batch: Sequence[Any], *, collate_fn_map: Table | None = None) -> Any:
    """Make one batch of samples, by functions that are chosen by the type of the first of them.

    A mapping or sequence is collated member by member, where its own type is not in the table.

    Args:
        batch: Samples of one structure; not empty.
        collate_fn_map: From a type, or a tuple of types, to a function `f(batch, *, collate_fn_map)`. The exact type is looked for first,
            then the first entry of which a sample is an instance.

    Raises:
        IndexError: batch is empty.
        TypeError: A sample holds something that cannot be collated.
        RuntimeError: Sequences are of different lengths.

    Example:
        >>> from workbench.engine.data.collate import collate
        >>> collate([{"a": 1}, {"a": 2}], collate_fn_map={int: lambda batch, collate_fn_map: batch[-1]})
        {'a': 2}
    """
    if not len(batch):
        raise expected("default_collate", "at least one sample", "none", error=IndexError)
    first = batch[0]
    table = collate_fn_map or {}
    found = table.get(type(first))
    if found is None:
        found = next((f for kind, f in table.items() if isinstance(first, kind)), None)
    if found is not None:
        return found(batch, collate_fn_map=table)
    if isinstance(first, Mapping):
        return _like(first, {k: collate([sample[k] for sample in batch], collate_fn_map=table) for k in first})
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            sizes = sorted({len(sample) for sample in batch})
            raise expected("default_collate", "samples of equal length", f"lengths {sizes}", "give a collate_fn", RuntimeError)
        columns = [collate(column, collate_fn_map=table) for column in zip(*batch, strict=True)]
        if isinstance(first, tuple):
            return type(first)(*columns) if hasattr(first, "_fields") else columns
        return _like(first, columns)
    raise expected(
        "default_collate",
        "tensors, ndarrays, numbers, strings, mappings or sequences",
        type(first).__name__,
        "give a collate_fn, or add its type to default_collate_fn_map",
        TypeError,
    )


def default_collate(batch: Sequence[Any]) -> Any:
    """Make one batch of a list of samples, with a new first dimension.

    Tensors, ndarrays and numbers are stacked into a tensor (Python floats into float64, ints into int64), mappings and sequences are
    collated member by member, strings and bytes stay as they are. `default_collate_fn_map` holds how, by type, and can be added to.

    Args:
        batch: Samples of one structure; not empty.

    Raises:
        IndexError: batch is empty.
        TypeError: A sample holds something that cannot be collated.
        RuntimeError: Tensors are of different shapes, or sequences of different lengths.

    Example:
        >>> default_collate([(1, "a"), (2, "b")])
        [tensor([1, 2]), ('a', 'b')]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)
