"""Transforms over real models, with the same weights in PyTorch: a perceptron, a convolutional net, attention."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from workbench import engine

from .both import agree, inputs, same

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script", "ignore:There is a performance drop")


@cache
def attention(m):
    """The class of a layer of a module `m`: self-attention with a feed-forward part and norms."""

    class Block(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.project, self.out = m.nn.Linear(8, 24), m.nn.Linear(8, 8)
            self.norm, self.feed, self.back = m.nn.LayerNorm(8), m.nn.Linear(8, 16), m.nn.Linear(16, 3)

        def forward(self, x):
            b, n, _ = x.shape
            q, k, v = (t.reshape(b, n, 2, 4).transpose(1, 2) for t in self.project(x).chunk(3, -1))
            mixed = m.nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, 8)
            x = self.norm(x + self.out(mixed))
            return self.back(m.nn.functional.gelu(self.feed(x))).mean(1)

    return Block


@pytest.fixture(autouse=True)
def _differentiable_attention():
    """PyTorch's fused attention has no forward derivative, and no second one."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        yield


MODELS = {
    "perceptron": (lambda m: m.nn.Sequential(m.nn.Linear(6, 8), m.nn.Tanh(), m.nn.Linear(8, 8), m.nn.ReLU(), m.nn.Linear(8, 3)), (6,)),
    "convolutions": (
        lambda m: m.nn.Sequential(
            m.nn.Conv2d(2, 4, 3, padding=1), m.nn.GroupNorm(2, 4), m.nn.ReLU(), m.nn.MaxPool2d(2), m.nn.Conv2d(4, 4, 3, groups=2),
            m.nn.SiLU(), m.nn.AdaptiveAvgPool2d(1), m.nn.Flatten(), m.nn.Linear(4, 3),
        ),
        (2, 8, 8),
    ),
    "attention": (lambda m: attention(m)(), (5, 8)),
}  # fmt: skip
EACH = pytest.mark.parametrize("name", MODELS)
_weights: dict[str, list[np.ndarray]] = {}


def model(m, name):
    """The model, with the weights that it has in both."""
    net = MODELS[name][0](m).double()
    rng = np.random.default_rng(0)
    held = _weights.setdefault(name, [rng.standard_normal(tuple(p.shape)) * 0.4 for p in net.parameters()])
    with m.no_grad():
        for p, w in zip(net.parameters(), held, strict=True):
            p.copy_(m.from_numpy(w.copy()))
    return net


def loss(m, net):
    """The loss of one example as a function of the parameters."""

    def of(params, x, y):
        return m.nn.functional.cross_entropy(m.func.functional_call(net, params, (x.unsqueeze(0),)), y.unsqueeze(0))

    return of


def parameters(net):
    return {k: p.detach() for k, p in net.named_parameters()}


def batch(name, n=4):
    return inputs((n, *MODELS[name][1]))[0], np.arange(n) % 3


@EACH
def test_gradients_of_each_example(name):
    def run(m, x, y):
        net = model(m, name)
        return m.vmap(m.func.grad(loss(m, net)), in_dims=(None, 0, 0))(parameters(net), x, y)

    found = agree(run, *batch(name))
    net = model(engine, name)
    x, y = batch(name)
    for i in range(2):
        one = engine.func.grad(loss(engine, net))(parameters(net), engine.from_numpy(x[i]), engine.from_numpy(y[[i]])[0])
        for k in one:
            np.testing.assert_allclose(found[k][i].numpy(), one[k].numpy(), rtol=1e-9, atol=1e-12)


@EACH
def test_jacobians_by_rows_and_columns(name):
    def run(m, x):
        net = model(m, name)
        f = lambda p: m.func.functional_call(net, p, (x[:2],))  # noqa: E731
        return m.func.jacrev(f)(parameters(net))

    found = agree(run, batch(name)[0])

    def of_the_input(m, x):
        net = model(m, name)
        return m.func.jacrev(net)(x[:2]).detach(), m.func.jacfwd(net)(x[:2]).detach()

    rows, columns = agree(of_the_input, batch(name)[0])
    np.testing.assert_allclose(rows.numpy(), columns.numpy(), rtol=1e-8, atol=1e-11)
    assert found


@EACH
def test_hessians(name):
    """Against PyTorch's autograd.functional: its func.hessian is not symmetric where a layer norm has a weight."""
    x, y = batch(name)

    def split(m):
        net = model(m, name)
        small = {k: p for k, p in parameters(net).items() if p.numel() <= 8}
        rest = {k: p for k, p in parameters(net).items() if p.numel() > 8}
        given = m.from_numpy(x)[0], m.from_numpy(y)[0]
        return small, lambda *p: loss(m, net)({**rest, **dict(zip(small, p))}, *given)

    small, f = split(torch)
    wanted = torch.autograd.functional.hessian(f, tuple(small.values()))
    small, f = split(engine)
    for nested in (engine.func.hessian, lambda g: engine.func.jacrev(engine.func.jacfwd(g))):
        found = nested(lambda p: f(*p.values()))(small)
        same([[found[a][b] for b in small] for a in small], [list(row) for row in wanted])


@EACH
def test_ensembles(name):
    def run(m, x):
        nets = [model(m, name) for _ in range(3)]
        with m.no_grad():
            for i, net in enumerate(nets):
                for p in net.parameters():
                    p.mul_(1 + i)
        params, buffers = m.func.stack_module_state(nets)
        base = nets[0]

        def call(p, b, x):
            return m.func.functional_call(base, (p, b), (x,))

        shared = m.vmap(call, in_dims=(0, 0, None))(params, buffers, x)
        own = m.vmap(call)(params, buffers, x[:3].unsqueeze(1))
        grads = m.autograd.grad(shared.square().sum(), list(params.values()))
        return shared.detach(), own.detach(), list(grads), [net(x).detach() for net in nets]

    shared, _, _, each = agree(run, batch(name)[0])
    same(list(shared.unbind(0)), [torch.from_numpy(e.numpy()) for e in each])


@EACH
def test_products_with_the_hessian(name):
    def run(m, x, y):
        net = model(m, name)
        p = parameters(net)
        f = lambda p: loss(m, net)(p, x[0], y[0])  # noqa: E731
        v = {k: t.cos() for k, t in p.items()}
        return m.func.jvp(m.func.grad(f), (p,), (v,))[1], m.func.vjp(m.func.grad(f), p)[1](v)[0]

    agree(run, *batch(name))
