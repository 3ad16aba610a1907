"""Linear algebra and Fourier transforms against array_api_strict."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import array_api

from .both import DTYPES, both, call, given, numbers

LOOSE = {"float32": 2e-4, "float64": 1e-10, "complex64": 2e-4, "complex128": 1e-10}


def positive(dtype, *batch):
    """Positive definite matrices."""
    x = numbers(dtype, (*batch, 3, 3))
    return np.asarray(x @ np.conj(np.swapaxes(x, -1, -2)) + np.eye(3), dtype)


@pytest.mark.parametrize("dtype", DTYPES["numeric"])
def test_products(dtype):
    for a, b in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 1, 2, 3), (4, 3, 2))]:
        both("matmul", numbers(dtype, a), numbers(dtype, b, 1))
    for axes in (0, 1, 2, ((0, 1), (1, 0)), ((-1,), (1,))):
        both("tensordot", numbers(dtype, (3, 3)), numbers(dtype, (3, 3), 1), axes=axes)
    both("vecdot", numbers(dtype, (2, 1, 3)), numbers(dtype, (4, 3), 1))
    both("vecdot", numbers(dtype, (2, 3, 1)), numbers(dtype, (3, 4), 1), axis=-2)
    both("linalg.outer", numbers(dtype, (3,)), numbers(dtype, (4,), 1))
    both("linalg.cross", numbers(dtype, (4, 3)), numbers(dtype, (2, 1, 3), 1))
    both("linalg.cross", numbers(dtype, (3, 4)), numbers(dtype, (3, 4), 1), axis=-2)
    for offset in (-1, 0, 2):
        both("linalg.diagonal", numbers(dtype, (2, 3, 4)), offset=offset)
        both("linalg.trace", numbers(dtype, (2, 3, 4)), offset=offset)
    both("matmul", numbers("float32", (2, 3)), numbers("float64", (3,)))


def test_products_refuse():
    with pytest.raises(ValueError, match="vecdot: expected axis from -1 to -1, got 0"):
        call(array_api, "vecdot", np.ones(3), np.ones(3), axis=0)
    with pytest.raises(ValueError, match="vecdot: expected x2 of size 3 along axis -1"):
        call(array_api, "vecdot", np.ones(3), np.ones(1))
    with pytest.raises(ValueError, match="cross: expected two tensors of size 3 along axis -1"):
        call(array_api, "linalg.cross", np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="matrix_transpose: expected x of 2 or more dimensions"):
        array_api.matrix_transpose(engine.ones(3))


@pytest.mark.parametrize("dtype", DTYPES["floating"])
def test_decompositions(dtype):
    loose = LOOSE[dtype]
    for batch in ((), (2,), (0,)):
        x, wide = positive(dtype, *batch), numbers(dtype, (*batch, 3, 5))
        for name in ("cholesky", "det", "eigvalsh", "inv", "pinv", "matrix_rank", "slogdet"):
            both(f"linalg.{name}", x, tolerance=loose)
        both("linalg.cholesky", x, upper=True, tolerance=loose)
        both("linalg.svdvals", wide, tolerance=loose)
        both("linalg.pinv", wide, rtol=0.3, tolerance=loose)
        for n in (-2, 0, 1, 3):
            both("linalg.matrix_power", x, n, tolerance=loose * 50)
        q, r = call(array_api, "linalg.qr", wide)
        np.testing.assert_allclose((q @ r).numpy(), wide, rtol=loose, atol=loose)
        assert call(array_api, "linalg.qr", np.swapaxes(wide, -1, -2), mode="complete").Q.shape == (*batch, 5, 5)
        for full in (True, False):
            u, s, vh = call(array_api, "linalg.svd", wide, full_matrices=full)
            assert vh.shape == (*batch, 5 if full else 3, 5)
            assert s.dtype is array_api.finfo(u).dtype
            np.testing.assert_allclose(((u * s[..., None, :].to(u.dtype)) @ vh[..., :3, :]).numpy(), wide, rtol=loose, atol=loose)
        values, vectors = call(array_api, "linalg.eigh", x)
        scaled = vectors * values[..., None, :].to(vectors.dtype)
        np.testing.assert_allclose((given(x, array_api) @ vectors).numpy(), scaled.numpy(), atol=loose * 20)
    assert call(array_api, "linalg.eigh", x)._fields == ("eigenvalues", "eigenvectors")
    assert call(array_api, "linalg.qr", x)._fields == ("Q", "R")
    assert call(array_api, "linalg.svd", x)._fields == ("U", "S", "Vh")


@pytest.mark.parametrize("dtype", DTYPES["floating"])
def test_solve(dtype):
    for batch, right in [((), (3,)), ((), (3, 2)), ((2,), (3,)), ((3,), (3, 3)), ((2,), (2, 3, 1)), ((2,), (3, 2)), ((), (4, 3, 2))]:
        both("linalg.solve", positive(dtype, *batch), numbers(dtype, right), tolerance=LOOSE[dtype])


@pytest.mark.parametrize("dtype", DTYPES["floating"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms(dtype, keepdims):
    x = numbers(dtype, (2, 3, 4))
    for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        both("linalg.matrix_norm", x, ord=ord, keepdims=keepdims, tolerance=LOOSE[dtype])
    for ord in (0, 1, 2, 3, 2.5, -1, np.inf, -np.inf):
        for axis in (None, 0, -1, (0, 2), ()):
            both("linalg.vector_norm", x, ord=ord, axis=axis, keepdims=keepdims, tolerance=LOOSE[dtype])


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("dtype", DTYPES["floating"])
def test_transforms(dtype, norm):
    x, loose = numbers(dtype, (4, 5, 6)), LOOSE[dtype]
    real = "float" in dtype
    inverse = {"fft.irfft": "fft.irfftn", "fft.ifft": "fft.ifftn", "fft.fft": "fft.fftn"} if not real else {"fft.rfft": "fft.rfftn"}
    for one, many in inverse.items():
        for n, axis in ((None, -1), (7, 0), (3, 1)):
            both(one, x, n=n, axis=axis, norm=norm, tolerance=loose)
        for s, axes in ((None, None), (None, (0, 1)), ((3, 7), (2, 0))):
            both(many, x, s=s, axes=axes, norm=norm, tolerance=loose)
    both("fft.ihfft" if real else "fft.hfft", x, norm=norm, tolerance=loose)
    both("fft.fftshift", x, axes=(0, 1))
    both("fft.ifftshift", x, axes=1)
    both("fft.ifftshift", x)


@pytest.mark.parametrize("n", [1, 4, 7])
def test_frequencies(n):
    both("fft.fftfreq", n, d=0.5, dtype=np.dtype("float64"))
    both("fft.rfftfreq", n, d=0.5, dtype=np.dtype("float32"))
    assert array_api.fft.fftfreq(n).dtype is engine.float32
