"""grad, grad_and_value, vjp, jvp and linearize against PyTorch's."""

from __future__ import annotations

import pytest

from .both import agree, inputs, refused

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script")  # PyTorch's own, at its first forward derivative


def cubic(x, y):
    return (x**3 * y.cos()).sum()


@pytest.mark.parametrize("argnums", [0, 1, -1, (0,), (0, 1), (1, 0)])
@pytest.mark.parametrize("name", ["grad", "grad_and_value"])
def test_argnums(name, argnums):
    agree(lambda m, x, y: getattr(m.func, name)(cubic, argnums=argnums)(x, y), *inputs((3,), (3,)))


@pytest.mark.parametrize("name", ["grad", "grad_and_value"])
def test_trees_aux_and_keywords(name):
    def f(tree, scale=1.0, *, offset):
        loss = (tree["a"] * tree["b"][0] * scale + offset).sin().sum()
        return loss, {"loss": loss, "parts": [tree["a"] + 1, tree["b"][1]]}

    agree(lambda m, a, b: getattr(m.func, name)(f, has_aux=True)({"a": a, "b": (b, a)}, scale=2.0, offset=b), *inputs((2, 3), (2, 3)))


def test_an_unused_argument_has_a_gradient_of_zeros():
    agree(lambda m, x, y: m.func.grad(lambda a, b: (a * 2).sum(), argnums=(0, 1))(x, y), *inputs((3,), (2,)))
    agree(lambda m, x: m.func.grad(lambda a: m.ones((), dtype=m.float64))(x), *inputs((3,)))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_higher_orders(order):
    def run(m, x):
        f = lambda t: (t * t * t).exp().sin()  # noqa: E731
        for _ in range(order):
            f = m.func.grad(f)
        return f(x)

    agree(run, *inputs(()))


def test_nested_levels_do_not_mix():
    """Perturbation confusion: the inner derivative holds the outer variable fixed."""
    agree(lambda m, x: m.func.grad(lambda a: a * m.func.grad(lambda b: a * b)(x))(x), *inputs(()))
    agree(lambda m, x: m.func.grad(lambda a: a * m.func.jvp(lambda b: a * b * b, (x,), (a,))[1])(x), *inputs(()))
    agree(lambda m, x: m.func.jvp(lambda a: a * m.func.grad(lambda b: (a * b * b).sum())(a), (x,), (x.cos(),)), *inputs((2,)))
    agree(lambda m, x: m.func.jvp(lambda a: m.func.jvp(lambda b: a * b**3, (x,), (a,))[1], (x,), (x.cos(),)), *inputs((2,)))


def test_the_tape_around_a_transform():
    """What requires grad outside gets a gradient through the transform; what does not comes back without history."""

    def run(m, x, w):
        w.requires_grad_()
        found = m.func.grad(lambda t: (t**3 * w).sum())(x)
        return found, m.autograd.grad(found.sin().sum(), w)[0]

    agree(run, *inputs((3,), (3,)))

    def of_the_argument(m, x):
        x.requires_grad_()
        found, value = m.func.grad_and_value(lambda t: (t**3).sum())(x)
        return m.autograd.grad(found.sum() + value, x)[0]

    agree(of_the_argument, *inputs((3,)))

    def captured(m, x, w):
        w.requires_grad_()
        return m.func.grad(lambda t: (t**3).sum())(x), m.func.grad(lambda t: (t**3).sum() + w.sum())(x)

    agree(captured, *inputs((3,), (3,)))


def test_no_grad_inside_and_outside():
    def inside(m, x):
        def f(t):
            with m.no_grad():
                shift = t * 2
            return (t * t + shift).sum()

        return m.func.grad(f)(x)

    agree(inside, *inputs((3,)))

    def outside(m, x):
        x.requires_grad_()
        with m.no_grad():
            return m.func.grad(lambda t: (t**3).sum())(x)

    agree(outside, *inputs((3,)))


def test_writes_in_place():
    def f(t):
        y = t * 2
        y[0] = t[1] ** 2
        y.mul_(t)
        return y.sum()

    agree(lambda m, x: (m.func.grad(f)(x), m.func.jvp(f, (x,), (x.cos(),))), *inputs((3,)))


def test_detach_stops_a_gradient():
    agree(lambda m, x: m.func.grad(lambda t: (t.detach() * t).sum())(x), *inputs((3,)))


@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_dtypes(dtype):
    agree(lambda m, x: m.func.grad(lambda t: (t * t.conj() * t).sum().abs())(x), *inputs((3,), dtype=dtype))
    agree(lambda m, x, v: m.func.vjp(lambda t: t * t.conj() * 2, x)[1](v), *inputs((3,), (3,), dtype=dtype))
    agree(lambda m, x, v: m.func.jvp(lambda t: t * t.conj() * 2, (x,), (v,)), *inputs((3,), (3,), dtype=dtype))


def test_vjp():
    def f(tree, y):
        return {"product": tree["x"] * y, "pair": (tree["x"].sum(), y.exp())}

    def run(m, x, y):
        output, pull = m.func.vjp(f, {"x": x}, y)
        return output, pull({"product": x.sin(), "pair": (y.sum(), y.cos())})

    agree(run, *inputs((3,), (3,)))
    agree(lambda m, x: m.func.vjp(lambda t: t * 2, x)[1](x), *inputs((3,)))
    agree(lambda m, x: m.func.vjp(lambda t: (t * 2, t), x)[1]((x, x)), *inputs((3,)))

    def with_aux(m, x):
        output, pull, aux = m.func.vjp(lambda t: (t.sin(), (t + 1, {"twice": t * 2})), x, has_aux=True)
        return output, pull(output), aux

    agree(with_aux, *inputs((3,)))


def test_vjp_of_vjp_and_of_constants():
    agree(lambda m, x, v: m.func.grad(lambda t: m.func.vjp(m.sin, t)[1](v)[0].sum())(x), *inputs((3,), (3,)))
    agree(lambda m, x, v: m.func.vjp(lambda t: m.func.vjp(m.sin, x)[1](t)[0], v)[1](x), *inputs((3,), (3,)))
    agree(lambda m, x, y: m.func.vjp(lambda a, b: a * 2, x, y)[1](x), *inputs((3,), (2,)))


def test_jvp():
    def f(tree, y):
        return {"product": tree["x"] * y, "pair": (tree["x"].sum(), y.exp())}

    agree(lambda m, x, y: m.func.jvp(f, ({"x": x}, y), ({"x": y.cos()}, x.sin())), *inputs((3,), (3,)))
    agree(lambda m, x: m.func.jvp(lambda t: (t.sin(), t + 1), (x,), (x,), has_aux=True), *inputs((3,)))
    agree(lambda m, x: m.func.jvp(lambda t: m.ones_like(t), (x,), (x,)), *inputs((3,)))
    agree(lambda m, x: m.func.grad(lambda t: m.func.jvp(lambda s: s**3, (t,), (t.cos(),))[1].sum())(x), *inputs((3,)))


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")  # PyTorch's own
def test_linearize():
    def run(m, x, y, v):
        output, push = m.func.linearize(lambda a, b: {"out": a * b.sin()}, x, y)
        return output, push(v, x), push(y, v)

    agree(run, *inputs((3,), (3,), (3,)))


def test_forward_over_reverse_products():
    """Products with a Hessian, in the three ways."""

    def f(x):
        return (x**3).sum() * x.cos().prod()

    agree(lambda m, x, v: m.func.jvp(m.func.grad(f), (x,), (v,)), *inputs((4,), (4,)))
    agree(lambda m, x, v: m.func.vjp(m.func.grad(f), x)[1](v), *inputs((4,), (4,)))
    agree(lambda m, x, v: m.func.grad(lambda t: m.func.jvp(f, (t,), (v,))[1])(x), *inputs((4,), (4,)))


def test_custom_functions():
    def run(m, x):
        class Cube(m.autograd.Function):
            @staticmethod
            def forward(t):
                return t**3

            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(*inputs)
                ctx.save_for_forward(*inputs)

            @staticmethod
            def backward(ctx, g):
                (t,) = ctx.saved_tensors
                return g * 3 * t**2

            @staticmethod
            def jvp(ctx, v):
                (t,) = ctx.saved_tensors
                return v * 3 * t**2

        return m.func.grad(Cube.apply)(x), m.func.grad(m.func.grad(Cube.apply))(x), m.func.jvp(Cube.apply, (x,), (x,))

    agree(run, *inputs(()))


@pytest.mark.parametrize(
    "f",
    [
        lambda m, x: m.func.grad(lambda t: t * 2)(x),
        lambda m, x: m.func.grad(lambda t: 1.0)(x),
        lambda m, x: m.func.grad(lambda t: (t * 2).sum(), argnums=1)(x),
        lambda m, x: m.func.grad(lambda t: (t * 2).sum(), argnums=(0, 0))(x, x),
        lambda m, x: m.func.grad(lambda t: (t * 2).sum(), argnums=())(x),
        lambda m, x: m.func.grad(lambda t: (t * 2).sum(), argnums=1.0)(x),
        lambda m, x: m.func.grad(lambda t: t.sum(), has_aux=True)(x),
        lambda m, x: m.func.grad(lambda t: (t.sum(), 1, 2), has_aux=True)(x),
        lambda m, x: m.func.grad(lambda t: t.sum())(x.to(m.int64)),
        lambda m, x: m.func.grad(lambda t: t)(1.0),
        lambda m, x: m.func.grad(lambda t: (t * t).sum())(x.to(m.complex128)),
        lambda m, x: m.func.jacrev(lambda t: t * t)(x.to(m.complex128)),
        lambda m, x: m.func.jacfwd(lambda t: t * t)(x.to(m.complex128)),
        lambda m, x: m.func.jacrev(lambda t: t * 1j)(x),
        lambda m, x: m.func.jacfwd(lambda t: t * 1j)(x),
        lambda m, x: m.func.vjp(lambda t: 1.0, x),
        lambda m, x: m.func.vjp(lambda t: t, 1.0),
        lambda m, x: m.func.vjp(lambda t: t, x.to(m.int64)),
        lambda m, x: m.func.jvp(lambda t: t, (1.0,), (1.0,)),
        lambda m, x: m.func.jvp(lambda t: t, (x.to(m.int64),), (x.to(m.int64),)),
        lambda m, x: m.func.vjp(lambda t: t * 2, x)[1]((x, x)),
        lambda m, x: m.func.vjp(lambda t: t * 2, x)[1](x[:1]),
        lambda m, x: m.func.jvp(lambda t: t * 2, x, x),
        lambda m, x: m.func.jvp(lambda t: t * 2, (x,), (x, x)),
        lambda m, x: m.func.jvp(lambda t: t * 2, (x,), (x[:1],)),
        lambda m, x: m.func.jvp(lambda t: t * 2, (), ()),
        lambda m, x: m.func.jvp(lambda t: 1.0, (x,), (x,)),
        lambda m, x: m.func.jvp(lambda t: m.ones(2), (x,), (x,), strict=True),
    ],
)
def test_what_is_refused(f):
    refused(f, *inputs((3,)))
