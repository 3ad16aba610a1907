"""Parts of a batch: their gradients add up to the batch's, padding or not."""

from __future__ import annotations

import pytest

from workbench import engine as torch
from workbench.engine import nn
from workbench.engine.nn import functional as F
from workbench.recipes.common.accumulate import parts


def gradients(model, batches):
    model.zero_grad()
    total = 0.0
    for tokens, targets, share in batches:
        loss = F.cross_entropy(model(tokens).reshape(-1, 11), targets.reshape(-1)) * share
        loss.backward()
        total += loss.item()
    return total, [p.grad.numpy().copy() for p in model.parameters()]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 12, 50])
@pytest.mark.parametrize("padded", [0, 5, 8], ids=["whole", "padded", "rows of padding"])
def test_parts_add_up_to_the_batch(n, padded):
    torch.manual_seed(3)
    model = nn.Sequential(nn.Embedding(11, 16), nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 11))
    tokens, targets = torch.randint(0, 11, (12, 8)), torch.randint(0, 11, (12, 8))
    for row in range(5):
        targets[row, 8 - padded :] = -100
    whole, wanted = gradients(model, [(tokens, targets, 1.0)])
    found, grads = gradients(model, parts(tokens, targets, n))
    assert found == pytest.approx(whole, rel=1e-6)
    for a, b in zip(grads, wanted, strict=True):
        assert abs(a - b).max() <= 1e-6 * abs(b).max()


def test_equal_weights_would_be_wrong_with_padding():
    tokens = torch.randint(0, 11, (2, 4))
    targets = torch.tensor([[1, -100, -100, -100], [1, 2, 3, 4]])
    assert [share for _, _, share in parts(tokens, targets, 2)] == [0.2, 0.8]
