"""A stream of random words for each element of a draw: for draws that take as many words as it happens.

Block r of element i is Philox at the counter (i low, i high, r, 0), under two words of the block at the draw's last counter, which no draw
of a stream in one piece (`drawing`) reaches; `ext/cpu/sampling.c` makes the same ones.
"""

from __future__ import annotations

from workbench.ext.core.lazy import TYPE_CHECKING, np

from ..random_keys import philox, philox_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = 0xFFFFFFFF


class Block:
    """Four words for each of some elements, as numbers."""

    def __init__(self, words: np.ndarray) -> None:
        self.words = words

    def double(self, k: int) -> np.ndarray:
        """[0, 1) with 53 bits, from the first or second two words."""
        return np.asarray(((self.words[:, 2 * k] >> 5) * 67108864.0 + (self.words[:, 2 * k + 1] >> 6)) / 9007199254740992.0)

    def single(self, k: int) -> np.ndarray:
        """(0, 1) with 32 bits, from one word."""
        return np.asarray((self.words[:, k] + 0.5) / 4294967296.0)


class Streams:
    """The streams of a draw with a key."""

    last = _WORD  # the last block, for what a rejection does not use

    def __init__(self, key: Sequence[int]) -> None:
        self._key = philox((_WORD, _WORD, key[2], key[3]), key[:2])[:2]

    def block(self, elements: np.ndarray, r: int) -> Block:
        """The r-th block of each element."""
        return Block(philox_blocks(elements.astype(np.uint64), np.array([r], np.uint64), self._key))
