"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ext.core import _core

from ..errors import expected
from ..ops.pieces import stack

Tensor = _core.Tensor


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the place of its parameters and buffers, which are back afterwards.

    Args:
        module: The module.
        parameter_and_buffer_dicts: Tensors by name, as in `named_parameters()`; a dictionary, or several without common names. Those not
            named stay.
        args: The positional arguments: a tuple, or a single one.
        kwargs: The keyword arguments.
        tie_weights: Whether a tensor that the module has under several names is replaced under all of them.
        strict: Whether all names, and no others, have to be there.

    Returns:
        What the module returns.

    Raises:
        ValueError: a name stands in two dictionaries, or they are none, or tied names are given different tensors.
        RuntimeError: names are missing or unknown with strict.
        TypeError: a value is no tensor.

    Example:
        >>> from workbench.engine import nn
        >>> net = nn.Linear(1, 1)
        >>> functional_call(net, {"weight": tensor([[2.0]]), "bias": tensor([1.0])}, tensor([3.0]))
        tensor([7.])
    """
    given = _merged(parameter_and_buffer_dicts)
    places = _places(module)
    if strict:
        missing, unknown = sorted(set(places) - set(given)), sorted(set(given) - set(places))
        if missing or unknown:
            raise expected(
                "functional_call", "all parameters and buffers and no others", f"missing {missing}, unknown {unknown}", error=RuntimeError
            )
    values = dict(given)
    if tie_weights:
        values = _tied(places, given)
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    owners = {name: (module.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2]) for name in values}
    for name, value in values.items():
        if not isinstance(value, Tensor):
            raise expected("functional_call", f"{name} to be a Tensor", type(value).__name__, error=TypeError)
    before = {name: owner.__dict__.get(key) for name, (owner, key) in owners.items()}
    known = {name: key in owner.__dict__ for name, (owner, key) in owners.items()}
    try:
        for name, (owner, key) in owners.items():
            owner.__dict__[key] = values[name]
        return module(*positional, **(kwargs or {}))
    finally:
        for name, (owner, key) in owners.items():
            now = owner.__dict__.get(key)
            if isinstance(parameter_and_buffer_dicts, dict) and name in given and now is not None:
                parameter_and_buffer_dicts[name] = now  # a buffer that forward has replaced
            if known[name]:
                owner.__dict__[key] = before[name]
            else:
                owner.__dict__.pop(key, None)


def _merged(dicts: Any) -> dict[str, Tensor]:
    if isinstance(dicts, dict):
        return dicts
    if not isinstance(dicts, Sequence) or not all(isinstance(d, dict) for d in dicts):
        raise expected("functional_call", "parameter_and_buffer_dicts to be a dictionary or a sequence of them", type(dicts).__name__)
    merged: dict[str, Tensor] = {}
    for d in dicts:
        twice = sorted(set(d) & set(merged))
        if twice:
            raise expected("functional_call", "each name in one dictionary", f"{twice} in several")
        merged.update(d)
    return merged


def _places(module: Any) -> dict[str, Tensor]:
    """Every name of a parameter or buffer, those that share a tensor included."""
    return {**dict(module.named_parameters(remove_duplicate=False)), **dict(module.named_buffers(remove_duplicate=False))}


def _tied(places: dict[str, Tensor], given: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors given, under every name that the module has for what they replace."""
    groups: dict[int, list[str]] = {}
    for name, t in places.items():
        groups.setdefault(id(t), []).append(name)
    values = dict(given)
    for names in groups.values():
        said = [name for name in names if name in given]
        if len({id(given[name]) for name in said}) > 1:
            raise expected("functional_call", f"one tensor for the tied names {names}", "several", "say tie_weights=False")
        if said:
            values.update(dict.fromkeys(names, given[said[0]]))
    return values


def stack_module_state(models: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several models of one class, stacked, for an ensemble with `vmap` over `functional_call`.

    Args:
        models: Modules of one class, all in training mode or none.

    Returns:
        Two dictionaries, from names to tensors with one more dimension in front. Parameters are leaves.

    Raises:
        RuntimeError: no models, of different classes or modes.
    """
    models = list(models)
    if not models:
        raise expected("stack_module_state", "at least one model", "none", error=RuntimeError)
    if len({m.training for m in models}) > 1:
        raise expected("stack_module_state", "models that are all in training mode, or none", "both", error=RuntimeError)
    if len({type(m) for m in models}) > 1:
        raise expected("stack_module_state", "models of one class", f"{sorted({type(m).__name__ for m in models})}", error=RuntimeError)
    found = []
    for kind in ("named_parameters", "named_buffers"):
        each = [dict(getattr(m, kind)()) for m in models]
        found.append({name: _together(name, [d[name] for d in each]) for name in each[0]})
    return found[0], found[1]


def _together(name: str, tensors: list[Tensor]) -> Tensor:
    if len({t.requires_grad for t in tensors}) > 1:
        raise expected("stack_module_state", f"{name} to require grad in all models, or in none", "both", error=RuntimeError)
    return stack(tensors).detach().requires_grad_(tensors[0].requires_grad)


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """Let every batch norm in `root` use the statistics of the batch and keep none, which a vmap could not write; returns root."""
    for m in root.modules():
        if hasattr(m, "track_running_stats") and "BatchNorm" in type(m).__name__:
            m.running_mean = m.running_var = m.num_batches_tracked = None
            m.track_running_stats = False
    return root
