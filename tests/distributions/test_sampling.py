"""Samples against SciPy's distributions, and the derivatives of samples against differences of quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from workbench import engine
from workbench.engine.ops.sampling import category_at

from .cases import CASES, MATRIX, POSITIVE, REAL, Side, torch

distributions = engine.distributions
N = 10000


def numbers(values):
    return engine.tensor(values, dtype=engine.float64)


# SciPy's twin of a distribution of one number
CONTINUOUS = {
    "beta": (lambda d: d.Beta(numbers(0.6), numbers(2.5)), stats.beta(0.6, 2.5)),
    "cauchy": (lambda d: d.Cauchy(numbers(1.0), numbers(2.0)), stats.cauchy(1, 2)),
    "chi2": (lambda d: d.Chi2(numbers(3.0)), stats.chi2(3)),
    "exponential": (lambda d: d.Exponential(numbers(2.0)), stats.expon(scale=0.5)),
    "fisher_snedecor": (lambda d: d.FisherSnedecor(numbers(3.0), numbers(7.0)), stats.f(3, 7)),
    "gamma": (lambda d: d.Gamma(numbers(0.3), numbers(2.0)), stats.gamma(0.3, scale=0.5)),
    "gamma_above_1": (lambda d: d.Gamma(numbers(30.0), numbers(2.0)), stats.gamma(30, scale=0.5)),
    "generalized_pareto": (lambda d: d.GeneralizedPareto(numbers(1.0), numbers(2.0), numbers(0.3)), stats.genpareto(0.3, 1, 2)),
    "gumbel": (lambda d: d.Gumbel(numbers(1.0), numbers(2.0)), stats.gumbel_r(1, 2)),
    "half_cauchy": (lambda d: d.HalfCauchy(numbers(2.0)), stats.halfcauchy(0, 2)),
    "half_normal": (lambda d: d.HalfNormal(numbers(2.0)), stats.halfnorm(0, 2)),
    "inverse_gamma": (lambda d: d.InverseGamma(numbers(3.0), numbers(2.0)), stats.invgamma(3, scale=2)),
    "kumaraswamy": (lambda d: d.Kumaraswamy(numbers(1.0), numbers(3.0)), stats.beta(1, 3)),
    "laplace": (lambda d: d.Laplace(numbers(1.0), numbers(2.0)), stats.laplace(1, 2)),
    "log_normal": (lambda d: d.LogNormal(numbers(1.0), numbers(0.5)), stats.lognorm(0.5, scale=np.e)),
    "normal": (lambda d: d.Normal(numbers(1.0), numbers(2.0)), stats.norm(1, 2)),
    "pareto": (lambda d: d.Pareto(numbers(2.0), numbers(3.0)), stats.pareto(3, scale=2)),
    "student_t": (lambda d: d.StudentT(numbers(3.0), numbers(1.0), numbers(2.0)), stats.t(3, 1, 2)),
    "uniform": (lambda d: d.Uniform(numbers(-1.0), numbers(2.0)), stats.uniform(-1, 3)),
    "von_mises": (lambda d: d.VonMises(numbers(0.0), numbers(1.5)), stats.vonmises(1.5)),
    "von_mises_flat": (lambda d: d.VonMises(numbers(0.0), numbers(1e-7)), stats.uniform(-np.pi, 2 * np.pi)),
    "weibull": (lambda d: d.Weibull(numbers(2.0), numbers(1.5)), stats.weibull_min(1.5, scale=2)),
}
DISCRETE = {
    "bernoulli": (lambda d: d.Bernoulli(numbers(0.3)), stats.bernoulli(0.3)),
    "binomial": (lambda d: d.Binomial(7, numbers(0.3)), stats.binom(7, 0.3)),
    "binomial_large": (lambda d: d.Binomial(1000, numbers(0.99)), stats.binom(1000, 0.99)),
    "categorical": (lambda d: d.Categorical(numbers([0.2, 0.5, 0.3])), stats.rv_discrete(values=([0, 1, 2], [0.2, 0.5, 0.3]))),
    "geometric": (lambda d: d.Geometric(numbers(0.3)), stats.geom(0.3, loc=-1)),
    "negative_binomial": (lambda d: d.NegativeBinomial(numbers(2.5), numbers(0.4)), stats.nbinom(2.5, 0.6)),
    "poisson": (lambda d: d.Poisson(numbers(0.7)), stats.poisson(0.7)),
    "poisson_large": (lambda d: d.Poisson(numbers(300.0)), stats.poisson(300)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous(name):
    build, twin = CONTINUOUS[name]
    engine.manual_seed(1)
    drawn = build(distributions).sample((N,)).numpy()
    assert drawn.dtype == np.float64
    assert stats.kstest(drawn, twin.cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete(name):
    """Counts of the values, those of a chance below 1 in 200 taken together, against the probabilities."""
    build, twin = DISCRETE[name]
    engine.manual_seed(1)
    drawn = build(distributions).sample((N,)).numpy()
    values = np.arange(0, int(drawn.max()) + 1)
    chance, seen = twin.pmf(values), np.array([(drawn == v).sum() for v in values])
    often = chance > 0.005
    chance, seen = np.append(chance[often], 1 - chance[often].sum()), np.append(seen[often], N - seen[often].sum())
    kept = chance > 1e-6
    assert (seen[~kept] == 0).all()
    assert stats.chisquare(seen[kept], N * chance[kept] / chance[kept].sum()).pvalue > 1e-3


@pytest.mark.parametrize("name", ["dirichlet", "logistic_normal", "multinomial", "one_hot", "one_hot_straight", "relaxed_one_hot"])
def test_vectors(name):
    """Means and variances of samples of events."""
    d = CASES[name](Side(engine, "float64"))
    twin = CASES[name](Side(torch, "float64"))
    engine.manual_seed(1)
    torch.manual_seed(1)
    drawn, other = d.sample((N,)).numpy(), twin.sample((N,)).numpy()
    assert drawn.shape == other.shape
    error = np.sqrt((drawn.var(0) + other.var(0)) / N)
    assert (np.abs(drawn.mean(0) - other.mean(0)) < 4.5 * error + 1e-12).all()
    np.testing.assert_allclose(drawn.var(0), other.var(0), rtol=0.2, atol=1e-12)
    assert d.support.check(d.sample((10,))).all()


def test_vectors_with_covariances():
    """The covariance of samples, and correlations of equal chance."""
    engine.manual_seed(3)
    side = Side(engine, "float64")
    wide = distributions.MultivariateNormal(side(REAL[0], False), side(MATRIX, False))
    low = distributions.LowRankMultivariateNormal(side(REAL[0], False), side(REAL.T, False), side(POSITIVE[0], False))
    for d in (wide, low):
        drawn = d.sample((N,)).numpy()
        np.testing.assert_allclose(drawn.mean(0), REAL[0], atol=0.15)
        np.testing.assert_allclose(np.cov(drawn.T), d.covariance_matrix.numpy(), atol=0.3)
    wishart = distributions.Wishart(side(5.0, False), side(MATRIX, False))
    drawn = wishart.sample((N,)).numpy()
    np.testing.assert_allclose(drawn.mean(0), 5 * MATRIX, atol=0.2)
    np.testing.assert_allclose(drawn.var(0), wishart.variance.numpy(), rtol=0.1)
    factors = distributions.LKJCholesky(2, side(1.0, False)).sample((N,))
    assert distributions.constraints.corr_cholesky.check(factors).all()
    assert stats.kstest(factors.numpy()[:, 1, 0], stats.uniform(-1, 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", ["mixture", "mixture_of_events", "relaxed_bernoulli", "continuous_bernoulli", "transformed"])
def test_samples_like_those_of_torch(name):
    d, twin = (CASES[name](Side(m, "float64")) for m in (engine, torch))
    engine.manual_seed(1)
    torch.manual_seed(1)
    drawn, other = d.sample((N,)).numpy().reshape(N, -1), twin.sample((N,)).numpy().reshape(N, -1)
    for a, b in zip(drawn.T, other.T):
        assert stats.ks_2samp(a, b).pvalue > 1e-3


def test_seeds():
    """The same seed gives the same samples, and every draw gives others."""
    for build, _ in (CONTINUOUS | DISCRETE).values():
        d = build(distributions)
        engine.manual_seed(5)
        first, second = d.sample((20,)), d.sample((20,))
        engine.manual_seed(5)
        assert (d.sample((20,)) == first).all()
        assert not (second == first).all()


def test_samples_have_no_history():
    for name, build in CASES.items():
        s = Side(engine, "float64")
        d = build(s)
        assert not d.sample((2,)).requires_grad
        if d.has_rsample:
            drawn = d.rsample((2,))
            assert drawn.requires_grad == bool(s.parameters), name
            if s.parameters:
                found = engine.autograd.grad(drawn.sum(), s.parameters, allow_unused=True)
                assert all(g is not None and g.isfinite().all() for g in found), name
        else:
            with pytest.raises(NotImplementedError):
                d.rsample()


def quantile_slope(quantile, a):
    """How fast a quantile grows with its parameter, by differences of eighth order."""
    h = 0.02 * a / np.sqrt(1 + a)
    return sum(w * (quantile(a + k * h) - quantile(a - k * h)) for k, w in enumerate((4 / 5, -1 / 5, 4 / 105, -1 / 280), 1)) / h


def test_gradient_of_gamma_samples():
    rng = np.random.default_rng(0)
    a, u = np.exp(rng.uniform(-3, 9, 500)), rng.random(500)
    x = special.gammaincinv(a, u)
    slope = engine._standard_gamma_grad(numbers(a), numbers(x)).numpy()
    np.testing.assert_allclose(slope, quantile_slope(lambda b: special.gammaincinv(b, u), a), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(slope, torch._standard_gamma_grad(torch.tensor(a), torch.tensor(x)).numpy(), rtol=2e-3)
    assert engine._standard_gamma_grad(numbers([0.01, 3.0]), numbers([0.0, 0.0])).tolist() == [0.0, 0.0]


def test_gradient_of_dirichlet_samples():
    rng = np.random.default_rng(0)
    a, b, u = np.exp(rng.uniform(-1, 5, 500)), np.exp(rng.uniform(-1, 5, 500)), rng.uniform(0.01, 0.99, 500)
    x = special.betaincinv(a, b, u)
    slope = engine._dirichlet_grad(numbers(x), numbers(a), numbers(a + b)).numpy()
    np.testing.assert_allclose(slope * (1 - x), quantile_slope(lambda c: special.betaincinv(c, b, u), a), rtol=1e-6)
    twin = torch._dirichlet_grad(torch.tensor(x), torch.tensor(a), torch.tensor(a + b)).numpy()
    np.testing.assert_allclose(slope, twin, rtol=2e-3)


def test_gradients_of_means():
    """The mean over samples has the derivative that the mean has."""
    a = engine.tensor([0.5, 2.0, 7.0], dtype=engine.float64, requires_grad=True)
    engine.manual_seed(2)
    drawn = distributions.Dirichlet(a).rsample((8000,))[:, 0].mean()
    (found,) = engine.autograd.grad(drawn, [a])
    (wanted,) = engine.autograd.grad(distributions.Dirichlet(a).mean[0], [a])
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=0.1)
    rate = engine.tensor(3.0, dtype=engine.float64, requires_grad=True)
    drawn = distributions.Gamma(a, rate).rsample((8000,)).mean(0).sum()
    np.testing.assert_allclose(engine.autograd.grad(drawn, [a])[0].numpy(), 1 / 3, rtol=0.1)


def test_edges_of_counts():
    zeros = engine.zeros(3, dtype=engine.float64)
    assert engine.poisson(zeros).tolist() == [0.0] * 3
    assert engine.binomial(zeros, zeros + 0.5).tolist() == [0.0] * 3
    assert engine.binomial(zeros + 4, zeros + 1).tolist() == [4.0] * 3
    assert engine.binomial(zeros + 4, zeros).tolist() == [0.0] * 3
    for f in (
        lambda: engine.poisson(zeros - 1),
        lambda: engine.poisson(engine.tensor([1])),
        lambda: engine.binomial(engine.tensor([1]), zeros),
        lambda: engine.binomial(zeros, zeros.float()),
        lambda: engine._standard_gamma(engine.tensor([1])),
        lambda: engine._sample_dirichlet(engine.tensor([1])),
    ):
        with pytest.raises((RuntimeError, ValueError), match="expected"):
            f()
    tiny = engine._sample_dirichlet(engine.full((200, 3), 1e-4, dtype=engine.float64))
    assert tiny.isfinite().all()
    np.testing.assert_allclose(tiny.sum(-1).numpy(), 1)


@pytest.mark.parametrize(("rows", "k", "n"), [(1, 4, 1), (7, 3, 2), (5000, 20, 1), (900, 5, 30), (2, 3, 50)])
def test_categories_are_found_in_running_sums(rows, k, n):
    """Few draws of many rows, compared all at once in parts, and many draws, searched for: both are NumPy's search."""
    rng = np.random.default_rng(0)
    weights, u = rng.random((rows, k)) * (rng.random((rows, k)) < 0.8), rng.random((n, rows))
    weights[:, 0] += 0.01
    found = category_at(numbers(weights), numbers(u)).numpy()
    totals = weights.cumsum(1)
    wanted = np.stack([np.searchsorted(t, v * t[-1], "right") for t, v in zip(totals, u.T)], 1)
    np.testing.assert_array_equal(found, wanted)
    assert (np.take_along_axis(weights, found.T, 1) > 0).all()


@pytest.mark.parametrize(("dim", "concentration"), [(3, 1.0), (4, 1.5), (5, 0.7)])
def test_correlations(dim, concentration):
    """Each element of the matrix is 2 x - 1, with x of the beta distribution that the paper says; PyTorch's are not."""
    engine.manual_seed(3)
    factors = distributions.LKJCholesky(dim, numbers(concentration)).sample((N,)).numpy()
    matrices = factors @ factors.swapaxes(1, 2)
    a = concentration - 1 + dim / 2
    for i in range(dim):
        for j in range(i):
            assert stats.kstest((matrices[:, i, j] + 1) / 2, stats.beta(a, a).cdf).pvalue > 1e-3
