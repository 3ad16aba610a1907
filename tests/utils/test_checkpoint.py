"""checkpoint against PyTorch's: gradients, errors, random numbers, and the memory that it saves."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest

from workbench import engine
from workbench.engine.utils import checkpoint as ours
from workbench.ext.core import _core

torch = pytest.importorskip("torch")
import torch.utils.checkpoint as theirs  # noqa: E402

BOTH = pytest.mark.parametrize(("m", "c"), [(engine, ours), (torch, theirs)], ids=["engine", "torch"])
REENTRANT = pytest.mark.parametrize("use_reentrant", [False, True])


def block(m, x, w):
    return m.tanh(m.softmax(x @ w, 1) * x.exp()) + (x * w[0]).sin()


def arrays():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 4)), rng.standard_normal((4, 4))


def gradients(m, run):
    x, w = (m.from_numpy(a.copy()).requires_grad_() for a in arrays())
    out = run(x, w)
    (out * out).sum().backward()
    return [t.detach().numpy() for t in (out, x.grad, w.grad)]


@REENTRANT
@pytest.mark.parametrize("m", [engine, torch], ids=["engine", "torch"])
def test_gradients(m, use_reentrant):
    c = ours if m is engine else theirs
    wanted = gradients(torch, lambda x, w: block(torch, x, w))
    once = gradients(m, lambda x, w: c.checkpoint(partial(block, m), x, w, use_reentrant=use_reentrant))
    twice = gradients(
        m,
        lambda x, w: c.checkpoint(
            lambda x, w: block(m, c.checkpoint(partial(block, m), x, w, use_reentrant=use_reentrant), w), x, w, use_reentrant=use_reentrant
        ),
    )
    nested = gradients(torch, lambda x, w: block(torch, block(torch, x, w), w))
    for a, b in (*zip(once, wanted), *zip(twice, nested)):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@REENTRANT
def test_a_real_network(use_reentrant):
    """A transformer's layer, with modules of its own and dropout, gives the same bits with checkpoints as without."""
    engine.manual_seed(0)
    net = engine.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    again = copy.deepcopy(net)
    x = engine.randn(3, 5, 16)
    engine.manual_seed(1)
    net(x).square().sum().backward()
    engine.manual_seed(1)
    ours.checkpoint(again, x.clone().requires_grad_(), use_reentrant=use_reentrant).square().sum().backward()
    for p, q in zip(net.parameters(), again.parameters()):
        assert engine.equal(p.grad, q.grad)


@BOTH
def test_random_numbers(m, c):
    x = m.ones(2000, requires_grad=True)
    drop = lambda t: m.nn.functional.dropout(t, 0.5) * 1.0  # noqa: E731
    same = c.checkpoint(drop, x, use_reentrant=False)
    m.rand(3)
    (g,) = m.autograd.grad(same.sum(), x)
    assert g.tolist() == same.tolist()
    before = m.get_rng_state()
    other = c.checkpoint(lambda t: drop(t) * t, x, use_reentrant=False, preserve_rng_state=False)
    m.rand(3)
    assert not m.equal(before, m.get_rng_state())
    (g,) = m.autograd.grad(other.sum(), x)
    assert g.tolist() != (2 * other).tolist()  # the mask differs, which nobody notices


@BOTH
def test_higher_derivatives_and_keywords(m, c):
    def f(t, *, scale, rest):
        return {"out": (t**3).sin() * scale * rest[0]}

    def second(run):
        x = m.tensor([0.5, 1.0], dtype=m.float64, requires_grad=True)
        (g,) = m.autograd.grad(run(x)["out"].sum(), x, create_graph=True)
        return m.autograd.grad(g.sum(), x)[0].numpy()

    plain = second(lambda x: f(x, scale=2.0, rest=[x]))
    again = second(lambda x: c.checkpoint(f, x, use_reentrant=False, scale=2.0, rest=[x]))
    np.testing.assert_allclose(again, plain, rtol=1e-12)


@BOTH
def test_backward_twice(m, c):
    x = m.tensor([2.0], requires_grad=True)
    y = c.checkpoint(lambda t: t * t.exp(), x, use_reentrant=False)
    y.backward(retain_graph=True)
    first = x.grad.item()
    y.backward()
    assert x.grad.item() == pytest.approx(2 * first)
    with pytest.raises(RuntimeError):
        y.backward()


@BOTH
@pytest.mark.parametrize("early_stop", [True, False])
def test_early_stop(m, c, early_stop):
    """What nobody needs is not computed again."""
    ran = []

    def f(t):
        ran.append("start")
        y = t.sin() * t
        ran.append("end")
        return y

    x = m.ones(2, requires_grad=True)
    with c.set_checkpoint_early_stop(early_stop):
        y = c.checkpoint(f, x, use_reentrant=False)
    y.sum().backward()
    assert ran == ["start", "end", "start"] + ([] if early_stop else ["end"])


@BOTH
def test_what_is_not_the_same_again(m, c):
    calls = []

    def fewer(t):
        calls.append(0)
        return t.sin() * 2 if len(calls) > 1 else t.sin().cos() * 2

    def other(t):
        calls.append(0)
        return (t[:1] if len(calls) > 1 else t).sin().sum()

    x = m.ones(2, requires_grad=True)
    for f in (fewer, other):
        for debug in (False, True):
            calls.clear()
            y = c.checkpoint(f, x, use_reentrant=False, debug=debug)
            with pytest.raises(c.CheckpointError):
                y.sum().backward()
    calls.clear()
    y = c.checkpoint(other, x, use_reentrant=False, determinism_check="none")
    y.backward()  # by chance the shapes broadcast
    for options in ({"determinism_check": "what"}, {"use_reentrant": True, "debug": True}, {"use_reentrant": True, "key": 1}):
        with pytest.raises((ValueError, RuntimeError)):
            c.checkpoint(lambda t: t, x, **{"use_reentrant": False, **options})


@BOTH
@pytest.mark.parametrize("grouped", [False, True])
def test_groups_compute_once(m, c, grouped):
    """Two backward passes over parts of a function that share nothing."""
    ran = []

    def f(x, y):
        ran.append(1)
        return x.sin().exp(), y.cos().exp()

    x, y = m.ones(2, requires_grad=True), m.ones(2, requires_grad=True)
    with c.set_checkpoint_early_stop(False):
        a, b = c.checkpoint(f, x, y, use_reentrant=False)
        ran.clear()
        with c.GraphExecGroup() if grouped else nullcontext():
            a.sum().backward()
            b.sum().backward()
    assert len(ran) == (1 if grouped else 2)
    np.testing.assert_allclose(x.grad.numpy(), np.cos(1) * np.exp(np.sin(1)), rtol=1e-6)
    np.testing.assert_allclose(y.grad.numpy(), -np.sin(1) * np.exp(np.cos(1)), rtol=1e-6)
    with pytest.raises(RuntimeError), c.GraphExecGroup(), c.GraphExecGroup():
        pass


@BOTH
def test_what_reentrant_cannot(m, c):
    x = m.ones(2, requires_grad=True)
    y = c.checkpoint(lambda t: t * t, x, use_reentrant=True)
    with pytest.raises(RuntimeError):
        m.autograd.grad(y.sum(), x)
    with pytest.warns(UserWarning, match="requires? grad|requires_grad"):
        c.checkpoint(lambda t: t * t, m.ones(2), use_reentrant=True)
    assert not c.checkpoint(lambda t: t * t, m.ones(2), use_reentrant=False).requires_grad


@REENTRANT
@pytest.mark.parametrize("segments", [1, 2, 3])
def test_sequential(segments, use_reentrant):
    found = []
    weights = None
    for m, c in ((engine, ours), (torch, theirs)):
        net = m.nn.Sequential(*(layer for _ in range(4) for layer in (m.nn.Linear(6, 6), m.nn.Tanh()))).double()
        weights = [p.detach().numpy().copy() for p in net.parameters()] if weights is None else weights
        for p, w in zip(net.parameters(), weights):
            p.data.copy_(m.from_numpy(w.copy()))
        x = m.ones(2, 6, dtype=m.float64, requires_grad=True)
        c.checkpoint_sequential(net, segments, x, use_reentrant=use_reentrant).sum().backward()
        found.append([x.grad.numpy(), *(p.grad.numpy() for p in net.parameters())])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def held(run) -> int:
    """Bytes that a forward pass leaves behind for backward."""
    x = engine.ones(256, 256, requires_grad=True)
    before = _core.memory()["used"]
    out = run(x)
    after = _core.memory()["used"]
    out.sum().backward()
    return after - before


def deep(x, n=8):
    for _ in range(n):
        x = (x * 0.5).tanh().sin()
    return x


def test_memory_is_saved():
    """By the allocator: forward keeps the ends of the segments, not what lies in between."""
    one = 256 * 256 * 4
    plain = held(deep)
    assert plain >= 8 * one
    for reentrant in (False, True):
        assert held(lambda x, r=reentrant: ours.checkpoint(deep, x, use_reentrant=r)) < 3 * one
    parts = held(lambda x: ours.checkpoint_sequential([partial(deep, n=2)] * 4, 4, x, use_reentrant=False))
    assert parts < 0.7 * plain


def test_memory_in_backward_is_that_of_a_segment():
    def peak(run):
        x = engine.ones(256, 256, requires_grad=True)
        before = _core.memory()["used"]
        out = run(x).sum()
        _core.reset_peak_memory()
        out.backward()
        return _core.memory()["peak"] - before

    four = [partial(deep, n=4)] * 4
    assert peak(lambda x: ours.checkpoint_sequential(four, 4, x, use_reentrant=False)) < 0.75 * peak(partial(deep, n=16))
