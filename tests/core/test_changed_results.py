"""Results of one operation that are changed in place before the backward: only a rule that needs the changed one may refuse."""

from __future__ import annotations

import pytest

from workbench import engine as torch

SORTED = {"sort": lambda x: x.sort(0), "max": lambda x: x.max(0), "topk": lambda x: x.topk(2, 0), "cummax": lambda x: x.cummax(0)}


@pytest.fixture
def x():
    return torch.tensor([[3.0, 1.0], [1.0, 2.0], [2.0, 3.0]], dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("name", SORTED)
def test_values_may_change(name, x):
    SORTED[name](x)[0].sum().backward()
    expected, x.grad = x.grad, None
    values, _ = SORTED[name](x)
    with torch.no_grad():
        values.add_(1)
    values.sum().backward()
    assert torch.equal(x.grad, expected)


@pytest.mark.parametrize("name", SORTED)
def test_indices_may_not(name, x):
    values, indices = SORTED[name](x)
    indices.add_(1)
    with pytest.raises(RuntimeError, match="unchanged, got one that was changed in place"):
        values.sum().backward()
