"""What can be said of a few runs with different seeds: intervals, paired tests, and means that one odd run does not move.

Deep learning compares with three to ten seeds, so the intervals are Student's, the tests are paired by seed, and a group of one seed has no
interval at all. Reinforcement learning adds the interquartile mean with a bootstrap that draws anew within each task.

References:
    Student (1908), The probable error of a mean. Biometrika 6.
    Wilcoxon (1945), Individual comparisons by ranking methods. Biometrics Bulletin 1.
    Agarwal, Schwarzer, Castro, Courville and Bellemare (2021), arXiv:2108.13264.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

LEAST_FOR_WILCOXON = 6  # of five differences without a tie, even all of one sign come by chance once in 16 times: above 0.05
_EXACT = 50  # differences up to which every sign pattern is counted
_DRAWS = 10_000


class Interval(NamedTuple):
    """An estimate and the interval around it; no interval (None) where there is too little to say."""

    value: float
    low: float | None
    high: float | None


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The mean and its confidence interval by Student's t: mean -+ t(n - 1) s / sqrt(n).

    Args:
        values: One for each seed.
        confidence: How often such intervals hold the true mean, if the values are normal.

    Returns:
        The mean, and the interval from two values on.

    Raises:
        ValueError: There is no value.

    Example:
        >>> mean_interval([1.0, 2.0, 3.0])
        Interval(value=2.0, low=-0.484137..., high=4.484137...)
        >>> mean_interval([0.99])
        Interval(value=0.99, low=None, high=None)
    """
    x = _numbers(values)
    mean = float(x.mean())
    if x.size < 2:
        return Interval(mean, None, None)
    from scipy.special import stdtrit

    half = float(stdtrit(x.size - 1, 0.5 + confidence / 2) * x.std(ddof=1) / math.sqrt(x.size))
    return Interval(mean, mean - half, mean + half)


def paired_t(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The two-sided p-value of Student's paired test: how likely a mean difference this large is, if there is none.

    Args:
        a: Values of one group, by seed.
        b: Values of the other, for the same seeds in the same order.

    Returns:
        The probability; None below two pairs. Differences that are all zero give 1, and all alike and not zero 0.

    Example:
        >>> f"{paired_t([3.0, 4.0, 5.0], [1.0, 2.5, 2.0]):.4f}"
        '0.0390'
    """
    d = _differences(a, b)
    if d.size < 2:
        return None
    mean, deviation = float(d.mean()), float(d.std(ddof=1))
    if deviation == 0:
        return 1.0 if mean == 0 else 0.0
    from scipy.special import stdtr

    return float(2 * stdtr(d.size - 1, -abs(mean) * math.sqrt(d.size) / deviation))


def wilcoxon(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The two-sided p-value of Wilcoxon's signed-rank test, which asks for no normal distribution.

    Differences of zero are left out and ties share their ranks. Up to 50 differences every pattern of signs is counted; beyond that the
    normal approximation is taken, corrected for ties.

    Args:
        a: Values of one group, by seed.
        b: Values of the other, for the same seeds in the same order.

    Returns:
        The probability; None where fewer than six differences are left, for these can never come below 0.05.

    Example:
        >>> wilcoxon([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0])
        0.03125
    """
    d = _differences(a, b)
    d = d[d != 0]
    n = d.size
    if n < LEAST_FOR_WILCOXON:
        return None
    _, places, counts = np.unique(np.abs(d), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    doubled = (2 * ends - counts + 1)[places]  # twice the mean rank: whole numbers, ties included
    observed = int(min(doubled[d > 0].sum(), doubled[d < 0].sum()))
    if n > _EXACT:
        variance = n * (n + 1) * (2 * n + 1) / 24 - float((counts**3 - counts).sum()) / 48
        return math.erfc((n * (n + 1) / 4 - observed / 2) / math.sqrt(2 * variance))
    ways = np.zeros(int(doubled.sum()) + 1, object)  # whole numbers without limit: 2**50 patterns and their sums are exact
    ways[0] = 1
    for rank in doubled:
        ways[rank:] = ways[rank:] + ways[: ways.size - rank]
    return min(1.0, 2 * int(ways[: observed + 1].sum()) / 2**n)


def holm(probabilities: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for their number by Holm's method: one among several tests is below 0.05 by chance more often than one alone.

    Args:
        probabilities: p-values of the tests; None for those that were not possible.

    Returns:
        The corrected values, in the same order.

    Example:
        >>> holm([0.01, 0.04, None, 0.03])
        [0.03, 0.06, None, 0.06]
    """
    known = sorted((p, i) for i, p in enumerate(probabilities) if p is not None)
    out: list[float | None] = [None] * len(probabilities)
    largest = 0.0
    for place, (p, i) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - place)))
        out[i] = largest
    return out


def interquartile_mean(values: Sequence[float]) -> float:
    """The mean of the middle half: the quarter of the lowest and that of the highest values, rounded down, do not count.

    Example:
        >>> interquartile_mean([0, 10, 11, 12, 500])
        11.0
    """
    x = np.sort(_numbers(values))
    cut = x.size // 4
    return float(x[cut : x.size - cut].mean())


def bootstrap_interval(
    strata: Sequence[Sequence[float]],
    statistic: Callable[[np.ndarray], np.ndarray] | None = None,
    confidence: float = 0.95,
    draws: int = _DRAWS,
) -> Interval:
    """The interquartile mean of several tasks together, and its interval by the stratified bootstrap.

    Runs are drawn anew with replacement within each task, so that each task keeps its number of runs; the interval is between percentiles
    of the statistic over the draws. The draws are the same at every call.

    Args:
        strata: The values of each task, one for each seed, on one scale.
        statistic: Of each row of an array; None: the interquartile mean.
        confidence: Share of the draws between the ends.
        draws: How often to draw.

    Returns:
        The statistic, and its interval where some task has two values or more.

    Example:
        >>> found = bootstrap_interval([[0.0, 1.0, 2.0, 3.0]])
        >>> found.value, found.low < 1.5 < found.high
        (1.5, True)
    """
    tasks = [_numbers(values) for values in strata]
    of_rows = statistic or _rows_interquartile_mean
    value = float(of_rows(np.concatenate(tasks)[None])[0])
    if max(task.size for task in tasks) < 2:
        return Interval(value, None, None)
    draw = np.random.default_rng(0)
    sample = np.concatenate([task[draw.integers(0, task.size, (draws, task.size))] for task in tasks], axis=1)
    low, high = np.quantile(of_rows(sample), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value, float(low), float(high))


def _rows_interquartile_mean(rows: np.ndarray) -> np.ndarray:
    n = rows.shape[1]
    cut = n // 4
    if cut:
        rows = np.partition(rows, [cut, n - cut - 1], axis=1)
    result: np.ndarray = rows[:, cut : n - cut].mean(axis=1)
    return result


def _differences(a: Sequence[float], b: Sequence[float]) -> np.ndarray:
    if len(a) != len(b):
        raise ValueError(f"statistics: expected as many values in both groups, got {len(a)} and {len(b)}; pair them by seed")
    return np.asarray(a, np.float64) - np.asarray(b, np.float64)


def _numbers(values: Sequence[float]) -> np.ndarray:
    x = np.asarray(values, np.float64).reshape(-1)
    if x.size == 0:
        raise ValueError("statistics: expected at least one value, got none; leave empty groups out")
    return x
