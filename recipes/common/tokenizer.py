"""From text to numbers and back: one number a character, or byte pairs that are learned from the text. Both are plain JSON on disk."""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

import numpy as np

# Where a text may be cut: words with the blank before them, up to three digits, marks, and blanks. That of GPT-2 (Radford et al., 2019),
# in what Python's expressions know of Unicode, with numbers cut and without English endings.
WORDS = re.compile(r" ?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
# A line that begins without a blank: cutting a text there changes none of its words.
_LINE = re.compile(r"(?<=\S\n)(?=\S)")
_PIECE = 1 << 20  # characters that are cut into words at a time


class Characters:
    """One token for each character of a text.

    Args:
        characters: All of them, in the order of their tokens.

    Example:
        >>> tokenizer = Characters.train("hello")
        >>> tokenizer.encode("hole").tolist(), tokenizer.decode([1, 0])
        ([1, 3, 2, 0], 'he')
    """

    kind = "char"

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self._codes = _code_points(characters)
        self._order = np.argsort(self._codes)

    @classmethod
    def train(cls, text: str) -> Characters:
        """The tokenizer for the characters of `text`, in the order of Unicode."""
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> np.ndarray:
        """The tokens of a text, int64.

        Raises:
            ValueError: A character is none of the tokenizer's.
        """
        points, known = _code_points(text), self._codes[self._order]
        places = np.minimum(np.searchsorted(known, points), max(len(known) - 1, 0))
        wrong = np.flatnonzero(known[places] != points) if len(known) else np.arange(len(points))
        if len(wrong):
            raise ValueError(f"encode: expected characters that the tokenizer knows, got {text[wrong[0]]!r}; use tokenizer=bpe")
        return self._order[places]

    def decode(self, tokens: Any) -> str:
        """The text of tokens."""
        return "".join(self.characters[token] for token in tokens)

    def as_json(self) -> str:
        """The tokenizer as `from_json` reads it."""
        return json.dumps({"kind": self.kind, "characters": self.characters}, ensure_ascii=False) + "\n"


class BytePairs:
    """Byte pair encoding: the tokens are the 256 bytes, and then each merge of two tokens that were often side by side within a word.

    Any text can be encoded, and `decode(encode(text)) == text`.

    Args:
        merges: Which two tokens make token 256, 257, ...

    References:
        Sennrich, Haddow and Birch (2016), arXiv:1508.07909.

    Example:
        >>> tokenizer = BytePairs.train("low lower lowest", 258)
        >>> [tokenizer.decode([token]) for token in tokenizer.encode("slow")]
        ['s', 'low']
    """

    kind = "bpe"

    def __init__(self, merges: list[tuple[int, int]]) -> None:
        self.merges = merges
        self.bytes = [bytes([byte]) for byte in range(256)]
        for left, right in merges:
            self.bytes.append(self.bytes[left] + self.bytes[right])
        self._ranks = {pair: token for token, pair in enumerate(merges, 256)}
        self._known = _Remembered(self._word)

    @classmethod
    def train(cls, text: str, vocabulary: int) -> BytePairs:
        """Learn merges until there are `vocabulary` tokens, or nothing occurs twice.

        Of pairs that occur equally often the smaller tokens come first, so that the result depends on the text alone. A word is looked at
        once, however often it occurs; a merge touches the words that hold it and no others.
        """
        counts: Counter[str] = Counter()
        for words in _words(text):
            counts.update(words)
        pieces = [list(word.encode()) for word in counts]
        weights = list(counts.values())
        often: dict[tuple[int, int], int] = defaultdict(int)
        where: dict[tuple[int, int], set[int]] = defaultdict(set)
        for number, piece in enumerate(pieces):
            for pair in pairwise(piece):
                often[pair] += weights[number]
                where[pair].add(number)
        heap = [(-count, pair) for pair, count in often.items()]
        heapq.heapify(heap)
        merges: list[tuple[int, int]] = []
        while heap and 256 + len(merges) < vocabulary:
            count, best = heapq.heappop(heap)
            if often[best] != -count:  # it changed since it was put there
                if often[best] > 0:
                    heapq.heappush(heap, (-often[best], best))
                continue
            if -count < 2:
                break
            changed: set[tuple[int, int]] = set()
            for number in where.pop(best):
                piece, weight = pieces[number], weights[number]
                merged = _merge(piece, best, 256 + len(merges))
                for pair in pairwise(piece):
                    often[pair] -= weight
                for pair in pairwise(merged):
                    often[pair] += weight
                    where[pair].add(number)
                    changed.add(pair)
                pieces[number] = merged
            for pair in changed:
                heapq.heappush(heap, (-often[pair], pair))
            del often[best]
            merges.append(best)
        return cls(merges)

    def __len__(self) -> int:
        return len(self.bytes)

    def encode(self, text: str) -> np.ndarray:
        """The tokens of a text, int64."""
        known = self._known
        parts = [np.fromiter(chain.from_iterable(map(known.__getitem__, words)), np.int64) for words in _words(text)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def decode(self, tokens: Any) -> str:
        """The text of tokens; bytes that are no UTF-8, as where a character was cut, become the replacement character."""
        return b"".join(self.bytes[token] for token in tokens).decode(errors="replace")

    def as_json(self) -> str:
        """The tokenizer as `from_json` reads it."""
        return json.dumps({"kind": self.kind, "merges": self.merges}) + "\n"

    def _word(self, word: str) -> list[int]:
        """The tokens of a word: the earliest merge first, as in training."""
        piece = list(word.encode())
        while len(piece) > 1:
            best = min(pairwise(piece), key=lambda pair: self._ranks.get(pair, len(self.bytes)))
            token = self._ranks.get(best)
            if token is None:
                break
            piece = _merge(piece, best, token)
        return piece


def from_json(text: str) -> Characters | BytePairs:
    """The tokenizer that `as_json` wrote.

    Raises:
        ValueError: It is something else.
    """
    try:
        found = json.loads(text)
        if found["kind"] == "char":
            return Characters(str(found["characters"]))
        if found["kind"] == "bpe":
            return BytePairs([(int(left), int(right)) for left, right in found["merges"]])
        raise ValueError(f"it is of the kind {found['kind']!r}")
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(f"from_json: expected a tokenizer, got something else ({error})") from error


class _Remembered(dict[str, list[int]]):
    """What a function gives for each word, computed once."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, word: str) -> list[int]:
        found = self[word] = self._function(word)
        return found


def _merge(piece: list[int], pair: tuple[int, int], token: int) -> list[int]:
    """`piece` with each `pair`, from the left, made one token."""
    left, right = pair
    out, i, last = [], 0, len(piece) - 1
    while i <= last:
        if piece[i] == left and i < last and piece[i + 1] == right:
            out.append(token)
            i += 2
        else:
            out.append(piece[i])
            i += 1
    return out


def _words(text: str) -> Iterator[list[str]]:
    """The words of a text, some at a time: a list of all would take twenty times the text's memory."""
    start = 0
    while start < len(text):
        cut = _LINE.search(text, start + _PIECE)
        end = cut.start() if cut else len(text)
        yield WORDS.findall(text[start:end])
        start = end


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
