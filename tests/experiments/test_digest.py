"""Digests of a model on its way: every bit counts, the layout in memory does not, and a resumed run goes on with them."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine as torch
from workbench.experiments.digest import RollingDigest, digest


def tensors():
    return {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.ones(2)}


@pytest.mark.parametrize("bit", [0, 7, 95, 383])
def test_every_bit_counts(bit):
    changed = tensors()
    changed["a"].view(np.uint8).reshape(-1)[bit // 8] ^= 1 << bit % 8
    assert digest(changed) != digest(tensors())


@pytest.mark.parametrize(
    "change",
    [
        lambda t: {"c" if name == "a" else name: value for name, value in t.items()},
        lambda t: t | {"a": t["a"].reshape(4, 3)},
        lambda t: t | {"a": t["a"].view(np.int32)},
        lambda t: {"a": t["a"]},
    ],
    ids=["name", "shape", "dtype", "one less"],
)
def test_names_shapes_and_dtypes_count(change):
    before = tensors()
    after = change(before)
    assert digest(after) != digest(before)


def test_layout_does_not_count():
    x = torch.arange(24.0).reshape(1, 2, 3, 4)
    assert digest({"x": x}) == digest({"x": x.contiguous(memory_format=torch.channels_last)}) == digest({"x": x.numpy()})
    assert digest({"x": x.bfloat16()}) != digest({"x": x})


def test_rolling_digests_remember():
    """Runs that differed once and are equal again have equal digests of their own and other rolling ones."""
    one, other = RollingDigest(), RollingDigest()
    assert one.add(25, tensors()) == other.add(25, tensors())
    one.add(50, tensors())
    other.add(50, {"a": np.zeros(1)})
    (a, rolling_a), (b, rolling_b) = one.add(75, tensors()), other.add(75, tensors())
    assert a == b
    assert rolling_a != rolling_b


def test_rolling_digests_go_on():
    whole, first, second = RollingDigest(), RollingDigest(), RollingDigest()
    whole.add(25, tensors())
    first.add(25, tensors())
    second.load_state_dict(first.state_dict())
    assert second.add(50, tensors()) == whole.add(50, tensors())
