"""Checks of derivatives: each takes a Case and raises AssertionError (or GradcheckError), or Skip where it does not apply."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.ext.core import _core as core

from ..autograd.gradcheck import gradcheck, gradgradcheck
from . import peer
from .case import Case, Skip, outputs
from .checks import LAYOUTS, may_refuse_layouts
from .compare import assert_close

NEAR: dict[str, Any] = {"atol": 1e-6, "rtol": 1e-5}  # PyTorch's defaults let an error of one in a thousand through
LARGE = 24  # outputs with more elements are summed with random weights before finite differences are taken


def _generator(case: Case) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=zlib.crc32(case.definition.name.encode())))


def _seeds(case: Case, results: list[core.Tensor]) -> list[core.Tensor]:
    generator = _generator(case)
    return [core.from_numpy(np.asarray(generator.standard_normal(tuple(r.shape)))).to(r.dtype) for r in results]


def _recorded(case: Case) -> tuple[Callable[..., Any], list[core.Tensor], list[core.Tensor]]:
    """A function of leaves, the leaves, and the results that have a gradient."""
    function, leaves = case.leaves()
    results = [r for r in outputs(function(*leaves)) if r.requires_grad]
    if not results:
        raise Skip("no result has a gradient")
    return function, leaves, results


def _small(case: Case) -> tuple[Callable[..., Any], list[core.Tensor]]:
    """The function with large results reduced to one number, so that Jacobians stay small."""
    function, leaves, results = _recorded(case)
    seeds = _seeds(case, results)

    def reduced(*values: core.Tensor) -> tuple[core.Tensor, ...]:
        found = [r for r in outputs(function(*values)) if r.requires_grad]
        return tuple((r * w).sum() if w.numel() > LARGE else r for r, w in zip(found, seeds, strict=True))

    return reduced, leaves


def check_gradient(case: Case) -> None:
    """Derivatives against finite differences, in float64."""
    function, leaves = _small(case)
    gradcheck(function, tuple(leaves), **NEAR)


def check_second_gradient(case: Case) -> None:
    """Derivatives of derivatives against finite differences, in float64."""
    function, leaves = _small(case)
    gradgradcheck(function, tuple(leaves), **NEAR)


def check_peer_gradient(case: Case) -> None:
    """Gradients are torch's."""
    _, leaves, results = _recorded(case)
    seeds = _seeds(case, results)
    ours = core.gradients(results, seeds, leaves, False, False)

    originals = {id(t): i for i, t in enumerate({id(t): t for t in case.differentiable()}.values())}
    theirs = [peer.to_torch(leaf).requires_grad_(True) for leaf in leaves]

    def convert(value: Any) -> Any:
        if isinstance(value, core.Tensor):
            return theirs[originals[id(value)]] if id(value) in originals else peer.to_torch(value)
        if type(value) in (tuple, list):
            return type(value)(map(convert, value))
        return peer.to_torch(value)

    found = peer.run(case, tuple(map(convert, case.call.args)), {k: convert(v) for k, v in case.call.kwargs.items()})
    flat = list(found) if isinstance(found, (tuple, list)) else [found]
    flat = [r for r in flat if r.requires_grad]
    assert len(flat) == len(results), f"{len(flat)} results of torch have a gradient, {len(results)} of ours"
    expected = peer.torch().autograd.grad(flat, theirs, [peer.to_torch(s) for s in seeds], allow_unused=True)
    for i, (a, e) in enumerate(zip(ours, expected, strict=True)):
        a = leaves[i].detach() * 0 if a is None and e is not None else a
        e = theirs[i].detach() * 0 if e is None and a is not None else e
        assert_close(a, e, **case.tolerance, what=f"gradient {i} against torch")


def check_layout_gradient(case: Case) -> None:
    """Gradients do not depend on how inputs and the gradient of the result lie in memory."""
    function, leaves, results = _recorded(case)
    seeds = _seeds(case, results)
    plain = core.gradients(results, seeds, leaves, False, False)
    tried = False
    for name, scatter in LAYOUTS.items():
        placed = [scatter(leaf) for leaf in leaves]
        if all(p is None for p in placed):
            continue
        tried = True
        inputs = [(leaf.detach().clone() if p is None else p).requires_grad_(True) for leaf, p in zip(leaves, placed, strict=True)]
        try:
            found = [r for r in outputs(function(*inputs)) if r.requires_grad]
        except RuntimeError:
            if may_refuse_layouts(case):
                continue
            raise
        scattered = [s if scatter(s) is None else scatter(s) for s in seeds]
        grads = core.gradients(found, scattered, inputs, False, False)
        assert_close(list(grads), list(plain), **case.tolerance, what=f"gradient of {name} inputs")
    if not tried:
        raise Skip("no input has more than one element")


def check_versions(case: Case) -> None:
    """Where something saved for backward is changed afterwards, backward says so or is not affected."""
    function, leaves, results = _recorded(case)
    seeds = _seeds(case, results)
    expected = core.gradients(results, seeds, leaves, False, False)
    for changed in range(len(leaves) + 1):
        copies = [leaf.clone() for leaf in leaves]
        results = [r for r in outputs(function(*copies)) if r.requires_grad]
        targets = results if changed == len(leaves) else [copies[changed]]
        try:
            with core.no_grad():
                for t in targets:
                    t.add_(1)
        except RuntimeError:
            continue  # an expanded result: its elements share memory
        try:
            found = core.gradients(results, seeds, leaves, False, False)
        except RuntimeError as error:
            if "changed" not in str(error):
                raise
            continue
        what = "the result" if changed == len(leaves) else f"input {changed}"
        assert_close(list(found), list(expected), **case.tolerance, what=f"gradient after {what} was changed in place")


def check_shared(case: Case) -> None:
    """One tensor in the place of two: gradients add up."""
    originals = list({id(t): t for t in case.differentiable()}.values())
    if len(originals) < 2 or tuple(originals[0].shape) != tuple(originals[1].shape):
        raise Skip("no two inputs of one shape")
    first, second = originals[0], originals[1]
    value = first.detach().clone().requires_grad_(True)
    pair = [value.detach().clone().requires_grad_(True) for _ in range(2)]
    try:
        one = outputs(case.run(lambda t: value if t is first or t is second else t))
        two = outputs(case.run(lambda t: pair[0] if t is first else pair[1] if t is second else t))
    except ValueError as error:
        raise Skip(f"refused: {error}") from None
    one, two = [r for r in one if r.requires_grad], [r for r in two if r.requires_grad]
    if not one:
        raise Skip("no result has a gradient")
    seeds = _seeds(case, one)
    (got,) = core.gradients(one, seeds, [value], False, False)
    a, b = core.gradients(two, seeds, pair, False, False)
    expected = a if b is None else b if a is None else a + b
    assert_close(got, expected, **case.tolerance, what="gradient of a shared input")
