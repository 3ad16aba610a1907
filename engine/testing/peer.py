"""PyTorch as the peer: the same call there."""

from __future__ import annotations

import functools
from typing import Any

from workbench.ext.core import _core as core

from .case import Case, Skip
from .compare import as_array, dtype_name


def torch() -> Any:
    """PyTorch, or Skip where it is not installed."""
    try:
        import torch
    except ImportError:
        raise Skip("torch is not installed") from None
    return torch


def to_torch(value: Any) -> Any:
    """Our value as PyTorch's: tensors (copied, with their strides), dtypes, and what contains them."""
    t = torch()
    if isinstance(value, core.Tensor):
        made = t.from_numpy(as_array(value).copy(order="K") if value.ndim else as_array(value).copy())
        return made.to(getattr(t, dtype_name(value)))
    if isinstance(value, core.dtype):
        return getattr(t, value.name)
    if isinstance(value, core.device):
        return t.device(str(value))
    if isinstance(value, (tuple, list)):
        return type(value)(map(to_torch, value)) if type(value) in (tuple, list) else tuple(map(to_torch, value))
    if isinstance(value, dict):
        return {k: to_torch(v) for k, v in value.items()}
    if type(value).__module__.startswith("workbench") and hasattr(t, str(value).removeprefix("torch.")):
        return getattr(t, str(value).removeprefix("torch."))  # memory formats and the like
    return value


def function(case: Case) -> Any:
    """PyTorch's function for an op; Skip where it has none."""
    t, d = torch(), case.definition
    if "peer" in case.call.skipped:
        raise Skip(case.call.skipped["peer"])
    if callable(d.peer):
        return functools.partial(d.peer, t)
    if isinstance(d.peer, str):
        found = t
        for part in d.peer.split("."):
            found = getattr(found, part)
        return found
    places = {"torch": t, "functional": t.nn.functional, "linalg": t.linalg, "special": t.special, "fft": t.fft}
    for space in d.spaces:
        if hasattr(places[space], d.name):
            return getattr(places[space], d.name)
    for method in d.methods:
        if hasattr(t.Tensor, method):
            return getattr(t.Tensor, method)
    if not d.spaces and not d.methods:
        raise Skip("an internal op")
    raise AssertionError(f"{d.name}: torch has nothing of this name; say peer=..., or .without('peer') in the samples")


def run(case: Case, args: Any = None, kwargs: Any = None) -> Any:
    """PyTorch's result; Skip where it does not do this dtype."""
    f = function(case)
    args = to_torch(case.call.args) if args is None else args
    kwargs = to_torch(case.call.kwargs) if kwargs is None else kwargs
    try:
        return f(*args, **kwargs)
    except (NotImplementedError, RuntimeError) as error:
        if "not implemented for" in str(error) or "not supported for" in str(error):
            raise Skip(f"torch: {error}") from None
        raise


def structured(result: Any) -> Any:
    """Named tuples of torch as plain ones."""
    return tuple(structured(r) for r in result) if isinstance(result, (tuple, list)) else result
