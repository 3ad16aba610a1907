"""The functions of the layers: every op and function with "functional" among its spaces, under PyTorch's names.

Where PyTorch's function has an argument `inplace`, this one has it too; the op itself, `engine.ops.<family>`, has not.
"""

from __future__ import annotations

import functools
from difflib import get_close_matches
from typing import Any

from ..ops import REGISTRY, space

_INPLACE = {
    *("threshold", "relu", "relu6", "rrelu", "leaky_relu", "hardtanh", "hardsigmoid", "hardswish", "elu", "celu", "selu", "silu", "mish"),
    *("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"),
}


def _with_inplace(function: Any) -> Any:
    """The function with one more argument, last: whether its result takes the place of its input."""
    parameters = function.definition.params
    if "inplace" in parameters:
        return function
    n = len(parameters)
    twin = REGISTRY.get(function.definition.name + "_")

    @functools.wraps(function.definition.body)
    def call(*args: Any, inplace: bool = False, **kwargs: Any) -> Any:
        if len(args) > n:
            *args, inplace = args  # type: ignore[assignment]
        if not inplace:
            return function(*args, **kwargs)
        if twin is not None:
            return twin(*args, **kwargs)
        target = args[0] if args else kwargs["input"]
        # backward needs the input as it was, so the function gets a copy of it
        rest = {k: v for k, v in kwargs.items() if k != "input"}
        return target.copy_(function(target.clone(), *args[1:], **rest))

    return call


_public = space("functional")
for _name in _INPLACE & _public.keys():
    if hasattr(_public[_name], "definition"):
        _public[_name] = _with_inplace(_public[_name])
    _public[_name + "_"] = functools.partial(_public[_name], inplace=True)
globals().update(_public)
__all__ = list(_public)


def __getattr__(name: str) -> Any:
    near = get_close_matches(name, _public, 1)
    raise AttributeError(f"nn.functional has no function {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
