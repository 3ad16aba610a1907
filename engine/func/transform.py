"""Gradients and products with Jacobians, as functions of functions. They nest in any order."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from workbench.ext.core import _core

from ..autograd.batching import Batched, innermost
from ..autograd.forward_ad import push
from ..errors import expected
from ..ops.creation import ones_like, zeros_like
from ..pytree import tree_flatten, tree_map, tree_unflatten
from ._level import Stage, alive, chosen, outside, released, replaced, split_aux, tensors

Tensor = _core.Tensor
Function = Callable[..., Any]


def grad_and_value(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient of `func`, and its value.

    Args:
        func: A function that returns a tensor of one element, or (with has_aux) that and anything else.
        argnums: Which positional arguments to differentiate with respect to; they may be trees of tensors.
        has_aux: Whether func returns (output, aux).

    Returns:
        A function of the same arguments that returns (gradient, value), or (gradient, (value, aux)). The gradient has the structure of the
        argument, or is a tuple for a tuple of argnums.

    Raises:
        RuntimeError: func returns something else, or argnums do not fit.

    Example:
        >>> grad_and_value(lambda x: (x * x).sum())(tensor([1.0, 2.0]))
        (tensor([2., 4.]), tensor(5.))
    """
    return _gradient("grad_and_value", func, argnums, has_aux)


def grad(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient of `func`.

    Args:
        func: A function that returns a tensor of one element, or (with has_aux) that and anything else.
        argnums: Which positional arguments to differentiate with respect to; they may be trees of tensors.
        has_aux: Whether func returns (output, aux).

    Returns:
        A function of the same arguments that returns the gradient, in the structure of the argument (a tuple for a tuple of argnums), or
        (gradient, aux).

    Raises:
        RuntimeError: func returns something else, or argnums do not fit.

    Example:
        >>> grad(grad(lambda x: x * x * x))(tensor(2.0))
        tensor(12.)
    """
    both = _gradient("grad", func, argnums, has_aux)

    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return wrapper


def _gradient(name: str, func: Function, argnums: int | tuple[int, ...], has_aux: bool) -> Function:
    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        places = chosen(name, argnums, args)
        stage = Stage()
        outer = stage.outer
        given, spec = tree_flatten([args[p] for p in places])
        tensors(name, "the arguments to differentiate", given)
        below, leaves = stage.leaves(given)
        with _core.enable_grad(), alive(leaves):
            inputs = tree_unflatten(stage.shown(leaves), spec)
            output, aux = split_aux(name, func(*replaced(args, places, inputs), **kwargs), has_aux)
            if not isinstance(output, Tensor):
                raise expected(name, "the function to return a Tensor", type(output).__name__, error=RuntimeError)
            if output.ndim or output.is_complex():
                raise expected(name, "the function to return a real scalar", output, error=RuntimeError)
            loss = stage.below(output)
            keep = outside([loss], leaves, below, outer)
            found: list[Tensor | None] = [None] * len(leaves)
            if loss.requires_grad:
                found = _core.gradients([loss], [ones_like(loss)], leaves, keep, keep)
            grads = [zeros_like(x) if g is None else g for g, x in zip(found, below)]
            each = tree_unflatten(stage.shown(released(grads, leaves, outer)), spec)
            value, aux = released(output, leaves, outer), released(aux, leaves, outer)
        return each[0] if isinstance(argnums, int) else tuple(each), (value, aux) if has_aux else value

    return wrapper


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function, and a function that multiplies its Jacobian by vectors from the left.

    Args:
        func: A function of `primals` that returns a tree of tensors, or (with has_aux) that and anything else.
        primals: Trees of tensors.
        has_aux: Whether func returns (output, aux).

    Returns:
        (output, vjp_fn) or (output, vjp_fn, aux). `vjp_fn(cotangents)`, with the structure of the output, gives a tuple with a tree for
        each primal.

    Raises:
        RuntimeError: a primal or the output is no tensor, or the cotangents do not fit.

    Example:
        >>> output, pull = vjp(lambda x: x * x, tensor([1.0, 2.0]))
        >>> pull(tensor([1.0, 1.0]))
        (tensor([2., 4.]),)
    """
    stage = Stage()
    given, spec = tree_flatten(list(primals))
    tensors("vjp", "primals", given)
    below, leaves = stage.leaves(given)
    with _core.enable_grad(), alive(leaves):
        output, aux = split_aux("vjp", func(*tree_unflatten(stage.shown(leaves), spec)), has_aux)
        outputs, out_spec = tree_flatten(output)
        if not outputs or not all(isinstance(o, Tensor) for o in outputs):
            raise expected("vjp", "the function to return Tensors", type(output).__name__, error=RuntimeError)
        results = [stage.below(o) for o in outputs]
        value, aux = tree_unflatten(released(outputs, leaves, stage.outer), out_spec), released(aux, leaves, stage.outer)

    def vjp_fn(*cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        recorded = _core.is_grad_enabled() if create_graph is None else create_graph
        seeds, seed_spec = tree_flatten(cotangents[0] if len(cotangents) == 1 else cotangents)
        if seed_spec != out_spec:
            raise expected("vjp", f"cotangents of the structure {out_spec}", f"{seed_spec}", error=RuntimeError)
        for s, o in zip(seeds, outputs):
            if not isinstance(s, Tensor) or tuple(s.shape) != tuple(o.shape):
                raise expected("vjp", f"a cotangent of shape {tuple(o.shape)}", s, error=RuntimeError)
        with alive(leaves):
            seeds = [stage.below(s) for s in seeds]
            keep = outside(results, leaves, [*below, *seeds], recorded)
            pairs = [(o, s) for o, s in zip(results, seeds) if o.requires_grad]
            found: list[Tensor | None] = [None] * len(leaves)
            if pairs:
                found = _core.gradients([o for o, _ in pairs], [s for _, s in pairs], leaves, retain_graph, keep)
            grads = [zeros_like(x) if g is None else g for g, x in zip(found, below)]
            return tuple(tree_unflatten(stage.shown(released(grads, leaves, recorded)), spec))

    return (value, vjp_fn, aux) if has_aux else (value, vjp_fn)


def jvp(func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The value of a function, and its Jacobian times a vector.

    The derivative in the direction of `tangents`, by differentiating the derivative: v^T J is linear in v, and its derivative is J.

    Args:
        func: A function of `primals` that returns a tree of tensors, or (with has_aux) that and anything else.
        primals: A tuple of trees of tensors.
        tangents: A tuple of the same structure.
        strict: Raise where an output does not depend on the inputs, instead of answering zeros.
        has_aux: Whether func returns (output, aux).

    Returns:
        (output, jvp_out) or (output, jvp_out, aux).

    Raises:
        RuntimeError: primals and tangents do not fit, or independence with strict.

    Example:
        >>> jvp(lambda x: x * x, (tensor([1.0, 2.0]),), (tensor([1.0, 0.0]),))
        (tensor([1., 4.]), tensor([2., 0.]))
    """
    if not isinstance(primals, tuple) or not primals:
        raise expected("jvp", "primals to be a tuple with at least one element", type(primals).__name__, error=RuntimeError)
    given, spec = tree_flatten(list(primals))
    directions, tangent_spec = tree_flatten(list(tangents))
    tensors("jvp", "primals", given, forward=True)
    if tangent_spec != spec:
        raise expected("jvp", f"tangents of the structure {spec}", f"{tangent_spec}", error=RuntimeError)
    for x, v in zip(given, directions):
        if not isinstance(v, Tensor) or tuple(v.shape) != tuple(x.shape):
            raise expected("jvp", f"a tangent of shape {tuple(x.shape)}", v, error=RuntimeError)
    stage = Stage()
    below, leaves = stage.leaves(given)
    moving = [stage.below(v) for v in directions]
    with _core.enable_grad(), alive(leaves):
        output, aux = split_aux("jvp", func(*tree_unflatten(stage.shown(leaves), spec)), has_aux)
        outputs, out_spec = tree_flatten(output)
        if not outputs or not all(isinstance(o, Tensor) for o in outputs):
            raise expected("jvp", "the function to return Tensors", type(output).__name__, error=RuntimeError)
        results = [stage.below(o) for o in outputs]
        if strict and not all(o.requires_grad for o in results):
            raise expected("jvp", "outputs that depend on the inputs", "one that does not", "leave strict=True away", RuntimeError)
        keep = outside(results, leaves, [*below, *moving], stage.outer)
        moved = push(results, leaves, moving, keep)
        value = tree_unflatten(released(outputs, leaves, stage.outer), out_spec)
        tangent = tree_unflatten(stage.shown(released(moved, leaves, stage.outer)), out_spec)
        aux = released(aux, leaves, stage.outer)
    return (value, tangent, aux) if has_aux else (value, tangent)


def linearize(func: Function, *primals: Any) -> tuple[Any, Function]:
    """The value of a function, and a function that multiplies its Jacobian there by vectors from the right.

    func is run once; each product after that costs a pass over its recorded derivative.

    Args:
        func: A function of `primals` that returns a tree of tensors.
        primals: Trees of tensors.

    Returns:
        (output, jvp_fn); `jvp_fn(*tangents)` has the structure of the output.

    Example:
        >>> output, push_forward = linearize(lambda x: x * x, tensor([1.0, 2.0]))
        >>> push_forward(tensor([0.0, 1.0]))
        tensor([0., 4.])
    """
    given, spec = tree_flatten(list(primals))
    tensors("linearize", "primals", given)
    stage = Stage()
    with _core.enable_grad():
        leaves = [stage.below(x).detach().requires_grad_(True) for x in given]
        outputs, out_spec = tree_flatten(func(*tree_unflatten(stage.shown(leaves), spec)))
        results = [stage.below(o) for o in outputs]
        live = [o for o in results if o.requires_grad]
        seeds = [zeros_like(o).requires_grad_(True) for o in live]
        pulled = _core.gradients(live, seeds, leaves, True, True) if live else []

    def jvp_fn(*tangents: Any) -> Any:
        directions, tangent_spec = tree_flatten(list(tangents))
        if tangent_spec != spec:
            raise expected("linearize", f"tangents of the structure {spec}", f"{tangent_spec}", error=RuntimeError)
        pairs = [(p, stage.below(v)) for p, v in zip(pulled, directions) if p is not None and p.requires_grad]
        found: list[Tensor | None] = [None] * len(live)
        if pairs:
            found = _core.gradients([p for p, _ in pairs], [v for _, v in pairs], seeds, True, False)
        moved = dict(zip(map(id, live), found))
        each = [moved.get(id(o)) for o in results]
        tangents_out = [zeros_like(o).detach() if g is None else g for g, o in zip(each, results)]
        return tree_unflatten(stage.shown(tangents_out), out_spec)

    return tree_map(lambda o: o.detach(), tree_unflatten(outputs, out_spec)), jvp_fn


def functionalize(func: Function, *, remove: str = "mutations") -> Function:
    """A function that means the same as `func`, for whoever records it without writes in place.

    Here nobody does: func runs as it is written, and a graph that is captured from it has no writes in it anyway.

    Args:
        func: A function of tensors.
        remove: "mutations" or "mutations_and_views".

    Raises:
        RuntimeError: another word.
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise expected("functionalize", 'remove to be "mutations" or "mutations_and_views"', remove, error=RuntimeError)

    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapper


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The batch that a tensor within `vmap` carries, to look at; any other tensor as it is.

    Args:
        tensor: The tensor.
        recurse: Whether all levels are taken off, or the innermost alone.
    """
    if recurse:
        return innermost(tensor)
    return tensor.full if isinstance(tensor, Batched) else tensor
