"""New tensors: dtype, shape and values that PyTorch gives to the same call, or its class of error."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")

CALLS = [
    "tensor([1 + 2j])", "tensor([1 + 1j, -1.0])", "tensor(1j)", "as_tensor(1j)", "tensor([True, False])", "tensor([1, 2.5])", "tensor([])",
    "tensor([[1], [2]])", "tensor(np.float64(2))", "tensor(np.arange(3, dtype=np.int16))", "tensor([1, 2], dtype=t.complex128)",
    "full((2,), 1j)", "full((2,), True)", "full((2,), 3)", "full((2, 0), 1.5)", "full((), 2)", "full((2,), 1, dtype=t.complex64)",
    "linspace(0, 1j, 3)", "linspace(0, 10, 5, dtype=t.int64)", "linspace(0, t.tensor(3), 4)", "linspace(1, 1, 0)", "linspace(3, -3, 7)",
    "logspace(0, 1j, 3)", "logspace(0, 2, 3, base=2)", "arange(5)", "arange(0.5, 3)", "arange(5, 0, -2)", "arange(0, 1, 0.1)",
    "eye(3, 2)", "eye(2, dtype=t.complex64)", "zeros(2, 0)", "ones(2, dtype=t.bool)", "full_like(t.zeros(2, dtype=t.complex64), 1j)",
    "zeros(2).new_tensor([1j])", "tensor([1j], dtype=t.int64)", "zeros(2).new_full((2,), 3)", "ones(2, dtype=t.int32).new_full((2,), 3.7)",
    "tril_indices(3, 3)",
    "zeros(2).fill_(1j)", "full((2,), 1j, dtype=t.float32)", "linspace(0, 1, -1)", "zeros(-1)", "tensor([[1], [2, 3]])", "tensor('a')",
    "arange(0, 3, 0)", "arange(3, 0)", "eye(-1)",
]  # fmt: skip


def result(module, call):
    """What a call gives, as NumPy sees it, or the class of what it raises."""
    try:
        made = eval(f"t.{call}", {"t": module, "np": np})
    except Exception as e:
        return type(e).__name__
    return str(made.dtype), tuple(made.shape), made.numpy()


@pytest.mark.parametrize("call", CALLS)
def test_creation_is_that_of_pytorch(call):
    ours, theirs = result(engine, call), result(torch, call)
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
        return
    assert ours[:2] == theirs[:2]
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-6)
