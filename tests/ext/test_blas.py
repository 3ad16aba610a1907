"""Products: right in every transposition and shape, and equal bits for any number of threads."""

from __future__ import annotations

import ctypes
import itertools
import threading
from pathlib import Path

import numpy as np
import pytest

from workbench.ext.core import _core as core

from .native import CORE, library, openblas

SHAPES = [
    (1, 1, 1), (5, 7, 3), (3, 5, 0), (1, 700, 300), (700, 1, 300), (128, 10, 256), (128, 256, 256), (784, 256, 128),
    (500, 700, 300), (64, 64, 8192), (10, 9, 20000), (64, 144, 4099), (193, 385, 100),
]  # fmt: skip


@pytest.fixture(scope="module")
def blas(tmp_path_factory):
    made = library(tmp_path_factory.mktemp("blas"), *(CORE / f"{name}.c" for name in ("blas", "pool", "alloc")))
    made.wb_blas_open.restype = ctypes.c_char_p
    made.wb_alloc_init()
    made.wb_pool_init(2, ctypes.c_long(0))
    assert made.wb_blas_open(str(openblas()).encode()) is None
    long, pointer = ctypes.c_long, ctypes.c_void_p
    for name, real in (("s", ctypes.c_float), ("d", ctypes.c_double)):
        shape, rest = [ctypes.c_int] * 2 + [long] * 3, [pointer, long, pointer, long, real, pointer, long]
        getattr(made, f"wb_{name}gemm").argtypes = [*shape, *rest]
        getattr(made, f"wb_{name}gemm1").argtypes = [*shape, real, *rest]
    return made


def product(blas, a, b, c, ta, tb, beta):
    m, n = c.shape
    k = a.shape[0] if ta else a.shape[1]
    call = blas.wb_sgemm if c.dtype == np.float32 else blas.wb_dgemm
    call(ta, tb, m, n, k, a.ctypes.data, a.shape[1], b.ctypes.data, b.shape[1], beta, c.ctypes.data, c.shape[1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_product(blas, shape, dtype):
    m, n, k = shape
    g = np.random.default_rng(0)
    for ta, tb, beta in itertools.product((0, 1), (0, 1), (0.0, 1.0, -0.5)):
        a = g.standard_normal((k, m) if ta else (m, k)).astype(dtype)
        b = g.standard_normal((n, k) if tb else (k, n)).astype(dtype)
        c = g.standard_normal((m, n)).astype(dtype)
        want = (a.T if ta else a).astype("float64") @ (b.T if tb else b) + beta * c.astype("float64")
        bits = set()
        for threads in (1, 2, 3, 5):
            blas.wb_pool_set_threads(threads)
            got = c.copy() if beta else np.full_like(c, np.nan)  # with beta 0 what was in C must not matter
            product(blas, a, b, got, ta, tb, beta)
            bits.add(got.tobytes())
        assert len(bits) == 1
        rtol, atol = (1e-4, 2e-6) if dtype == "float32" else (1e-11, 2e-14)
        np.testing.assert_allclose(got, want, rtol=rtol, atol=atol * max(k, 1))


def test_rows_may_be_apart(blas):
    g = np.random.default_rng(0)
    a, b = g.standard_normal((200, 300)).astype("float32"), g.standard_normal((300, 150)).astype("float32")
    c = np.zeros((200, 150), "float32")
    data = (a.ctypes.data, 300, b.ctypes.data, 150, 0.0, c.ctypes.data, 150)
    blas.wb_sgemm(0, 0, 200, 100, 250, *data)
    np.testing.assert_allclose(c[:, :100], a[:, :250] @ b[:250, :100], atol=1e-4)
    assert not c[:, 100:].any()


def test_leading_dimension_of_a_single_row_does_not_matter(blas):
    a, b, c = np.ones((1, 5), "float32"), np.ones((5, 3), "float32"), np.zeros((1, 3), "float32")
    blas.wb_sgemm1(0, 0, 1, 3, 5, 2.0, a.ctypes.data, 1, b.ctypes.data, 3, 0.0, c.ctypes.data, 1)
    assert c.tolist() == [[10.0, 10.0, 10.0]]


def test_plain_way_for_dimensions_beyond_32_bits(tmp_path):
    (tmp_path / "plain.c").write_text("""
        #include "blas.c"
        void plain(int ta, int tb, const float *a, const float *b, float beta, float *c) {
            plain_s(ta, tb, 3, 2, 4, 2, a, ta ? 3 : 4, b, tb ? 4 : 2, beta, c, 2);
        }
    """)
    made = library(tmp_path, tmp_path / "plain.c", CORE / "pool.c", CORE / "alloc.c")
    a, b = np.arange(12, dtype="float32").reshape(3, 4), np.arange(8, dtype="float32").reshape(4, 2)
    for ta, tb, beta in itertools.product((0, 1), (0, 1), (0.0, 0.5)):
        c = np.ones((3, 2), "float32")
        stored = np.ascontiguousarray(a.T if ta else a), np.ascontiguousarray(b.T if tb else b)
        made.plain(ta, tb, *(ctypes.c_void_p(x.ctypes.data) for x in stored), ctypes.c_float(beta), ctypes.c_void_p(c.ctypes.data))
        assert c.tolist() == (2 * a @ b + beta).tolist()


def test_many_callers_share_pool_and_library(blas):
    a = np.random.default_rng(0).standard_normal((300, 300)).astype("float32")
    want = np.empty_like(a)
    product(blas, a, a, want, 0, 0, 0.0)
    wrong = []

    def work():
        for _ in range(20):
            got = np.empty_like(a)
            product(blas, a, a, got, 0, 0, 0.0)
            if got.tobytes() != want.tobytes():
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_missing_library_and_symbol_are_said(blas, tmp_path):
    assert b"nowhere.so" in blas.wb_blas_open(b"/nowhere.so")
    (tmp_path / "empty.c").write_text("int nothing;")
    other = library(tmp_path, tmp_path / "empty.c")
    assert b"scipy_cblas_sgemm is missing" in blas.wb_blas_open(other._name.encode())
    assert blas.wb_blas_open(str(openblas()).encode()) is None


def test_library_is_ours_alone():
    assert "OpenBLAS" in core.blas()["config"]
    assert core.blas()["core"]
    maps = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "openblas" in line}
    assert len([path for path in maps if "scipy_openblas32" in path]) == 1


def test_others_cannot_make_it_threaded(blas):
    tp = pytest.importorskip("threadpoolctl")
    a = np.ones((200, 200), "float32")
    with tp.threadpool_limits(2):
        product(blas, a, a, np.empty_like(a), 0, 0, 0.0)
        assert blas.wb_blas_threads() == 1
