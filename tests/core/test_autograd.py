"""The tape against PyTorch's: values, gradients and second gradients of small programs, in-place writes and views among them."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import autograd

torch = pytest.importorskip("torch")


def exp_chain(m, x):
    y = x * 2
    y.mul_(y.clone())
    y.exp_()
    return y


def write_to_row(m, x):
    y = x * 2
    row = y[1]
    row.mul_(x[0])
    return y * y + row.sum()


def write_to_transposed(m, x):
    y = (x * 2).t()
    part = y[1:3]
    part.mul_(3.0)
    y[0].add_(1)
    return y * y


def views_of_views(m, x):
    y = x * 1
    v = y[1:]
    w = v[:, 1:]
    w.mul_(w.clone())
    v.add_(1)
    return y * w.sum() + v.sum()


def assign_row(m, x, y):
    z = x * 1
    z[1] = y * 2
    z[0, 1:3] = 5.0
    return z * z


def assign_mask(m, x):
    z = x * 1
    z[z > 0] = 2.0
    return z * x


def accumulate(m, x):
    total = x[0] * 0
    for i in range(3):
        total += x[i] * x[i]
    return total


PROGRAMS = {
    "add": (lambda m, x, y: x + y, (3, 4), (3, 4)),
    "broadcast": (lambda m, x, y: x * y + y, (3, 4), (4,)),
    "outer": (lambda m, x, y: x / (y * y + 1) - x, (3, 1), (1, 4)),
    "numbers": (lambda m, x: 2 * x + 1 - x / 3, (5,)),
    "reflected": (lambda m, x: 1 - x, (5,)),
    "matmul": (lambda m, x, y: x @ y, (3, 4), (4, 5)),
    "transpose": (lambda m, x: x.transpose(0, 2) * x.transpose(0, 2), (2, 3, 4)),
    "permute": (lambda m, x: x.permute(2, 0, 1) * 3, (2, 3, 4)),
    "reshape": (lambda m, x: x.t().reshape(12) * x.reshape(12), (3, 4)),
    "sum": (lambda m, x: x.sum(1) * x.sum(0, keepdim=True).sum(), (3, 4)),
    "slices": (lambda m, x: x[1:, ::2] * x[0, 1], (3, 4)),
    "gathered": (lambda m, x: x[[0, 2, 0]] * 2, (3, 4)),
    "same twice": (lambda m, x: x.exp() * x.tanh() * x.relu(), (3, 4)),
    "power": (lambda m, x: (x * x + 1) ** 1.5, (3, 4)),
    "expand": (lambda m, x: x.expand(5, 3, 4) * x, (3, 4)),
    "extremes": (lambda m, x: x.max(1)[0] * x.min(0).values.sum(), (3, 4)),
    "cat": (lambda m, x, y: m.cat([x, y], 0) * 2, (3, 4), (2, 4)),
    "variance": (lambda m, x: x.var(1), (3, 4)),
    "softmax": (lambda m, x: m.softmax(x, 1) * x, (3, 4)),
    "in place": (lambda m, x: (x * 1).mul_(x).add_(3), (3, 4)),
    "in place twice": (exp_chain, (3, 4)),
    "row of a base": (write_to_row, (3, 4)),
    "transposed base": (write_to_transposed, (3, 4)),
    "views of views": (views_of_views, (4, 4)),
    "assigned row": (assign_row, (3, 4), (4,)),
    "assigned mask": (assign_mask, (3, 4)),
    "accumulated": (accumulate, (3, 4)),
}


def inputs(shapes):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s) for s in shapes]
    ours = [engine.from_numpy(a.copy()).requires_grad_() for a in arrays]
    return ours, [torch.from_numpy(a.copy()).requires_grad_() for a in arrays]


@pytest.mark.parametrize("name", PROGRAMS)
def test_like_torch(name):
    program, *shapes = PROGRAMS[name]
    ours, theirs = inputs(shapes)
    a, b = program(engine, *ours), program(torch, *theirs)
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12)
    seed = np.random.default_rng(1).standard_normal(tuple(b.shape))
    first = autograd.grad(a, ours, engine.from_numpy(seed), create_graph=True)
    wanted = torch.autograd.grad(b, theirs, torch.from_numpy(seed), create_graph=True)
    for g, w in zip(first, wanted):
        np.testing.assert_allclose(g.detach().numpy(), w.detach().numpy(), rtol=1e-10, atol=1e-12)
        assert g.requires_grad == w.requires_grad
    again = [(g * g).sum() for g in first if g.requires_grad]
    if again:
        second = autograd.grad(again, ours, allow_unused=True)
        wanted = torch.autograd.grad([(w * w).sum() for w in wanted if w.requires_grad], theirs, allow_unused=True)
        for g, w in zip(second, wanted):
            assert (g is None) == (w is None)
            if g is not None:
                np.testing.assert_allclose(g.numpy(), w.numpy(), rtol=1e-9, atol=1e-10)
    leaves, _ = inputs(shapes)
    program(engine, *leaves).backward(engine.from_numpy(seed))
    for leaf, g in zip(leaves, first):
        np.testing.assert_allclose(leaf.grad.numpy(), g.detach().numpy(), rtol=1e-12, atol=1e-14)


def test_hooks_on_leaf_and_result():
    x = engine.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    handle = x.register_hook(lambda g: g * 2)
    y.retain_grad()
    y.sum().backward()
    assert seen == [[1.0, 1.0]]
    assert y.grad.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [6.0, 6.0]
    handle.remove()
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_post_accumulate_hook():
    x = engine.tensor([1.0], requires_grad=True)
    seen = []
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.item()))
    (x * 2).backward()
    (x * 2).backward()
    assert seen == [2.0, 4.0]


def test_second_backward_needs_retain_graph():
    x = engine.tensor([2.0], requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_changed_saved_tensor_is_noticed():
    x = engine.tensor([2.0], requires_grad=True)
    w = engine.tensor([3.0])
    y = x * w
    w.add_(1)
    with pytest.raises(RuntimeError, match=r"saved by mul unchanged.*version 1, saved at 0"):
        y.backward()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda x: x.add_(1), "a leaf"),
        (lambda x: x[0].add_(1), "a view of a leaf"),
        (lambda x: (x * 2).backward(), "several elements"),
        (lambda x: engine.tensor([1.0]).backward(), "requires grad"),
        (lambda x: (x * 2).backward(engine.ones(3)), "gradient of shape"),
        (lambda x: x.numpy(), r"detach\(\)"),
        (lambda x: x.expand(3, 2).detach().add_(1), "memory of their own"),
    ],
)
def test_errors(act, message):
    with pytest.raises(RuntimeError, match=message):
        act(engine.tensor([1.0, 2.0], requires_grad=True))


def test_error_in_a_hook_leaves_the_graph_usable():
    x = engine.tensor([2.0], requires_grad=True)
    y = x * x
    fail = [True]

    def hook(g):
        if fail[0]:
            raise ValueError("once")

    y.register_hook(hook)
    z = (y * 3).sum()
    with pytest.raises(ValueError, match="once"):
        z.backward(retain_graph=True)
    fail[0] = False
    z.backward()
    assert x.grad.item() == 12.0


def test_backward_within_backward():
    x = engine.tensor([2.0], requires_grad=True)
    y = x * x
    inner = []

    def hook(g):
        with engine.enable_grad():
            inner.append(autograd.grad((y * y).sum(), x, retain_graph=True)[0].item())

    (y * 1).register_hook(hook)
    z = y * 1
    z.register_hook(hook)
    z.backward()
    assert inner == [32.0]
    assert x.grad.item() == 4.0


def test_grad_prunes_and_touches_no_leaf():
    x = engine.tensor([2.0], requires_grad=True)
    w = engine.tensor([3.0], requires_grad=True)
    y = x * w
    z = y * w
    assert autograd.grad(z, y, retain_graph=True)[0].item() == 3.0
    assert autograd.grad(z, [x, w])[1].item() == 12.0
    assert x.grad is None
    assert w.grad is None
    with pytest.raises(RuntimeError, match="allow_unused"):
        autograd.grad(x * 2, w)


def test_no_grad_and_detach():
    x = engine.tensor([2.0], requires_grad=True)
    with engine.no_grad():
        assert not (x * 2).requires_grad
        with engine.enable_grad():
            assert (x * 2).requires_grad

    @engine.no_grad()
    def f(t):
        return t * 2

    assert not f(x).requires_grad
    assert (x * 2).requires_grad
    assert not (x * 2).detach().requires_grad


def test_a_gradient_mode_is_entered_any_number_of_times():
    off, on = engine.no_grad(), engine.enable_grad()

    def enter(depth):
        with off:
            assert not engine.is_grad_enabled()
            with on:
                assert engine.is_grad_enabled()
                if depth:
                    enter(depth - 1)
                assert engine.is_grad_enabled()
            assert not engine.is_grad_enabled()

    enter(100)
    assert engine.is_grad_enabled()
    with pytest.raises(RuntimeError, match="expected a block that was entered"):
        off.__exit__()
    with engine.inference_mode(), engine.no_grad():
        assert engine.is_inference_mode_enabled()
    assert not engine.is_inference_mode_enabled()
    assert isinstance(engine.no_grad(), engine.no_grad)


def test_two_leaves_do_not_share_a_gradient():
    a, b = (engine.zeros(2, requires_grad=True) for _ in range(2))
    (a + b).sum().backward()
    a.grad.add_(1)
    assert b.grad.tolist() == [1.0, 1.0]


def test_custom_function():
    class Cube(autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.save_for_backward(x)
            ctx.scale = scale
            return x * x * x * scale

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            assert ctx.needs_input_grad == (True, False)
            return g * 3 * x * x * ctx.scale, None

    x = engine.tensor([2.0], requires_grad=True, dtype=engine.float64)
    (first,) = autograd.grad(Cube.apply(x, 2.0), x, create_graph=True)
    (second,) = autograd.grad(first, x)
    assert first.item() == 24.0
    assert second.item() == 24.0


def test_anomaly_names_the_operation():
    x = engine.tensor([0.0], requires_grad=True)
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="nan or inf from SqrtBackward0"):
        (x.sqrt() * 0).backward()
