"""Keyed random streams: published vectors, independence of the way they are drawn, distribution."""

import numpy as np
import pytest

from workbench.engine.random_keys import Key, Keys, derive, philox, philox_blocks

FULL = 0xFFFFFFFF
# kat_vectors of Random123 1.14, "philox4x32 10"
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((FULL,) * 4, (FULL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_known_answers(counter, key, words):
    assert philox(counter, key) == words
    block = np.array([counter[0] | counter[1] << 32], np.uint64)
    stream = np.array([counter[2] | counter[3] << 32], np.uint64)
    assert tuple(philox_blocks(block, stream, key)[0]) == words


def test_key_is_stable():
    """Stored values: a change here changes every shuffle and every augmentation of every run recorded so far."""
    assert derive(0, "shuffle", 1)[2] == 1
    assert Key(0, "shuffle", 1).permutation(5).tolist() == [2, 4, 3, 1, 0]


def test_words_do_not_depend_on_how_they_are_drawn():
    whole = Key(3, "x", 1, 2).words(1000)
    key = Key(3, "x", 1, 2)
    parts = [key.words(n) for n in (1, 2, 3, 5, 0, 100, 889)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_scalar_draws_are_the_first_of_array_draws():
    a, b = Key(1, "x", 5), Key(1, "x", 5)
    assert [a.uniform(2, 5) for _ in range(7)] == b.uniform(2, 5, size=7).tolist()
    assert [a.integers(-3, 9) for _ in range(7)] == b.integers(-3, 9, size=7).tolist()
    assert [a.integers(1 << 40) for _ in range(7)] == b.integers(1 << 40, size=7).tolist()
    assert isinstance(a.uniform(), float)
    assert isinstance(a.integers(3), int)
    assert isinstance(a.normal(), float)


@pytest.mark.parametrize("n", [1, 3, 300])
def test_keys_draw_what_each_key_draws(n):
    streams = np.arange(n) * 7
    keys = Keys(9, "augment", 4, streams=streams)
    got = keys.uniform(), keys.integers(5), keys.normal(size=3), keys.fold(2).uniform(size=(2, 2))
    for i, s in enumerate(streams.tolist()):
        key = Key(9, "augment", 4, s)
        assert got[0][i] == key.uniform()
        assert got[1][i] == key.integers(5)
        assert np.array_equal(got[2][i], key.normal(size=3))
        assert np.array_equal(got[3][i], key.fold(2).uniform(size=(2, 2)))
    taken = keys.take([0])
    assert np.array_equal(taken.uniform(), keys.uniform()[:1])
    assert np.array_equal(Key(9, "augment", 4, 0).keys().words(8), Key(9, "augment", 4, 0).words(8)[None])


def test_other_keys_give_other_words():
    keys = [(0, "a"), (0, "a", 0), (0, "a", 1), (0, "a", 1, 0), (0, "a", 0, 1), (1, "a", 1), (0, "b", 1)]
    assert len({tuple(Key(*k).words(4).tolist()) for k in keys}) == len(keys)
    assert Key(0, "a").fold(1).words(4).tolist() != Key(0, "a").words(4).tolist()


def test_permutation():
    for n in (0, 1, 2, 1000):
        assert sorted(Key(0, "shuffle", n).permutation(n).tolist()) == list(range(n))


def test_distribution():
    u = Key(0, "u").uniform(size=200_000)
    assert 0 <= u.min() < u.max() < 1
    assert abs(u.mean() - 0.5) < 0.005
    z = Key(0, "z").normal(size=200_000)
    assert abs(z.mean()) < 0.01
    assert abs(z.std() - 1) < 0.01
    assert abs((z[::2] * z[1::2]).mean()) < 0.02
    counts = np.bincount(Key(0, "i").integers(10, size=200_000))
    assert counts.min() > 19_400
    wide = Key(0, "w").integers(0, 3 << 60, size=3000)
    assert wide.min() >= 0
    assert wide.max() > 2 << 60


def test_refuses():
    with pytest.raises(ValueError, match="expected ints in"):
        Key(0, "x", -1)
    with pytest.raises(ValueError, match="expected low < high"):
        Key(0, "x").integers(3, 3)
    with pytest.raises(TypeError):
        Key(0, "x", 1.5)
