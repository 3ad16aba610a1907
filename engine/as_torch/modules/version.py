"""The version of PyTorch whose names, arguments and meanings are followed here."""

from __future__ import annotations

import re
from typing import Any


class TorchVersion(str):
    """A version that also compares with tuples of numbers and with other versions by their numbers.

    Example:
        >>> TorchVersion("2.13.0+workbench") >= (2, 9)
        True
    """

    __slots__ = ()

    def _numbers(self) -> tuple[int, ...]:
        return numbers(str(self))

    def __lt__(self, other: Any) -> bool:
        return self._numbers() < numbers(other)

    def __le__(self, other: Any) -> bool:
        return self._numbers() <= numbers(other)

    def __gt__(self, other: Any) -> bool:
        return self._numbers() > numbers(other)

    def __ge__(self, other: Any) -> bool:
        return self._numbers() >= numbers(other)

    def __eq__(self, other: object) -> bool:
        return str(self) == other if isinstance(other, str) else self._numbers() == numbers(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(str(self))


def numbers(version: Any) -> tuple[int, ...]:
    """The release numbers of a version given as text, as numbers, or as an object that prints as one; zeros at the end left out."""
    parts = version if isinstance(version, (tuple, list)) else re.match(r"\d+(?:\.\d+)*", str(version))
    found = [int(n) for n in (parts.group().split(".") if isinstance(parts, re.Match) else parts or ())]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


__version__ = TorchVersion("2.13.0+workbench")
debug = False
cuda = None
hip = None
xpu = None
git_version = "unknown"
