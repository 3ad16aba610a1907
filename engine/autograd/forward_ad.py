"""Forward mode: tangents that travel along with values.

A dual tensor is an ordinary one that carries its tangent. While a level is open, each op that gets one is differentiated forward by
differentiating its derivative: with J the op's Jacobian, backward gives J^T u for any u; that is linear in u, and its derivative
in the direction v is J v. So every op has a forward mode that agrees with its backward, and what is recorded can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from workbench.ext.core import _core

from ..ops.creation import zeros_like
from ..ops.errors import expected
from ..pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten
from .batching import active, lift, lower

Tensor = _core.Tensor
_levels: list[Any] = []
_around: list[Any] = []  # the levels of vmap that were open when the level was opened
_KEY = "_tangent"
_UNKNOWN = object()  # the tangent of what an op hides for its derivative


class UnpackedDualTensor(NamedTuple):
    """The two parts of a dual tensor; the tangent is None where there is none."""

    primal: Tensor
    tangent: Tensor | None


def _differentiable(x: Any) -> bool:
    return isinstance(x, Tensor) and (x.is_floating_point() or x.is_complex())


def tangent_of(x: Any) -> Tensor | None:
    """The tangent that a value carries on the open level."""
    if not _levels or not isinstance(x, Tensor):
        return None
    level, tangent = getattr(x, _KEY, (None, None))
    if level is not _levels[-1]:
        base = x._base
        level, tangent = (None, None) if base is None else getattr(base, _KEY, (None, None))
        if base is None or level is not _levels[-1]:
            return None
        tangent = _shown(x, base, tangent)  # x is a view from before its base had one
    if tangent is _UNKNOWN:
        raise expected(
            "backward",
            "derivatives without hidden results to be differentiated forward",
            "one with some",
            "use func.jvp",
            NotImplementedError,
        )
    return tangent


def _set(x: Tensor, tangent: Tensor) -> Tensor:
    setattr(x, _KEY, (_levels[-1], tangent))
    return x


def _shown(view: Tensor, base: Tensor, tangent: Any) -> Any:
    """The part of a base's tangent that belongs to a view of the base."""
    if tangent is _UNKNOWN:
        return tangent
    if view.dtype is not base.dtype:
        tangent, base = (_core.OPS["view_as_real"](t) for t in (tangent, base.detach()))
    offset = (view.data_ptr() - base.data_ptr()) // view.element_size()
    return _core.OPS["restride"](tangent, tuple(view.shape), tuple(view.stride()), offset, tuple(base.stride()))


def _write(x: Tensor, tangent: Tensor, level: Any) -> None:
    """Change the tangent of what was written in place; of all that shares its memory, too."""
    held: Any
    level_of, held = getattr(x, _KEY, (None, None))
    if level_of is not level:
        root = x if x._base is None else x._base
        level_of, whole = getattr(root, _KEY, (None, None))
        if level_of is not level:
            whole = _core.fill(_core.make_empty_strided(root.shape, root.stride(), root.dtype), 0)
            setattr(root, _KEY, (level, whole))
        held = whole if x is root else _shown(x, root, whole)
        setattr(x, _KEY, (level, held))
    held.copy_(tangent)


def is_dual(tree: Any) -> bool:
    """Whether a tensor in a tree carries a tangent."""
    return bool(_levels) and any(tangent_of(x) is not None for x in tree_leaves(tree))


def enter_dual_level() -> int:
    """Open a level; `dual_level` is the same as a context manager."""
    if _levels:
        raise expected("enter_dual_level", "no open level", "one; levels do not nest, as in PyTorch", error=RuntimeError)
    level = _core.intercept(_forward)
    level.__enter__()
    _levels.append(level)
    _around[:] = active()
    return len(_levels) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: tangents are gone."""
    if not _levels or level not in (None, len(_levels) - 1):
        raise expected("exit_dual_level", "the open level", repr(level), error=RuntimeError)
    _levels.pop().__exit__()


@contextmanager
def dual_level() -> Iterator[int]:
    """A level of forward mode, open within the block.

    Example:
        >>> with dual_level():
        ...     x = make_dual(tensor([2.0]), tensor([1.0]))
        ...     unpack_dual(x * x).tangent
        tensor([4.])
    """
    level = enter_dual_level()
    try:
        yield level
    finally:
        exit_dual_level(level=level)


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A tensor that carries a tangent, until the level is closed.

    Args:
        tensor: The value, floating or complex.
        tangent: The direction, of the same shape and dtype.
        level: The open level; None means it.

    Raises:
        RuntimeError: no level is open.
        ValueError: the value is of a dtype that has no tangent, or shapes or dtypes differ.
    """
    if not _levels:
        raise expected("make_dual", "an open level", "none", "use it within forward_ad.dual_level()", RuntimeError)
    if not _differentiable(tensor) or not _differentiable(tangent):
        raise expected("make_dual", "tensor and tangent to be floating or complex", f"{tensor.dtype} and {tangent.dtype}")
    if tuple(tensor.shape) != tuple(tangent.shape) or tensor.dtype is not tangent.dtype:
        raise expected("make_dual", f"a tangent of shape {tuple(tensor.shape)} and dtype {tensor.dtype}", tangent)
    return _set(_core.OPS["identity"](tensor), tangent.clone())


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value and the tangent of a tensor."""
    tangent = tangent_of(tensor)
    return UnpackedDualTensor(tensor if tangent is None else _plain(tensor), tangent)


def _plain(x: Any) -> Any:
    """The same value, with its history and without a tangent."""
    return x if tangent_of(x) is None else _core.OPS["identity"](x)


def push(outputs: list[Tensor], stand: list[Tensor], tangents: list[Tensor], create_graph: bool) -> list[Tensor]:
    """J v for `outputs` computed from `stand`: the derivative of J^T u in u, in the direction of the tangents."""
    live = [o for o in outputs if o.requires_grad]
    with _core.enable_grad():
        seeds = [zeros_like(o).requires_grad_(True) for o in live]
        pulled = _core.gradients(live, seeds, stand, True, True) if live else []
    pairs = [(p, v) for p, v in zip(pulled, tangents) if p is not None and p.requires_grad]
    moved: list[Tensor | None] = [None] * len(seeds)
    if pairs:
        moved = _core.gradients([p for p, _ in pairs], [v for _, v in pairs], seeds, create_graph, create_graph)
    for s in seeds:
        s.requires_grad_(False)  # nobody differentiates with respect to them any more
    found = iter(moved)
    given = [next(found) if o.requires_grad else None for o in outputs]
    return [zeros_like(o) if g is None else g for g, o in zip(given, outputs)]


def _call(op: Any, args: tuple[Any, ...]) -> Any:
    """An op with all its arguments."""
    d = op.definition
    return op(*args[: d.npos], **dict(zip(d.params[d.npos :], args[d.npos :])))


def _forward(op: Any, args: tuple[Any, ...], proceed: Any) -> Any:
    """The interceptor of an open level."""
    if op.definition.family == "composite" or not is_dual(args):
        return proceed(*args)  # a composite's own ops come here one by one
    writes = op.name.endswith("_")
    if op.definition.family == "view":
        return _view(op, args, proceed)
    leaves, spec = tree_flatten(args)
    duals = [i for i, x in enumerate(leaves) if tangent_of(x) is not None]
    tangents: list[Any] = [tangent_of(leaves[i]) for i in duals]
    recorded = _core.is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in (*leaves, *tangents))
    level = _levels.pop()  # its interceptor stays where it is among others, and lets everything pass meanwhile
    try:
        plain = [_core.OPS["identity"](x) if i in duals else x for i, x in enumerate(leaves)]
        with _core.enable_grad():
            below = [lower(plain[i], _around) for i in duals]
            stand = [_core.OPS["identity"](x) if recorded and x.requires_grad else x.detach() for x in below]
            for s in stand:
                s.requires_grad_(True)
            for i, s in zip(duals, stand):
                plain[i] = lift(s, _around)
            given = tree_unflatten(plain, spec)
            if op.name == "copy_":
                result = given[1].to(given[0].dtype).expand(given[0].shape)
            else:
                result = _call(_core.OPS[op.name[:-1]], given) if writes else proceed(*given)
        outputs = [lower(r, _around) for r in tree_leaves(result) if _differentiable(r)]
        tangents = [lower(t, _around) for t in tangents]
        pushed = push(outputs, stand, tangents, recorded)
        moved = [lift(t, _around) for t in pushed]
        if writes:
            proceed(*args)
            _write(args[0], moved[0], level)
    finally:
        _levels.append(level)
    if writes:
        return args[0]
    if recorded:
        _mark_saved(outputs, pushed, stand, tangents)
    with_tangents = iter(moved)
    result = result if recorded else tree_map(lambda r: r.detach() if isinstance(r, Tensor) else r, result)
    return tree_map(lambda r: _set(r, next(with_tangents)) if _differentiable(r) else r, result)


def _view(op: Any, args: tuple[Any, ...], proceed: Any) -> Any:
    """A view of a dual tensor: its tangent is the same view of the tangent."""
    tangent = tangent_of(args[0])
    level = _levels.pop()  # its interceptor stays where it is among others, and lets everything pass meanwhile
    try:
        moved = _call(op, (tangent, *args[1:]))
        result = proceed(*args)
    finally:
        _levels.append(level)
    return _set(result, moved)


def _mark_saved(outputs: list[Tensor], moved: list[Tensor], stand: list[Tensor], tangents: list[Any]) -> None:
    """What backward will find saved carries tangents too, so that a gradient taken on this level has one."""
    for s, t in zip(stand, tangents):
        _set(s, t)
    node = next((o.grad_fn for o in outputs if o.grad_fn is not None), None)
    if node is None:
        return
    with _core.no_grad():
        results = getattr(node, "_saved_result", None)
        hidden = getattr(node, "_saved_extras", ())
    for r, t in zip((results,) if isinstance(results, Tensor) else results or (), moved):
        _set(r, t)
    for x in hidden:
        if isinstance(x, Tensor):
            setattr(x, _KEY, (_levels[-1], _UNKNOWN))


def apply_function(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A user's Function on dual arguments: through its own jvp."""
    output, ctx = cls._apply(tuple(_plain(a) for a in args), kwargs)
    tangents = cls.jvp(ctx, *(tangent_of(a) for a in args))
    single = isinstance(output, Tensor)
    moved = (tangents,) if single or not isinstance(tangents, (tuple, list)) else tangents
    outputs = (output,) if single else output
    for o, t in zip(outputs, moved):
        if t is not None and isinstance(o, Tensor):
            _set(o, t)
    return output
