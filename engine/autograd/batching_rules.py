"""How ops run on whole batches: elementwise ops, reductions, views, and those that act along a dimension.

A rule is called with the level, the op, its arguments and what goes on with such arguments; it returns the batches of the results, or
NotImplemented to have the op run on one element after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ext.core import _core

Tensor = _core.Tensor
Rule = Callable[[Any, Any, tuple[Any, ...], Callable[..., Any]], Any]
RULES: dict[str, Rule] = {}


def rules(*names: str) -> Callable[[Rule], Rule]:
    """Make a function the rule of ops."""

    def enter(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return enter


def rule_of(op: Any) -> Rule | None:
    """The rule of an op: its own, or its family's."""
    if not _complete:
        from . import batching_calls  # noqa: F401 - enters its rules

        _complete.append(True)
    return RULES.get(op.name) or _FAMILIES.get(op.definition.family)


_complete: list[bool] = []


def only_first(level: Any, args: tuple[Any, ...]) -> Any:
    """The batch of the first argument if nothing else is batched, else None."""
    return None if level.touches(args[1:]) else level.full_of(args[0])


def ranked(full: Tensor, own: int, rank: int) -> Tensor:
    """A batch of elements of `own` dimensions as one of elements of `rank` dimensions, as broadcasting adds them in front."""
    for _ in range(rank - own):
        full = full.unsqueeze(1)
    return full


def dims_up(d: Any, ndim: int) -> Any:
    """Dimensions of an element as those of the batch; None where they are out of range."""
    if isinstance(d, int) and not isinstance(d, bool):
        return d % ndim + 1 if -ndim <= d < ndim else None
    if isinstance(d, (tuple, list)):
        moved = [dims_up(x, ndim) for x in d]
        return None if None in moved else tuple(moved)
    return None


def _aligned(level: Any, args: tuple[Any, ...], rank: int) -> list[Any]:
    given = []
    for a in args:
        full = level.full_of(a) if isinstance(a, Tensor) else None
        given.append(a if full is None else ranked(full, a.ndim, rank))
    return given


def _promotes_by_rank(tensors: list[Tensor]) -> bool:
    """Whether the dtype of the result depends on which tensors have no dimensions: those of a batch have one."""
    return len({t.dtype for t in tensors}) > 1 and any(t.ndim == 0 for t in tensors)


def elementwise(level: Any, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
    """Batches of one rank broadcast as elements do."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if _promotes_by_rank(tensors[1:] if op.name == "where" else tensors):
        return NotImplemented
    return proceed(*_aligned(level, args, max(t.ndim for t in tensors)))


@rules("copy")
def _(level, op, args, proceed):
    x, other, *rest = args
    if other.ndim > x.ndim:
        return NotImplemented
    return proceed(level.spread(x), *_aligned(level, (other,), x.ndim), *rest)


def write_elementwise(level: Any, op: Any, full: Tensor, args: tuple[Any, ...], proceed: Callable[..., Any]) -> bool:
    """Run an elementwise op in place on a batch; whether that could be done."""
    x = args[0]
    tensors = [a for a in args if isinstance(a, Tensor)]
    if op.definition.family not in ("map", "copy") or any(t.ndim > x.ndim for t in tensors):
        return False
    if op.name != "copy_" and _promotes_by_rank(tensors):
        return False
    proceed(full, *_aligned(level, args[1:], x.ndim))
    return True


def unary(level: Any, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
    """What does the same to a batch as to its elements."""
    full = only_first(level, args)
    return NotImplemented if full is None else proceed(full, *args[1:])


@rules("clone", "contiguous")
def _(level, op, args, proceed):
    return proceed(level.full_of(args[0]), *op.definition.defaults[1:])  # a memory format would mean one dimension less


rules("cast", "scaled_gradient", "frexp", "tril", "triu", "identity", "real_view", "imag_view", "view_as_real", "view_as_complex")(unary)


@rules("tril", "triu", "view_as_complex")
def _(level, op, args, proceed):
    return unary(level, op, args, proceed) if args[0].ndim else NotImplemented


def reduction(level: Any, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
    """Over the dimensions of the elements."""
    full = only_first(level, args)
    if full is None:
        return NotImplemented
    x, params = args[0], op.params
    given = list(args)
    at = params.index("dim")
    d, ndim = args[at], x.ndim
    if ndim == 0 or (d is None and op.name in ("argmax", "argmin")):
        if d not in (None, 0, -1, (), (0,), (-1,)):
            return NotImplemented
        given[0], given[at] = full.reshape(level.n, max(x.numel(), 1)), 1
        keep = "keepdim" in params and args[params.index("keepdim")]
        if "keepdim" in params:
            given[params.index("keepdim")] = False
        result = proceed(*given)
        return result.reshape((level.n,) + (1,) * ndim) if keep and ndim else result
    given[0] = full
    given[at] = tuple(range(1, ndim + 1)) if d is None or d == () else dims_up(d, ndim)
    return NotImplemented if given[at] is None else proceed(*given)


# views


def view(level: Any, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
    """A view without a rule of its own is made of one element after the other."""
    return NotImplemented


@rules("getitem")
def _(level, op, args, proceed):
    full = only_first(level, args)
    if full is None:
        return NotImplemented
    index = args[1] if type(args[1]) is tuple else (args[1],)
    if not any(x is Ellipsis for x in index) and sum(x is not None for x in index) > args[0].ndim:
        return NotImplemented
    return proceed(full, (slice(None), *index))


@rules("restride")
def _(level, op, args, proceed):
    x, size, strides, offset, of = args
    full = level.full_of(x)
    if tuple(full.stride())[1:] != tuple(of):  # not as the strides were taken to be: in memory of its own it is, if that is row-major
        full = full.contiguous()
    if tuple(full.stride())[1:] != tuple(of):
        return NotImplemented
    return proceed(full, (level.n, *size), (full.stride(0), *strides), offset, tuple(full.stride()))


@rules("t")
def _(level, op, args, proceed):
    full, ndim = level.full_of(args[0]), args[0].ndim
    return NotImplemented if ndim > 2 else full.transpose(1, 2) if ndim == 2 else full[:]


@rules("expand")
def _(level, op, args, proceed):
    full, size = level.full_of(args[0]), args[1]
    size = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    if len(size) < args[0].ndim:
        return NotImplemented
    return proceed(ranked(full, args[0].ndim, len(size)), (level.n, *size), *args[2:])


@rules("reshape", "view")
def _(level, op, args, proceed):
    full, shape = level.full_of(args[0]), args[1]
    if isinstance(shape, int):
        shape = (shape,)
    if not isinstance(shape, (tuple, list)):
        return proceed(full, shape) if args[0].ndim else NotImplemented  # another dtype
    known = 1
    for s in shape:
        known *= 1 if s == -1 else s
    if -1 in shape:
        if not known or args[0].numel() % known or list(shape).count(-1) > 1:
            return NotImplemented
        shape = [args[0].numel() // known if s == -1 else s for s in shape]
    elif known != args[0].numel():
        return NotImplemented
    return proceed(full, (level.n, *shape))


def _moved(*names: str) -> Rule:
    """A rule for ops of one batched tensor whose arguments of these names are dimensions."""

    def rule(level: Any, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        full = only_first(level, args)
        if full is None or not args[0].ndim:
            return NotImplemented
        given = [full, *args[1:]]
        for name in names:
            at = op.params.index(name)
            given[at] = dims_up(args[at], args[0].ndim)
            if given[at] is None:
                return NotImplemented
        return proceed(*given)

    return rule


rules("transpose")(_moved("dim0", "dim1"))
rules("select", "narrow")(_moved("dim"))
rules("diagonal")(_moved("dim1", "dim2"))
rules("windows")(_moved("dimension"))
rules("flip")(_moved("dims"))


@rules("roll")
def _(level, op, args, proceed):
    rolled = _moved("dims")
    return NotImplemented if args[2] is None or args[2] == () else rolled(level, op, args, proceed)


@rules("permute")
def _(level, op, args, proceed):
    dims = args[1] if isinstance(args[1], (tuple, list)) else (args[1],)
    moved = dims_up(tuple(dims), args[0].ndim)
    if moved is None or len(moved) != args[0].ndim:
        return NotImplemented
    return proceed(level.full_of(args[0]), (0, *moved))


@rules("unsqueeze")
def _(level, op, args, proceed):
    d = dims_up(args[1], args[0].ndim + 1)
    return NotImplemented if d is None else proceed(level.full_of(args[0]), d)


@rules("squeeze")
def _(level, op, args, proceed):
    x, d = args
    if d is None:
        d = tuple(i for i, s in enumerate(x.shape) if s == 1)
    if not x.ndim:
        return level.full_of(x)[:]
    d = dims_up(d, x.ndim)
    return NotImplemented if d is None else proceed(level.full_of(x), d)


# along a dimension


def along(level: Any, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
    """What treats all but one dimension as a batch anyway, for tensors of one rank; a dimension more does not matter."""
    at = op.params.index("dim")
    tensors = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
    ndim = args[tensors[0]].ndim
    given: list[Any] = list(args)
    given[at] = dims_up(args[at], ndim) if ndim else None
    if given[at] is None or any(args[i].ndim != ndim for i in tensors):
        return NotImplemented
    for i in tensors:
        given[i] = level.spread(args[i])
    return proceed(*given)


rules(
    "cummax", "cummin", "cumsum_along", "cumprod_along", "logcumsumexp", "softmax_over", "log_softmax_over", "softmax_backward",
    "log_softmax_backward", "sort", "topk", "gather", "scatter_add", "scatter_from", "scatter_reduced", "fft_of_real", "fft_to_real",
    "fft_whole",
)(along)  # fmt: skip


@rules("index_select")
def _(level, op, args, proceed):
    return _moved("dim")(level, op, args, proceed)


@rules("index_add")
def _(level, op, args, proceed):
    x, dim, index, source, *rest = args
    moved = dims_up(dim, x.ndim)
    if level.full_of(index) is not None or not x.ndim or source.ndim != x.ndim or moved is None:
        return NotImplemented
    return proceed(level.spread(x), moved, index, level.spread(source), *rest)


@rules("cat", "stack")
def _(level, op, args, proceed):
    tensors, dim = args
    ndim = tensors[0].ndim + (op.name == "stack")
    moved = dims_up(dim, ndim) if ndim else None
    if moved is None or any(t.ndim != tensors[0].ndim for t in tensors):
        return NotImplemented
    return proceed(tuple(level.spread(t) for t in tensors), moved)


_FAMILIES: dict[str, Rule] = {"map": elementwise, "copy": elementwise, "reduce": reduction, "view": view}
