"""The state of a training as plain data: a tree of dicts and lists becomes JSON, its tensors become named arrays, and both come back.

What JSON cannot say is an object with one key that starts with "$":

    {"$tensor": name}    a tensor of the engine, by its name in the tensor file
    {"$array": name}     a NumPy array, likewise
    {"$tuple": [...]}    a tuple
    {"$items": [[k, v]]} a dict with keys that are not strings, or that start with "$"
    {"$float": "inf"}    a float that is not finite
    {"$bytes": base64}   bytes
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def pack(tree: Any) -> tuple[Any, dict[str, Any]]:
    """Split a tree into what JSON can hold and its tensors.

    Args:
        tree: Dicts, lists and tuples of tensors (anything with `numpy()` or `__array__`), ints, floats, strings, bools, bytes and None.

    Returns:
        The tree as JSON values, and the tensors and arrays by their dotted paths.

    Raises:
        TypeError: Something in the tree is of another type; the message names its path.

    Example:
        >>> pack({"step": 3, "weight": np.zeros(2)})
        ({'step': 3, 'weight': {'$array': 'weight'}}, {'weight': array([0., 0.])})
    """
    tensors: dict[str, Any] = {}

    def name_of(path: tuple[str, ...], value: Any) -> str:
        name = ".".join(path) or "value"
        while name in tensors:
            name += "'"
        tensors[name] = value
        return name

    def walk(value: Any, path: tuple[str, ...]) -> Any:
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
        if isinstance(value, Mapping):
            if all(isinstance(key, str) and not key.startswith("$") for key in value):
                return {key: walk(each, (*path, key)) for key, each in value.items()}
            return {"$items": [[walk(key, (*path, "key")), walk(each, (*path, str(key)))] for key, each in value.items()]}
        if isinstance(value, (list, tuple)):
            items = [walk(each, (*path, str(i))) for i, each in enumerate(value)]
            return items if isinstance(value, list) else {"$tuple": items}
        if isinstance(value, (bytes, bytearray)):
            return {"$bytes": base64.b64encode(value).decode()}
        if isinstance(value, (np.ndarray, np.generic)):
            return {"$array": name_of(path, np.asarray(value))}
        if hasattr(value, "numpy") or hasattr(value, "__array__"):
            return {"$tensor": name_of(path, value)}
        raise TypeError(
            f"checkpoint: expected {'.'.join(path) or 'the state'} to be a tensor, number, string, list or dict, "
            f"got {type(value).__name__}; give plain values in state_dict()"
        )

    return walk(tree, ()), tensors


def unpack(tree: Any, tensor: Callable[[str], Any], array: Callable[[str], Any]) -> Any:
    """The tree that `pack` split.

    Args:
        tree: JSON values, as `pack` returned them.
        tensor: Gives the tensor of a name.
        array: Gives the NumPy array of a name.
    """

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (key, content), *_ = value.items()
            if key == "$tensor":
                return tensor(content)
            if key == "$array":
                return array(content)
            if key == "$tuple":
                return tuple(walk(each) for each in content)
            if key == "$items":
                return {walk(k): walk(v) for k, v in content}
            if key == "$float":
                return float(content)
            if key == "$bytes":
                return base64.b64decode(content)
        return {key: walk(each) for key, each in value.items()}

    return walk(tree)
