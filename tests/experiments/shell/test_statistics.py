"""The statistics of `workbench compare` against SciPy's and against published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from workbench.experiments import statistics

SLEEP = ([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def draw(seed, n):
    made = np.random.default_rng(seed)
    return made.normal(size=n), made.normal(0.3, size=n)


@pytest.mark.parametrize("n", [2, 3, 5, 10, 40])
@pytest.mark.parametrize("confidence", [0.95, 0.5])
def test_mean_interval_is_scipys(n, confidence):
    x, _ = draw(n, n)
    expected = stats.t.interval(confidence, n - 1, loc=x.mean(), scale=stats.sem(x))
    found = statistics.mean_interval(x, confidence)
    np.testing.assert_allclose(found, [x.mean(), *expected], rtol=1e-12)


def test_students_own_example():
    """Cushny and Peebles' hours of sleep, as Student (1908) analysed them: t = 4.0621, p = 0.00283."""
    assert statistics.paired_t(*SLEEP) == pytest.approx(0.00283, abs=5e-6)


def test_darwins_plants():
    """Darwin's 15 pairs of plants (eighths of an inch) as Fisher (1935) analysed them: t = 2.148, 4.97 %; signed ranks: 24."""
    d = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48])
    zero = np.zeros_like(d)
    assert statistics.paired_t(d, zero) == pytest.approx(0.0497, abs=5e-5)
    assert statistics.wilcoxon(d, zero) == pytest.approx(0.0413, abs=5e-5)


@pytest.mark.parametrize("n", [2, 3, 5, 12, 60])
def test_paired_t_is_scipys(n):
    a, b = draw(n, n)
    assert statistics.paired_t(a, b) == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-10)


@pytest.mark.parametrize("n", [6, 7, 12, 25, 50])
def test_wilcoxon_is_scipys_exact_one(n):
    a, b = draw(n, n)
    assert statistics.wilcoxon(a, b) == pytest.approx(stats.wilcoxon(a, b, method="exact").pvalue, rel=1e-12)


@pytest.mark.parametrize("n", [51, 80])
def test_wilcoxon_is_scipys_approximate_one_with_ties_and_zeros(n):
    a, b = (np.round(each, 1) for each in draw(n, 2 * n))
    assert len(set(np.abs(a - b))) < 2 * n - 10
    assert statistics.wilcoxon(a, b) == pytest.approx(stats.wilcoxon(a, b, method="approx").pvalue, rel=1e-6)


def test_wilcoxon_with_ties_counts_every_pattern_of_signs():
    d = np.array([1, 1, 2, 2, 2, -3, 4, 0, -1, 5.0])
    kept = d[d != 0]
    ranks = stats.rankdata(np.abs(kept))
    signs = np.array(np.meshgrid(*[[0, 1]] * kept.size)).reshape(kept.size, -1).T
    sums = signs @ ranks
    observed = ranks[kept > 0].sum()
    expected = (np.abs(sums - ranks.sum() / 2) >= abs(observed - ranks.sum() / 2) - 1e-9).mean()
    assert statistics.wilcoxon(d, np.zeros_like(d)) == pytest.approx(expected, rel=1e-12)


def test_holm_is_the_closed_test_of_bonferronis():
    """Of every set of hypotheses with this one in it, the least convincing Bonferroni test: what Holm's steps are a short cut for."""
    p = [0.03, 0.001, 0.2, 0.012, 0.9]
    sets = [[i for i in range(5) if bits >> i & 1] for bits in range(1, 32)]
    expected = [min(1.0, max(len(s) * min(p[j] for j in s) for s in sets if i in s)) for i in range(5)]
    assert statistics.holm(p) == pytest.approx(expected)
    assert statistics.holm([0.5, None, 0.9]) == [1.0, None, 1.0]
    assert statistics.holm([]) == []


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 11, 50])
def test_interquartile_mean_is_scipys_trimmed_mean(n):
    x, _ = draw(n, n)
    assert statistics.interquartile_mean(x) == pytest.approx(stats.trim_mean(x, 0.25), rel=1e-12)
    assert statistics.bootstrap_interval([x[: n // 2 + 1], x[n // 2 + 1 :]][: 1 + (n > 2)], draws=2).value == pytest.approx(
        stats.trim_mean(x if n > 2 else x[: n // 2 + 1], 0.25)
    )


def test_bootstrap_is_scipys_percentile_bootstrap():
    x, _ = draw(0, 20)
    expected = stats.bootstrap((x,), lambda v, axis: stats.trim_mean(v, 0.25, axis=axis), n_resamples=10_000, method="percentile", rng=1)
    found = statistics.bootstrap_interval([x])
    np.testing.assert_allclose(found[1:], expected.confidence_interval, atol=0.03)
    assert found == statistics.bootstrap_interval([x])


def test_bootstrap_draws_within_the_tasks():
    """Two tasks far apart: drawn together, their mix would vary and the mean with it; within the tasks it does not."""
    tasks = [[0.0, 0.0, 0.0, 0.0], [100.0, 100.0, 100.0, 100.0]]
    found = statistics.bootstrap_interval(tasks, statistic=lambda rows: rows.mean(axis=1))
    assert found == (50.0, 50.0, 50.0)
    together = statistics.bootstrap_interval([[*tasks[0], *tasks[1]]], statistic=lambda rows: rows.mean(axis=1))
    assert together.high - together.low > 50


def test_too_little_is_told_and_not_made_up():
    assert statistics.mean_interval([0.5]) == (0.5, None, None)
    assert statistics.paired_t([1.0], [2.0]) is None
    assert statistics.paired_t([1.0, 2.0], [1.0, 2.0]) == 1.0
    assert statistics.paired_t([1.0, 2.0], [0.0, 1.0]) == 0.0
    assert statistics.wilcoxon([1, 2, 3, 4, 5], [0, 0, 0, 0, 0]) is None
    assert statistics.wilcoxon([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 6]) is None
    assert statistics.bootstrap_interval([[1.0], [2.0]]) == (1.5, None, None)
    with pytest.raises(ValueError, match="statistics: expected at least one value, got none"):
        statistics.mean_interval([])
    with pytest.raises(ValueError, match="statistics: expected as many values in both groups, got 1 and 2"):
        statistics.paired_t([1.0], [1.0, 2.0])
