"""A function of one example as a function of a batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from workbench.ext.core import _core

from ..autograd.batching import Level, unbound
from ..errors import expected
from ..ops.generator import default_generator
from ..ops.pieces import cat, stack
from ..pytree import TreeSpec, broadcast_to_and_flatten, tree_flatten, tree_unflatten

Tensor = _core.Tensor


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that applies `func` to each slice of its arguments and stacks the results.

    func is called once, with tensors that have the shape of a slice and carry the whole batch: each operation runs on the batch where it
    has a rule for that, and on one slice after the other where it has none. It nests, and differentiates both ways, with the other
    transforms. With randomness "different" or "same" func is called for each slice.

    Args:
        func: A function of trees of tensors that returns tensors, in trees.
        in_dims: The dimension to map over: an int, or a tuple with one for each positional argument, each an int, None (the argument is the
            same for every slice) or a tree of these. Keyword arguments are never mapped.
        out_dims: Where the mapped dimension goes in the results: an int, or a tree of them. None for a result that does not depend on the
            slice.
        randomness: Whether func may draw random numbers: "error" (it may not), "different" (each slice draws its own) or "same".
        chunk_size: How many slices are computed at a time; None means all.

    Shape:
        result: each without the mapped dimension, and with it inserted at out_dims.

    Raises:
        ValueError: in_dims, out_dims or chunk_size do not fit the arguments or results, or sizes differ.
        RuntimeError: another randomness, func draws random numbers with "error", reads values (in a branch, by item()), or writes a slice
            into a tensor from outside.

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
        fulls = [x if d is None else x.movedim(d, 0) for x, d in zip(leaves, dims)]
        size = chunk_size or max(n, 1)
        run = _together if randomness == "error" else _one_by_one
        parts = []
        for start in range(0, max(n, 1), size):
            m = min(size, n - start)
            part = [x if d is None or m == n else x.narrow(0, start, m) for x, d in zip(fulls, dims)]
            parts.append(run(func, part, dims, spec, kwargs, m, randomness, out_dims))
        columns, out_spec, places = [list(c) for c in zip(*(p[0] for p in parts))], parts[0][1], parts[0][2]
        found = [c[0] if d is None or len(c) == 1 else cat(c) for c, d in zip(columns, places)]
        return tree_unflatten([x if d is None else _placed(x, d) for x, d in zip(found, places)], out_spec)

    return wrapper


def _together(
    func: Callable[..., Any], fulls: list[Any], dims: list[Any], spec: Any, kwargs: Any, n: int, randomness: str, out_dims: Any
) -> tuple[list[Any], TreeSpec, list[Any]]:
    """The batches of the results, of one call of the function with batched tensors."""
    before = _state()
    with Level(n, randomness) as level:
        given = [x if d is None else level.wrapped(x) for x, d in zip(fulls, dims)]
        outputs, structure = tree_flatten(func(*tree_unflatten(given, spec), **kwargs))
        del given
        if _state().tolist() != before.tolist():
            raise expected(
                "vmap", "a function that draws no random numbers", "one that does", 'say randomness="different" or "same"', RuntimeError
            )
        places = _output_dims(out_dims, outputs, structure)
        found = []
        for x, d in zip(outputs, places):
            batched = level.full_of(x) is not None
            if d is None and batched:
                raise expected("vmap", "out_dims other than None for a result that depends on the slice", "None")
            found.append(x if d is None else level.spread(x))
        del outputs, x
        level.check_written()
    return found, structure, places


def _one_by_one(
    func: Callable[..., Any], fulls: list[Any], dims: list[Any], spec: Any, kwargs: Any, n: int, randomness: str, out_dims: Any
) -> tuple[list[Any], TreeSpec, list[Any]]:
    """The batches of the results, of a call of the function for each slice, which draws random numbers of its own or the same."""
    if n:
        parts = [None if d is None else unbound(x) for x, d in zip(fulls, dims)]
    else:
        parts = [None if d is None else [x.new_zeros(tuple(x.shape)[1:])] for x, d in zip(fulls, dims)]
    before = _state()
    rows: list[list[Any]] = []
    structure: TreeSpec | None = None
    for i in range(max(n, 1)):
        if randomness == "same":
            default_generator.set_state(before)
        outputs, found = tree_flatten(func(*tree_unflatten([x if p is None else p[i] for x, p in zip(fulls, parts)], spec), **kwargs))
        if structure is not None and found != structure:
            raise expected("vmap", f"results of the structure {structure} for every slice", f"{found}")
        structure = found
        rows.append(outputs)
    assert structure is not None
    places = _output_dims(out_dims, rows[0], structure)
    columns = [c[0] if d is None else stack(list(c)) for c, d in zip(zip(*rows), places)]
    return [c if d is None or n else c.narrow(0, 0, 0) for c, d in zip(columns, places)], structure, places


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


def _output_dims(out_dims: Any, outputs: list[Any], spec: TreeSpec) -> list[Any]:
    """Where the mapped dimension goes in each result; None where it has none."""
    dims = broadcast_to_and_flatten(out_dims, spec)
    if dims is None and isinstance(out_dims, tuple) and len(out_dims) == 1:
        dims = broadcast_to_and_flatten(out_dims[0], spec)
    if dims is None:
        raise expected("vmap", f"out_dims of the structure of the results, {spec}", out_dims)
    for x, d in zip(outputs, dims):
        if d is None:
            continue
        if not isinstance(x, Tensor):
            raise expected("vmap", "the function to return only Tensors", type(x).__name__, "its out_dims is to be None")
        if not isinstance(d, int) or isinstance(d, bool):
            raise expected("vmap", "out_dims to hold ints or None", d)
    return dims


def _placed(x: Tensor, d: int) -> Tensor:
    """A batch with its dimension at `d`."""
    if not -x.ndim <= d < x.ndim:
        raise IndexError(f"vmap: expected out_dims within the {x.ndim} dimensions of its result, got {d}")
    return x.movedim(0, d) if d else x
