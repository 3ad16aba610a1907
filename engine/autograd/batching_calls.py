"""How ops with kernels of their own run on whole batches: products, convolutions, norms, losses, indexing.

Most know a batch already, and get one more dimension of it: folded into the first, or, where weights are batched, into the channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ext.core import _core

from ..ops.sequence import arange
from .batching import Batched
from .batching_rules import ranked, rules, unary

Tensor = _core.Tensor
OPS = _core.OPS
Proceed = Callable[..., Any]


def _each(f: Callable[[Tensor], Tensor], result: Any) -> Any:
    """f of a result, or of each of several."""
    if isinstance(result, tuple):
        parts = [f(r) if isinstance(r, Tensor) else r for r in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return f(result)


def _in(full: Tensor) -> Tensor:
    """(n, b, ...) as (n * b, ...)."""
    return full.reshape(full.shape[0] * full.shape[1], *full.shape[2:])


def _folded(*names: str) -> Any:
    """A rule for ops that treat the first dimension of these arguments, and of the results, as a batch."""

    def rule(level: Any, op: Any, args: tuple[Any, ...], proceed: Proceed) -> Any:
        at = [op.params.index(n) for n in names]
        if level.touches([a for i, a in enumerate(args) if i not in at]) or not all(isinstance(args[i], Tensor) for i in at):
            return NotImplemented
        b = args[at[0]].shape[0]
        if any(args[i].shape[0] != b for i in at):
            return NotImplemented
        given = [_in(level.spread(a)) if i in at else a for i, a in enumerate(args)]
        return _each(lambda r: r.reshape(level.n, b, *r.shape[1:]), proceed(*given))

    return rule


rules("avg_pooled", "adaptively_averaged", "max_pooled")(_folded("input"))
rules("avg_pool2d_backward", "adaptive_avg_pool2d_backward")(_folded("grad"))
rules("max_pool2d_backward")(_folded("grad", "indices"))
rules("attention")(_folded("query", "key", "value"))
rules("pad_constant")(unary)


# norms


def _norm(places: int) -> Any:
    """A rule for norms of (N, C, *positions) with vectors over C: batched vectors are applied afterwards.

    Args:
        places: How many dimensions follow that of the vectors.
    """

    def rule(level: Any, op: Any, args: tuple[Any, ...], proceed: Proceed) -> Any:
        vectors = [i for i, name in enumerate(op.params) if name in ("weight", "bias")]
        if not level.touches([args[i] for i in vectors]):
            return _folded("input")(level, op, args, proceed)
        plain = [None if i in vectors else a for i, a in enumerate(args)]
        made = _folded("input")(level, op, (level.wrapped(level.spread(args[0])), *plain[1:]), proceed)
        if isinstance(made, tuple):
            return NotImplemented
        for i in vectors:
            if args[i] is not None:
                v = level.spread(args[i]).unsqueeze(1)
                for _ in range(places):
                    v = v.unsqueeze(-1)
                made = made * v if op.params[i] == "weight" else made + v
        return made

    return rule


rules("normalize_rows", "scale_rows")(_norm(0))
rules("normalize_groups")(_norm(1))


# products


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Products of two batches of matrices."""
    return OPS["matmul"](a, b)


@rules("batched")
def _(level, op, args, proceed):
    a, b = args
    one = a.shape[0] == 1
    fa, fb = level.full_of(a), level.full_of(b)
    if fb is None and one:  # all rows at once
        rows = proceed(fa.reshape(1, level.n * a.shape[1], a.shape[2]).contiguous(), b)
        return rows.reshape(level.n, 1, a.shape[1], b.shape[2])
    made = proceed(_in(level.spread(a)).contiguous(), _in(level.spread(b)).contiguous())
    return made.reshape(level.n, a.shape[0], *made.shape[1:])


@rules("scalar_product")
def _(level, op, args, proceed):
    a, b = (level.spread(x) for x in args)
    return _product(a.unsqueeze(1), b.unsqueeze(2)).reshape(level.n)


@rules("linear")
def _(level, op, args, proceed):
    x, w, b = args
    fx, fw = level.full_of(x), level.full_of(w)
    if not x.ndim or w.ndim != 2:
        return NotImplemented
    if fw is None and (b is None or level.full_of(b) is None):
        return proceed(fx, w, b)
    rows = 1
    for s in tuple(x.shape)[:-1]:
        rows *= s
    if fx is None:
        fx = x.unsqueeze(0)
    fx = fx.reshape(fx.shape[0], rows, x.shape[-1])
    made = _product(fx, level.spread(w).transpose(1, 2))
    if b is not None:
        made = made + level.spread(b).unsqueeze(1)
    return made.reshape(level.n, *tuple(x.shape)[:-1], w.shape[0])


@rules("linear_input_backward")
def _(level, op, args, proceed):
    g, w = args
    if level.full_of(w) is None:
        return proceed(level.full_of(g), w)
    fg = level.spread(g)
    return _product(fg.reshape(level.n, -1, g.shape[-1]), level.spread(w)).reshape(level.n, *tuple(g.shape)[:-1], w.shape[-1])


@rules("linear_weight_backward")
def _(level, op, args, proceed):
    g, x, with_bias = args
    if not g.numel() or not x.numel() or not level.n:
        return NotImplemented
    fg, fx = (level.spread(t).reshape(level.n, -1, t.shape[-1]) for t in (g, x))
    return _product(fg.transpose(1, 2), fx), fg.sum(1) if with_bias else None


# convolutions


def _channels(full: Tensor) -> Tensor:
    """(n, b, c, ...) as (b, n * c, ...)."""
    moved = full.movedim(0, 1)
    return moved.reshape(moved.shape[0], moved.shape[1] * moved.shape[2], *moved.shape[3:])


@rules("convolution")
def _(level, op, args, proceed):
    x, w, b, *geometry, groups = args
    if level.full_of(w) is None and (b is None or level.full_of(b) is None):
        return _folded("input")(level, op, args, proceed)
    bias = None if b is None else _in(level.spread(b))
    made = proceed(_channels(level.spread(x)), _in(level.spread(w)), bias, *geometry, groups * level.n)
    return made.reshape(made.shape[0], level.n, w.shape[0], *made.shape[2:]).movedim(1, 0)


@rules("convolution_input_backward")
def _(level, op, args, proceed):
    g, w, size, *geometry, groups = args
    if level.full_of(w) is None:
        return _folded("grad")(level, op, args, proceed)
    made = proceed(_channels(level.spread(g)), _in(level.spread(w)), size, *geometry, groups * level.n)
    return made.reshape(made.shape[0], level.n, made.shape[1] // level.n, *made.shape[2:]).movedim(1, 0)


@rules("convolution_weight_backward")
def _(level, op, args, proceed):
    g, x, size, *geometry, groups = args
    made = proceed(_channels(level.spread(g)), _channels(level.spread(x)), size, *geometry, groups * level.n)
    return made.reshape(level.n, made.shape[0] // level.n, *made.shape[1:])


# losses


def _reduced(level: Any, op: Any, args: tuple[Any, ...], proceed: Proceed) -> Any:
    """Elementwise losses: each element's, then their sum or mean over the elements of the batch."""
    x, target, reduction, parameter = args
    if tuple(x.shape) != tuple(target.shape) or x.dtype is not target.dtype or isinstance(parameter, Tensor):
        return NotImplemented
    each = proceed(level.spread(x), level.spread(target), 0, parameter)
    if isinstance(each, tuple):
        return NotImplemented
    if reduction == 0 or not x.ndim:
        return each
    dims = tuple(range(1, x.ndim + 1))
    return each.mean(dims) if reduction == 1 else each.sum(dims)


rules("mse_loss_of", "l1_loss_of", "smooth_l1_loss_of", "huber_loss_of", "binary_cross_entropy_of", "binary_cross_entropy_with_logits_of")(
    _reduced
)


@rules("nll_rows")
def _(level, op, args, proceed):
    x, target, weight, reduction, ignore = args
    if weight is not None or not x.shape[0]:
        return NotImplemented
    fx, ft = level.spread(x), level.spread(target)
    made = proceed(_in(fx), _in(ft), None, 0, ignore)
    rows, hidden = (made[0], list(made[1:])) if isinstance(made, tuple) else (made, None)
    rows = rows.reshape(level.n, x.shape[0])
    kept = (ft != ignore).to(x.dtype).sum(1)
    total = rows if reduction == 0 else rows.sum(1) if reduction == 2 else rows.sum(1) / kept
    return total if hidden is None else (total, kept)


@rules("cross_entropy_rows")
def _(level, op, args, proceed):
    x, target, weight, reduction, ignore, smoothing = args
    if weight is not None or not x.shape[0]:
        return NotImplemented
    fx, ft = level.spread(x), level.spread(target)
    made = proceed(_in(fx), _in(ft), None, 0, ignore, smoothing)
    if isinstance(made, tuple):
        return NotImplemented
    rows = made.reshape(level.n, x.shape[0])
    return rows if reduction == 0 else rows.sum(1) if reduction == 2 else rows.sum(1) / (ft != ignore).to(x.dtype).sum(1)


# indexing


def _own_rows(level: Any, index: Tensor, rows: int) -> Tensor | None:
    """Indices into the tables of a batch laid one below the other; None where one may be out of range, and would find another's row."""
    full = level.spread(index)
    if isinstance(full, Batched) or (full.numel() and not (int(full.amin()) >= 0 and int(full.amax()) < rows)):
        return None
    return full + (arange(level.n) * rows).reshape(level.n, *(1,) * index.ndim)


@rules("embedding_of")
def _(level, op, args, proceed):
    weight, index, padding = args
    table = level.full_of(weight)
    if table is None:
        return proceed(weight, level.full_of(index), padding)
    own = None if padding >= 0 else _own_rows(level, index, weight.shape[0])
    return NotImplemented if own is None else proceed(_in(table), own, padding)


@rules("embedding_backward")
def _(level, op, args, proceed):
    grad, index, rows, padding = args
    own = None if padding >= 0 else _own_rows(level, index, rows)
    if own is None:
        return NotImplemented
    return proceed(level.spread(grad), own, rows * level.n, padding).reshape(level.n, rows, grad.shape[-1])


@rules("one_hot")
def _(level, op, args, proceed):
    return NotImplemented if args[1] < 0 else proceed(level.full_of(args[0]), args[1])


def _adjacent(indices: tuple[Any, ...]) -> int | None:
    """How many dimensions lie before the indexed ones; None where these do not lie side by side, and come first in the result."""
    places = [i for i, x in enumerate(indices) if x is not None]
    return places[0] if places and places == list(range(places[0], places[-1] + 1)) else None


@rules("index")
def _(level, op, args, proceed):
    x, indices = args
    lead = _adjacent(indices)
    fx = level.full_of(x)
    if lead is None:
        return NotImplemented
    if not level.touches(indices):
        return proceed(fx, (None, *indices))
    rank = max(i.ndim for i in indices if i is not None)
    grown = []
    for i in indices[lead:]:
        full = level.full_of(i)
        grown.append(i if full is None else ranked(full, i.ndim, rank))
    if fx is None:
        return proceed(x, (*indices[:lead], *grown)).movedim(lead, 0)
    if lead:
        return NotImplemented
    own = arange(level.n).reshape(level.n, *(1,) * rank)
    return proceed(fx, (own, *grown))


@rules("index_put")
def _(level, op, args, proceed):
    x, indices, values, accumulate = args
    lead = _adjacent(indices)
    if lead is None or (lead and level.touches(indices)):
        return NotImplemented
    used = [i for i in indices if i is not None]
    rank = max(i.ndim for i in used)
    if level.touches(indices):
        grown = [i if level.full_of(i) is None else ranked(level.full_of(i), i.ndim, rank) for i in used]
        places = (arange(level.n).reshape(level.n, *(1,) * rank), *grown)
    else:
        places = (None, *indices)
    full = level.full_of(values)
    given = values if full is None else ranked(full, values.ndim, x.ndim - len(used) + rank)
    return proceed(level.spread(x), places, given, accumulate)


# linear algebra: whatever takes batches of matrices


def _matrices(level: Any, op: Any, args: tuple[Any, ...], proceed: Proceed) -> Any:
    """All tensors get the batch in front of the dimensions that they have."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if len({tuple(t.shape)[:-2] for t in tensors}) > 1 or any(t.ndim < 2 for t in tensors):
        return NotImplemented
    if op.name == "qr_of" and args[1] == "r":
        return NotImplemented  # its empty Q has no batch
    return proceed(*(level.spread(a) if isinstance(a, Tensor) else a for a in args))


rules(
    "det", "slogdet", "inverse_of", "cholesky_of", "eig_of", "eigenvalues_of", "eigh_of", "eigenvalues_of_hermitian", "lu_of", "qr_of",
    "singular_values", "svd_of", "solve_of", "triangular", "geqrf",
)(_matrices)  # fmt: skip
