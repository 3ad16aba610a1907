"""Function against PyTorch's: what forward leaves, what backward gets, and errors."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from workbench import engine
from workbench.engine import autograd

torch = pytest.importorskip("torch")
BOTH = pytest.mark.parametrize("m", [engine, torch], ids=["engine", "torch"])


@BOTH
def test_saved_results_have_history(m):
    class Exp(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = m.tensor([0.5, 1.0], dtype=m.float64, requires_grad=True)
    y = Exp.apply(x)
    assert y.grad_fn.saved_tensors[0].tolist() == y.tolist()
    (g,) = m.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = m.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), np.exp([0.5, 1.0]), rtol=1e-12)
    assert m.autograd.gradcheck(Exp.apply, (x,))
    assert m.autograd.gradgradcheck(Exp.apply, (x,))


def test_a_saved_result_makes_no_cycle():
    class Exp(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    gc.collect()
    gc.disable()
    try:
        y = Exp.apply(engine.ones(2, requires_grad=True))
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


@BOTH
def test_setup_context_and_options(m):
    seen = []

    class Two(m.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x, scale, y):
            return x * scale, y + 1, (x > 0).to(m.int64)

        @staticmethod
        def setup_context(ctx, inputs, output):
            _, ctx.scale, _ = inputs
            ctx.mark_non_differentiable(output[2])
            ctx.set_materialize_grads(False)
            seen.append(ctx.needs_input_grad)

        @staticmethod
        def backward(ctx, gx, gy, _):
            seen.append((gx is None, gy is None))
            return None if gx is None else gx * ctx.scale, None, gy

    x, y = m.ones(2, requires_grad=True), m.ones(2, requires_grad=True)
    a, _, c = Two.apply(x, 3.0, y)
    assert a.requires_grad
    assert not c.requires_grad
    a.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert y.grad is None
    assert seen == [(True, False, True), (False, True)]


@BOTH
def test_materialized_gradients(m):
    class Pair(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            return a * 2 + (b + 1) * 3

    x = m.ones(2, requires_grad=True)
    Pair.apply(x)[0].sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]


@BOTH
def test_mark_dirty(m):
    class Write(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = m.ones(3, requires_grad=True)
    y = x * 5
    version = y._version
    z = Write.apply(y)
    assert z is y
    assert y._version > version
    (y * y).sum().backward()
    assert x.grad.tolist() == [200.0] * 3
    x.grad = None
    y = x * 5
    Write.apply(y[:1])
    (y * y).sum().backward()
    assert x.grad.tolist() == [200.0, 50.0, 50.0]
    with pytest.raises(RuntimeError, match=r"leaf|leaves"):
        Write.apply(x)


@BOTH
def test_once_differentiable(m):
    from_here = autograd.function if m is engine else torch.autograd.function

    class Once(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @from_here.once_differentiable
        def backward(ctx, g):
            assert not m.is_grad_enabled()
            return g * 2 * ctx.saved_tensors[0]

    x = m.tensor([3.0], requires_grad=True)
    assert m.autograd.grad(Once.apply(x), x)[0].item() == 6.0
    (g,) = m.autograd.grad(Once.apply(x) ** 2, x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


@BOTH
@pytest.mark.parametrize("kind", ["few", "many", "shape", "released", "changed"])
def test_errors(m, kind):
    class Wrong(m.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x)
            return x * y

        @staticmethod
        def backward(ctx, g):
            ctx.saved_tensors  # noqa: B018
            return {"few": g, "many": (g, g, g), "shape": (g.new_ones(7), g)}.get(kind, (g, g))

    x, y = (m.ones(2, requires_grad=True) * 1 for _ in range(2))
    z = Wrong.apply(x, y).sum()
    if kind == "released":
        z.backward()
    if kind == "changed":
        x.add_(1)
    with pytest.raises(RuntimeError):
        z.backward()


@BOTH
def test_gradients_broadcast_back(m):
    class Add(m.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g, g

    x, y = m.ones(2, 3, requires_grad=True), m.ones(3, requires_grad=True)
    Add.apply(x, y).sum().backward()
    assert y.grad.tolist() == [2.0, 2.0, 2.0]


@BOTH
def test_vjp_and_instances(m):
    class Both(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def vjp(ctx, g):
            return g * 2

    x = m.ones(1, requires_grad=True)
    Both.apply(x).backward()
    assert x.grad.item() == 2.0
    with pytest.warns(DeprecationWarning, match="instantiated"):
        instance = Both()
    with pytest.raises(RuntimeError):
        instance(x)


@BOTH
def test_saved_tensors_pass_through_hooks(m):
    class Square(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]

    packed = []
    x = m.tensor([3.0], requires_grad=True)
    with m.autograd.graph.saved_tensors_hooks(lambda t: packed.append(1) or t.detach() * 1, lambda t: t):
        y = Square.apply(x)
    assert packed == [1]
    (g,) = m.autograd.grad(y, x, create_graph=True)
    assert g.item() == 6.0
    assert m.autograd.grad(g, x)[0].item() == 2.0
