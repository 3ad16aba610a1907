"""Memory shared through DLPack, with PyTorch and with ourselves."""

from __future__ import annotations

import pytest

from workbench import engine
from workbench.engine.utils import dlpack

torch = pytest.importorskip("torch")


def test_a_capsule_of_torch_is_the_same_memory():
    theirs = torch.arange(6.0).reshape(2, 3)
    shared = dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(theirs))
    shared.mul_(2)
    assert theirs.tolist() == shared.tolist() == [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]


def test_torch_reads_our_capsule():
    mine = engine.arange(6.0, requires_grad=True).reshape(2, 3).t()
    shared = torch.from_dlpack(dlpack.to_dlpack(mine))
    shared[0, 1] = 9.0
    assert mine.tolist() == shared.tolist() == [[0.0, 9.0], [1.0, 4.0], [2.0, 5.0]]


def test_objects_are_taken_as_well():
    assert dlpack.from_dlpack(torch.ones(2)).tolist() == [1.0, 1.0]


def test_refusals_are_torch_s():
    for call in (
        lambda e, d: d.from_dlpack(3),
        lambda e, d: (lambda c: (d.from_dlpack(c), d.from_dlpack(c)))(d.to_dlpack(e.ones(2))),  # a capsule is read once
    ):
        with pytest.raises(Exception) as theirs:
            call(torch, torch.utils.dlpack)
        with pytest.raises(Exception) as ours:
            call(engine, dlpack)
        assert isinstance(ours.value, type(theirs.value)) or {type(ours.value), type(theirs.value)} <= {ValueError, RuntimeError}


def test_data_is_found_below_utils():
    assert engine.utils.data.DataLoader is engine.data.DataLoader
