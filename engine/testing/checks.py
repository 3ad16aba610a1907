"""Checks of values: each takes a Case and raises AssertionError, or Skip where it does not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbench.ext.core import _core as core

from . import peer
from .case import Case, Skip, map_tensors, outputs, tensors_in
from .compare import as_array, assert_close, dtype_name


def check_kernel(case: Case) -> None:
    """The native kernel and the NumPy body give the same."""
    first = next(tensors_in((case.call.args, case.call.kwargs)), None)
    if first is None or not (case.op.kernel_dtypes or case.definition.formula):
        raise Skip("neither kernel nor formula")
    native = case.run()
    assert_close(native, case.run(op=case.op.reference), **case.tolerance, what="kernel against body")
    if case.definition.formula is not None and first.is_floating_point():
        assert_close(case.run(op=case.definition.formula), native, **case.tolerance, what="formula against op")


def check_peer(case: Case) -> None:
    """The result is torch's, in values, shape and dtype."""
    expected = peer.structured(peer.run(case))
    assert_close(case.run(), expected, **case.tolerance, what="against torch")


def check_layout(case: Case) -> None:
    """Inputs of any memory layout give what contiguous ones give."""
    plain = case.run(lambda t: t.detach().contiguous())
    tried = False
    for name, scatter in LAYOUTS.items():
        if not any(scatter(t) is not None for t in tensors_in((case.call.args, case.call.kwargs))):
            continue
        tried = True

        def place(t: core.Tensor, scatter: Callable[[core.Tensor], core.Tensor | None] = scatter) -> core.Tensor:
            placed = scatter(t)
            return t if placed is None else placed

        try:
            found = case.run(place)
        except RuntimeError:
            if may_refuse_layouts(case):
                continue
            raise
        assert_close(found, plain, **case.tolerance, what=f"{name} inputs")
    for name, values, scattered in _expanded(case):
        tried = True
        assert_close(case.run(scattered), case.run(values), **case.tolerance, what=f"{name} inputs")
    if not tried:
        raise Skip("no input has more than one element")


def _steps(t: core.Tensor) -> core.Tensor | None:
    """Every other element of larger memory, and an offset."""
    if t.ndim == 0 or t.numel() < 2:
        return None
    values = as_array(t)
    wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1] + 1), values.dtype)
    wide[..., 1::2] = values
    return core.from_numpy(wide)[..., 1::2].to(t.dtype)


def _reversed_order(t: core.Tensor) -> core.Tensor | None:
    """Memory in which the first dimension runs fastest."""
    if t.ndim < 2 or t.numel() < 2:
        return None
    order = tuple(range(t.ndim - 1, -1, -1))
    return t.detach().permute(order).contiguous().permute(order)


def _channels_last(t: core.Tensor) -> core.Tensor | None:
    if t.ndim != 4 or t.numel() < 2:
        return None
    return t.detach().permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


LAYOUTS: dict[str, Callable[[core.Tensor], core.Tensor | None]] = {
    "strided": _steps,
    "transposed": _reversed_order,
    "channels-last": _channels_last,
}


def may_refuse_layouts(case: Case) -> bool:
    """Whether the op is one that refuses what cannot be done without a copy, as view() does."""
    return case.definition.family == "view" or case.definition.name.startswith("view")


def _expanded(case: Case) -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """For an elementwise op: the same row everywhere, once in memory of its own and once repeated with stride 0."""
    if case.definition.family not in ("map", "reduce"):
        return
    if any(t.ndim and t.shape[0] > 1 for t in tensors_in((case.call.args, case.call.kwargs))):

        def scattered(t: core.Tensor) -> core.Tensor:
            return t.detach()[:1].expand(t.shape) if t.ndim and t.shape[0] > 1 else t

        yield "expanded", lambda t: scattered(t).contiguous(), scattered


def check_empty(case: Case) -> None:
    """Inputs without elements: the shape and dtype of the result are torch's."""
    tensors = list(tensors_in((case.call.args, case.call.kwargs)))
    size = max((t.shape[0] for t in tensors if t.ndim), default=0)
    if size < 2 or "empty" in case.call.skipped:
        raise Skip(case.call.skipped.get("empty", "nothing to leave away"))
    rank = max(t.ndim for t in tensors)

    def cut(t: core.Tensor) -> core.Tensor:
        along = t.ndim == rank if case.definition.family == "map" else t.ndim > 0
        return t.detach()[:0] if along and t.shape[0] == size else t

    args, kwargs = map_tensors(cut, case.call.args), map_tensors(cut, case.call.kwargs)
    try:
        expected = peer.structured(peer.run(case, peer.to_torch(args), peer.to_torch(kwargs)))
    except Exception as error:
        raise Skip(f"torch refuses it: {error}") from None
    assert_close(case.op(*args, **kwargs), expected, **case.tolerance, what="without elements")


def check_inplace(case: Case) -> None:
    """The in-place form writes what the op returns, counts a version, and has the same gradient."""
    d = case.definition
    if not d.inplace or case.call.kwargs.get("out") is not None:
        raise Skip("no in-place form")
    twin = getattr(core.Tensor, (d.methods or (d.name,))[0] + "_")
    plain = case.run()
    if not isinstance(plain, core.Tensor) or not case.call.args or not isinstance(case.call.args[0], core.Tensor):
        raise Skip("the first argument is no tensor")
    target = case.call.args[0].detach().clone()
    rest = case.call.args[1:]
    if tuple(plain.shape) != tuple(target.shape):
        raise Skip("the result has another shape than the input")
    if plain.dtype != target.dtype and (plain.is_floating_point() or dtype_name(target) == "bool"):
        raise Skip("the result does not fit the input's dtype")
    version = target._version
    returned = twin(target, *rest, **case.call.kwargs)
    assert returned is target, f"{d.name}_ does not return its input"
    assert target._version > version, f"{d.name}_ does not count a version"
    assert_close(target, plain.to(target.dtype), **case.tolerance, what="in place")
    if case.differentiable() and plain.is_floating_point() and plain.requires_grad is False:
        _check_inplace_gradient(case, twin)


def _check_inplace_gradient(case: Case, twin: Any) -> None:
    function, leaves = case.leaves()
    result = function(*leaves)
    if not result.requires_grad:
        return
    seed = result.detach() * 0 + 1
    expected = core.gradients([result], [seed], leaves, False, False)

    again = [leaf.detach().clone().requires_grad_(True) for leaf in leaves]
    place = {id(t): i for i, t in reversed(list(enumerate(_unique(case.differentiable()))))}
    first = case.call.args[0]

    def given(t: core.Tensor) -> core.Tensor:
        return again[place[id(t)]] if id(t) in place else t

    target = given(first).clone() if id(first) in place else first.detach().clone()
    rest, kwargs = map_tensors(given, case.call.args[1:]), map_tensors(given, case.call.kwargs)
    twin(target, *rest, **kwargs)
    found = core.gradients([target], [seed], again, False, False)
    written, plain = ([leaf.detach() * 0 if g is None else g for g, leaf in zip(grads, again)] for grads in (found, expected))
    assert_close(written, plain, **case.tolerance, what="gradient in place")


def _unique(tensors: list[core.Tensor]) -> list[core.Tensor]:
    return list({id(t): t for t in tensors}.values())


def check_bookkeeping(case: Case) -> None:
    """Results require grad exactly where an input does, the mode is on and the dtype is floating; inputs stay as they were."""
    tensors = list(tensors_in((case.call.args, case.call.kwargs)))
    before = [as_array(t).copy() for t in tensors]
    versions = [t._version for t in tensors]
    plain = case.run()
    for t in tensors_in(plain):
        assert not t.requires_grad, "a result requires grad though no input does"
        assert t.grad_fn is None
    if case.definition.name.endswith("_") or "bookkeeping" in case.call.skipped:
        return
    for t, b, v in zip(tensors, before, versions, strict=True):
        assert np.array_equal(as_array(t), b, equal_nan=b.dtype.kind in "fc"), "an input was changed"
        assert t._version == v, "an input's version was counted"
    if not case.differentiable() or not outputs(plain):
        return
    function, leaves = case.leaves()
    result = function(*leaves)
    grads = [t for t in outputs(result) if t.requires_grad]
    assert all(not t.requires_grad for t in tensors_in(result) if not t.is_floating_point()), "a result of whole numbers requires grad"
    assert all(t.grad_fn is not None or any(t is leaf for leaf in leaves) for t in grads), "a result requires grad and has no history"
    with core.no_grad():
        assert not any(t.requires_grad and not any(t is leaf for leaf in leaves) for t in tensors_in(function(*leaves))), (
            "recorded within no_grad"
        )


def check_refused(case: Case) -> None:
    """A bad input raises the error that its sample says, with the words that it says."""
    call = case.call
    assert call.error is not None, "a bad sample has to say .raises(error, message)"
    try:
        case.run()
    except Exception as error:
        raised = error
    else:
        raise AssertionError(f"{call.error.__name__} expected ({call.message!r}), nothing was raised")
    assert type(raised) is call.error, f"{call.error.__name__} expected, got {type(raised).__name__}: {raised}"
    assert call.message in str(raised), f"{call.message!r} is not in {str(raised)!r}"
