"""Creation functions against array_api_strict, and the data that only tensors can be made of."""

from __future__ import annotations

import array

import numpy as np
import pytest

from workbench import engine
from workbench.engine import array_api

from .both import DTYPES, both, call, numbers, same

DTYPE = [np.dtype(d) for d in DTYPES["all"]]


@pytest.mark.parametrize("dtype", DTYPE, ids=str)
def test_filled(dtype):
    for shape in ((2, 3), (), 4, (0, 2)):
        both("zeros", shape, dtype=dtype)
        both("ones", shape, dtype=dtype)
        both("full", shape, True if dtype.kind == "b" else 3, dtype=dtype)
        assert call(array_api, "empty", shape, dtype=dtype).dtype is getattr(engine, dtype.name)
    x = numbers(dtype.name, (2, 3))
    both("zeros_like", x)
    both("ones_like", x)
    both("full_like", x, True if dtype.kind == "b" else 2)
    both("ones_like", x, dtype=np.dtype("float64"))
    assert call(array_api, "empty_like", x).shape == x.shape


@pytest.mark.parametrize("dtype", [d for d in DTYPE if d.kind != "b"], ids=str)
def test_ranges(dtype):
    for args in ((5,), (2, 7), (1, 10, 3)):
        both("arange", *args, dtype=dtype) if dtype.kind != "c" else None
    for k in (-5, -1, 0, 2):
        both("eye", 3, k=k, dtype=dtype)
        both("eye", 3, 4, k=k, dtype=dtype)
        both("tril", numbers(dtype.name, (2, 3, 4)), k=k)
        both("triu", numbers(dtype.name, (2, 3, 4)), k=k)


@pytest.mark.parametrize("args", [(5, 0, -2), (5, 0), (0, 5, -1), (0,), (-3,), (3, 3), (0, 7, 3)])
def test_arange_of_whole_numbers(args):
    both("arange", *args)


@pytest.mark.parametrize("args", [(0.0, 1.0, 0.25), (1.0, 0.0, -0.3), (2.5,), (1.0, 0.0)])
def test_arange_of_real_numbers(args):
    both("arange", *args, dtype=np.dtype("float64"))
    assert array_api.arange(*args).dtype is engine.float32


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("endpoint", [True, False])
def test_linspace(dtype, endpoint):
    for num in (0, 1, 2, 7):
        both("linspace", -1.0, 3.0, num, dtype=np.dtype(dtype), endpoint=endpoint)
    if dtype.startswith("complex"):
        both("linspace", 1j, 2 - 3j, 5, dtype=np.dtype(dtype), endpoint=endpoint)


def test_defaults():
    for value, dtype in ((True, "bool"), (1, "int64"), (1.0, "float32"), (1j, "complex64")):
        assert array_api.full(2, value).dtype is array_api.asarray(value).dtype is getattr(engine, dtype)
    assert array_api.linspace(0, 1, 3).dtype is array_api.eye(2).dtype is engine.float32
    assert array_api.linspace(0, 1j, 3).dtype is engine.complex64


def test_meshgrid():
    x, y, z = (numbers("float32", (n,)) for n in (2, 3, 4))
    for indexing in ("xy", "ij"):
        both("meshgrid", x, y, z, indexing=indexing)
        both("meshgrid", x, indexing=indexing)


@pytest.mark.parametrize("dtype", DTYPES["all"])
def test_asarray_of_arrays(dtype):
    data = numbers(dtype, (3, 2))
    x = array_api.asarray(data)
    assert x.dtype is getattr(engine, dtype)
    assert array_api.asarray(x) is x
    assert array_api.asarray(x, copy=False).data_ptr() == x.data_ptr() == data.ctypes.data
    assert array_api.asarray(x, copy=True).data_ptr() != x.data_ptr()
    np.testing.assert_array_equal(array_api.asarray(data.tolist(), dtype=x.dtype).numpy(), data)
    np.testing.assert_array_equal(array_api.asarray([x, x]).numpy(), [data, data])


def test_asarray_of_other_things():
    buffer = array.array("d", [1.0, 2.0])
    x = array_api.asarray(buffer)
    assert x.tolist() == [1.0, 2.0]
    buffer[0] = 3.0
    assert x[0].item() == 3.0
    same(array_api.asarray(np.arange(3.0), dtype=engine.float32), np.arange(3, dtype="float32"))
    for data in ([1, 2], 3.0, np.ones(2), engine.ones(2, dtype=engine.float64)):
        with pytest.raises(ValueError, match="asarray: expected"):
            array_api.asarray(data, dtype=engine.float32, copy=False)
    with pytest.raises(TypeError, match="uint16"):
        array_api.asarray(np.ones(2, "uint16"))
    with pytest.raises(RuntimeError, match="device: expected cpu, got cuda"):
        array_api.asarray([1], device="cuda")


def test_from_dlpack():
    data = np.arange(4.0)
    x = array_api.from_dlpack(data)
    x[0] = 7
    assert data[0] == 7
    assert array_api.from_dlpack(data, copy=True).data_ptr() != data.ctypes.data
    assert array_api.from_dlpack(x, device="cpu", copy=False).data_ptr() == x.data_ptr()
    with pytest.raises(RuntimeError, match="device: expected cpu, got cuda"):
        array_api.from_dlpack(data, device="cuda")
