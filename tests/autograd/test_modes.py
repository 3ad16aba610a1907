"""Gradient modes and inference mode against PyTorch's."""

from __future__ import annotations

import pytest

from workbench import engine
from workbench.engine import autograd

torch = pytest.importorskip("torch")
BOTH = pytest.mark.parametrize("m", [engine, torch], ids=["engine", "torch"])


@BOTH
def test_decorators(m):
    x = m.ones(1, requires_grad=True)

    @m.no_grad()
    def plain():
        return (x * 2).requires_grad

    @m.inference_mode()
    def inferred():
        return (x * 2).is_inference()

    @m.set_grad_enabled(False)
    def disabled():
        return (x * 2).requires_grad

    @m.enable_grad()
    def enabled():
        return (x * 2).requires_grad

    assert not plain()
    assert inferred()
    assert m.is_grad_enabled()
    assert not disabled()
    with m.no_grad():
        assert enabled()
    m.set_grad_enabled(False)
    assert not m.is_grad_enabled()
    m.set_grad_enabled(True)
    with m.set_grad_enabled(False):
        assert not m.is_grad_enabled()
    assert m.is_grad_enabled()


@BOTH
def test_generators_keep_their_mode_to_themselves(m):
    @m.no_grad()
    def generate():
        try:
            while True:
                received = yield m.is_grad_enabled()
                assert not m.is_grad_enabled()
                if received == "end":
                    return "value"
        except ValueError:
            yield m.is_grad_enabled()

    it = generate()
    assert next(it) is False
    assert m.is_grad_enabled()
    assert it.send("x") is False
    assert it.throw(ValueError()) is False
    assert m.is_grad_enabled()
    it = generate()
    next(it)
    with pytest.raises(StopIteration) as end:
        it.send("end")
    assert end.value.value == "value"


@BOTH
def test_inference_tensors(m):
    normal = m.ones(2)
    trained = m.ones(2, requires_grad=True)
    with m.inference_mode():
        made = m.ones(2)
        view = normal.view(2, 1)
        assert m.is_inference_mode_enabled()
        assert not m.is_grad_enabled()
        made.add_(1)
        assert (trained * 2).is_inference()
        with m.inference_mode(mode=False):
            assert not m.ones(1).is_inference()
            assert (trained * 2).requires_grad
    assert not m.is_inference_mode_enabled()
    assert [t.is_inference() for t in (made, view, made.view(2, 1), made * 2, made.clone(), made.detach())] == [
        True, False, True, False, False, True,
    ]  # fmt: skip
    assert (made + trained).tolist() == [3.0, 3.0]
    acts = [
        lambda: made._version,
        lambda: made.add_(1),
        lambda: made.requires_grad_(),
        lambda: made * trained,
        lambda: m.nn.functional.linear(made, m.ones(3, 2, requires_grad=True)),
        lambda: view.mul_(trained[:1]),
    ]
    for act in acts:
        with pytest.raises(RuntimeError):
            act()


@BOTH
def test_a_view_made_without_recording_is_not_written_with(m):
    x = m.ones(3, requires_grad=True)
    base = x * 1
    with m.no_grad():
        view = base[:1]
    with pytest.raises(RuntimeError):
        view.mul_(x[:1])


@BOTH
@pytest.mark.parametrize("mode", ["no_grad", "inference_mode"])
def test_what_a_view_made_without_recording_knows(m, mode):
    """It is a view: once its base has a history it is not used any more; nor are its views."""
    x = m.ones(2, requires_grad=True)
    base = m.zeros(2, 2)
    with getattr(m, mode)():
        view = base[0]
    assert view._is_view()
    view.add_(1)
    again = view[:1]
    for written in (view, again):
        with pytest.raises(RuntimeError):
            written.mul_(x[:1])
    base.mul_(x)
    assert view.requires_grad
    assert not view.detach().requires_grad
    with pytest.raises(RuntimeError):
        view.mul_(2)
    with pytest.raises(RuntimeError):
        view * 3
    assert base[0].requires_grad


@BOTH
def test_a_view_learns_of_its_bases_history(m):
    """Views from before a write of their base have its gradient."""
    w = m.ones(2, requires_grad=True)
    base = m.zeros(3, 2)
    row = base[1]
    assert not row.requires_grad
    base[1] = w * 2
    assert row.requires_grad
    (row * 3).sum().backward()
    assert w.grad.tolist() == [6.0, 6.0]
    base = m.zeros(3, 2)
    row = base[1]
    base[1] = w * 2
    assert m.stack([row, row]).requires_grad
    assert row.exp().grad_fn is not None


@BOTH
@pytest.mark.parametrize("write", ["zero_", "fill_", "copy_"])
def test_overwriting_gives_zeros(m, write):
    x = m.ones(2, requires_grad=True)
    y = x * 3
    getattr(y, write)(*{"zero_": (), "fill_": (2.0,), "copy_": (m.ones(2),)}[write])
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_anomaly_names_the_line():
    x = engine.tensor([0.0, 1.0], requires_grad=True)
    with autograd.detect_anomaly():
        y = x.sqrt()  # the line
        with pytest.raises(RuntimeError, match=r"from SqrtBackward0 in its output 0.*test_modes\.py.*`y = x\.sqrt\(\)  # the line`"):
            y.sum().backward()
    y = x.sqrt()
    y.sum().backward()


def test_anomaly_in_forward():
    x = engine.tensor([-1.0, 1.0], requires_grad=True)
    mask = engine.tensor([True, False])
    with autograd.detect_anomaly():
        hidden = x.masked_fill(mask, float("-inf"))  # on purpose
        engine.softmax(hidden, 0)
        with pytest.raises(RuntimeError, match=r"^log: .*test_modes\.py.*`x\.log\(\)`"):
            x.log()
        z = x * 1
        with pytest.raises(RuntimeError, match=r"^sqrt_:"):
            z.sqrt_()
    with autograd.detect_anomaly(check_forward=False):
        assert x.log().isnan().any()
    with autograd.detect_anomaly(check_nan=False):
        (x.abs() * 0).sqrt().sum().backward()
    x.log()
    with autograd.set_detect_anomaly(True), pytest.raises(RuntimeError, match="LogBackward0"):
        (x * 0).log().sum().backward()
