"""What nodes saved, as attributes, and hooks on one saved tensor."""

from __future__ import annotations

import pytest

from workbench import engine

torch = pytest.importorskip("torch")


def saved(lib, expression):
    """Name of the node, and what it saved of a tensor's kind."""
    x, y = lib.tensor([1.0, 2.0, 3.0], requires_grad=True), lib.tensor([2.0, 0.5, 1.0], requires_grad=True)
    node = eval(expression, {"lib": lib, "x": x, "y": y}).grad_fn
    found = {name: getattr(node, name) for name in dir(node) if name.startswith("_saved_")}
    return node.name(), {name: v.tolist() for name, v in found.items() if isinstance(v, lib.Tensor)}


@pytest.mark.parametrize("expression", ["x * y", "x / y", "x.exp()", "x.tanh()", "x.sqrt()", "x.log()", "x.sigmoid()", "x + y", "-x"])
def test_names_and_values(expression):
    assert saved(engine, expression) == saved(torch, expression)


def hooked(lib, which):
    """A gradient where one saved tensor passes through hooks, and what they saw."""
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x) if which == "self" else x.exp()
    seen = []

    def pack(t):
        seen.append((t.requires_grad, lib.is_grad_enabled(), t.detach().tolist()))
        return t.detach() * 10

    def unpack(packed):
        seen.append(packed.tolist())
        return packed

    raw = getattr(y.grad_fn, f"_raw_saved_{which}")
    kind = type(raw).__name__
    raw.register_hooks(pack, unpack)
    with pytest.raises(RuntimeError):
        getattr(y.grad_fn, f"_raw_saved_{which}").register_hooks(pack, unpack)
    y.sum().backward()
    return kind, [s[1:] if isinstance(s, tuple) else s for s in seen], x.grad.tolist()


@pytest.mark.parametrize("which", ["self", "result"])
def test_hooks_on_one_saved_tensor(which):
    ours, theirs = hooked(engine, which), hooked(torch, which)
    assert ours[:2] == theirs[:2]
    assert ours[2] == pytest.approx(theirs[2])


def raised(f):
    try:
        return f()
    except Exception as error:
        return type(error)


def refusals(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    raw = y.grad_fn._raw_saved_result
    found = [raised(lambda hooks=hooks: raw.register_hooks(*hooks)) for hooks in ((1, 2), (len, None))]
    found += [hasattr(y.grad_fn, name) for name in ("_saved_other", "_raw_saved_other", "_raw_saved_alpha")]
    y.sum().backward()
    return [*found, raised(lambda: y.grad_fn._saved_result), raised(lambda: raw.register_hooks(lambda t: t, lambda t: t))]


def test_refusals():
    assert refusals(engine) == refusals(torch)


def test_a_changed_tensor_takes_no_hooks():
    x, w = engine.ones(2), engine.ones(2, requires_grad=True)
    y = x * w
    x.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)


def test_the_other_saved_tensor_is_still_watched():
    x, w = engine.ones(2, requires_grad=True), engine.ones(2, requires_grad=True)
    z = w * 1
    y = x * z
    y.grad_fn._raw_saved_self.register_hooks(lambda t: t.clone(), lambda t: t)
    with engine.no_grad():
        z.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_metadata_and_edges():
    x = engine.ones(2, requires_grad=True)
    y = (x * 2).exp()
    y.grad_fn.metadata["seen"] = 1
    assert y.grad_fn.metadata == {"seen": 1}
    ((product, number),) = y.grad_fn.next_functions
    assert (product.name(), number) == ("MulBackward0", 0)
    assert product.next_functions[0][0].variable is x
