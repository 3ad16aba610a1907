"""Small answers of a tensor that programs rely on: formats, membership, narrow sums, copies in another order."""

from __future__ import annotations

import pytest

from workbench import engine

torch = pytest.importorskip("torch")

CALLS = [
    "f'{t.tensor(1.5)}'", "f'{t.tensor(1.5):.2f}'", "f'{t.tensor([1.5])}'", "f'{t.tensor(7):>4}'", "f'{t.tensor([1.5]):>4}'",
    "f'{t.nn.Parameter(t.tensor(1.5))}'", "'a' in t.tensor([1])", "2 in t.tensor([1, 2])", "t.tensor(3) in t.tensor([1, 2])",
    "t.tensor([100, 100], dtype=t.int8).sum(dtype=t.int8)", "t.tensor([1, 2]).sum(dtype=t.bool)", "t.tensor([[1, 2]]).sum(1, dtype=t.bool)",
    "t.tensor([1.5, 2.5]).sum(dtype=t.int64)", "t.tensor([100, 100], dtype=t.int8).sum()", "t.tensor([1, 2]).sum(dtype=t.float64)",
    "t.tensor([2], dtype=t.uint8) ** -1", "t.tensor([2], dtype=t.uint8) * -1", "t.tensor([2], dtype=t.uint8) == -1",
    "t.ones(1, 2, 3, 3).clone(memory_format=t.channels_last).stride()",
    "t.ones(2, 3, 4, 5).clone(memory_format=t.preserve_format).stride()",
    "t.ones(2, 3, 4, 5).contiguous(memory_format=t.channels_last).clone(memory_format=t.contiguous_format).stride()",
    "t.ones(2, 3).clone(memory_format=t.channels_last)", "t.ones(2, 3).t().clone(memory_format=t.contiguous_format).stride()",
]  # fmt: skip


def answer(module, call):
    """What a call gives, as text, or the class of what it raises."""
    try:
        return repr(eval(call, {"t": module}))
    except Exception as e:
        return type(e)


@pytest.mark.parametrize("call", CALLS)
def test_answers_are_those_of_pytorch(call):
    assert answer(engine, call) == answer(torch, call)


def test_a_copy_in_another_order_passes_gradients():
    x = engine.ones(1, 2, 3, 3, requires_grad=True)
    (x.clone(memory_format=engine.channels_last) * 2).sum().backward()
    assert x.grad.tolist() == engine.full((1, 2, 3, 3), 2.0).tolist()
