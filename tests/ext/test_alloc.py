"""The allocator: classes, extents, reuse, the limit, statistics."""

from __future__ import annotations

import ctypes
import random
import threading
from pathlib import Path

import pytest

from .native import CORE, SANITIZE, Stats, library

MB = 1 << 20
cached_only = pytest.mark.skipif(bool(SANITIZE), reason="the allocator steps aside under AddressSanitizer")


@pytest.fixture(scope="module")
def alloc(tmp_path_factory):
    made = library(tmp_path_factory.mktemp("alloc"), CORE / "alloc.c", CORE / "extent.c")
    made.wb_alloc.restype = ctypes.c_void_p
    made.wb_alloc.argtypes = made.wb_alloc_class.argtypes = made.wb_alloc_limit.argtypes = [ctypes.c_size_t]
    made.wb_free.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    made.wb_alloc_class.restype = made.wb_alloc_trim.restype = ctypes.c_size_t
    assert made.wb_alloc_init() == 0
    return made


def stats(alloc) -> Stats:
    out = Stats()
    alloc.wb_alloc_get(ctypes.byref(out))
    return out


def test_classes_cover_their_request_with_little_waste(alloc):
    sizes = [*range(5000), *(random.Random(0).randrange(1 << e) for e in range(13, 46) for _ in range(50)), *(1 << e for e in range(46))]
    for n in sizes:
        size = alloc.wb_alloc_class(n)
        assert size >= max(n, 64)
        assert size % 64 == 0
        assert size <= max(n + 64, n * 1.125)
        assert alloc.wb_alloc_class(size) == size


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 1023, 1024, 1025, 2047, 2048, 2049, 5_000_001])
def test_blocks_are_aligned_and_writable(alloc, n):
    p = alloc.wb_alloc(n)
    assert p % 64 == 0
    ctypes.memset(p, 0xFF, n)
    alloc.wb_free(p, n)


@cached_only
def test_large_blocks_are_cut_from_what_is_idle_and_joined_again(alloc):
    alloc.wb_alloc_trim()
    p, q, r = (alloc.wb_alloc(size * MB) for size in (3, 5, 4))
    for block, size in ((p, 3), (r, 4), (q, 5)):
        alloc.wb_free(block, size * MB)
    held = stats(alloc).cached
    assert held == 12 * MB
    whole = alloc.wb_alloc(12 * MB)
    assert whole == p
    alloc.wb_free(whole, 12 * MB)
    parts = [alloc.wb_alloc(2 * MB - 100) for _ in range(6)]
    assert parts == [p + i * 2 * MB for i in range(6)]
    for part in parts:
        alloc.wb_free(part, 2 * MB - 100)
    assert stats(alloc).cached == held


@cached_only
def test_the_shortest_extent_that_is_long_enough_is_cut(alloc):
    alloc.wb_alloc_trim()
    blocks = [(alloc.wb_alloc(size * MB), size * MB) for size in (8, 2, 4, 2, 6, 2)]
    for block, size in blocks[::2]:
        alloc.wb_free(block, size)
    p = alloc.wb_alloc(3 * MB)
    assert p == blocks[2][0]
    for block, size in (*blocks[1::2], (p, 3 * MB)):
        alloc.wb_free(block, size)


@cached_only
def test_extents_never_overlap_and_come_together_again(alloc):
    alloc.wb_alloc_trim()
    r, held, most = random.Random(1), {}, 0
    for _ in range(3000):
        if held and r.random() < 0.5:
            p = r.choice(list(held))
            n = held.pop(p)
            assert ctypes.string_at(p, 8) == ctypes.string_at(p + n - 8, 8) == p.to_bytes(8, "little")
            alloc.wb_free(p, n)
        else:
            n = r.randrange(MB + 1, 6 * MB)
            p = alloc.wb_alloc(n)
            assert p % 65536 == 0
            ctypes.memmove(p, p.to_bytes(8, "little"), 8)
            ctypes.memmove(p + n - 8, p.to_bytes(8, "little"), 8)
            held[p] = n
        most = max(most, sum(held.values()))
    for p, n in held.items():
        alloc.wb_free(p, n)
    held_back = stats(alloc).cached
    assert most <= held_back < 1.5 * most
    whole = alloc.wb_alloc(held_back)
    assert stats(alloc).cached == 0
    alloc.wb_free(whole, held_back)
    assert alloc.wb_alloc_trim() == held_back


@cached_only
def test_statistics_and_trim(alloc):
    alloc.wb_alloc_trim()
    start = stats(alloc)
    alloc.wb_alloc_reset_peak()
    p = alloc.wb_alloc(4 * MB)
    assert stats(alloc).used == start.used + 4 * MB
    alloc.wb_free(p, 4 * MB)
    after = stats(alloc)
    assert (after.used, after.peak, after.cached) == (start.used, start.used + 4 * MB, 4 * MB)
    assert alloc.wb_alloc_trim() == 4 * MB
    assert stats(alloc).cached == 0
    alloc.wb_alloc_reset_peak()
    assert stats(alloc).peak == start.used


@cached_only
def test_limit_refuses_and_drops_what_is_cached_first(alloc):
    alloc.wb_alloc_trim()
    kept = alloc.wb_alloc(7 * MB)
    alloc.wb_free(kept, 7 * MB)
    alloc.wb_alloc_limit(stats(alloc).used + 10 * MB)
    try:
        p = alloc.wb_alloc(8 * MB)
        assert p
        assert stats(alloc).cached == 0
        assert not alloc.wb_alloc(8 * MB)
        alloc.wb_free(p, 8 * MB)
        q = alloc.wb_alloc(8 * MB)
        assert q
        alloc.wb_free(q, 8 * MB)
    finally:
        alloc.wb_alloc_limit(0)


def test_impossible_sizes_are_refused(alloc):
    used = stats(alloc).used
    assert not alloc.wb_alloc((1 << 46) + 1)
    assert not alloc.wb_alloc((1 << 64) - 1)
    assert stats(alloc).used == used


def test_many_threads(alloc):
    used, wrong = stats(alloc).used, []

    def work(seed):
        r = random.Random(seed)
        for _ in range(300):
            n = r.choice([40, 700, 3000, 100_000, 1_200_000])
            p = alloc.wb_alloc(n)
            ctypes.memset(p, seed, n)
            if ctypes.string_at(p, n) != bytes([seed]) * n:
                wrong.append(n)
            alloc.wb_free(p, n)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    assert stats(alloc).used == used


@cached_only
def test_huge_pages_are_given(alloc):
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not setting.exists() or "[never]" in setting.read_text():
        pytest.skip("transparent huge pages are off")
    n = 64 * MB
    p = alloc.wb_alloc(n)
    ctypes.memset(p, 1, n)
    huge, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        word = line.split()
        if not word[0].endswith(":"):
            low, high = (int(x, 16) for x in word[0].split("-"))
            inside = low <= p < high
        elif inside and word[0] == "AnonHugePages:":
            huge = int(word[1]) * 1024
    alloc.wb_free(p, n)
    if not huge:
        pytest.skip("the system has no huge page to give")
    assert huge >= n // 2
