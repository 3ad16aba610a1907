"""Dtypes, promotion tables, limits and what the namespace says of itself, against array_api_strict."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from workbench import engine
from workbench.engine import array_api

from .both import DTYPES, array_api_strict, both, numbers

KINDS = ["bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric"]


def pair(name):
    return getattr(array_api, name), getattr(array_api_strict, name)


@pytest.mark.parametrize(("a", "b"), list(product(DTYPES["all"], DTYPES["all"])))
def test_promotion_and_casts(a, b):
    (ours, theirs), (our, their) = pair(a), pair(b)
    assert array_api.can_cast(ours, our) == array_api_strict.can_cast(theirs, their)
    try:
        expected = array_api_strict.result_type(theirs, their)
    except TypeError:  # kinds that the standard does not mix; ours are PyTorch's
        assert array_api.result_type(ours, our) is engine.promote_types(ours, our)
    else:
        assert array_api.result_type(ours, our) is getattr(array_api, np.dtype(expected._np_dtype).name)
        assert array_api.can_cast(engine.ones(1, dtype=ours), our) == array_api_strict.can_cast(theirs, their)
    if not (a.startswith("complex") and not b.startswith("complex")):
        for copy in (True, False):
            x = numbers(a, (2, 3), low=0)
            if not (b == "uint8" and a.startswith("float")):  # negative numbers as uint8: C leaves it open
                both("astype", x, np.dtype(b), copy=copy)


def test_astype():
    x = engine.ones(2)
    assert array_api.astype(x, engine.float32, copy=False) is x
    assert array_api.astype(x, engine.float32).data_ptr() != x.data_ptr()
    with pytest.raises(TypeError, match="astype: expected a complex dtype for a complex tensor"):
        array_api.astype(engine.ones(2, dtype=engine.complex64), engine.float32)


@pytest.mark.parametrize(("dtype", "kind"), list(product(DTYPES["all"], KINDS)))
def test_isdtype(dtype, kind):
    ours, theirs = pair(dtype)
    assert array_api.isdtype(ours, kind) == array_api_strict.isdtype(theirs, kind)
    assert array_api.isdtype(ours, (kind, ours))
    assert array_api.isdtype(ours, ours)


def test_isdtype_refuses():
    with pytest.raises(ValueError, match="isdtype: expected kind numeric"):
        array_api.isdtype(engine.int8, "whole")
    with pytest.raises(TypeError, match="isdtype: expected kind to be a dtype"):
        array_api.isdtype(engine.int8, 3)


@pytest.mark.parametrize("dtype", DTYPES["ordered"] + DTYPES["complex"])
def test_limits(dtype):
    ours, theirs = pair(dtype)
    name, fields = ("iinfo", ["bits", "max", "min"]) if "int" in dtype else ("finfo", ["bits", "eps", "max", "min", "smallest_normal"])
    for given, known in ((ours, theirs), (engine.ones(1, dtype=ours), theirs)):
        a, b = getattr(array_api, name)(given), getattr(array_api_strict, name)(known)
        assert [getattr(a, f) for f in fields] == [getattr(b, f) for f in fields]
        assert a.dtype is getattr(array_api, np.dtype(b.dtype._np_dtype).name)
        assert str(a.max) in repr(a) or f"{a.max:g}" in repr(a)


def test_broadcasting():
    both("broadcast_arrays", numbers("int8", (3, 1)), numbers("float32", (4,)))
    both("broadcast_to", numbers("int8", (3, 1)), (2, 3, 4))
    assert array_api.broadcast_shapes((3, 1), (4,)) == array_api_strict.broadcast_shapes((3, 1), (4,))


def test_info():
    ours, theirs = array_api.__array_namespace_info__(), array_api_strict.__array_namespace_info__()
    assert ours.capabilities().keys() == theirs.capabilities().keys()
    assert engine.ones([1] * ours.capabilities()["max dimensions"]).ndim == ours.capabilities()["max dimensions"]
    with pytest.raises((ValueError, RuntimeError)):
        engine.ones([1] * (ours.capabilities()["max dimensions"] + 1))
    assert ours.default_device() == ours.devices()[0] == engine.ones(1).device
    assert ours.default_dtypes().keys() == theirs.default_dtypes().keys()
    assert ours.default_dtypes()["integral"] is array_api.asarray(1).dtype
    assert ours.default_dtypes()["real floating"] is array_api.asarray(1.0).dtype
    for kind in (None, *KINDS, ("integral", "bool")):
        assert ours.dtypes(kind=kind).keys() == theirs.dtypes(kind=kind).keys() - {"uint16", "uint32", "uint64"}
