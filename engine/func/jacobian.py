"""Jacobians and Hessians as functions of functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from workbench.ext.core import _core

from ..autograd.forward_ad import push
from ..errors import expected
from ..ops.creation import zeros_like
from ..ops.pieces import stack
from ..pytree import tree_flatten, tree_unflatten
from ._level import alive, chosen, outside, released, replaced, split_aux, stand_in, tensors

Tensor = _core.Tensor
Function = Callable[..., Any]


def _basis(like: Tensor) -> list[Tensor]:
    """All tensors of this shape with a single one in them."""
    n = like.numel()
    eye = _core.fill(_core.make_empty((n, n), like.dtype), 0)
    with _core.no_grad():
        eye.view(-1)[:: n + 1] = 1
    return [eye[j].view(like.shape) for j in range(n)]


class _Call:
    """One call of the function that is differentiated: stand-ins, outputs, and what is to become of the results."""

    def __init__(
        self, name: str, func: Function, argnums: int | tuple[int, ...], has_aux: bool, args: tuple[Any, ...], kwargs: Any
    ) -> None:
        places = chosen(name, argnums, args)
        self.outer = _core.is_grad_enabled()
        self.single = isinstance(argnums, int)
        self.given, self.spec = tree_flatten([args[p] for p in places])
        tensors(name, "the arguments to differentiate", self.given, forward=name == "jacfwd")
        with _core.enable_grad():
            self.leaves = [stand_in(x, self.outer) for x in self.given]
        with _core.enable_grad(), alive(self.leaves):
            values = replaced(args, places, tree_unflatten(self.leaves, self.spec))
            output, aux = split_aux(name, func(*values, **kwargs), has_aux)
            self.outputs, self.out_spec = tree_flatten(output)
            if not self.outputs or not all(isinstance(o, Tensor) for o in self.outputs):
                raise expected(name, "the function to return Tensors", type(output).__name__, error=RuntimeError)
            self.keep = outside(self.outputs, self.leaves, self.given, self.outer)
            self.aux = released(aux, self.leaves, self.outer)
        self.has_aux = has_aux

    def result(self, blocks: list[list[Tensor]]) -> Any:
        """blocks[output][input] in the structure of the outputs, and in each place that of the arguments."""
        rows = []
        for row in blocks:
            each = tree_unflatten(released(row, self.leaves, self.outer), self.spec)
            rows.append(each[0] if self.single else tuple(each))
        found = tree_unflatten(rows, self.out_spec)
        return (found, self.aux) if self.has_aux else found


def _rows(call: _Call, o: Tensor) -> list[Tensor]:
    """The Jacobian of one output with respect to each input."""
    shapes = [(*o.shape, *x.shape) for x in call.given]
    if not o.requires_grad or not o.numel():
        return [zeros_like(x).detach().new_zeros(s) for x, s in zip(call.given, shapes)]
    rows = [_core.gradients([o], [e], call.leaves, True, call.keep) for e in _basis(o)]
    return [stack([zeros_like(x) if r[i] is None else r[i] for r in rows]).reshape(s) for i, (x, s) in enumerate(zip(call.given, shapes))]


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
        chunk_size: Accepted for PyTorch's sake: rows are computed one after the other.

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
            return call.result([_rows(call, o) for o in call.outputs])

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
    columns = []
    for e in _basis(x):
        directions = [e if k == i else zeros_like(y) for k, y in enumerate(call.given)]
        columns.append(push(call.outputs, call.leaves, directions, call.keep))
    found = []
    for k, o in enumerate(call.outputs):
        shape = (*o.shape, *x.shape)
        found.append(stack([c[k] for c in columns], -1).reshape(shape) if columns else zeros_like(o).detach().new_zeros(shape))
    return found


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
