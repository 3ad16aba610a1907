"""Jacobians and Hessians as functions of functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from workbench.ext.core import _core

from ..autograd.batching import batched_over
from ..autograd.forward_ad import push
from ..errors import expected
from ..ops.creation import zeros_like
from ..ops.pieces import cat
from ..pytree import tree_flatten, tree_unflatten
from ._level import Stage, alive, chosen, outside, released, replaced, split_aux, tensors

Tensor = _core.Tensor
Function = Callable[..., Any]


def _basis(like: Tensor) -> Tensor:
    """All tensors of this shape with a single one in them, stacked."""
    n = like.numel()
    eye = _core.fill(_core.make_empty((n, n), like.dtype), 0)
    with _core.no_grad():
        eye.view(-1)[:: n + 1] = 1
    return eye.view((n, *like.shape))


class _Call:
    """One call of the function that is differentiated: stand-ins, outputs, and what is to become of the results."""

    def __init__(
        self, name: str, func: Function, argnums: int | tuple[int, ...], has_aux: bool, args: tuple[Any, ...], kwargs: Any
    ) -> None:
        places = chosen(name, argnums, args)
        self.stage = stage = Stage()
        self.single = isinstance(argnums, int)
        self.given, self.spec = tree_flatten([args[p] for p in places])
        tensors(name, "the arguments to differentiate", self.given, forward=name == "jacfwd")
        if any(x.is_complex() for x in self.given):
            raise expected(name, "real arguments to differentiate", "complex ones", "take real and imaginary parts", RuntimeError)
        self.below, self.leaves = stage.leaves(self.given)
        with _core.enable_grad(), alive(self.leaves):
            values = replaced(args, places, tree_unflatten(stage.shown(self.leaves), self.spec))
            output, aux = split_aux(name, func(*values, **kwargs), has_aux)
            self.outputs, self.out_spec = tree_flatten(output)
            if not self.outputs or not all(isinstance(o, Tensor) for o in self.outputs):
                raise expected(name, "the function to return Tensors", type(output).__name__, error=RuntimeError)
            if any(o.is_complex() for o in self.outputs):
                raise expected(name, "the function to return real tensors", "complex ones", "take real and imaginary parts", RuntimeError)
            self.results = [stage.below(o) for o in self.outputs]
            self.keep = outside(self.results, self.leaves, self.below, stage.outer)
            self.aux = released(aux, self.leaves, stage.outer)
        self.has_aux = has_aux

    def result(self, blocks: list[list[Tensor]]) -> Any:
        """blocks[output][input] in the structure of the outputs, and in each place that of the arguments."""
        rows = []
        for row in blocks:
            each = tree_unflatten(self.stage.shown(released(row, self.leaves, self.stage.outer)), self.spec)
            rows.append(each[0] if self.single else tuple(each))
        found = tree_unflatten(rows, self.out_spec)
        return (found, self.aux) if self.has_aux else found

    def wide(self, basis: Tensor) -> Tensor:
        """A batch of tensors of one element of each level around, the same for all these elements."""
        sizes = tuple(level.n for level in self.stage.levels)
        m, shape = basis.shape[0], tuple(basis.shape)[1:]
        return basis.reshape(m, *(1,) * len(sizes), *shape).expand(m, *sizes, *shape)

    def shaped(self, found: Tensor | None, m: int, x: int, shape: tuple[int, ...], last: bool) -> Tensor:
        """A batch of results in the shape of a block: behind the levels around, `shape`."""
        n = len(self.stage.levels)
        like = self.below[x]
        lead = tuple(like.shape)[:n]
        if found is None:
            return zeros_like(like).detach().new_zeros((*lead, *shape))
        return found.movedim(0, found.ndim - 1 if last else n).reshape((*lead, *shape))


def _rows(call: _Call, k: int, chunk: int | None) -> list[Tensor]:
    """The Jacobian of one output with respect to each input."""
    o, result = call.outputs[k], call.results[k]
    shapes = [(*o.shape, *x.shape) for x in call.given]
    n, places = o.numel(), range(len(shapes))
    if not result.requires_grad or not n:
        return [call.shaped(None, n, i, shapes[i], False) for i in places]
    parts = []
    for part in _basis(o).split(chunk or n):
        found = batched_over(part.shape[0], lambda e: _core.gradients([result], [e], call.leaves, True, call.keep), call.wide(part))
        parts.append(found)
    columns = [list(c) for c in zip(*parts)]
    return [call.shaped(None if columns[i][0] is None else cat(columns[i]), n, i, shapes[i], False) for i in places]


def jacrev(
    func: Function,
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Function:
    """A function that gives the Jacobian of `func`, by rows: a backward for each element of the output.

    Args:
        func: A function that returns a tree of tensors, or (with has_aux) that and anything else.
        argnums: Which positional arguments to differentiate with respect to; they may be trees of tensors.
        has_aux: Whether func returns (output, aux).
        chunk_size: How many rows are computed at a time; None means all of one output.

    Shape:
        result: in the structure of the output the structure of the argument, each of shape (*output, *argument).

    Raises:
        ValueError: chunk_size is not positive.
        RuntimeError: func does not return tensors, or argnums do not fit.

    Example:
        >>> jacrev(lambda x: x * x)(tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise expected("jacrev", "chunk_size above 0", chunk_size)

    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacrev", func, argnums, has_aux, args, kwargs)
        with alive(call.leaves):
            return call.result([_rows(call, k, chunk_size) for k in range(len(call.outputs))])

    return wrapper


def jacfwd(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False, *, randomness: str = "error") -> Function:
    """A function that gives the Jacobian of `func`, by columns: a product for each element of the argument.

    Args:
        func: A function that returns a tree of tensors, or (with has_aux) that and anything else.
        argnums: Which positional arguments to differentiate with respect to; they may be trees of tensors.
        has_aux: Whether func returns (output, aux).
        randomness: Accepted for PyTorch's sake: func runs once.

    Shape:
        result: in the structure of the output the structure of the argument, each of shape (*output, *argument).

    Raises:
        RuntimeError: func does not return tensors, or argnums do not fit.

    Example:
        >>> jacfwd(lambda x: x * x)(tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """

    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacfwd", func, argnums, has_aux, args, kwargs)
        with alive(call.leaves):
            columns = [_columns(call, i, x) for i, x in enumerate(call.given)]
            return call.result([list(row) for row in zip(*columns)])

    return wrapper


def _columns(call: _Call, i: int, x: Tensor) -> list[Tensor]:
    """The Jacobian of each output with respect to one input."""
    shapes = [(*o.shape, *x.shape) for o in call.outputs]
    n, places = x.numel(), range(len(shapes))
    if not n:
        return [call.shaped(None, n, i, s, True) for s in shapes]
    below = call.below

    def product(e: Tensor) -> list[Tensor]:
        return push(call.results, call.leaves, [e if k == i else zeros_like(y) for k, y in enumerate(below)], call.keep)

    found = batched_over(n, product, call.wide(_basis(x)))
    return [call.shaped(found[k], n, i, shapes[k], True) for k in places]


def hessian(func: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """A function that gives the Hessian of `func`: jacfwd(jacrev(func)).

    Args:
        func: A function that returns tensors.
        argnums: Which positional arguments to differentiate with respect to.

    Shape:
        result: for tensors (*output, *argument, *argument).

    Example:
        >>> hessian(lambda x: (x * x * x).sum())(tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
