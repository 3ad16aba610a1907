"""Other libraries take our tensors: through the standard (array_api_compat, scikit-learn, SciPy), DLPack, and `__array__` (NumPy)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench import engine
from workbench.engine import array_api

from .both import DTYPES, numbers


@pytest.fixture(scope="module")
def differences():
    """What guests.py prints."""
    script = Path(__file__).with_name("guests.py")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, env={**os.environ, "SCIPY_ARRAY_API": "1"}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_scikit_learn_and_scipy_compute_with_tensors(differences):
    """The results are tensors too, and NumPy's; what goes through float32 (rates, and distances of points to themselves) is less exact."""
    assert len(differences) >= 40
    wrong = {name: d for name, d in differences.items() if d is None or d > (1e-6 if "_" in name else 1e-10)}
    assert not wrong


def test_array_api_compat_takes_tensors():
    import array_api_compat as compat

    x = engine.ones(2, 3)
    assert compat.is_array_api_obj(x)
    assert compat.is_writeable_array(x)
    assert not compat.is_numpy_array(x)
    assert not compat.is_torch_array(x)
    assert not compat.is_lazy_array(x)
    assert compat.array_namespace(x, x + 1) is array_api
    assert compat.array_namespace(x, api_version="2023.12") is array_api
    assert compat.device(x) == x.device
    assert compat.to_device(x, "cpu") is x
    assert compat.size(x) == 6


def test_namespace():
    x = engine.ones(2)
    assert x.__array_namespace__() is x.__array_namespace__(api_version=array_api.__array_api_version__) is array_api
    with pytest.raises(ValueError, match=r"__array_namespace__: expected api_version 2021.12, .* or None, got '1999.12'"):
        x.__array_namespace__(api_version="1999.12")


def test_to_device():
    x = engine.ones(2)
    assert x.to_device("cpu") is x.to_device(x.device, stream=None) is x
    with pytest.raises(RuntimeError, match="device: expected cpu, got cuda"):
        x.to_device("cuda")
    with pytest.raises(ValueError, match="to_device: expected stream to be None"):
        x.to_device("cpu", stream=1)


def test_numbers_of_python():
    assert complex(engine.tensor(2 + 1j)) == 2 + 1j
    assert float(engine.tensor(2.5)) == 2.5
    assert int(engine.tensor(2.5)) == 2
    assert [5, 6, 7][engine.tensor(1)] == 6
    assert bool(engine.tensor(1))
    with pytest.raises(TypeError, match="index: expected an integer tensor"):
        [5, 6][engine.tensor(1.0)]


@pytest.mark.parametrize("dtype", DTYPES["all"])
def test_numpy_reads_tensors(dtype):
    data = numbers(dtype, (3, 4))
    x = engine.tensor(data)
    for copy in (None, False):
        array = np.asarray(x, copy=copy)
        assert array.ctypes.data == x.data_ptr()
        assert array.dtype == data.dtype
    np.testing.assert_array_equal(np.array(x, copy=True), data)
    assert np.array(x, copy=True).ctypes.data != x.data_ptr()
    assert np.asarray(x, dtype=dtype).ctypes.data == x.data_ptr()
    wide = np.asarray(x, dtype="complex128")
    np.testing.assert_array_equal(wide, data.astype("complex128"))
    if dtype != "complex128":
        with pytest.raises(ValueError):  # NumPy's own words: it reads the buffer
            np.asarray(x, dtype="complex128", copy=False)
        with pytest.raises(ValueError, match=r"__array__: expected dtype .*, as copy is False"):
            x.__array__("complex128", copy=False)
    assert x.__array__(x.numpy().dtype, copy=False).ctypes.data == x.data_ptr()
    assert x.__array__(copy=True).ctypes.data != x.data_ptr()


@pytest.mark.parametrize("dtype", DTYPES["all"])
def test_dlpack(dtype):
    x = engine.tensor(numbers(dtype, (3, 4)))
    array = np.from_dlpack(x)
    assert array.flags.writeable  # DLPack's second version says so, and NumPy asks for it
    assert array.ctypes.data == x.data_ptr()
    assert np.from_dlpack(x, copy=True).ctypes.data != x.data_ptr()
    assert np.from_dlpack(x.T).strides == x.T.numpy().strides
    assert "dltensor_versioned" in repr(x.__dlpack__(max_version=(1, 0), dl_device=x.__dlpack_device__(), copy=False))
    assert "dltensor_versioned" not in repr(x.__dlpack__())
    assert "dltensor_versioned" not in repr(x.__dlpack__(max_version=(0, 8), stream=-1))


def test_dlpack_refuses():
    x = engine.ones(2)
    with pytest.raises(BufferError, match="__dlpack__: expected dl_device"):
        x.__dlpack__(dl_device=(2, 0))
    with pytest.raises(AssertionError, match="__dlpack__: expected stream to be None"):
        x.__dlpack__(stream=1)
    with pytest.raises(BufferError, match="__dlpack__: expected a tensor that does not require grad"):
        engine.ones(2, requires_grad=True).__dlpack__()


def test_torch_reads_capsules():
    torch = pytest.importorskip("torch")
    x = engine.ones(2)
    torch.from_dlpack(x)[0] = 5
    assert x.tolist() == [5, 1]
