"""Corners of nn.functional that the samples of the ops do not reach: the same expressions with PyTorch and with the engine."""

from __future__ import annotations

import pytest
import torch

from workbench import engine as ours

from .both import close, outcome

F = "lib.nn.functional"
TABLE = "lib.arange(10.).reshape(5, 2)"
BAGS = f"lib.tensor([3, 0, 1, 2, 4, 0, 1]), {TABLE}"
EXPRESSIONS = [
    f"{F}.embedding_bag({BAGS}, lib.tensor([0, 2, 5]), mode='sum', include_last_offset=True)",
    f"{F}.embedding_bag({BAGS}, lib.tensor([0, 2, 2]), mode='sum', include_last_offset=True)",
    f"{F}.embedding_bag({BAGS}, lib.tensor([0, 2, 5]), mode='sum', include_last_offset=True, per_sample_weights=lib.arange(7.))",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_like_torch(expression):
    found, wanted = outcome(ours, expression), outcome(torch, expression)
    assert close(found, wanted), f"{wanted} expected, got {found}"
