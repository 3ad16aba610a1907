"""Batches that look like one of their elements: what `func.vmap` computes with.

A batched tensor has the shape and dtype of an element and carries the whole batch, whose first dimension is the level's. While a
level is open, each op that gets one runs on the batches (by the rules of `batching_rules`) or, where no rule says how, on one element
after the other. What is recorded for backward is recorded of the batches, below all levels: derivatives know nothing of them.
Gradients may be batched too: a backward with batched seeds runs its rules, which are written in ops, over the whole batch.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from typing import Any

from workbench.ext.core import _core

from ..ops.errors import expected
from ..ops.pieces import stack
from ..pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

Tensor = _core.Tensor
_levels: list[Level] = []  # the open ones, outermost first


class Unreadable(RuntimeError):  # noqa: N818 - a state, not a mishap
    """Somebody wants to read the elements of a batched tensor in Python."""


def _unreadable(what: str) -> Any:
    def refuse(self: Batched, *args: Any, **kwargs: Any) -> Any:
        raise Unreadable(
            f"vmap: expected a function that does not read its values, got a call of {what}; use where() in the place of a branch"
        )

    return refuse


class Batched(_core.Tensor):
    """An element of a batch by its shape, the whole batch by what it carries in `full`; its own memory means nothing."""

    full: Tensor
    level: Level

    @property
    def requires_grad(self) -> bool:
        return self.full.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def grad_fn(self) -> Any:
        return self.full.grad_fn

    @property
    def is_leaf(self) -> bool:
        return self.full.is_leaf

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        raise expected("requires_grad_", "a tensor outside of vmap", "one within", "use func.grad", RuntimeError)

    def backward(self, *args: Any, **kwargs: Any) -> None:
        raise expected("backward", "a tensor outside of vmap", "one within", "use func.grad", RuntimeError)

    def detach(self) -> Batched:
        return wrap(self.level, self.full.detach())

    @property
    def data(self) -> Any:
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        raise expected("data", "a tensor outside of vmap", "one within", error=RuntimeError)

    def fill_(self, value: Any) -> Batched:
        return _core.OPS["copy_"](self, value if isinstance(value, Tensor) else _number(value, self.dtype))

    def zero_(self) -> Batched:
        return self.fill_(0)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return wrap(self.level, self.full.detach().clone())

    def __repr__(self) -> str:
        return f"Batched(of {self.level.n}, {self.full!r})"

    __str__ = __repr__
    item = _unreadable("item()")
    tolist = _unreadable("tolist()")
    numpy = _unreadable("numpy()")
    data_ptr = _unreadable("data_ptr()")
    __array__ = _unreadable("__array__()")
    __dlpack__ = _unreadable("__dlpack__()")
    __reduce_ex__ = _unreadable("pickle")
    __bool__ = _unreadable("bool()")
    __int__ = _unreadable("int()")
    __float__ = _unreadable("float()")
    __complex__ = _unreadable("complex()")
    __index__ = _unreadable("index()")


def _number(value: Any, dtype: Any) -> Tensor:
    return _core.fill(_core.make_empty((), dtype), value)


def wrap(level: Level, full: Tensor) -> Batched:
    """The batched tensor that carries `full`, whose first dimension is the batch's."""
    made: Any = _core.Tensor.__new__(Batched)
    _core.init_tensor(made, _core.make_empty(tuple(full.shape)[1:], full.dtype), False)
    made.full, made.level = full, level
    return made


def invoke(op: Any, args: Sequence[Any]) -> Any:
    """An op with all its arguments."""
    d = op.definition
    return op(*args[: d.npos], **dict(zip(d.params[d.npos :], args[d.npos :])))


class Level:
    """A batch size, for as long as the block is open in which tensors are batched by it.

    Args:
        n: The batch size.
        randomness: What a user's Function is told.
    """

    def __init__(self, n: int, randomness: str = "error") -> None:
        self.n, self.randomness = n, randomness
        self.written: dict[int, tuple[Tensor, Tensor]] = {}
        self.interceptor = _core.intercept(self.call)

    def __enter__(self) -> Level:
        _levels.append(self)
        self.interceptor.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.interceptor.__exit__(*exc)
        _levels.remove(self)

    # what is batched

    def full_of(self, x: Any) -> Tensor | None:
        """The batch that a tensor carries; None where all elements share it."""
        if type(x) is Batched:
            if x.level is self:
                return x.full
        elif self.written and isinstance(x, Tensor):
            root = x if x._base is None else x._base
            if id(root) in self.written:
                full = self.written[id(root)][1]
                if x is root:
                    return full
                offset = (x.data_ptr() - root.data_ptr()) // x.element_size()
                strides = (full.stride(0), *x.stride())
                return _core.OPS["restride"](full, (self.n, *x.shape), strides, offset, tuple(full.stride()))
        return None

    def touches(self, args: Sequence[Any]) -> bool:
        """Whether something among arguments is batched."""
        for a in args:
            if type(a) is Batched:
                if a.level is self:
                    return True
            elif isinstance(a, (tuple, list)):
                if self.touches(a):
                    return True
            elif self.written and self.full_of(a) is not None:
                return True
        return False

    def spread(self, x: Tensor) -> Tensor:
        """The batch of a tensor; of one that is not batched, the same for each element."""
        full = self.full_of(x)
        return x.unsqueeze(0).expand(self.n, *x.shape) if full is None else full

    def grow(self, x: Tensor) -> Tensor:
        """The batch that a tensor from within the block has from now on, as it is about to be written with a batched one."""
        root = x if x._base is None else x._base
        if type(x) is Batched or not root.is_contiguous() or root.requires_grad:
            raise expected("vmap", "a batched tensor to be written with one", "one that all elements share", "clone it", RuntimeError)
        if id(root) not in self.written:
            self.written[id(root)] = (root, root.unsqueeze(0).expand(self.n, *root.shape).clone())
        full = self.full_of(x)
        assert full is not None
        return full

    def check_written(self) -> None:
        """What was written with a batch must have been made within: nobody outside may still hold it."""
        probe: list[Any] = []
        alone = sys.getrefcount(probe)  # as many as a local variable alone accounts for
        for key in list(self.written):
            root = self.written.pop(key)[0]
            if sys.getrefcount(root) > alone and gc.collect() >= 0 and sys.getrefcount(root) > alone:
                raise expected("vmap", "tensors from outside not to be written with batched ones", "one", "clone it first", RuntimeError)

    def slices(self, x: Any) -> list[Any]:
        """One element after the other; for anything that is not batched, itself each time."""
        full = self.full_of(x)
        if full is None:
            if isinstance(x, (tuple, list)) and self.touches(x):
                return [type(x)(row) for row in zip(*(self.slices(y) for y in x))]
            return [x] * max(self.n, 1)
        if not self.n:
            return [full.new_zeros(tuple(full.shape)[1:])]
        return unbound(full)

    # running ops

    def call(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        """The interceptor of the block."""
        if not self.touches(args):
            return proceed(*args)
        from .batching_rules import rule_of

        if op.name.endswith("_"):
            return self.write(op, args, proceed)
        if op.definition.family == "composite":
            return self.composite(op, args, proceed)
        rule = rule_of(op)
        result = NotImplemented if rule is None else rule(self, op, args, proceed)
        if result is not NotImplemented:
            return self.wrapped(result)
        if op.formula is not None and not op.definition.extra:
            return self.composite(op, args, lambda *given: op.formula(*given), proceed)  # what it means, in ops that come here
        return self.one_by_one(args, proceed)

    def composite(self, op: Any, args: tuple[Any, ...], meaning: Callable[..., Any], proceed: Callable[..., Any] | None = None) -> Any:
        """An op written in others, which come here one by one; element by element where it reads values on its way."""
        if op.name in _SIZES_FROM_VALUES:
            raise Unreadable(f"{op.name}: expected a result whose size is known before its values, got vmap over it; use where()")
        try:
            return meaning(*args)
        except Unreadable:
            return self.one_by_one(args, proceed or meaning)

    def wrapped(self, result: Any) -> Any:
        return tree_map(lambda r: wrap(self, r) if isinstance(r, Tensor) else r, result)

    def one_by_one(self, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        """The results for one element after the other, stacked: right for every op."""
        rows, spec = [], None
        for row in zip(*(self.slices(a) for a in args)):
            leaves, spec = tree_flatten(proceed(*row))
            rows.append(leaves)
        return tree_unflatten([self.together(column) for column in zip(*rows)], spec) if spec is not None else None

    def together(self, column: Sequence[Any]) -> Any:
        if not isinstance(column[0], Tensor):
            return column[0]
        if len({tuple(x.shape) for x in column}) > 1:
            raise expected("vmap", "results of one shape for all elements", "several", error=RuntimeError)
        full = stack(list(column))
        return wrap(self, full if self.n else full.narrow(0, 0, 0))

    def write(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        """An op in place."""
        from .batching_rules import write_elementwise

        x = args[0]
        full = self.full_of(x)
        if full is None:
            full = self.grow(x)
        family = op.definition.family
        if family == "view":
            made = _core.OPS[op.name[:-1]](*args)
            x.full = made.full
            proceed(*args)
        elif family == "composite" and type(x) is Batched and x.level is self:
            try:
                proceed(*args)
            except Unreadable:
                for row in zip(full.unbind(0), *(self.slices(a) for a in args[1:])):
                    proceed(*row)
        elif not write_elementwise(self, op, full, args, proceed):
            made = invoke(_core.OPS[op.name[:-1]], [wrap(self, full), *args[1:]])
            full.copy_(self.spread(made))
        return x


_SIZES_FROM_VALUES = {
    "nonzero", "argwhere", "unique", "unique_consecutive", "masked_select", "equal", "allclose", "bincount",
}  # fmt: skip


def unbound(x: Tensor) -> list[Tensor]:
    """The elements of a batch, with one derivative for all of them: a stack of their gradients."""
    if x.requires_grad and _core.is_grad_enabled():
        from .batching_function import Unbind

        return list(Unbind.apply(x))
    return [x.select(0, i) for i in range(x.shape[0])]


def active() -> tuple[Level, ...]:
    """The open levels, outermost first."""
    return tuple(_levels)


def lower(x: Any, levels: Sequence[Level]) -> Any:
    """A tensor as it is outside of `levels` (the outermost open ones): with a dimension in front for each, that of the outermost first."""
    if not levels:
        return x
    if type(x) is Batched and x.level not in levels:  # a level further in stays
        return wrap(x.level, lower(x.full, levels).movedim(len(levels), 0))
    return lower(levels[-1].spread(x), levels[:-1])


def lift(x: Any, levels: Sequence[Level]) -> Any:
    """The reverse of `lower`."""
    if not levels:
        return x
    if type(x) is Batched and x.level not in levels:
        return wrap(x.level, lift(x.full.movedim(0, len(levels)), levels))
    for level in levels:
        x = wrap(level, x)
    return x


def innermost(x: Any) -> Any:
    """What a tensor is below all levels; its history is there."""
    while type(x) is Batched:
        x = x.full
    return x


def batched_over(n: int, f: Callable[..., Any], *batches: Any) -> list[Any]:
    """Call `f` with batched tensors; the leaves of what it returns as batches, None for those that are None.

    Args:
        n: The batch size.
        f: Runs ops; the seeds of a backward may be batched.
        batches: Tensors with the batch in front, or None.
    """
    with Level(n) as level:
        found = tree_leaves(f(*(None if b is None else wrap(level, b) for b in batches)))
        return [level.spread(x) if isinstance(x, Tensor) else x for x in found]


def slicewise(derivative: Callable[..., Any], grads: list[Any], need: Any) -> list[Any]:
    """A derivative that is a function of Python's, of gradients that may be batched: called for one element after the other then."""
    found = [g.level for g in grads if type(g) is Batched]
    if not found:
        return list(derivative(grads, need))
    level = max(found, key=_levels.index)
    rows = [slicewise(derivative, list(row), need) for row in zip(*(level.slices(g) for g in grads))]
    return [None if column[0] is None else level.together(column) for column in zip(*rows)]


_core.set_slicewise(slicewise)
