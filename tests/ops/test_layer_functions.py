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
    f"{F}.embedding(lib.tensor([0]), lib.tensor(1.))", f"{F}.batch_norm(lib.zeros(0), None, None, training=True)",
    f"{F}.local_response_norm(lib.zeros((0, 1, 2), dtype=lib.int64), 1)", f"{F}.feature_alpha_dropout(lib.ones(3), 0.5, False)",
    f"{F}.feature_alpha_dropout(lib.ones(3), 0.5, True)", f"{F}.linear(lib.tensor([[True]]), lib.tensor([[True]]))",
    f"{F}.linear(lib.tensor([[1, 2]]), lib.tensor([[3, 4]]), lib.tensor([5]))", f"{F}.linear(lib.tensor([[1., 2]]), lib.tensor([[3, 4]]))",
    f"{F}.triplet_margin_loss(lib.tensor([1 + 1j]), lib.tensor([2 - 1j]), lib.tensor([1j]))",
    f"{F}.triplet_margin_loss(lib.tensor([[1, 2]]), lib.tensor([[3, 5]]), lib.tensor([[1, 1]]))",
    "lib.rrelu(lib.tensor([-1., 2.]), 0.5, 0.5, True, lib.Generator())",
    "lib.rrelu_(lib.tensor([-1., 2.]), 0.5, 0.5, True, lib.Generator())",
    "lib.rrelu(lib.tensor([-1., 2.]), generator=lib.Generator())",
    "str(lib.nn.Linear(2, 3, dtype=lib.complex64).weight.dtype)", "str(lib.nn.GRU(2, 3, dtype=lib.complex64).weight_ih_l0.dtype)",
    *(f"{F}.{name}{n}d(lib.zeros({(*batch, channels, size, 2, 2)[: len(batch) + 1 + n]}), {more})"
      for name, more in (("max_pool", 1), ("avg_pool", 1), ("adaptive_avg_pool", 2), ("adaptive_max_pool", 2), ("lp_pool", "2., 1"))
      for n in (1, 2, 3) for batch in ((), (0,), (2,)) for channels, size in ((0, 2), (2, 0))),
]  # fmt: skip


def test_rrelu_draws_from_the_generator_given():
    x = -ours.ones(50)
    first, again = (ours.rrelu(x, 0.1, 0.9, True, ours.Generator().manual_seed(3)) for _ in range(2))
    other = ours.rrelu_(x.clone(), 0.1, 0.9, True, ours.Generator().manual_seed(4))
    assert ours.equal(first, again)
    assert not ours.equal(first, other)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_like_torch(expression):
    found, wanted = outcome(ours, expression), outcome(torch, expression)
    assert close(found, wanted), f"{wanted} expected, got {found}"
