"""Selective checkpoints against PyTorch's: what runs again, gradients, errors, memory."""

from __future__ import annotations

from functools import partial

import pytest

from workbench import engine
from workbench.engine.utils import checkpoint as ours
from workbench.ext.core import _core

torch = pytest.importorskip("torch")
import torch.utils.checkpoint as theirs  # noqa: E402

BOTH = pytest.mark.parametrize(("m", "c"), [(engine, ours), (torch, theirs)], ids=["engine", "torch"])


def name(op) -> str:
    return op.name if isinstance(op, _core.Op) else op.overloadpacket.__name__


def keeping(c, names, policy=None):
    """context_fn that keeps the results of the operations of these names."""
    policy = policy or c.CheckpointPolicy

    def decide(ctx, op, *args, **kwargs):
        assert not ctx.is_recompute
        assert ctx.op_output is not None
        return policy.MUST_SAVE if name(op) in names else policy.PREFER_RECOMPUTE

    return partial(c.create_selective_checkpoint_contexts, decide)


def f(x, w):
    y = (x @ w).sigmoid()
    return (y @ w).tanh() * (y * x).sin()


def gradients(m, run):
    x = m.linspace(-1, 1, 16, dtype=m.float64).reshape(4, 4).requires_grad_()
    w = (m.arange(16, dtype=m.float64).reshape(4, 4) / 16).requires_grad_()
    return [g.tolist() for g in m.autograd.grad(run(x, w).sum(), [x, w])]


@pytest.mark.parametrize(
    "names", [(), ("mm", "matmul"), ("sigmoid",), ("sin", "mul"), ("tanh", "mul", "mm", "sigmoid", "sin", "matmul", "batched_product")]
)
def test_gradients(names):
    wanted = gradients(torch, f)
    for m, c in ((engine, ours), (torch, theirs)):
        found = gradients(m, lambda x, w, c=c: c.checkpoint(f, x, w, use_reentrant=False, context_fn=keeping(c, names)))
        for a, b in zip(found, wanted):
            assert a == [pytest.approx(row, rel=1e-10) for row in b]


def test_what_is_kept_does_not_run_again():
    """Counted below the checkpoint, where operations run."""
    ran = []

    def count(op, args, proceed):
        ran.append(op.name)
        return proceed(*args)

    x, w = engine.randn(4, 4, requires_grad=True), engine.randn(4, 4, requires_grad=True)
    for names in ((), ("sigmoid",), ("tanh", "sigmoid"), ("matmul",)):
        ran.clear()
        with _core.intercept(count):
            y = ours.checkpoint(f, x, w, use_reentrant=False, early_stop=False, context_fn=keeping(ours, names))
            forward = len(ran)
            y.sum().backward()
        again = {n: ran[forward:].count(n) for n in ("sigmoid", "tanh")}
        assert again == {n: int(n not in names) for n in again}


def test_a_list_of_operations():
    x, w = engine.randn(4, 4, requires_grad=True), engine.randn(4, 4, requires_grad=True)
    listed = partial(ours.create_selective_checkpoint_contexts, [engine.matmul, engine.sigmoid])
    found = engine.autograd.grad(ours.checkpoint(f, x, w, use_reentrant=False, context_fn=listed).sum(), [x, w])
    for a, b in zip(found, engine.autograd.grad(f(x, w).sum(), [x, w])):
        assert engine.equal(a, b)


@BOTH
def test_what_is_refused(m, c):
    with pytest.raises(TypeError):
        c.create_selective_checkpoint_contexts(3)
    with pytest.raises(ValueError, match=r"."):
        c.create_selective_checkpoint_contexts([len])
    x, w = m.ones(4, 4, requires_grad=True), m.ones(4, 4, requires_grad=True)
    y = c.checkpoint(f, x, w, use_reentrant=False, context_fn=keeping(c, ("sigmoid",)))
    y.sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError):
        y.sum().backward()


@BOTH
@pytest.mark.parametrize("allowed", [False, True])
def test_a_kept_result_that_is_changed(m, c, allowed):
    def g(x):
        y = x.sin()
        z = y.cos()
        with m.no_grad():
            y.detach().add_(1)
        return z * x

    contexts = partial(keeping(c, ("sin",)), allow_cache_entry_mutation=allowed)
    x = m.ones(2, requires_grad=True)
    y = c.checkpoint(g, x, use_reentrant=False, context_fn=contexts)
    if allowed:
        y.sum().backward()
    else:
        with pytest.raises(RuntimeError, match=r"changed|mutated"):
            y.sum().backward()


def test_memory_lies_between():
    """Nothing kept, one result kept in each step, everything kept."""

    def deep(x):
        for _ in range(6):
            x = (x * 0.5).tanh().sin().exp()
        return x

    def held(run):
        x = engine.ones(256, 256, requires_grad=True)
        before = _core.memory()["used"]
        out = run(x)
        after = _core.memory()["used"]
        out.sum().backward()
        return (after - before) / (256 * 256 * 4)

    none = held(lambda x: ours.checkpoint(deep, x, use_reentrant=False, context_fn=keeping(ours, ())))
    some = held(lambda x: ours.checkpoint(deep, x, use_reentrant=False, context_fn=keeping(ours, ("tanh",))))
    assert none < 3
    assert none + 5 < some < none + 7
    assert held(deep) > some + 4


def test_policies_by_number():
    assert [(p.name, p.value) for p in ours.CheckpointPolicy] == [(p.name, p.value) for p in theirs.CheckpointPolicy]
