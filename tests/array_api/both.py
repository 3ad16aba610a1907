"""One call of a function of the standard, by array_api_strict and by us; the results have to agree in structure, shape, dtype and value."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import array_api

array_api_strict = pytest.importorskip("array_api_strict")

DTYPES = {
    "bool": ["bool"],
    "integer": ["uint8", "int8", "int16", "int32", "int64"],
    "real": ["float32", "float64"],
    "complex": ["complex64", "complex128"],
}
DTYPES |= {
    "numeric": DTYPES["integer"] + DTYPES["real"] + DTYPES["complex"],
    "ordered": DTYPES["integer"] + DTYPES["real"],
    "floating": DTYPES["real"] + DTYPES["complex"],
    "bits": DTYPES["bool"] + DTYPES["integer"],
}
DTYPES["all"] = DTYPES["bool"] + DTYPES["numeric"]


def function(namespace, name):
    """A function by its name; "linalg.qr" is one of an extension."""
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


def numbers(dtype, shape, seed=0, low=-9, high=10):
    """Seeded values of a dtype: small whole numbers, or normal ones."""
    rng = np.random.default_rng([seed, *shape])
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if "int" in dtype:
        return np.asarray(rng.integers(max(low, 0) if dtype == "uint8" else low, high, shape), dtype)
    values = rng.normal(size=shape)
    return np.asarray(values + 1j * rng.normal(size=shape) if "complex" in dtype else values, dtype)


def given(value, to):
    """Arguments for a library: arrays become its own, names of dtypes its dtypes."""
    if isinstance(value, np.ndarray):
        return to.asarray(value)
    if isinstance(value, np.dtype):
        return getattr(to, value.name)
    if isinstance(value, list):
        return [given(v, to) for v in value]
    return value


def call(namespace, name, *args, **kwargs):
    """What a library answers."""
    with np.errstate(all="ignore"):
        return function(namespace, name)(*(given(a, namespace) for a in args), **{k: given(v, namespace) for k, v in kwargs.items()})


def same(ours, theirs, tolerance=None):
    """Compare two results, tuples part by part.

    Args:
        ours: A tensor, or a tuple of tensors.
        theirs: An array of array_api_strict, or a tuple of such.
        tolerance: Relative and absolute; None means what the dtype affords, 0 demands equal bits but for nan.
    """
    if isinstance(theirs, (tuple, list)):
        assert isinstance(ours, tuple)
        assert len(ours) == len(theirs)
        assert getattr(ours, "_fields", None) == getattr(theirs, "_fields", None)
        for a, b in zip(ours, theirs):
            same(a, b, tolerance)
        return
    assert isinstance(ours, engine.Tensor), type(ours)
    a, b = ours.numpy(), np.asarray(theirs)
    if b.dtype == np.uint64:  # which we have not: int64 answers instead
        b = b.astype(np.int64)
    assert a.dtype == b.dtype, f"{a.dtype} for {b.dtype}"
    assert a.shape == b.shape, f"{a.shape} for {b.shape}"
    if tolerance is None:
        tolerance = {"float32": 2e-5, "complex64": 2e-5, "float64": 1e-12, "complex128": 1e-12}.get(a.dtype.name, 0)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    if a.dtype.kind == "f":  # the sign of 0 is part of the standard's tables
        zero = (a == 0) & (b == 0)
        np.testing.assert_array_equal(np.signbit(a[zero]), np.signbit(b[zero]))


def both(name, *args, tolerance=None, **kwargs):
    """Call a function of both libraries with the same arguments, compare, and return ours."""
    ours = call(array_api, name, *args, **kwargs)
    same(ours, call(array_api_strict, name, *args, **kwargs), tolerance)
    return ours
