"""What a Function may do and what it may not: the same results, or errors of one class, as in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")
CASES = {}


def case(run):
    """Enter a function of a module, whose results (or errors) are compared."""
    CASES[run.__name__] = run
    return run


def function(m, forward, backward=None, **statics):
    """apply of a Function made of these."""
    methods = {"forward": forward, "backward": backward, **statics}
    return type("F", (m.autograd.Function,), {k: staticmethod(f) for k, f in methods.items() if f is not None}).apply


def ones(m, *shape):
    return m.ones(*shape, requires_grad=True)


def keep(f):
    """A forward that saves its arguments."""

    def forward(ctx, *args):
        ctx.save_for_backward(*args)
        return f(*args)

    return forward


@case
def a_view_of_the_input(m):
    x = ones(m, 2, 3)
    y = function(m, lambda ctx, x: x.t(), lambda ctx, g: g.t())(x)
    y.sum().backward()
    return x.grad, y._is_view(), y.requires_grad


@case
def a_view_written(m):
    y = function(m, lambda ctx, x: x[0], lambda ctx, g: m.stack([g, g]))(ones(m, 2, 3) * 1)
    y.add_(1)


@case
def several_views_written(m):
    a, _ = function(m, lambda ctx, x: (x[0], x[1]), lambda ctx, a, b: m.stack([a, b]))(ones(m, 2, 2) * 1)
    a.mul_(2)


@case
def the_input_itself(m):
    x = ones(m, 2)
    y = function(m, lambda ctx, x: x, lambda ctx, g: g * 3)(x)
    y.sum().backward()
    return x.grad, y is x, y._is_view()


@case
def too_few_gradients(m):
    function(m, lambda ctx, x, y: x * y, lambda ctx, g: g)(ones(m, 2), ones(m, 2)).sum().backward()


@case
def too_many_gradients(m):
    x = ones(m, 2)
    function(m, lambda ctx, x: x * 2, lambda ctx, g: (g, None, None))(x).sum().backward()
    return x.grad


@case
def a_gradient_of_a_wrong_shape(m):
    function(m, lambda ctx, x: x * 2, lambda ctx, g: m.ones(5))(ones(m, 2)).sum().backward()


@case
def a_gradient_that_was_broadcast(m):
    x = ones(m, 2)
    function(m, lambda ctx, x: x * m.ones(3, 2), lambda ctx, g: g)(x).sum().backward()
    return x.grad


@case
def a_gradient_for_a_number(m):
    function(m, lambda ctx, x, k: x * k, lambda ctx, g: (g, m.ones(1)))(ones(m, 2), 2.0).sum().backward()


@case
def a_gradient_of_another_dtype(m):
    x = ones(m, 2)
    function(m, lambda ctx, x: x.double(), lambda ctx, g: g)(x).sum().backward()
    return x.grad


@case
def results_that_are_no_tensors(m):
    x = ones(m, 2)
    out = function(m, lambda ctx, x: (x * 2, 5, None, "a"), lambda ctx, g, *rest: g * 2)(x)
    out[0].sum().backward()
    return x.grad, out[1:]


@case
def no_backward(m):
    function(m, lambda ctx, x: x * 2)(ones(m, 2)).sum().backward()


@case
def no_forward(m):
    function(m, None)(ones(m, 2))


@case
def a_forward_without_ctx(m):
    function(m, lambda x: x * 2, lambda ctx, g: g)(ones(m, 2))


@case
def a_saved_input_that_is_changed(m):
    w = m.ones(2)
    y = function(m, keep(lambda x, w: x * w), lambda ctx, g: ctx.saved_tensors)(ones(m, 2), w)
    w.add_(1)
    y.sum().backward()


@case
def saving_a_number(m):
    function(m, lambda ctx, x: ctx.save_for_backward(3) or x, lambda ctx, g: g)(ones(m, 2))


@case
def backward_twice(m):
    y = function(m, keep(lambda x: x * 2), lambda ctx, g: g * ctx.saved_tensors[0])(ones(m, 2)).sum()
    y.backward()
    y.backward()


def doubled(ctx, x, y=0):
    ctx.mark_dirty(x)
    return x.add_(y).mul_(2)


@case
def dirty_and_not_returned(m):
    function(m, lambda ctx, x: ctx.mark_dirty(x) or x * 2, lambda ctx, g: g)(ones(m, 2) * 1)


@case
def a_dirty_leaf(m):
    function(m, doubled, lambda ctx, g: g * 2)(ones(m, 2))


@case
def a_dirty_input_without_history(m):
    x, w = m.zeros(2), ones(m, 2)
    out = function(m, doubled, lambda ctx, g: (g * 2, g * 2))(x, w)
    out.sum().backward()
    return w.grad, out is x, x.requires_grad, x


@case
def nothing_differentiable(m):
    y = function(m, lambda ctx, x: x > 0, lambda ctx, g: g)(ones(m, 2))
    return y.requires_grad, y.grad_fn is None


@case
def one_result_without_gradient(m):
    def forward(ctx, x):
        a, b = x * 2, x * 3
        ctx.mark_non_differentiable(b)
        return a, b

    x = ones(m, 2)
    a, b = function(m, forward, lambda ctx, g, h: g * 2 + h)(x)
    a.sum().backward()
    return a.requires_grad, b.requires_grad, x.grad


@case
def tensors_in_a_dictionary(m):
    x, a = ones(m, 2), ones(m, 2)
    function(m, lambda ctx, d, x: d["a"] * x, lambda ctx, g: (None, g))({"a": a}, x).sum().backward()
    return x.grad, a.grad


@case
def who_needs_a_gradient(m):
    seen = []

    def note(ctx, *args):
        seen.append(ctx.needs_input_grad)
        return args[0] * 1

    apply = function(m, note, lambda ctx, g: (seen.append(ctx.needs_input_grad) or g, g, None))
    apply(ones(m, 2), m.ones(2), 3).sum().backward()
    with m.no_grad():
        apply(ones(m, 2), m.ones(2), 3)
    return seen


@case
def modes_within(m):
    seen = []
    x = ones(m, 2)

    def backward(ctx, g):
        seen.append((m.is_grad_enabled(), g.requires_grad))
        return g

    y = function(m, lambda ctx, x: seen.append(m.is_grad_enabled()) or x * 2, backward)(x).sum()
    m.autograd.grad(y, x, retain_graph=True)
    m.autograd.grad(y, x, create_graph=True)
    return seen


@case
def one_within_another(m):
    inner = function(m, keep(lambda x: 3 * x**2), lambda ctx, g: g * 6 * ctx.saved_tensors[0])
    outer = function(m, keep(lambda x: x**3), lambda ctx, g: g * inner(ctx.saved_tensors[0]))
    x = m.tensor([2.0], requires_grad=True)
    (g,) = m.autograd.grad(outer(x), x, create_graph=True)
    return g, m.autograd.grad(g, x)


@case
def no_zeros_wanted(m):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    x = ones(m, 2)
    function(m, forward, lambda ctx, a, b: None if a is None else a * 2)(x)[1].sum().backward()
    return x.grad


@case
def hooks(m):
    seen = []
    x = ones(m, 2)
    y = function(m, lambda ctx, x: x * 2, lambda ctx, g: seen.append(g.tolist()) or g * 2)(x)
    y.register_hook(lambda g: g * 10)
    y.grad_fn.register_prehook(lambda gs: (gs[0] + 1,))
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 100,))
    y.sum().backward()
    return seen, x.grad, y.grad_fn.name()


@case
def what_the_node_knows(m):
    y = function(m, lambda ctx, x: setattr(ctx, "note", 5) or ctx.save_for_backward(x) or x * 2, lambda ctx, g: g)(ones(m, 2))
    node = y.grad_fn
    return node.note, node.saved_tensors, node.needs_input_grad, node.next_functions[0][0].name(), isinstance(node, m.autograd.graph.Node)


@case
def complex_numbers(m):
    z = m.tensor([1 + 2j], requires_grad=True)
    function(m, keep(lambda z: z * z.conj()), lambda ctx, g: 2 * ctx.saved_tensors[0] * g.real)(z).real.sum().backward()
    return z.grad


@case
def tangents(m):
    forward_ad = m.autograd.forward_ad

    def jvp(ctx, a, b):
        x, y = ctx.saved_tensors
        return a * y + (0 if b is None else b * x), a

    apply = function(m, lambda ctx, x, y: ctx.save_for_forward(x, y) or (x * y, x + y), jvp=jvp)
    with forward_ad.dual_level():
        return [tuple(forward_ad.unpack_dual(t)) for t in apply(forward_ad.make_dual(m.ones(2), m.ones(2) * 3), m.ones(2) * 2)]


@case
def no_tangents(m):
    forward_ad = m.autograd.forward_ad
    with forward_ad.dual_level():
        function(m, lambda ctx, x: x * 2, lambda ctx, g: g)(forward_ad.make_dual(m.ones(2), m.ones(2)))


def plain(value):
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, (engine.Tensor, torch.Tensor)):
        return tuple(value.shape), value.requires_grad, str(value.dtype), np.round(value.detach().numpy(), 6).tolist()
    return value


def outcome(m, name):
    try:
        return plain(CASES[name](m))
    except Exception as error:
        return type(error)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
@pytest.mark.parametrize("name", CASES)
def test_case(name):
    wanted, found = outcome(torch, name), outcome(engine, name)
    if isinstance(wanted, type):
        assert isinstance(found, type), found
        assert issubclass(found, wanted), (found, wanted)
    else:
        assert found == wanted
