"""Modules as functions of their parameters, under the name that PyTorch had for it before `func.functional_call`."""

from __future__ import annotations

import warnings
from typing import Any

from workbench.ext.core._core import Tensor

from ...ops.errors import expected
from ..module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the place of its parameters and buffers, which are back afterwards; warns of its age.

    Args:
        module: The module.
        parameters_and_buffers: Tensors by name; those not named stay.
        args: The positional arguments: a tuple, or a single one.
        kwargs: The keyword arguments.
        tie_weights: Whether a tensor that the module has under several names is replaced under all of them.
        strict: Whether all names, and no others, have to be there.

    Raises:
        RuntimeError: Names are missing or unknown with `strict`.
        AttributeError: The module has nothing of a name.
    """
    warnings.warn("nn.utils.stateless.functional_call is out of use; call func.functional_call", FutureWarning, stacklevel=2)
    places = {**dict(module.named_parameters(remove_duplicate=False)), **dict(module.named_buffers(remove_duplicate=False))}
    wrong = sorted(set(places) ^ set(parameters_and_buffers))
    if strict and wrong:
        raise expected("functional_call", "all parameters and buffers and no others", f"{wrong} too few or too many", error=RuntimeError)
    values = dict(parameters_and_buffers)
    if tie_weights:
        for name, value in parameters_and_buffers.items():
            same = (other for other, t in places.items() if t is places.get(name))
            values |= {other: value for other in same if other not in parameters_and_buffers}
    owners = {name: (module.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2]) for name in values}
    before = {name: getattr(owner, key) for name, (owner, key) in owners.items()}
    try:
        for name, (owner, key) in owners.items():
            owner.__dict__[key] = values[name]
        return module(*(() if args is None else args if isinstance(args, tuple) else (args,)), **(kwargs or {}))
    finally:
        for name, (owner, key) in owners.items():
            owner.__dict__[key] = before[name]
