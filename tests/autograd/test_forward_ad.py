"""Forward mode against PyTorch's, and against products with Jacobians taken backward."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import autograd
from workbench.engine.autograd import forward_ad

from .programs import PURE, arrays, pure

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script")  # PyTorch's own, at its first forward derivative
torch = pytest.importorskip("torch")


def tangent(m, f, values, directions):
    """What a function gives and its tangent."""
    ad = forward_ad if m is engine else torch.autograd.forward_ad
    with ad.dual_level():
        duals = [ad.make_dual(m.from_numpy(v.copy()), m.from_numpy(d.copy())) for v, d in zip(values, directions)]
        primal, moved = ad.unpack_dual(f(m, *duals))
        return primal.detach().numpy(), None if moved is None else moved.detach().numpy()


@pytest.mark.parametrize("name", PURE)
def test_step(name):
    for ours, theirs in zip(*(tangent(m, PURE[name], arrays(3, 2), arrays(4, 2)) for m in (engine, torch))):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", range(40))
def test_program(seed):
    program = pure(seed, 6)
    for ours, theirs in zip(*(tangent(m, program, arrays(seed, 2), arrays(seed + 1, 2)) for m in (engine, torch))):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


def write(m, x, y):
    z = x * 1
    z[0].mul_(y[0])
    z[1:].copy_(y[1:] * 2)
    z.add_(y)
    return z * z


def test_written_views_carry_tangents():
    for ours, theirs in zip(*(tangent(m, write, arrays(3, 2), arrays(4, 2)) for m in (engine, torch))):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def gather_up(m, x, y):
    base = m.zeros(4, 3, dtype=m.float64).t()
    before = base[1:]
    base[1].copy_(x[0])
    base[:, 1] += y[:, 2]
    return before * 3


def test_writing_a_dual_tensor_gives_the_base_a_tangent():
    """A base without one, and a view of it from before the write."""
    for ours, theirs in zip(*(tangent(m, gather_up, arrays(3, 2), arrays(4, 2)) for m in (engine, torch))):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("name", PURE)
def test_a_gradient_has_a_tangent(name):
    """Forward over reverse: the tangent of a gradient is a product with the Hessian."""

    def both(m, directions):
        tape = autograd if m is engine else torch.autograd
        ad = forward_ad if m is engine else torch.autograd.forward_ad
        inputs = [m.from_numpy(v.copy()).requires_grad_() for v in arrays(3, 2)]
        with ad.dual_level():
            duals = [ad.make_dual(x, m.from_numpy(d)) for x, d in zip(inputs, directions)]
            grads = tape.grad((PURE[name](m, *duals) ** 2).sum(), inputs, allow_unused=True)
            parts = [None if g is None else ad.unpack_dual(g).tangent for g in grads]
            return [np.zeros((3, 4)) if p is None else p.detach().numpy() for p in parts]

    for ours, theirs in zip(both(engine, arrays(4, 2)), both(torch, arrays(4, 2)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


def test_tangents_have_gradients():
    x, v = (engine.from_numpy(a).requires_grad_() for a in arrays(3, 2))
    with forward_ad.dual_level():
        moved = forward_ad.unpack_dual((forward_ad.make_dual(x, v) ** 3).sum()).tangent
    to_x, to_v = autograd.grad(moved, [x, v])
    np.testing.assert_allclose(to_x.numpy(), (6 * x * v).detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(to_v.numpy(), (3 * x * x).detach().numpy(), rtol=1e-12)


def test_a_function_with_its_own_jvp():
    class Cube(autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.save_for_forward(x)
            ctx.scale = scale
            return x**3 * scale

        @staticmethod
        def jvp(ctx, v, _):
            (x,) = ctx.saved_tensors
            return 3 * x * x * v * ctx.scale

    with forward_ad.dual_level():
        dual = Cube.apply(forward_ad.make_dual(engine.tensor([2.0]), engine.tensor([1.0])), 10.0)
        assert forward_ad.unpack_dual(dual).tangent.tolist() == [120.0]
        assert forward_ad.unpack_dual(dual).primal.tolist() == [80.0]


def test_layers_and_hidden_results():
    """A layer norm has a tangent; a gradient through it has none, which is said."""
    net = engine.nn.LayerNorm(4)
    x = engine.from_numpy(arrays(3, 1)[0]).float().requires_grad_()
    with forward_ad.dual_level():
        out = net(forward_ad.make_dual(x, engine.ones(3, 4)))
        assert abs(forward_ad.unpack_dual(out).tangent).max().item() < 1e-5
        with pytest.raises(NotImplementedError, match=r"use func\.jvp"):
            autograd.grad((out**2).sum(), x)


def test_what_is_refused():
    x = engine.ones(2)
    with pytest.raises(RuntimeError, match="an open level"):
        forward_ad.make_dual(x, x)
    with forward_ad.dual_level():
        with pytest.raises(RuntimeError, match="do not nest"):
            forward_ad.enter_dual_level()
        with pytest.raises(ValueError, match="a tangent of shape"):
            forward_ad.make_dual(x, engine.ones(3))
        with pytest.raises(ValueError, match="floating or complex"):
            forward_ad.make_dual(engine.ones(2, dtype=engine.int64), x)
        dual = forward_ad.make_dual(x, x)
    assert forward_ad.unpack_dual(dual).tangent is None
    assert (dual * 2).tolist() == [2.0, 2.0]
