"""Reductions, running sums, sorting, searching and sets over dtypes, shapes and axes, against array_api_strict."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from workbench import engine
from workbench.engine import array_api

from .both import DTYPES, both, call, numbers, same

AXES = [((3, 4), None), ((3, 4), 0), ((3, 4), -1), ((2, 3, 4), (0, 2)), ((2, 3), ()), ((), None), ((), ()), ((1, 5), 0)]
REDUCTIONS = {
    **dict.fromkeys(("sum", "prod"), "numeric"), **dict.fromkeys(("max", "min"), "ordered"), **dict.fromkeys(("std", "var"), "real"),
    **dict.fromkeys(("all", "any", "count_nonzero"), "all"), "mean": "floating",
}  # fmt: skip


@pytest.mark.parametrize(("name", "dtype"), [(n, d) for n, kind in REDUCTIONS.items() for d in DTYPES[kind]])
def test_reductions(name, dtype):
    low, high = (-2, 3) if name == "prod" else (-9, 10)
    for (shape, axis), keepdims in product(AXES, (False, True)):
        both(name, numbers(dtype, shape, low=low, high=high), axis=axis, keepdims=keepdims)
    if name not in ("max", "min", "mean", "std", "var"):
        both(name, numbers(dtype, (0, 3)), axis=0)
        both(name, numbers(dtype, (0, 3)))
    with pytest.raises(IndexError, match=f"{name}: expected axis from -2 to 1, got 2"):
        call(array_api, name, numbers(dtype, (2, 3)), axis=2)


@pytest.mark.parametrize("name", ["max", "min", "sum", "prod", "mean", "std", "var", "argmax", "argmin"])
def test_nan_is_passed_on(name):
    both(name, np.array([[1.0, np.nan, -np.inf], [2.0, 3.0, np.inf]]), axis=1)


@pytest.mark.parametrize("correction", [0, 1, 0.5, 2.0])
@pytest.mark.parametrize("name", ["std", "var"])
def test_correction(name, correction):
    both(name, numbers("float64", (5, 4)), axis=0, correction=correction)


@pytest.mark.parametrize("dtype", DTYPES["numeric"])
@pytest.mark.parametrize("name", ["sum", "prod", "cumulative_sum", "cumulative_prod"])
def test_the_dtype_of_sums(name, dtype):
    """As default, and as asked for."""
    x = numbers(dtype, (4,), low=1, high=3)
    both(name, x)
    wide = {"u": "int64", "i": "int64", "f": "float64", "c": "complex128"}[x.dtype.kind]
    both(name, x, dtype=np.dtype(wide))
    both(name, x, dtype=np.dtype(dtype))


@pytest.mark.parametrize("dtype", DTYPES["numeric"])
@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_running(name, dtype):
    for (shape, axis), initial in product([((4,), None), ((2, 3), 0), ((2, 3, 2), -2), ((0, 3), 0)], (False, True)):
        both(name, numbers(dtype, shape, low=-2, high=3), axis=axis, include_initial=initial)
    with pytest.raises(ValueError, match=f"{name}: expected axis for a tensor that has not one dimension"):
        call(array_api, name, numbers(dtype, (2, 3)))


@pytest.mark.parametrize("dtype", DTYPES["ordered"])
@pytest.mark.parametrize("name", ["sort", "argsort"])
def test_sorting(name, dtype):
    for (shape, axis), descending in product([((7,), -1), ((4, 5), 0), ((2, 3, 4), 1), ((0, 2), 0)], (False, True)):
        both(name, numbers(dtype, shape, low=-3, high=3), axis=axis, descending=descending)
    both(name, numbers(dtype, (50,), low=0, high=2), stable=True)


@pytest.mark.parametrize("dtype", DTYPES["ordered"])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_places_of_extremes(name, dtype):
    for (shape, axis), keepdims in product([((7,), None), ((4, 5), None), ((4, 5), 0), ((2, 3, 4), -2)], (False, True)):
        both(name, numbers(dtype, shape, low=-3, high=3), axis=axis, keepdims=keepdims)


@pytest.mark.parametrize("dtype", DTYPES["all"])
def test_searching(dtype):
    x = numbers(dtype, (4, 5), low=-1, high=2)
    both("nonzero", x)
    both("where", numbers("bool", (4, 1)), x, numbers(dtype, (5,), 1))
    both("diff", x, axis=0) if dtype != "bool" else None
    with pytest.raises(ValueError, match="nonzero: expected x of 1 or more dimensions"):
        array_api.nonzero(engine.ones(()))


@pytest.mark.parametrize("dtype", DTYPES["ordered"])
def test_searchsorted(dtype):
    x, y = np.sort(numbers(dtype, (9,))), numbers(dtype, (2, 3), 1)
    for side in ("left", "right"):
        both("searchsorted", x, y, side=side)
        both("searchsorted", x, y[0], side=side)
        both("searchsorted", x[::-1].copy(), y, side=side, sorter=np.arange(9)[::-1].copy())
    both("searchsorted", x, 2 if "int" in dtype else 0.5)


@pytest.mark.parametrize("dtype", DTYPES["all"])
@pytest.mark.parametrize("name", ["unique_all", "unique_counts", "unique_inverse", "unique_values"])
def test_sets(name, dtype):
    for shape in ((20,), (4, 5), (), (0,), (0, 3)):
        both(name, numbers(dtype, shape, low=-3, high=3))
    if dtype in DTYPES["real"]:
        both(name, np.array([np.nan, 1.0, np.nan, np.inf, 1.0], dtype))


@pytest.mark.parametrize("dtype", DTYPES["integer"])
def test_isin(dtype):
    x, y = numbers(dtype, (4, 5)), numbers(dtype, (6,), 1)
    both("isin", x, y)
    same(call(array_api, "isin", x, y, invert=True), np.isin(x, y, invert=True))


@pytest.mark.parametrize("dtype", DTYPES["numeric"])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_diff(dtype, n):
    x = numbers(dtype, (4, 5))
    both("diff", x, n=n)
    if n:  # NumPy leaves the ends away for n = 0, of which the standard says nothing
        both("diff", x, n=n, axis=0, prepend=numbers(dtype, (1, 5), 1), append=numbers(dtype, (2, 5), 2))


@pytest.mark.parametrize("seed", range(20))
def test_random_calls(seed):
    """A function, shape, dtype and axes by chance."""
    rng = np.random.default_rng(seed)
    for _ in range(20):
        name = str(rng.choice(list(REDUCTIONS)))
        dtype = str(rng.choice(DTYPES[REDUCTIONS[name]]))
        shape = tuple(int(n) for n in rng.integers(1, 4, rng.integers(0, 5)))
        axis = tuple(int(a) - (len(shape) if rng.random() < 0.5 else 0) for a in np.flatnonzero(rng.random(len(shape)) < 0.5))
        both(name, numbers(dtype, shape, seed, -2, 3), axis=axis if rng.random() < 0.8 else None, keepdims=bool(rng.random() < 0.5))
