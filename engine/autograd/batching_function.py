"""Functions of users' own, with derivatives of their own, on batched tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

from workbench.ext.core import _core

from ..ops.errors import expected
from ..ops.pieces import stack
from ..pytree import tree_flatten, tree_map, tree_unflatten
from .batching import Batched, Level, active, wrap
from .function import Function

Tensor = _core.Tensor


class VmapInfo(NamedTuple):
    """What the static method `vmap` of a Function is told: the batch size, and vmap's `randomness`."""

    batch_size: int
    randomness: str


class Unbind(Function):
    """The elements of a batch."""

    @staticmethod
    def forward(ctx, x):
        return tuple(x.select(0, i) for i in range(x.shape[0]))

    @staticmethod
    def backward(ctx, *grads):
        return stack(grads)


def _level(args: tuple[Any, ...]) -> Level:
    """The innermost level at which an argument is batched."""
    return next(level for level in reversed(active()) if level.touches(args))


def apply_function(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """By the Function's own rule for batches; else (`generate_vmap_rule` or not) for one element after the other."""
    level = _level(args)
    if cls.vmap is Function.vmap:
        return level.one_by_one(args, lambda *row: cls.apply(*row, **kwargs))
    if cls.generate_vmap_rule:
        raise expected(cls.__name__, "a vmap or generate_vmap_rule=True", "both", error=RuntimeError)
    leaves, spec = tree_flatten(args)
    fulls = [level.full_of(x) for x in leaves]
    in_dims = tree_unflatten([None if f is None else 0 for f in fulls], spec)
    given = tree_unflatten([x if f is None else f for x, f in zip(leaves, fulls)], spec)
    made = cls.vmap(VmapInfo(level.n, level.randomness), tuple(in_dims), *given)
    if not isinstance(made, tuple) or len(made) != 2:
        raise expected(f"{cls.__name__}.vmap", "a tuple of the output and its out_dims", type(made).__name__, error=RuntimeError)
    output, out_dims = made
    if isinstance(output, Tensor):
        return _out(level, output, out_dims)
    dims = [out_dims] * len(output) if out_dims is None or isinstance(out_dims, int) else out_dims
    return type(output)(_out(level, o, d) for o, d in zip(output, dims))


def _out(level: Level, x: Any, dim: int | None) -> Any:
    return wrap(level, x.movedim(dim, 0)) if isinstance(x, Tensor) and dim is not None else x


def is_batched(args: tuple[Any, ...]) -> bool:
    """Whether a tensor among arguments is batched."""
    found = False

    def look(x: Any) -> Any:
        nonlocal found
        found = found or type(x) is Batched
        return x

    tree_map(look, args)
    return found
