"""`functorch` and `torch._functorch`: what became `torch.func`, and modules taken apart into a function and its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from ...func import functional_call, stack_module_state
from ...pytree import broadcast_to_and_flatten as _broadcast_to_and_flatten  # noqa: F401
from ...pytree import tree_flatten as tree_flatten
from ...pytree import tree_unflatten as tree_unflatten


class FunctionalModule:
    """A module as a function of its parameters (and of its buffers).

    Args:
        stateless: The module, whose own parameters are not used.
        names: Those of the parameters.
        buffers: Names of the buffers, where they are arguments too.
    """

    def __init__(self, stateless: Any, names: Sequence[str], buffers: Sequence[str] | None = None) -> None:
        self.stateless_model, self.param_names, self.buffer_names = stateless, tuple(names), buffers

    def __call__(self, params: Any, *args: Any, **kwargs: Any) -> Any:
        state = dict(zip(self.param_names, params, strict=True))
        if self.buffer_names is not None:
            buffers, *args = args  # type: ignore[assignment]
            state.update(zip(self.buffer_names, buffers, strict=True))
        return functional_call(self.stateless_model, state, tuple(args), kwargs)


class FunctionalModuleWithBuffers(FunctionalModule):
    """A module as a function of its parameters and buffers, given as two tuples."""


def _apart(model: Any, disable_autograd_tracking: bool) -> tuple[Any, list[str], tuple[Any, ...]]:
    """A copy of a module, the names of its parameters, and new leaves with their values."""
    names, params = zip(*model.named_parameters(), strict=True) if any(True for _ in model.parameters()) else ((), ())
    leaves = tuple(p.detach().clone().requires_grad_(p.requires_grad and not disable_autograd_tracking) for p in params)
    return deepcopy(model), list(names), leaves


def make_functional(model: Any, disable_autograd_tracking: bool = False) -> tuple[FunctionalModule, tuple[Any, ...]]:
    """A module as a function `f(params, *args)`, and its parameters.

    Raises:
        ValueError: It has buffers.
    """
    if list(model.buffers()):
        raise ValueError("make_functional: expected a module without buffers, got one with some; use make_functional_with_buffers")
    copy, names, params = _apart(model, disable_autograd_tracking)
    return FunctionalModule(copy, names), params


def make_functional_with_buffers(
    model: Any, disable_autograd_tracking: bool = False
) -> tuple[FunctionalModuleWithBuffers, tuple[Any, ...], tuple[Any, ...]]:
    """A module as a function `f(params, buffers, *args)`, its parameters and its buffers."""
    copy, names, params = _apart(model, disable_autograd_tracking)
    buffers = dict(model.named_buffers())
    return FunctionalModuleWithBuffers(copy, names, tuple(buffers)), params, tuple(b.detach().clone() for b in buffers.values())


def combine_state_for_ensemble(models: Any) -> tuple[FunctionalModuleWithBuffers, tuple[Any, ...], tuple[Any, ...]]:
    """One function for several models of a class, and their parameters and buffers, stacked; `vmap` over both runs all models.

    Raises:
        RuntimeError: There are no models, or of different classes or modes.
    """
    params, buffers = stack_module_state(models)
    return (
        FunctionalModuleWithBuffers(deepcopy(next(iter(models))), tuple(params), tuple(buffers)),
        tuple(params.values()),
        tuple(buffers.values()),
    )


def _get_name(func: Any) -> str:
    """What a function is called in messages."""
    return getattr(func, "__name__", repr(func))
