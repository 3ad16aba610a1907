"""Draws with a parameter for each element, by kernels: against SciPy's distributions, and the same for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from workbench import engine as ours

N = 40000
LEAST = 1e-4  # of the p-values: the seed is fixed, so that a test that passes goes on passing


def full(value, dtype="float64"):
    return ours.full((N,), value, dtype=getattr(ours, dtype))


@pytest.fixture(autouse=True)
def seeded():
    ours.manual_seed(7)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("a", [0.05, 0.9, 1.0, 2.5, 1e4])
def test_gamma(a, dtype):
    values = ours._standard_gamma(full(a, dtype)).double().numpy()
    inside = values[values > 1e-37]  # smaller ones are cut off in float32
    least = stats.gamma(a).cdf(1e-37)
    assert len(inside) == pytest.approx(N * (1 - least), abs=5 * (N * least) ** 0.5 + 1)
    assert stats.kstest((stats.gamma(a).cdf(inside) - least) / (1 - least), "uniform").pvalue > LEAST


def test_gamma_of_large_concentrations():
    """Where a logarithm of the density as a difference of large numbers would be noise."""
    values = ours._standard_gamma(full(1e17)).numpy()
    assert stats.kstest((values - 1e17) / 1e17**0.5, "norm").pvalue > LEAST


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.02), (2.0, 5.0), (1000.0, 1.0)])
def test_parts_of_dirichlet(a, b):
    rows = ours._sample_dirichlet(ours.tensor([[a, b, b]], dtype=ours.float64).expand(N, 3)).numpy()
    np.testing.assert_allclose(rows.sum(1), 1)
    assert stats.kstest(rows[:, 1], stats.beta(b, a + b).cdf).pvalue > LEAST  # the first part may round to 1


def counted(values, law):
    """The p-value of the counts in some 40 ranges, each of them expected to be met often."""
    edges = np.unique(law.ppf(np.linspace(0.001, 0.999, 40)))
    chance = np.diff(np.concatenate([[0], law.cdf(edges), [1]]))
    found = np.diff(np.concatenate([[0], (values[:, None] <= edges).sum(0), [len(values)]]))
    often = chance * len(values) > 5
    assert (found[chance < 1e-9] == 0).all()
    return stats.chisquare(found[often], chance[often] / chance[often].sum() * found[often].sum()).pvalue


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rate", [0.05, 3.0, 9.99, 10.0, 12.5, 400.0, 1e5])
def test_poisson(rate, dtype):
    values = ours.poisson(full(rate, dtype)).double().numpy()
    assert (values == np.floor(values)).all()
    assert counted(values, stats.poisson(rate)) > LEAST


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("n", "p"), [(1, 0.25), (5, 0.75), (40, 0.2), (40, 0.25), (40, 0.5), (100, 0.9375), (10**6, 0.3), (10**6, 2e-6), (10**7, 0.4)]
)
def test_binomial(n, p, dtype):
    values = ours.binomial(full(float(n), dtype), full(p, dtype)).double().numpy()
    assert (values == np.floor(values)).all()
    assert counted(values, stats.binom(n, full(p, dtype)[0].double().item())) > LEAST


CALLS = {
    "gamma": lambda x: ours._standard_gamma(x),
    "dirichlet": lambda x: ours._sample_dirichlet(x.reshape(-1, 5)),
    "poisson": lambda x: ours.poisson(x * 6),
    "binomial": lambda x: ours.binomial((x * 30).floor(), x * 0.2),
}


@pytest.mark.parametrize("name", CALLS)
def test_places_and_threads(name):
    """An element depends on its place: not on the number of threads, on the layout, nor on what stands beside it."""
    x = ours.rand(20000, dtype=ours.float64) * 4 + 0.1
    found = []
    before = ours.get_num_threads()
    for n, given in ((1, x), (2, x), (2, ours.stack((x, x), 1)[:, 0]), (1, x[:5000])):
        ours.set_num_threads(n)
        ours.manual_seed(3)
        found.append(CALLS[name](given).numpy())
    ours.set_num_threads(before)
    for other in found[1:3]:
        np.testing.assert_array_equal(other, found[0])
    np.testing.assert_array_equal(found[3], found[0][: len(found[3])])
    values = found[0].reshape(-1)
    wanted = x.numpy()
    if name != "dirichlet":  # neighbours are independent
        off = values - {"gamma": wanted, "poisson": 6 * wanted, "binomial": np.floor(30 * wanted) * np.minimum(0.2 * wanted, 1)}[name]
        assert abs(np.corrcoef(off[:-1], off[1:])[0, 1]) < 0.03


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype):
    for draw in (lambda x: ours.poisson(x), lambda x: ours._standard_gamma(x), lambda x: ours.binomial(x * 2, x / 8)):
        x = ours.full((4000,), 4.0, dtype=getattr(ours, dtype))
        drawn = draw(x)
        assert drawn.dtype is x.dtype
        assert drawn.float().mean().item() == pytest.approx(4, abs=0.2)


def test_numbers_without_a_draw():
    inf, nan = float("inf"), float("nan")
    given = [4.0, -1.0, 4.0, 4.0, 4.0, 0.0]
    chance = [nan, 0.5, 0.0, 1.0, -1.0, nan]
    found = ours.binomial(ours.tensor(given), ours.tensor(chance)).numpy()
    np.testing.assert_array_equal(found, torch.binomial(torch.tensor(given), torch.tensor(chance)).numpy())
    assert ours.binomial(ours.tensor([nan, inf]), ours.tensor([0.5, 0.5])).isnan().all()  # torch does not come back from these
    for bad in (nan, -1.0):
        with pytest.raises(RuntimeError, match="poisson: expected rates >= 0"):
            ours.poisson(ours.tensor([1.0, bad]))
    assert ours._standard_gamma(ours.tensor([inf, nan, -1.0], dtype=ours.float64)).isfinite().tolist() == [False, False, False]
    for empty in (ours.empty(0), ours.empty(0, 3), ours.empty(3, 0)):
        assert ours._sample_dirichlet(empty).shape == empty.shape
        assert ours.poisson(empty).shape == ours._standard_gamma(empty).shape == ours.binomial(empty, empty).shape == empty.shape


def test_derivatives_are_those_of_the_distribution():
    """The derivative that PyTorch gives for the same sample and concentration."""
    a = ours.tensor([0.3, 1.0, 7.0, 40.0], dtype=ours.float64, requires_grad=True)
    x = ours._standard_gamma(a)
    (slope,) = ours.autograd.grad(x.sum(), [a])
    wanted = torch._standard_gamma_grad(torch.tensor(a.tolist(), dtype=torch.float64), torch.tensor(x.tolist(), dtype=torch.float64))
    np.testing.assert_allclose(slope.numpy(), wanted.numpy(), rtol=2e-3)
