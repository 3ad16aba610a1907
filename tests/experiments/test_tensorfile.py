"""Our safetensors files against the safetensors package."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import safetensors.numpy

from workbench.experiments.tensorfile import digest_tensors, read_tensors, write_tensors

DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64", "bool"]


def arrays():
    rng = np.random.default_rng(0)
    made = {dtype: rng.integers(0, 2, (3, 4)).astype(dtype) for dtype in DTYPES}
    return made | {"scalar": np.array(1.5), "empty": np.zeros((0, 3), np.float32), "transposed": np.arange(6.0).reshape(2, 3).T}


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def test_the_package_reads_what_we_write(tmp_path):
    path = tmp_path / "x.safetensors"
    digest, n_bytes = write_tensors(path, arrays())
    assert n_bytes == path.stat().st_size
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    read = safetensors.numpy.load_file(path)
    assert set(read) == set(arrays())
    assert all(same(read[name], array) for name, array in arrays().items())


def test_we_read_what_the_package_writes(tmp_path):
    path = tmp_path / "x.safetensors"
    wanted = {name: np.ascontiguousarray(array) for name, array in arrays().items()}
    safetensors.numpy.save_file(wanted, path, {"about": "metadata is passed over"})
    read = read_tensors(path)
    assert all(same(read[name][1].reshape(array.shape), array) for name, array in wanted.items())


def test_no_tensors(tmp_path):
    write_tensors(tmp_path / "x", {})
    assert read_tensors(tmp_path / "x") == {}


@pytest.mark.parametrize("keep", [0, 4, 40, -1])
def test_a_cut_file_is_named(tmp_path, keep):
    path = tmp_path / "x.safetensors"
    write_tensors(path, arrays())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"x\.safetensors: expected a whole safetensors file"):
        read_tensors(path)


def test_unknown_dtype_is_refused(tmp_path):
    with pytest.raises(TypeError, match="expected a tensor of dtype float64"):
        write_tensors(tmp_path / "x", {"s": np.array(["text"])})


def test_digest_depends_on_bits_names_shapes_and_dtypes_alone():
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    base = digest_tensors({"a": a, "b": a})
    assert base == digest_tensors({"b": np.asfortranarray(a), "a": a.copy()})
    changed = a.copy()
    changed[0, 0] = -0.0
    for other in ({"a": a, "c": a}, {"a": a, "b": a.reshape(3, 2)}, {"a": a, "b": a.view(np.int32)}, {"a": a, "b": changed}):
        assert digest_tensors(other) != base
