"""autograd.functional against PyTorch's: values, history, strict, batched, both strategies, errors."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script")
X = np.array([0.5, 2.0])


def described(value):
    """Shapes, history and values of a tree."""
    if isinstance(value, (tuple, list)):
        return [described(v) for v in value]
    return tuple(value.shape), value.requires_grad, str(value.dtype), np.round(value.detach().numpy(), 9).tolist()


def outcome(m, f):
    try:
        return described(f(m.autograd.functional, m, m.from_numpy(X.copy())))
    except Exception as error:
        return type(error)


def agree(f):
    wanted, found = outcome(torch, f), outcome(engine, f)
    assert found == wanted or (isinstance(found, type) and isinstance(wanted, type) and issubclass(found, wanted))


def vector(name, m, x):
    """A vector for a function of two arguments with one element."""
    return m.ones((), dtype=m.float64) if name == "vjp" else (x, x * 2)


PRODUCTS = pytest.mark.parametrize("name", ["vjp", "jvp", "vhp", "hvp"])


@PRODUCTS
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "f",
    [
        lambda m, t, u: (t**3 * u).sum(),
        lambda m, t, u: (t * 2 + u * u).sum(),
        lambda m, t, u: t.prod(),
        lambda m, t, u: m.ones((), dtype=m.float64),
        lambda m, t, u: (t.sum(), u.prod()),
        lambda m, t, u: 1.0,
    ],
    ids=["cubic", "linear in one", "independent of one", "constant", "two results", "no tensor"],
)
def test_products(name, create_graph, strict, f):
    def run(functional, m, x):
        x.requires_grad_()
        inputs = (x, x * 2)
        return getattr(functional, name)(lambda t, u: f(m, t, u), inputs, vector(name, m, x), create_graph=create_graph, strict=strict)

    agree(run)


@PRODUCTS
def test_what_products_refuse(name):
    agree(lambda f, m, x: getattr(f, name)(lambda t: t * t, x))
    agree(lambda f, m, x: getattr(f, name)(lambda t: t * t, x, (x, x)))
    agree(lambda f, m, x: getattr(f, name)(lambda t: (t * t).sum(), x, x[:1]))
    agree(lambda f, m, x: getattr(f, name)(lambda t: t, 1.0, 1.0))


FORMS = {
    "rows": {},
    "rows at once": {"vectorize": True},
    "columns at once": {"vectorize": True, "strategy": "forward-mode"},
    "recorded": {"create_graph": True},
    "recorded at once": {"create_graph": True, "vectorize": True},
    "strict": {"strict": True},
    "unknown": {"strategy": "sideways"},
}
FUNCTIONS = {
    "one": lambda m, t, u: t * u.sum(),
    "two": lambda m, t, u: (t * u.sum(), (u * t[0]).prod()),
    "constant": lambda m, t, u: (t * 2, m.ones(3, dtype=m.float64)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobian(name, form):
    def run(functional, m, x):
        return functional.jacobian(lambda t, u: FUNCTIONS[name](m, t, u), (x, x * 3), **FORMS[form])

    agree(run)
    agree(lambda f, m, x: f.jacobian(lambda t: t.outer(t), x, **FORMS[form]))


@pytest.mark.parametrize("form", [f for f in FORMS if f != "columns at once"])  # where PyTorch's result requires grad for no reason
def test_hessian(form):
    options = {"outer_jacobian_strategy" if k == "strategy" else k: v for k, v in FORMS[form].items()}
    agree(lambda f, m, x: f.hessian(lambda t: (t**3).sum() * t.prod(), x, **options))
    agree(lambda f, m, x: f.hessian(lambda t, u: (t * u).prod() + t.sum(), (x, x * 2), **options))
    agree(lambda f, m, x: f.hessian(lambda t: t * 2, x, **options))


def test_hessian_by_columns():
    f = lambda t: (t**3).sum() * t.prod()  # noqa: E731
    found = engine.autograd.functional.hessian(f, engine.from_numpy(X), vectorize=True, outer_jacobian_strategy="forward-mode")
    np.testing.assert_allclose(found.numpy(), torch.autograd.functional.hessian(f, torch.from_numpy(X)).numpy(), rtol=1e-12)


@pytest.mark.parametrize("vectorize", [False, True])
def test_a_jacobian_has_gradients(vectorize):
    def run(functional, m, x):
        x.requires_grad_()
        found = functional.jacobian(lambda t: t**3 * t.sum(), x, create_graph=True, vectorize=vectorize)
        return m.autograd.grad(found.sin().sum(), x)

    agree(run)


def test_batched_gradients():
    def run(functional, m, x):
        x.requires_grad_()
        y, z = x.sin() * x, x.prod()
        seeds = m.eye(2, dtype=m.float64)
        first = m.autograd.grad([y, z], x, [seeds, seeds[:, 0]], is_grads_batched=True, create_graph=True)[0]
        w = m.ones(1, requires_grad=True)
        unused = m.autograd.grad(y, [x, w], seeds, is_grads_batched=True, allow_unused=True, materialize_grads=True, retain_graph=True)
        return [first, *unused, m.autograd.grad(first.cos().sum(), x)[0]]

    agree(run)
    agree(lambda f, m, x: m.autograd.grad(x.requires_grad_() * 2, x, m.ones(3), is_grads_batched=True))


def test_batched_gradients_through_functions_and_writes():
    """Derivatives written in Python run for each gradient of the batch; so do those of writes into views."""

    def run(functional, m, x):
        x.requires_grad_()
        y = x * 1
        y[0] = x[1] ** 2
        y[1:].mul_(x[:1])
        return m.autograd.grad(y, x, m.eye(2, dtype=m.float64), is_grads_batched=True)

    agree(run)
    square = lambda t: t**2  # noqa: E731

    class Square(engine.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.save_for_backward(t)
            return t * t

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0] if g.sum().item() else g * 0  # reads values, which a batch would refuse

    x = engine.from_numpy(X.copy()).requires_grad_()
    seeds = engine.eye(2, dtype=engine.float64)
    found = engine.autograd.grad(Square.apply(x), x, seeds, is_grads_batched=True)[0]
    wanted = engine.autograd.grad(square(x), x, seeds, is_grads_batched=True)[0]
    assert found.tolist() == wanted.tolist()
