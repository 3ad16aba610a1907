"""vmap against PyTorch's: dimensions, trees, nesting, the other transforms within and around it, in-place writes, errors."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine

from .both import agree, inputs, refused

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script", "ignore:There is a performance drop")

STEPS = {
    "arithmetic": lambda m, x, y: x * y + x.sin() / (y * y + 1) - 2 * x**2,
    "reductions": lambda m, x, y: (x.sum(), x.mean(0), x.amax(-1, keepdim=True), (x * y).var(1), x.argmax(), x.prod(), x.norm()),
    "softmax": lambda m, x, y: m.softmax(x, -1) * m.log_softmax(y, 0),
    "products": lambda m, x, y: (x @ y.T, m.einsum("ij,kj->ik", x, y), x @ y[0], x[0] @ y[0], x[0] @ y.T, m.outer(x[0], y[1])),
    "views": lambda m, x, y: (x.T, x.reshape(-1), x[None, :, 1:].transpose(0, -1), x.unsqueeze(-1).expand(2, 3, 4), x.movedim(0, 1)),
    "pieces": lambda m, x, y: (m.cat([x, y], 1), m.stack([x, y], -1), x.chunk(3, 1), x.split(1, 0), x.unbind(0), y.diagonal(), x.squeeze()),
    "order": lambda m, x, y: (x.sort(-1), x.topk(2, 1), x.cumsum(0), x.flip(1), m.roll(x, 1, 0), x.median(1), x.kthvalue(2, 1)),
    "indexing": lambda m, x, y: (x[:, [2, 0]], x[1], x[m.tensor([1, 0])], x.gather(1, y.argsort(1)), x.index_select(1, m.tensor([0, 0]))),
    "choices": lambda m, x, y: (m.where(x > y, x, y), m.maximum(x, y), x.clamp(-0.5, 0.5), x.masked_fill(y > 0, 7.0), x.tril(), m.isnan(x)),
    "dtypes": lambda m, x, y: (x.float() * y.float(), (x * 3).long() + 1, x.to(m.complex128).abs(), x > 0, x[0, 0] * y.float()),
    "layers": lambda m, x, y: (m.nn.functional.linear(x, y, y[:, 0]), m.nn.functional.layer_norm(x, (3,)), m.nn.functional.gelu(y)),
    "losses": lambda m, x, y: (
        m.nn.functional.mse_loss(x, y), m.nn.functional.cross_entropy(x, m.tensor([0, 2])), m.nn.functional.l1_loss(x, y, reduction="sum"),
    ),
    "algebra": lambda m, x, y: (m.linalg.det(x[:, :2]), m.linalg.inv(x[:, :2]), m.linalg.solve(x[:, :2], y), m.linalg.svdvals(x)),
    "padding": lambda m, x, y: (m.nn.functional.pad(x, (1, 2)), m.nn.functional.one_hot(y.argmax(1), 3), m.zeros_like(x), x.new_ones(2)),
}  # fmt: skip


def step(m, name):
    """A function whose results lie in tuples alone: PyTorch's named tuples are no trees to it."""

    def f(x, y):
        found = STEPS[name](m, x, y)
        return tuple(tuple(r) if isinstance(r, (tuple, list)) else r for r in found) if isinstance(found, tuple) else found

    return f


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("in_dims", [(0, 0), (1, None), (None, -1)])
def test_operations(name, in_dims):
    given = [a[0] if d is None else np.moveaxis(a, 0, d) for a, d in zip(inputs((4, 2, 3), (4, 2, 3)), in_dims)]
    agree(lambda m, x, y: m.vmap(step(m, name), in_dims=in_dims)(x, y), *given)


@pytest.mark.parametrize("name", [name for name in STEPS if name != "losses"])  # PyTorch's mse_loss does not nest
def test_nested(name):
    given = inputs((2, 2, 3), (3, 2, 3))
    agree(lambda m, x, y: m.vmap(m.vmap(step(m, name), in_dims=(None, 0)), in_dims=(1, None))(x, y), *given)


def test_trees_and_out_dims():
    def f(tree, z):
        return {"a": tree["x"] * z, "b": (tree["x"].sum(), z)}

    agree(lambda m, x, z: m.vmap(f, in_dims=({"x": 1}, None), out_dims={"a": 1, "b": (0, None)})({"x": x}, z), *inputs((3, 4), (3,)))
    agree(lambda m, x: m.vmap(lambda t: (t, t * 2), out_dims=(1, -1))(x), *inputs((4, 3, 2)))
    agree(lambda m, x: m.vmap(lambda t: t * 2, in_dims=-1, out_dims=-1)(x), *inputs((4, 3, 2)))
    agree(lambda m, x: m.vmap(lambda t, *, k: t * k)(x, k=x[0]), *inputs((4, 3)))
    agree(lambda m, x: m.vmap(lambda t, k: t * k, in_dims=(0, None))(x, 3.0), *inputs((4, 3)))


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 4, 9])
def test_chunks(chunk_size):
    agree(lambda m, x: m.vmap(lambda t: (t.softmax(0), t.sum()), out_dims=(1, 0), chunk_size=chunk_size)(x), *inputs((5, 3)))


def test_no_slices():
    agree(lambda m, x: m.vmap(lambda t: (t * 2).sum(0))(x[:0]), *inputs((4, 3)))


def test_writes_in_place():
    def f(m, x, y):
        z = x.clone()
        z[0] = y[1]
        z[:, 1] += 2
        z.T.mul_(3)
        row = z[1]
        row.exp_()
        z.add_(y, alpha=2).clamp_(max=9.0)
        z[:, [0, 2]] = y[:, :2]
        z.tril_()
        w = m.zeros_like(x)
        w[1] = x[0]
        w[0, 0].copy_(y.sum())
        new = x.new_zeros(3)
        new += x.sum(0)
        return z, w, new, x.clone().unsqueeze_(0).transpose_(0, 1), x.clone().zero_(), x.clone().fill_(2.0)

    agree(lambda m, x, y: m.vmap(lambda a, b: f(m, a, b))(x, y), *inputs((4, 2, 3), (4, 2, 3)))
    agree(lambda m, x, y: (m.vmap(lambda a, b: a.add_(b))(x, y), x), *inputs((4, 2, 3), (4, 2, 3)))
    agree(lambda m, x, y: (m.vmap(lambda a, b: a.mul_(b), in_dims=(1, None))(x, y), x), *inputs((3, 4), (3,)))


def test_what_the_core_writes_and_keeps():
    """out= takes a batch as any write does; a parameter is made outside."""
    x = engine.arange(6.0).reshape(2, 3)
    assert engine.vmap(lambda t: engine.add(t, 1, out=engine.zeros(3)))(x).tolist() == (x + 1).tolist()
    with pytest.raises(RuntimeError, match="outside of vmap"):
        engine.vmap(lambda t: engine.nn.Parameter(t) * 1)(x)


def test_gradients_within_and_around():
    f = lambda w, x: ((x * w).sin() * w.exp()).sum()  # noqa: E731
    given = inputs((3,), (4, 3))
    agree(lambda m, w, x: m.vmap(m.func.grad(f), in_dims=(None, 0))(w, x), *given)
    agree(lambda m, w, x: m.vmap(m.func.grad(f, argnums=(0, 1)), in_dims=(None, 0))(w, x), *given)
    agree(lambda m, w, x: m.func.grad(lambda w: m.vmap(f, in_dims=(None, 0))(w, x).prod())(w), *given)
    agree(lambda m, w, x: m.func.grad(lambda w: m.vmap(m.func.grad(f), in_dims=(None, 0))(w, x).sin().sum())(w), *given)
    agree(lambda m, w, x: m.vmap(m.func.hessian(f), in_dims=(None, 0))(w, x), *given)
    agree(lambda m, w, x: m.vmap(m.func.jacfwd(m.func.jacrev(f, 1)), in_dims=(None, 0))(w, x), *given)
    agree(lambda m, w, x: m.vmap(lambda x: m.func.jvp(lambda w: f(w, x), (w,), (x,)))(x), *given)
    agree(lambda m, w, x: m.vmap(lambda v: m.func.jvp(lambda t: t.sin() * w, (w,), (v,))[1])(x), *given)
    agree(lambda m, w, x: m.vmap(m.func.vjp(lambda t: t.sin() * t[0], w)[1])(x), *given)
    agree(lambda m, w, x: m.vmap(m.vmap(m.func.grad(f), in_dims=(None, 0)), in_dims=(0, None))(x * w, x), *given)


def test_the_tape_around():
    def run(m, w, x):
        w.requires_grad_()
        x.requires_grad_()
        out = m.vmap(lambda x: (x * w).exp().sum())(x)
        return m.autograd.grad(out.prod(), [w, x])

    agree(run, *inputs((3,), (4, 3)))

    def second(m, w, x):
        w.requires_grad_()
        found = m.vmap(m.func.grad(lambda w, x: ((x * w).exp()).sum()), in_dims=(None, 0))(w, x)
        return found, m.autograd.grad((found * found).sum(), w)[0]

    agree(second, *inputs((3,), (4, 3)))


def test_what_differentiates_through_loops():
    """Ops without a rule for batches run on one slice after the other, and differentiate."""

    def run(m, x):
        sampled = lambda t: m.nn.functional.grid_sample(t[None, None], t[None, :, :2, None] * t[:2, :2], align_corners=False)  # noqa: E731
        return m.func.grad(lambda x: m.vmap(lambda t: sampled(t).sum())(x).sin().sum())(x)

    agree(run, *inputs((3, 2, 3)))


def test_tangents_of_forward_mode():
    """A level within vmap, which PyTorch does not have, and vmap within a level."""

    def within(x, v):
        ad = engine.autograd.forward_ad
        with ad.dual_level():
            return ad.unpack_dual((ad.make_dual(x, v).sin() * 2).exp()[:2] * v[0]).tangent

    x, v = inputs((2, 3), (2, 3))
    found = engine.vmap(within)(engine.from_numpy(x), engine.from_numpy(v))
    np.testing.assert_allclose(found.numpy(), (np.exp(2 * np.sin(x)) * 2 * np.cos(x) * v * v[:, :1])[:, :2], rtol=1e-12)

    def around(m, x, v):
        ad = m.autograd.forward_ad
        with ad.dual_level():
            return ad.unpack_dual(m.vmap(lambda t: (t.sin() * t).sum())(ad.make_dual(x, v))).tangent

    agree(around, *inputs((2, 3), (2, 3)))


def test_the_tape_within():
    """autograd.grad of what is outside, for a batch of seeds."""

    def run(m, x):
        x.requires_grad_()
        y = x.sin() * x.prod()
        return m.vmap(lambda v: m.autograd.grad(y, x, v, retain_graph=True)[0])(m.eye(3, dtype=m.float64))

    agree(run, *inputs((3,)))


def test_layers_with_state():
    """Batch norm within vmap: with statistics of the batch, with kept ones, and with ones that are mapped over and written."""

    def run(m, x):
        mean, var = m.zeros(2, 3, dtype=m.float64), m.ones(2, 3, dtype=m.float64)
        norm = m.nn.functional.batch_norm
        out = m.vmap(lambda x, a, b: norm(x, a, b, training=True))(x, mean, var)
        kept = m.vmap(lambda x: norm(x, mean[0], var[0]))(x)
        return out, mean, var, kept, m.vmap(lambda x: norm(x, None, None, training=True))(x)

    agree(run, *inputs((2, 4, 3)))
    refused(lambda m, x: m.vmap(m.nn.BatchNorm1d(3).double())(x), *inputs((2, 4, 3)))


def test_recurrent_and_attention_layers():
    """PyTorch has no rule for its recurrent layers: these are compared with one call for each element."""
    for layer in (engine.nn.LSTM(4, 3), engine.nn.GRU(4, 3, bidirectional=True), engine.nn.RNN(4, 3, 2)):
        x = engine.randn(3, 5, 4)
        for a, b in zip(engine.vmap(lambda t, f=layer: f(t)[0])(x), (layer(t)[0] for t in x)):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_randomness():
    """Drawn for each slice, the same for all, or not at all."""
    x = engine.zeros(5, 2)
    engine.manual_seed(0)
    different = engine.vmap(lambda t: t + engine.rand(2), randomness="different")(x)
    assert len({tuple(r) for r in different.tolist()}) == 5
    same = engine.vmap(lambda t: t + engine.rand(2), randomness="same")(x)
    assert len({tuple(r) for r in same.tolist()}) == 1
    drop = engine.vmap(lambda t: engine.nn.functional.dropout(t + 1, 0.5), randomness="different")(engine.zeros(50, 4))
    assert 50 < (drop > 0).sum().item() < 150


def own(m, rule, generate=False):
    class Scale(m.autograd.Function):
        generate_vmap_rule = generate

        @staticmethod
        def forward(x, k):
            return x * k

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            x, k = ctx.saved_tensors
            return g * k * 10, (g * x * 10).sum()

    if rule:
        Scale.vmap = staticmethod(rule)
    return Scale.apply


def test_indices_that_differ():
    """Indices from the batch, in reading and in writing."""

    def write(x, i, v):
        x = x.clone()
        x[i] = v
        x[:, 0] += 1
        return x

    index = np.array([[0, 1], [2, 1], [1, 0], [2, 0]])
    agree(lambda m, x, i: m.vmap(lambda x, i: (x[i], x[i, 1], x[:, i]))(x, i), inputs((4, 3, 3))[0], index)
    agree(lambda m, x, i: m.vmap(lambda i: (x[0][i], x[0][i, 1], x[0][:, i], x[0][i, i]))(i), inputs((4, 3, 3))[0], index)
    agree(lambda m, x, i, v: m.vmap(write)(x, i, v), inputs((4, 3, 3))[0], index, inputs((4, 2, 3))[0])
    agree(lambda m, x, i: m.vmap(lambda x, i: (x[i], x[0][i], x[i] * 2))(x, i), inputs((4, 3, 3))[0], index[:, 0])


def test_functions_of_users():
    seen = []

    def rule(info, in_dims, x, k):
        seen.append((info.batch_size, info.randomness, in_dims))
        return x.movedim(in_dims[0], 0) * k, 0

    agree(lambda m, x, k: m.vmap(own(m, rule), in_dims=(0, None))(x, k), *inputs((4, 3), ()))
    assert seen[0] == seen[1] == (4, "error", (0, None))
    agree(lambda m, x, k: m.vmap(own(m, None, True), in_dims=(1, None))(x, k), *inputs((4, 3), ()))
    agree(lambda m, x, k: m.vmap(m.func.grad(lambda x, k: own(m, None, True)(x, k).sum(), (0, 1)), (1, None))(x, k), *inputs((4, 3), ()))
    agree(lambda m, x, k: m.func.jacrev(lambda x: own(m, None, True)(x, k) ** 2)(x), *inputs((3,), ()))
    refused(lambda m, x, k: m.vmap(own(m, rule, True), in_dims=(0, None))(x, k), *inputs((4, 3), ()))


REFUSED = {
    "in_dims of a wrong type": lambda m, x: m.vmap(lambda t: t, in_dims=1.0)(x),
    "in_dims of a wrong structure": lambda m, x: m.vmap(lambda t: t, in_dims=(0, 0))(x),
    "in_dims out of range": lambda m, x: m.vmap(lambda t: t, in_dims=1)(x),
    "nothing mapped": lambda m, x: m.vmap(lambda t: t, in_dims=None)(x),
    "nothing mapped in a tuple": lambda m, x: m.vmap(lambda t: t, in_dims=(None,))(x),
    "no arguments": lambda m, x: m.vmap(lambda: 1)(),
    "no tensor": lambda m, x: m.vmap(lambda t: t)(2),
    "sizes": lambda m, x: m.vmap(lambda t, u: t)(x, x[:1]),
    "a result that is no tensor": lambda m, x: m.vmap(lambda t: 1)(x),
    "no result": lambda m, x: m.vmap(lambda t: None)(x),
    "out_dims out of range": lambda m, x: m.vmap(lambda t: t, out_dims=2)(x),
    "out_dims of a wrong structure": lambda m, x: m.vmap(lambda t: t, out_dims=(0, 0))(x),
    "out_dims of a wrong type": lambda m, x: m.vmap(lambda t: t, out_dims=1.0)(x),
    "out_dims None": lambda m, x: m.vmap(lambda t: t, out_dims=None)(x),
    "randomness": lambda m, x: m.vmap(lambda t: t, randomness="x")(x),
    "random numbers": lambda m, x: m.vmap(lambda t: t + m.rand(()))(x),
    "chunk_size": lambda m, x: m.vmap(lambda t: t, chunk_size=0)(x),
    "item": lambda m, x: m.vmap(lambda t: t.item())(x),
    "a branch": lambda m, x: m.vmap(lambda t: t if t > 0 else -t)(x),
    "float": lambda m, x: m.vmap(lambda t: float(t))(x),
    "numpy": lambda m, x: m.vmap(lambda t: t.numpy())(x),
    "tolist": lambda m, x: m.vmap(lambda t: t.tolist())(x),
    "nonzero": lambda m, x: m.vmap(lambda t: t.nonzero())(x[None]),
    "a mask": lambda m, x: m.vmap(lambda t: t[t > 0])(x[None]),
    "unique": lambda m, x: m.vmap(lambda t: m.unique(t))(x[None]),
    "equal": lambda m, x: m.vmap(lambda t: m.equal(t, t))(x),
    "allclose": lambda m, x: m.vmap(lambda t: m.allclose(t, t))(x),
    "requires_grad_": lambda m, x: m.vmap(lambda t: t.requires_grad_())(x),
    "backward": lambda m, x: m.vmap(lambda t: t.backward())(x),
    "a tensor from outside": lambda m, x: m.vmap(lambda t: x.add_(t))(x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    refused(REFUSED[name], *inputs((2,)))
