"""The state tree as JSON and arrays, there and back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from workbench.experiments.tree import pack, unpack

TREE = {
    "step": 3,
    "big": 2**100,
    "rate": 0.1,
    "odd": [math.inf, -math.inf, -0.0],
    "name": "sgd",
    "none": None,
    "yes": True,
    "betas": (0.9, 0.999),
    "state": {0: {"momentum": 1.5}, 1: {}},
    "raw": b"\x00\xff",
    "nested": [[1, [2, {"deep": ()}]]],
    "$tensor": "a key that looks like a reference",
    "": "an empty key",
}


def there_and_back(tree):
    packed, tensors = pack(tree)
    packed = json.loads(json.dumps(packed, allow_nan=False))
    return unpack(packed, tensors.__getitem__, tensors.__getitem__)


def test_plain_values_come_back_equal():
    assert there_and_back(TREE) == TREE
    assert math.copysign(1, there_and_back(TREE)["odd"][2]) == -1
    assert isinstance(there_and_back(TREE)["betas"], tuple)


def test_nan_comes_back():
    assert math.isnan(there_and_back({"x": math.nan})["x"])


def test_floats_keep_their_bits():
    values = np.random.default_rng(0).standard_normal(1000).tolist()
    values += [5e-324, 1.7976931348623157e308]
    assert there_and_back(values) == values


def test_arrays_are_named_by_their_path():
    _, tensors = pack({"model": {"conv.weight": np.ones(2), "list": [np.zeros(1)]}})
    assert set(tensors) == {"model.conv.weight", "model.list.0"}


def test_equal_paths_get_different_names():
    tree = {"a": {"b.c": np.array([1.0])}, "a.b": {"c": np.array([2.0])}}
    back = there_and_back(tree)
    assert back["a"]["b.c"][0] == 1.0
    assert back["a.b"]["c"][0] == 2.0


def test_numpy_scalars_keep_their_type():
    back = there_and_back({"x": np.float32(0.1), "n": np.int64(3)})
    assert back["x"].dtype == np.float32
    assert back["x"] == np.float32(0.1)


def test_other_types_are_refused_by_name():
    with pytest.raises(TypeError, match=r"expected part\.1\.thing to be a tensor, number, string, list or dict, got object"):
        pack({"part": [0, {"thing": object()}]})
