"""Streams of random numbers that depend on a key alone: Philox4x32-10 keyed by (seed, purpose, ints).

A draw is a function of its key and its place in the stream, not of what was drawn before, by whom, or on how many threads and worker
processes. The words of a stream are those of `ext/core/philox.h` with the counter (block low, block high, stream low, stream high):
the last int of the key is the stream, all before it are hashed, with the seed and the purpose, into the generator's two key words. So
`Keys` can draw for many streams (the samples of a batch) in one vectorised pass, and get what each `Key` gets alone.
"""

from __future__ import annotations

import math
from operator import index

from workbench.ext.core.lazy import TYPE_CHECKING, np

try:
    from _blake2 import blake2b  # hashlib's own; hashlib itself loads OpenSSL too
except ImportError:
    from hashlib import blake2b

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_MASK = 0xFFFFFFFF
_CHUNK = 4096  # blocks done at a time, so that the intermediate words stay in the cache
_FEW = 8  # below so many blocks plain Python is faster than NumPy


def philox(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """One block of Philox4x32-10: four 32-bit words from four counter words and two key words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        a, b = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & _MASK, (a >> 32) ^ c3 ^ k1, a & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c0, c1, c2, c3


def philox_blocks(blocks: np.ndarray, streams: np.ndarray, key: Sequence[int]) -> np.ndarray:
    """The blocks of Philox4x32-10 at many counters.

    Args:
        blocks: Numbers of the blocks, uint64, shape (n,).
        streams: Numbers of the streams, uint64, shape (n,) or (1,).
        key: The two 32-bit key words.

    Returns:
        uint32 words, shape (n, 4).
    """
    out = np.empty((len(blocks), 4), np.uint32)
    for start in range(0, len(blocks), _CHUNK):
        part = slice(start, start + _CHUNK)
        stream = streams[part] if len(streams) > 1 else streams
        block = blocks[part]
        c0, c1 = block & _MASK, block >> 32
        c2, c3 = np.broadcast_to(stream & _MASK, block.shape), np.broadcast_to(stream >> 32, block.shape)
        k0, k1 = key
        for _ in range(10):
            a, b = c0 * _M0, c2 * _M1
            c0, c2 = (b >> 32) ^ c1 ^ k0, (a >> 32) ^ c3 ^ k1
            c1, c3 = b & _MASK, a & _MASK
            k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
        for column, word in enumerate((c0, c1, c2, c3)):
            out[part, column] = word
    return out


def _hash(*parts: Any) -> tuple[int, int]:
    digest = blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def _ints(values: Sequence[Any]) -> tuple[int, ...]:
    ints = tuple(index(v) for v in values)
    if any(not 0 <= v < 1 << 64 for v in ints):
        raise ValueError(f"Key: expected ints in [0, 2**64), got {ints}")
    return ints


def derive(seed: int, purpose: str, *ints: int) -> tuple[int, int, int]:
    """The two key words and the stream number of the key (seed, purpose, *ints), for who draws the words natively."""
    ints = _ints(ints)
    return (*_hash(index(seed), purpose, len(ints), ints[:-1]), ints[-1] if ints else 0)


def _multiply_high(a: np.ndarray, b: int) -> np.ndarray:
    """The upper 64 bits of the 128-bit product of uint64 words and a number below 2**64."""
    ah, al, bh, bl = a >> 32, a & _MASK, b >> 32, b & _MASK
    t = ah * bl + (al * bl >> 32)
    return ah * bh + (t >> 32) + ((al * bh + (t & _MASK)) >> 32)


class _Draws:
    """What can be drawn, given the stream's 32-bit words; shared by one stream and many."""

    __slots__ = ("_k0", "_k1", "_position")

    def words(self, n: int) -> np.ndarray:
        """The next `n` 32-bit words."""
        raise NotImplementedError

    def _shape(self, size: int | Sequence[int] | None) -> tuple[tuple[int, ...], int]:
        shape = () if size is None else (size,) if isinstance(size, (int, np.integer)) else tuple(size)
        return shape, math.prod(shape)

    def _finish(self, values: np.ndarray, shape: tuple[int, ...], size: Any) -> Any:
        return values.reshape(shape)

    def _doubles(self, n: int) -> np.ndarray:
        w = self.words(2 * n)
        return ((w[..., 0::2] >> 5) * 67108864.0 + (w[..., 1::2] >> 6)) / 9007199254740992.0

    def _wide(self, n: int) -> np.ndarray:
        w = self.words(2 * n).astype(np.uint64)
        return w[..., 0::2] | w[..., 1::2] << 32

    def uniform(self, low: float = 0.0, high: float = 1.0, size: int | Sequence[int] | None = None) -> Any:
        """Floats of 53 random bits in [low, high); two words each."""
        shape, n = self._shape(size)
        return self._finish(low + (high - low) * self._doubles(n), shape, size)

    def integers(self, low: int, high: int | None = None, size: int | Sequence[int] | None = None) -> Any:
        """Integers in [low, high), or in [0, low) without `high`; two words each.

        A number is the upper half of 64 random bits times the width of the range, so no value is favoured by more than 2**-64 of the
        range's width, and how many words are used never depends on their values.
        """
        if high is None:
            low, high = 0, low
        if high <= low:
            raise ValueError(f"integers: expected low < high, got [{low}, {high})")
        shape, n = self._shape(size)
        return self._finish(low + _multiply_high(self._wide(n), high - low).astype(np.int64), shape, size)

    def normal(self, mean: float = 0.0, std: float = 1.0, size: int | Sequence[int] | None = None) -> Any:
        """Normally distributed floats, by Box and Muller's transform; four words each two."""
        shape, n = self._shape(size)
        pairs = (n + 1) // 2
        u = self._doubles(2 * pairs)
        radius, angle = np.sqrt(-2.0 * np.log1p(-u[..., 0::2])), 2.0 * np.pi * u[..., 1::2]
        z = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
        z = z.reshape(*u.shape[:-1], 2 * pairs)[..., :n]
        return self._finish(mean + std * z, shape, size)


class Key(_Draws):
    """The stream of random numbers that belongs to (seed, purpose, *ints).

    Args:
        seed: The root seed.
        purpose: What the numbers are for, as in "shuffle": equal ints of another purpose give independent numbers.
        ints: Epoch, step, sample, ...: in [0, 2**64).

    Example:
        >>> Key(0, "shuffle", 1).permutation(5)
        array([2, 4, 3, 1, 0])
        >>> Key(0, "augment", 1, 7).uniform() == Keys(0, "augment", 1, streams=[6, 7]).uniform()[1]
        np.True_
    """

    __slots__ = ("_held", "_held_at", "_stream")

    def __init__(self, seed: int, purpose: str, *ints: int) -> None:
        self._k0, self._k1, self._stream = derive(seed, purpose, *ints)
        self._position, self._held_at, self._held = 0, -1, (0, 0, 0, 0)

    def _block(self, number: int) -> tuple[int, int, int, int]:
        if number != self._held_at:
            counter = (number & _MASK, number >> 32, self._stream & _MASK, self._stream >> 32)
            self._held, self._held_at = philox(counter, (self._k0, self._k1)), number
        return self._held

    def words(self, n: int) -> np.ndarray:
        first, last = self._position // 4, -(-(self._position + n) // 4)
        skip = self._position % 4
        self._position += n
        if last - first <= _FEW:
            flat = np.array([w for b in range(first, last) for w in self._block(b)], np.uint32)
        else:
            blocks = np.arange(first, last, dtype=np.uint64)
            flat = philox_blocks(blocks, np.array([self._stream], np.uint64), (self._k0, self._k1)).reshape(-1)
        return flat[skip : skip + n]

    def _finish(self, values: np.ndarray, shape: tuple[int, ...], size: Any) -> Any:
        return values[0].item() if size is None else values.reshape(shape)

    def _pair(self) -> tuple[int, int]:
        """The next two words as ints: one draw without NumPy's overhead."""
        at = self._position
        self._position += 2
        return self._block(at // 4)[at % 4], self._block((at + 1) // 4)[(at + 1) % 4]

    def uniform(self, low: float = 0.0, high: float = 1.0, size: int | Sequence[int] | None = None) -> Any:
        """One float as a Python float without `size`, else an array."""
        if size is not None:
            return super().uniform(low, high, size)
        a, b = self._pair()
        return low + (high - low) * (((a >> 5) * 67108864.0 + (b >> 6)) / 9007199254740992.0)

    def integers(self, low: int, high: int | None = None, size: int | Sequence[int] | None = None) -> Any:
        """One integer as a Python int without `size`, else an array."""
        if size is not None or (high is None and low <= 0) or (high is not None and high <= low):
            return super().integers(low, high, size)
        a, b = self._pair()
        return ((a | b << 32) * low >> 64) if high is None else low + ((a | b << 32) * (high - low) >> 64)

    def permutation(self, n: int) -> np.ndarray:
        """The numbers 0 to n - 1 in random order, int64: the order of n random 64-bit words."""
        return np.argsort(self._wide(n), kind="stable")

    def fold(self, *ints: int) -> Key:
        """An independent stream that belongs to this one and `ints`, from its beginning."""
        child = Key.__new__(Key)
        child._k0, child._k1 = _hash(self._k0, self._k1, _ints(ints))
        child._stream, child._position, child._held_at, child._held = self._stream, 0, -1, (0, 0, 0, 0)
        return child

    def keys(self) -> Keys:
        """The same stream as a batch of one."""
        return Keys._make(self._k0, self._k1, np.array([self._stream], np.uint64), self._position)

    def __repr__(self) -> str:
        return f"Key({self._k0:08x}{self._k1:08x}, stream={self._stream}, position={self._position})"


class Keys(_Draws):
    """Many streams side by side: `Keys(seed, purpose, *ints, streams=s)` draws for each Key(seed, purpose, *ints, s[i]).

    Whatever is drawn has one more dimension in front, of the length of `streams`; all streams advance together.
    """

    __slots__ = ("_held", "_held_at", "streams")
    _held: np.ndarray

    def __init__(self, seed: int, purpose: str, *ints: int, streams: Sequence[int] | np.ndarray) -> None:
        self._k0, self._k1, _ = derive(seed, purpose, *ints, 0)
        self.streams = np.asarray(streams).astype(np.uint64)
        self._position, self._held_at = 0, -1

    @classmethod
    def _make(cls, k0: int, k1: int, streams: np.ndarray, position: int) -> Keys:
        self = cls.__new__(cls)
        self._k0, self._k1, self.streams, self._position, self._held_at = k0, k1, streams, position, -1
        return self

    def __len__(self) -> int:
        return len(self.streams)

    def words(self, n: int) -> np.ndarray:
        first, last = self._position // 4, -(-(self._position + n) // 4)
        skip = self._position % 4
        self._position += n
        many, each = len(self.streams), last - first
        if each == 1 and first == self._held_at:
            return self._held[:, skip : skip + n]
        key = (self._k0, self._k1)
        if many * each <= _FEW:
            flat = [philox((b & _MASK, b >> 32, s & _MASK, s >> 32), key) for s in self.streams.tolist() for b in range(first, last)]
            out = np.array(flat, np.uint32)
        else:
            blocks = np.tile(np.arange(first, last, dtype=np.uint64), many)
            out = philox_blocks(blocks, np.repeat(self.streams, each), key)
        out = out.reshape(many, 4 * each)
        self._held, self._held_at = out[:, -4:], last - 1
        return out[:, skip : skip + n]

    def _finish(self, values: np.ndarray, shape: tuple[int, ...], size: Any) -> Any:
        return values.reshape(len(self.streams), *shape)

    def fold(self, *ints: int) -> Keys:
        """Independent streams that belong to these and `ints`, from their beginning."""
        return Keys._make(*_hash(self._k0, self._k1, _ints(ints)), self.streams, 0)

    def spread(self, n: int) -> Keys:
        """`n` streams that belong to the first of these, from their beginning."""
        key = _hash(self._k0, self._k1, "spread", n, int(self.streams[0]) if len(self.streams) else 0)
        return Keys._make(*key, np.arange(n, dtype=np.uint64), 0)

    def __getitem__(self, which: int) -> Key:
        key = Key.__new__(Key)
        key._k0, key._k1, key._stream, key._position = self._k0, self._k1, int(self.streams[which]), self._position
        key._held_at, key._held = -1, (0, 0, 0, 0)
        return key

    def take(self, which: np.ndarray) -> Keys:
        """Some of the streams, by a mask or by numbers, at the same position."""
        return Keys._make(self._k0, self._k1, self.streams[which], self._position)

    def __repr__(self) -> str:
        return f"Keys({self._k0:08x}{self._k1:08x}, {len(self.streams)} streams, position={self._position})"
