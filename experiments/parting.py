"""The first step at which the logged numbers of two runs part."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, NamedTuple

from .metrics import Row


class Parting(NamedTuple):
    """Where two logs part.

    Args:
        step: The first step that differs.
        steps: The steps of the two rows, where these are not the same; None for a log that has ended.
        values: Else the scalars whose bits differ, each with both values; None for a log that has none of this name.
    """

    step: int
    steps: tuple[int | None, int | None] | None
    values: dict[str, tuple[Any, Any]]


class Agreement(NamedTuple):
    """How far two logs agree.

    Args:
        parting: Where they part; None where they never do.
        steps: Steps that are equal up to there.
        scalars: Likewise.
    """

    parting: Parting | None
    steps: int
    scalars: int


def agreement(a: Iterable[Row], b: Iterable[Row]) -> Agreement:
    """Compare two logs to the bit. Scalars whose names end in `_s` measure time and are left out."""
    steps: set[int] = set()
    scalars = 0
    for one, other in zip_longest(a, b):
        if one is None or other is None or one.step != other.step:
            found = tuple(row.step if row is not None else None for row in (one, other))
            return Agreement(Parting(min(step for step in found if step is not None), found, {}), len(steps), scalars)  # type: ignore[arg-type]
        pairs = {name: (one.values.get(name), other.values.get(name)) for name in dict.fromkeys([*one.values, *other.values])}
        timeless = {name: pair for name, pair in pairs.items() if not name.endswith("_s")}
        apart = {name: pair for name, pair in timeless.items() if bits(pair[0]) != bits(pair[1])}
        if apart:
            equal = list(timeless).index(next(iter(apart)))
            return Agreement(Parting(one.step, None, apart), len(steps), scalars + equal)
        scalars += len(timeless)
        steps.add(one.step)
    return Agreement(None, len(steps), scalars)


def bits(value: Any) -> str | None:
    """The bits of a recorded scalar, as hexadecimal digits; None for none.

    Example:
        >>> bits(1), bits(1.0), bits(None)
        ('0000000000000001', '3ff0000000000000', None)
    """
    if value is None:
        return None
    if type(value).__name__ == "float32":
        return struct.pack(">f", value).hex()
    return struct.pack(">q" if isinstance(value, int) else ">d", value).hex()
