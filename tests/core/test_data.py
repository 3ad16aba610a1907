"""`x.data`: the same memory, no history, and a version counter of its own, as in PyTorch."""

from __future__ import annotations

import io

import pytest

from workbench import engine
from workbench.ext.core import _core as core

torch = pytest.importorskip("torch")


def versions(t):
    """Versions of a tensor, its data, its detached twin and a view, as writes go through each of them."""
    x = t.arange(4.0)
    data, detached, view = x.data, x.detach(), x[1:]
    again = data.data
    seen = []
    for written in (x, data, detached, view, again, view.data):
        written.add_(1)
        seen.append([v._version for v in (x, data, detached, view, again)])
    return seen, x.tolist(), data.requires_grad, data.grad_fn, data.is_leaf, view.data.storage_offset(), x.is_set_to(again)


def given_other_memory(t):
    """What a tensor and its new data keep and share."""
    a, b = t.arange(4.0), t.zeros(3)
    a.add_(1)
    for _ in range(3):
        b.add_(1)
    a.data = b
    seen = [a._version, b._version]
    b.add_(1)
    seen += [a._version, b._version, a.tolist()]
    a.add_(1)
    a.data = a.data
    a.data = a[:2]
    return [*seen, a._version, b._version, b.tolist(), a.tolist(), a.data_ptr() == b.data_ptr(), a.untyped_storage().nbytes()]


def saved_for_backward(t):
    """A gradient whose saved tensor was written, or replaced, behind autograd's back."""
    w = t.ones(3, requires_grad=True)
    y = (w * w).sum()
    w.data.add_(1)
    y.backward()
    z = (w * w).sum()
    w.data = t.zeros(3)
    z.backward()
    return w.grad.tolist()


def of_inference(t):
    """Whether data comes from inference mode: as the tensor does."""
    normal = t.ones(2)
    with t.inference_mode():
        made = t.ones(2)
        inside = normal.data.is_inference()
    return inside, made.data.is_inference()


@pytest.mark.parametrize("case", [versions, given_other_memory, saved_for_backward, of_inference])
def test_it_is_pytorchs(case):
    assert case(engine) == case(torch)


@pytest.mark.parametrize("wrong", [1.0, [1.0]])
def test_data_is_a_tensor(wrong):
    for t in (engine, torch):
        with pytest.raises(TypeError):
            t.ones(2).data = wrong


def test_data_of_what_requires_grad_is_floating():
    for t in (engine, torch):
        w = t.ones(2, requires_grad=True)
        with pytest.raises(RuntimeError):
            w.data = t.ones(2, dtype=t.int64)


def test_detached_shares_the_counter_so_that_the_write_is_noticed():
    w = engine.ones(3, requires_grad=True)
    y = (w * w).sum()
    w.detach().add_(1)
    with pytest.raises(RuntimeError, match="was changed in place"):
        y.backward()


def test_one_memory_is_one_storage():
    x = engine.arange(4.0)
    assert x.untyped_storage() == x.data.untyped_storage()
    assert x.untyped_storage().data_ptr() == x[2:].data.untyped_storage().data_ptr()
    x.data[1:].copy_(x.data[:-1])  # overlapping memory is noticed through twins too
    assert x.tolist() == [0.0, 0.0, 1.0, 2.0]
    file = io.BytesIO()
    engine.save({"whole": x, "data": x.data, "part": x.data[2:]}, file)
    assert file.tell() < 2000 + 4 * x.nbytes
    file.seek(0)
    got = engine.load(file)
    got["whole"][3] = 7
    assert got["data"][3].item() == got["part"][1].item() == 7


def test_memory_lives_as_long_as_its_last_twin_and_no_chain_of_them_grows():
    before = core.memory()["storages"]
    x = engine.ones(1000)
    for _ in range(50):
        y = engine.ones(1000)
        y.data = x.data.data
        x.data = y
    assert core.memory()["storages"] - before <= 3
    address = x.data_ptr()
    del y
    assert (x.data_ptr(), x.sum().item()) == (address, 1000)
    del x
    assert core.memory()["storages"] == before


def test_a_view_of_replaced_memory_takes_no_history_from_its_base():
    b, w = engine.ones(4), engine.ones(2, requires_grad=True)
    v = b[:2]
    b.data = engine.zeros(4)
    with pytest.raises(RuntimeError, match="base was given other memory"):
        v.mul_(w)
    with engine.no_grad():
        v.mul_(3)
    assert (v * w).tolist() == [3.0, 3.0]
    assert b.tolist() == [0.0] * 4
