"""A function of one example as a function of a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from workbench.ext.core import _core

from ..autograd.function import Function
from ..errors import expected
from ..ops.generator import default_generator
from ..ops.pieces import stack
from ..pytree import TreeSpec, broadcast_to_and_flatten, tree_flatten, tree_unflatten

Tensor = _core.Tensor


class _Unbind(Function):
    """The slices along a dimension, with one derivative for all of them: a stack of their gradients."""

    @staticmethod
    def forward(ctx, x, dim):
        ctx.dim = dim
        return tuple(x.select(dim, i) for i in range(x.shape[dim]))

    @staticmethod
    def backward(ctx, *grads):
        return stack(grads, ctx.dim), None


def _slices(x: Tensor, dim: int) -> list[Tensor]:
    if x.requires_grad and _core.is_grad_enabled():
        return list(_Unbind.apply(x, dim))
    return [x.select(dim, i) for i in range(x.shape[dim])]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that applies `func` to each slice of its arguments and stacks the results.

    The slices are ordinary tensors and go through func one after the other, so everything that works on a single example works here:
    branches on values, in-place writes, `item()`. It nests, and differentiates both ways, with the other transforms.

    Args:
        func: A function of trees of tensors that returns tensors, in trees.
        in_dims: The dimension to map over: an int, or a tuple with one for each positional argument, each an int, None (the argument is the
            same for every slice) or a tree of these. Keyword arguments are never mapped.
        out_dims: Where the mapped dimension goes in the results: an int, or a tree of them. None for a result that does not depend on the
            slice.
        randomness: Whether func may draw random numbers: "error" (it may not), "different" (each slice draws its own) or "same".
        chunk_size: How many slices PyTorch computes at a time; here always one.

    Shape:
        result: each without the mapped dimension, and with it inserted at out_dims.

    Raises:
        ValueError: in_dims, out_dims or chunk_size do not fit the arguments or results, or sizes differ.
        RuntimeError: another randomness, or func draws random numbers with "error".

    Example:
        >>> vmap(lambda x, y: (x * y).sum(), in_dims=(0, None))(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 10.0]))
        tensor([21., 43.])
    """
    if randomness not in ("error", "different", "same"):
        raise expected("vmap", 'randomness to be "error", "different" or "same"', randomness, error=RuntimeError)
    if chunk_size is not None and chunk_size <= 0:
        raise expected("vmap", "chunk_size above 0", chunk_size)

    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        leaves, spec = tree_flatten(args)
        dims = _input_dims(in_dims, args, leaves, spec)
        sizes = {x.shape[d] for x, d in zip(leaves, dims) if d is not None}
        if len(sizes) > 1:
            raise expected("vmap", "one size of the mapped dimension", f"{sorted(sizes)}")
        (n,) = sizes
        parts = [None if d is None else _slices(x, d) for x, d in zip(leaves, dims)]
        if n == 0:
            parts = [None if d is None else [x.new_zeros([s for k, s in enumerate(x.shape) if k != d])] for x, d in zip(leaves, dims)]
        before = _state()
        rows: list[list[Any]] = []
        out_spec: TreeSpec | None = None
        for i in range(max(n, 1)):
            given = tree_unflatten([x if p is None else p[i] for x, p in zip(leaves, parts)], spec)
            if randomness == "same":
                default_generator.set_state(before)
            outputs, structure = tree_flatten(func(*given, **kwargs))
            if randomness == "error" and _state().tolist() != before.tolist():
                raise expected(
                    "vmap", "a function that draws no random numbers", "one that does", 'say randomness="different" or "same"', RuntimeError
                )
            if out_spec is not None and structure != out_spec:
                raise expected("vmap", f"results of the structure {out_spec} for every slice", f"{structure}")
            out_spec = structure
            rows.append(outputs)
        return _stacked(rows, out_spec, out_dims, n)

    return wrapper


def _state() -> Tensor:
    return default_generator.get_state()


def _input_dims(in_dims: Any, args: tuple[Any, ...], leaves: list[Any], spec: TreeSpec) -> list[int | None]:
    """The mapped dimension of each leaf, 0 or more; None where it is not mapped."""
    if not isinstance(in_dims, (int, tuple)):
        raise expected("vmap", "in_dims to be an int or a tuple with an item for each argument", in_dims)
    if not args:
        raise expected("vmap", "at least one positional argument", "none")
    dims = broadcast_to_and_flatten(in_dims, spec)
    if dims is None:
        raise expected("vmap", f"in_dims of the structure of the arguments, {spec}", in_dims)
    found: list[int | None] = []
    for x, d in zip(leaves, dims):
        if d is None:
            found.append(None)
            continue
        if not isinstance(d, int) or isinstance(d, bool):
            raise expected("vmap", "in_dims to hold ints or None", d)
        if not isinstance(x, Tensor):
            raise expected("vmap", "Tensors to map over", type(x).__name__, "its in_dims is to be None")
        if not -x.ndim <= d < x.ndim:
            raise expected("vmap", f"in_dims within the {x.ndim} dimensions of its argument", d)
        found.append(d % x.ndim)
    if all(d is None for d in found):
        raise expected("vmap", "at least one argument to map over", "in_dims that are None everywhere")
    return found


def _stacked(rows: list[list[Any]], spec: Any, out_dims: Any, n: int) -> Any:
    dims = broadcast_to_and_flatten(out_dims, spec)
    if dims is None and isinstance(out_dims, tuple) and len(out_dims) == 1:
        dims = broadcast_to_and_flatten(out_dims[0], spec)
    if dims is None:
        raise expected("vmap", f"out_dims of the structure of the results, {spec}", out_dims)
    found = []
    for column, d in zip(zip(*rows), dims):
        for x in column:
            if not isinstance(x, Tensor):
                raise expected("vmap", "the function to return only Tensors", type(x).__name__)
        if d is None:
            found.append(column[0])
            continue
        if not isinstance(d, int) or isinstance(d, bool):
            raise expected("vmap", "out_dims to hold ints or None", d)
        if not -column[0].ndim - 1 <= d <= column[0].ndim:
            raise IndexError(f"vmap: expected out_dims within the {column[0].ndim + 1} dimensions of its result, got {d}")
        together = stack(list(column), d)
        found.append(together if n else together.narrow(d, 0, 0))
    return tree_unflatten(found, spec)
