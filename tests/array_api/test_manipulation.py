"""Manipulation and indexing functions against array_api_strict."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import array_api

from .both import DTYPES, both, call, numbers

X = numbers("float64", (2, 3, 4))
CALLS = [
    ("expand_dims", 0), ("expand_dims", -1), ("expand_dims", 3), ("flip",), ("moveaxis", 0, -1), ("moveaxis", (0, 1), (2, 0)),
    ("permute_dims", (2, 0, 1)), ("reshape", (4, 6)), ("reshape", (-1,)), ("reshape", (2, -1)), ("roll", 5), ("tile", (2,)),
    ("tile", (2, 1, 1, 3)), ("tile", ()), ("repeat", 2), ("matrix_transpose",),
]  # fmt: skip
OPTIONS = [
    ("flip", {"axis": 1}), ("flip", {"axis": (0, -1)}), ("roll", {"shift": 1, "axis": 0}), ("roll", {"shift": (1, -2), "axis": (0, 2)}),
    ("roll", {"shift": 1, "axis": (0, 1)}), ("unstack", {}), ("unstack", {"axis": -2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), [(n, a) for n, *a in CALLS], ids=str)
def test_calls(name, args):
    both(name, X, *args)
    both(name, numbers("bool", (2, 3, 4)), *args)


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_options(name, options):
    both(name, X, **options)


@pytest.mark.parametrize("axis", [0, 2, -1, None])
def test_concat(axis):
    both("concat", [X, X + 1], axis=axis)
    both("concat", [numbers("int8", (2, 2)), numbers("int32", (2, 2))], axis=axis if axis != 2 else 1)


@pytest.mark.parametrize("axis", [0, 1, -1, 3])
def test_stack(axis):
    both("stack", [X, X + 1], axis=axis)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_repeat(axis):
    both("repeat", X, 3, axis=axis)
    both("repeat", X, numbers("int64", (X.shape[axis],), low=0, high=3), axis=axis)
    both("repeat", X, numbers("int32", (X.shape[axis],), low=0, high=3), axis=axis)


def test_squeeze():
    x = numbers("float32", (1, 3, 1, 2))
    for axis in (0, -2, (0, 2)):
        both("squeeze", x, axis)
    with pytest.raises(ValueError, match="squeeze: expected x of size 1 along axis 1"):
        call(array_api, "squeeze", x, 1)
    with pytest.raises(IndexError, match="squeeze: expected axis"):
        call(array_api, "squeeze", x, 4)
    with pytest.raises(IndexError, match="expand_dims: expected axis from -5 to 4"):
        call(array_api, "expand_dims", x, 5)


def test_reshape_copies_or_not():
    x = engine.ones(2, 3)
    assert array_api.reshape(x, (6,), copy=False).data_ptr() == x.data_ptr()
    assert array_api.reshape(x, (6,), copy=True).data_ptr() != x.data_ptr()
    with pytest.raises(ValueError, match="reshape: expected strides that this shape can be read with"):
        array_api.reshape(x.T, (6,), copy=False)


@pytest.mark.parametrize("dtype", DTYPES["all"])
def test_take(dtype):
    x = numbers(dtype, (3, 4, 5))
    for axis in (0, 1, -1):
        for index in ("int64", "int32", "uint8"):
            both("take", x, np.array([2, 0, 2], index), axis=axis)
        both("take", x, np.array([-1, 0]), axis=axis)
        both("take", x, np.array([], "int64"), axis=axis)
        both("take_along_axis", x, np.argsort(numbers("float64", (3, 4, 5)), axis=axis), axis=axis)
        both("take_along_axis", x, -np.ones_like(np.sum(x, axis=axis, keepdims=True), "int64"), axis=axis)
    both("take", x[0, 0], np.array([1, 1]))
    with pytest.raises(ValueError, match="take: expected axis for a tensor that has not one dimension"):
        call(array_api, "take", x, np.array([0]))
