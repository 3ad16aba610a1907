"""How a case goes as its batch, width, length or the number of threads grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.ext.core.cpus import available

from .case import Case

CASES = ("mlp", "lstm", "gpt", "resnet20")
FACTORS = (0.25, 0.5, 1.0, 2.0)


def points(case: Case, vary: Sequence[str], threads: int) -> Iterator[tuple[str, int, int, dict[str, int]]]:
    """What is varied and its value, the number of threads, and the sizes that differ from the case's own.

    Example:
        >>> case = Case("a", "", None, {"batch": 8})
        >>> [value for _, value, _, _ in points(case, ["batch", "width"], 1)]
        [2, 4, 8, 16]
    """
    for name in vary:
        if name == "threads":
            for n in range(1, max(available(), threads) + 1):
                if n & (n - 1) == 0 or n == max(available(), threads):
                    yield name, n, n, {}
        elif name in case.sizes:
            for factor in FACTORS:
                value = max(1, round(factor * case.sizes[name]))
                yield name, value, threads, {name: value}
