"""Nodes and their hooks, what is saved, and edges, against PyTorch's."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from workbench import engine
from workbench.engine import autograd
from workbench.engine.autograd import graph

torch = pytest.importorskip("torch")
BOTH = pytest.mark.parametrize("m", [engine, torch], ids=["engine", "torch"])


@BOTH
def test_nodes(m):
    x = m.tensor([1.0, 2.0], requires_grad=True)
    y = (x * 3).exp().sum()
    node, place = y.grad_fn.next_functions[0]
    assert (node.name(), place) == ("ExpBackward0", 0)
    product = node.next_functions[0][0]
    assert product.name() == "MulBackward0"
    leaf, _ = product.next_functions[0]
    assert leaf.variable is x
    assert leaf is product.next_functions[0][0]
    assert leaf.next_functions == ()
    assert leaf.name() == "torch::autograd::AccumulateGrad"
    assert product.next_functions[1] == (None, 0)
    assert isinstance(node, m.autograd.graph.Node)
    assert isinstance(leaf, m.autograd.graph.Node)
    node.metadata["mine"] = 1
    assert y.grad_fn.next_functions[0][0].metadata == {"mine": 1}
    assert product(m.tensor([1.0, 10.0]))[0].tolist() == [3.0, 30.0]


@BOTH
def test_node_hooks(m):
    seen = []
    x = m.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.register_hook(lambda g: seen.append(("tensor", g.tolist())))
    y.grad_fn.register_prehook(lambda gs: seen.append(("pre", gs[0].tolist())) or (gs[0] * 10,))
    handle = y.grad_fn.register_hook(lambda new, old: seen.append(("post", new[0].tolist(), old[0].tolist())) or (new[0] + 1, None))
    leaf = y.grad_fn.next_functions[0][0]
    leaf.register_prehook(lambda gs: seen.append(("leaf pre", gs[0].tolist())))
    leaf.register_hook(lambda new, old: seen.append(("leaf post", new, old[0].tolist(), x.grad.tolist())))
    y.sum().backward()
    assert seen == [
        ("tensor", [1.0, 1.0]),
        ("pre", [1.0, 1.0]),
        ("post", [30.0, 30.0], [10.0, 10.0]),
        ("leaf pre", [31.0, 31.0]),
        ("leaf post", (), [31.0, 31.0], [31.0, 31.0]),
    ]
    handle.remove()
    seen.clear()
    (x * 1).sum().backward()
    assert [kind for kind, *_ in seen] == ["leaf pre", "leaf post"]


@BOTH
def test_order_of_tensor_hooks(m):
    seen = []
    x = m.tensor([1.0], requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 5)
    y.register_hook(lambda g: seen.append(g.item()))
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append(("post", leaf.grad.item())))
    x.register_hook(lambda g: g + 1)
    y.backward()
    assert seen == [5.0, ("post", 11.0)]
    assert y.grad.item() == 5.0
    y = x * 2
    y.backward(inputs=[x])
    assert seen[-1] == ("post", 14.0)


@BOTH
def test_saved_tensors_hooks(m):
    packed = []

    def pack(t):
        packed.append(t.shape)
        return t.detach().numpy().copy()

    x = m.tensor([0.5, 1.0], requires_grad=True, dtype=m.float64)
    with m.autograd.graph.saved_tensors_hooks(pack, m.from_numpy):
        y = (x * x).exp().sum()
    assert len(packed) in (2, 3)  # one input twice or once, and the result of exp
    (g,) = m.autograd.grad(y, x, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), [1.2840254, 5.4365637], rtol=1e-6)
    (h,) = m.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), [3.8520763, 16.309691], rtol=1e-6)


def test_hooks_nest_and_are_refused():
    names = []

    def hooks(name):
        return graph.saved_tensors_hooks(lambda t: names.append(name) or t, lambda t: t)

    x = engine.ones(1, requires_grad=True)
    with hooks("outer"):
        x * x
        with hooks("inner"):
            x * x
        x * x
    assert list(dict.fromkeys(names)) == ["outer", "inner"]
    assert names == names[::-1]
    names.clear()
    x * x
    assert names == []
    with graph.disable_saved_tensors_hooks("not here"), pytest.raises(RuntimeError, match="not here"), hooks("never"):
        pass
    with hooks("outer"), pytest.raises(RuntimeError, match="not here"), graph.disable_saved_tensors_hooks("not here"):
        pass
    with pytest.raises(TypeError, match="expected unpack to return a Tensor"), graph.saved_tensors_hooks(lambda t: t, lambda t: 1):
        (x * x).backward()
    with pytest.raises(RuntimeError, match="changed it in place"), graph.saved_tensors_hooks(lambda t: t.add_(1), lambda t: t):
        (x * 1).exp()


def test_hidden_results_go_through_the_hooks():
    """What a layer keeps for backward and nobody sees is packed too, or a checkpoint would keep it."""
    net = engine.nn.LayerNorm(4)
    x = engine.randn(3, 4, requires_grad=True)
    packed = []
    with graph.saved_tensors_hooks(lambda t: packed.append(t) or len(packed) - 1, lambda i: packed[i]):
        y = net(x)
    y.sum().backward()
    assert len(packed) >= 3
    (expected,) = autograd.grad(net(x).sum(), x)
    assert engine.equal(x.grad, expected)


def test_save_on_cpu():
    x = engine.tensor([3.0], requires_grad=True)
    with graph.save_on_cpu():
        y = x * x
    y.backward()
    assert x.grad.item() == 6.0


@BOTH
def test_mutation_of_saved_tensors(m):
    x = m.tensor([2.0, 3.0], requires_grad=True)
    with m.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * 1
        z = y * y + y[:1].exp()
        y.mul_(0.0)
        y[0] = 7.0
        z.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [4 + 2 * np.exp(2.0), 6.0], rtol=1e-6)


@BOTH
def test_mutation_has_a_block(m):
    """Backward belongs into it, blocks do not nest, and what was forgotten is not given back."""
    allow = m.autograd.graph.allow_mutation_on_saved_tensors
    x = m.tensor([2.0, 3.0], requires_grad=True)
    with allow() as saved:
        y = x.clone()
        z = y.sin()
        y.mul_(0)
        with pytest.raises(RuntimeError), allow():
            pass
        saved.clear()
        with pytest.raises(AssertionError):
            z.sum().backward()
        y = x.clone()
        z = y.sin()
        y.mul_(0)
    with pytest.raises(AssertionError):
        z.sum().backward()


@BOTH
def test_multi_grad_hook(m):
    seen = []
    x, y, z = (m.tensor([float(i)], requires_grad=True) for i in (1, 2, 3))
    handle = m.autograd.graph.register_multi_grad_hook([x, y, z], lambda gs: seen.append([None if g is None else g.item() for g in gs]))
    (x * y + z).backward()
    assert seen == [[2.0, 1.0, 1.0]]
    (x * 5).backward()
    assert seen[1:] == [[5.0, None, None]]
    handle.remove()
    (x * y + z).backward()
    assert len(seen) == 2
    first = []
    m.autograd.graph.register_multi_grad_hook([x, y], lambda g: first.append(g.item()), mode="any")
    (x * 3 + y * 3).backward()
    assert first == [3.0]


@BOTH
def test_a_complex_result_needs_a_gradient(m):
    z = m.tensor([1 + 2j], requires_grad=True)
    for run in (lambda: (z * z).backward(), lambda: m.autograd.grad((z * z).sum(), z)):
        with pytest.raises(RuntimeError, match="complex"):
            run()
    (z * z).backward(m.ones(1, dtype=z.dtype))
    assert z.grad.tolist() == [2 - 4j]
    (z * z).real.backward()


@BOTH
def test_gradient_edges(m):
    x = m.tensor([2.0], requires_grad=True)
    y = x * x
    z = y * 3
    to_y, to_x = (m.autograd.graph.get_gradient_edge(t) for t in (y, x))
    assert to_y.node is y.grad_fn
    assert [g.item() for g in m.autograd.grad(z, [to_y, to_x], retain_graph=True)] == [3.0, 12.0]
    assert m.autograd.grad(to_y, x, m.tensor([10.0]))[0].item() == 40.0
    with pytest.raises(RuntimeError):
        m.autograd.graph.get_gradient_edge(m.ones(1))


@BOTH
def test_increment_version(m):
    x = m.tensor([2.0], requires_grad=True)
    w = m.tensor([3.0])
    y = x * w
    m.autograd.graph.increment_version(w)
    with pytest.raises(RuntimeError, match=r"changed in place|modified by an inplace"):
        y.backward()


def test_graphs_are_freed():
    x = engine.ones(2, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            y = (x * x).exp()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()
