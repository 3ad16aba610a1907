"""Products: right in every layout and shape, and equal bits for any number of threads."""

from __future__ import annotations

import ctypes
import itertools
import threading

import numpy as np
import pytest

from .native import CORE, library

SHAPES = [
    (1, 1, 1), (5, 7, 3), (3, 5, 0), (1, 700, 300), (6, 700, 3000), (700, 1, 300), (128, 10, 256), (128, 256, 256), (193, 385, 100),
    (10, 9, 9000), (40, 50, 4099), (8, 3000, 257), (1300, 20, 530),
]  # fmt: skip
TYPES = {"float32": (ctypes.c_float, "f32"), "float64": (ctypes.c_double, "f64")}


@pytest.fixture(scope="module", params=[16, 32])
def gemm(tmp_path_factory, request):
    """The products with vectors of so many bytes, whatever this machine has: the compiler takes them apart."""
    sources = CORE.parent / "cpu/gemm.c", *(CORE / f"{name}.c" for name in ("pool", "alloc", "extent"))
    made = library(tmp_path_factory.mktemp("gemm"), *sources, flags=("-DSUF=any", f"-DVB={request.param}", "-Wno-psabi", "-O2"))
    made.wb_alloc_init()
    made.wb_pool_init(2, ctypes.c_long(0))
    return made


def product(gemm, a, b, init, ldi, c):
    """c = a b + init, where c's rows may be apart."""
    call = getattr(gemm, f"gemm_{TYPES[str(c.dtype)][1]}_any")
    long, pointer = ctypes.c_long, ctypes.c_void_p
    call.argtypes = [long] * 3 + [pointer, long, long] * 2 + [pointer, long] * 2
    strides = [s // c.itemsize for s in (*a.strides, *b.strides)]
    found = call(*c.shape, a.shape[1], a.ctypes.data, *strides[:2], b.ctypes.data, *strides[2:],
                 None if init is None else init.ctypes.data, ldi, c.ctypes.data, c.strides[0] // c.itemsize)  # fmt: skip
    assert found == 0


def drawn(rows, cols, dtype, transposed, seed):
    values = np.random.default_rng(seed).standard_normal((cols, rows) if transposed else (rows, cols)).astype(dtype)
    return values.T if transposed else values


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_product(gemm, shape, dtype):
    m, n, k = shape
    row, c = drawn(1, n, dtype, False, 2), drawn(m, n, dtype, False, 3)
    for ta, tb in itertools.product((False, True), repeat=2):
        a, b = drawn(m, k, dtype, ta, 0), drawn(k, n, dtype, tb, 1)
        plain = a.astype("float64") @ b.astype("float64")
        for start, init, ldi in ((0, None, 0), (row, row, 0), (c, "itself", n)):
            bits = set()
            for threads in (1, 3):
                gemm.wb_pool_set_threads(threads)
                got = c.copy() if init is not None and ldi else np.full_like(c, np.nan)  # what was in C must not matter
                product(gemm, a, b, got if ldi else init, ldi, got)
                bits.add(got.tobytes())
            assert len(bits) == 1
            rtol, atol = (1e-4, 2e-6) if dtype == "float32" else (1e-11, 2e-14)
            np.testing.assert_allclose(got, plain + start, rtol=rtol, atol=atol * max(k, 1))


def test_rows_may_be_apart(gemm):
    a, b = drawn(200, 300, "float32", False, 0), drawn(300, 150, "float32", False, 1)
    c = np.zeros((200, 150), "float32")
    product(gemm, a[:, :250], b[:250, :100], None, 0, c[:, :100])
    np.testing.assert_allclose(c[:, :100], a[:, :250] @ b[:250, :100], atol=1e-4)
    assert not c[:, 100:].any()


def test_nothing_beyond_a_matrix_is_read(gemm):
    """The last elements lie at the end of a page that has no neighbour."""
    import mmap

    page = mmap.PAGESIZE
    libc = ctypes.CDLL(None, use_errno=True)
    for m, k in ((7, 3000), (20, 1030), (12, 2000)):
        size = m * k * 4
        pages = -(-size // page) * page
        area = mmap.mmap(-1, pages + page)
        base = ctypes.addressof(ctypes.c_char.from_buffer(area))
        assert libc.mprotect(ctypes.c_void_p(base + pages), ctypes.c_size_t(page), 0) == 0
        stored = np.frombuffer(area, "float32", m * k, pages - size).reshape(k, m)
        stored[:] = drawn(k, m, "float32", False, 0)
        b, got = drawn(k, 40, "float32", False, 1), np.empty((m, 40), "float32")
        product(gemm, stored.T, b, None, 0, got)
        np.testing.assert_allclose(got, stored.T @ b, atol=1e-3)


def test_many_callers_share_the_pool(gemm):
    a = drawn(300, 300, "float32", False, 0)
    want = np.empty_like(a)
    product(gemm, a, a, None, 0, want)
    wrong = []

    def work():
        for _ in range(20):
            got = np.empty_like(a)
            product(gemm, a, a, None, 0, got)
            if got.tobytes() != want.tobytes():
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
