"""Divergences of all pairs of distributions against PyTorch's, with gradients; and which function is taken."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import special

from workbench import engine

from .cases import CASES, MATRICES, OTHER, POSITIVE, REAL, UNIT, Side, close, either, gradients, pair, torch

distributions = engine.distributions

# second parameters, so that a distribution is not compared with itself
SECOND = {
    "bernoulli": lambda s: s.d.Bernoulli(s(UNIT[::-1])),
    "beta": lambda s: s.d.Beta(s(OTHER), s(POSITIVE)),
    "binomial": lambda s: s.d.Binomial(5, s(UNIT[::-1])),
    "categorical": lambda s: s.d.Categorical(s(OTHER)),
    "cauchy": lambda s: s.d.Cauchy(s(-REAL), s(OTHER)),
    "continuous_bernoulli": lambda s: s.d.ContinuousBernoulli(s(UNIT[::-1])),
    "dirichlet": lambda s: s.d.Dirichlet(s(OTHER)),
    "exponential": lambda s: s.d.Exponential(s(OTHER)),
    "gamma": lambda s: s.d.Gamma(s(OTHER), s(POSITIVE)),
    "geometric": lambda s: s.d.Geometric(s(UNIT[::-1])),
    "gumbel": lambda s: s.d.Gumbel(s(-REAL), s(OTHER)),
    "half_normal": lambda s: s.d.HalfNormal(s(OTHER)),
    "independent": lambda s: s.d.Independent(s.d.Normal(s(-REAL), s(OTHER)), 1),
    "laplace": lambda s: s.d.Laplace(s(-REAL), s(OTHER)),
    "log_normal": lambda s: s.d.LogNormal(s(-REAL), s(OTHER)),
    "low_rank": lambda s: s.d.LowRankMultivariateNormal(s(-REAL), s(REAL.T + 0.3), s(OTHER)),
    "multivariate_normal": lambda s: s.d.MultivariateNormal(s(-REAL), s(MATRICES)),
    "normal": lambda s: s.d.Normal(s(-REAL), s(OTHER)),
    "one_hot": lambda s: s.d.OneHotCategorical(s(OTHER)),
    "pareto": lambda s: s.d.Pareto(s(POSITIVE * 0.5), s(OTHER + 2)),
    "poisson": lambda s: s.d.Poisson(s(OTHER)),
    "student_t": lambda s: s.d.StudentT(s(OTHER), s(-REAL)),
    "uniform": lambda s: s.d.Uniform(s(REAL - 0.1), s(REAL + POSITIVE + 0.2)),
    "uniform_inside": lambda s: s.d.Uniform(s(UNIT * 0.5), s(UNIT * 0.5 + 0.3)),
    "uniform_around": lambda s: s.d.Uniform(s(UNIT - 1.0), s(UNIT + 1.0)),
    "uniform_above": lambda s: s.d.Uniform(s(POSITIVE), s(POSITIVE + OTHER)),
}


def divergence(first, second, m):
    side = Side(m, "float64")
    # a distribution of the same kind gets other parameters
    p = (CASES.get(first, SECOND[first]) if first == second else SECOND[first])(side)
    q = SECOND[second](side)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        result = either(lambda: side.d.kl_divergence(p, q))
    return result, gradients(result, side)


@pytest.mark.parametrize("first", SECOND)
def test_all_pairs(first):
    """Each with each: the same number, or no formula in both."""
    for second in SECOND:
        x, gs = divergence(first, second, engine)
        y, hs = divergence(first, second, torch)
        close(x, y, f"{first} and {second}", 1e-8, 1e-10)
        for g, h in zip(gs, hs):
            h = torch.where(h.isnan() & torch.tensor(g.numpy() == 0), 0, h)
            close(g, h, f"gradient of {first} and {second}", 1e-7, 1e-9)


def kinds(m):
    """Three levels of subclasses."""
    d = m.distributions

    class A(d.Normal):
        pass

    class B(A):
        pass

    class C(B):
        pass

    return d, A, B, C


@pytest.mark.parametrize("m", [engine, torch], ids=["engine", "torch"])
def test_the_most_specific_function_is_taken(m):
    d, A, B, C = kinds(m)
    zero, one = m.tensor(0.0), m.tensor(1.0)
    a, b, c = A(zero, one), B(zero, one), C(zero, one)
    assert d.kl_divergence(c, a).item() == 0.0  # as of normal distributions
    d.register_kl(A, A)(lambda p, q: "AA")
    d.register_kl(B, A)(lambda p, q: "BA")
    assert d.kl_divergence(a, c) == "AA"
    assert d.kl_divergence(c, a) == "BA"
    assert d.kl_divergence(b, b) == "BA"
    d.register_kl(A, B)(lambda p, q: "AB")
    with pytest.warns(RuntimeWarning, match="mbiguous"):
        assert d.kl_divergence(c, c) == "BA"
    d.register_kl(B, B)(lambda p, q: "BB")
    assert d.kl_divergence(c, c) == "BB"


def test_exponential_families_have_one_by_their_normalizers():
    """Bregman's divergence gives what the formulas of the families say."""
    from workbench.engine.distributions.kl.alike import _exponential_family

    for name in ("bernoulli", "beta", "continuous_bernoulli", "dirichlet", "exponential", "gamma", "normal", "poisson"):
        side = Side(engine, "float64")
        p, q = CASES[name](side), SECOND[name](side)
        np.testing.assert_allclose(
            _exponential_family(p, q).detach().numpy(), distributions.kl_divergence(p, q).detach().numpy(), rtol=1e-8, err_msg=name
        )
        if name not in ("beta", "dirichlet", "poisson"):
            entropy = distributions.ExponentialFamily.entropy(p)
            np.testing.assert_allclose(entropy.detach().numpy(), p.entropy().detach().numpy(), rtol=1e-8, err_msg=name)


def test_wishart():
    """By the formula in terms of determinants; PyTorch adds up the batch."""
    side = Side(engine, "float64")
    a, b, V, W = np.array([3.5, 7.0]), np.array([4.5, 3.0]), MATRICES, MATRICES[::-1]
    found = distributions.kl_divergence(side.d.Wishart(side(a), side(V)), side.d.Wishart(side(b), side(W)))
    ratio = np.linalg.solve(W, V)
    slopes = sum(special.digamma((a - i) / 2) for i in range(3))
    traces = a / 2 * (np.trace(ratio, axis1=1, axis2=2) - 3) - b / 2 * np.linalg.slogdet(ratio)[1]
    normalizers = [special.multigammaln(y / 2, 3) - special.multigammaln(x / 2, 3) for x, y in zip(a, b)]
    np.testing.assert_allclose(found.detach().numpy(), traces + normalizers + (a - b) / 2 * slopes, rtol=1e-9)


def test_only_classes_are_registered():
    class TakesItselfForOne:
        """As Pyro's base class, which PyTorch registers too."""

    distributions.register_kl(TakesItselfForOne, distributions.Normal)(lambda p, q: 7)
    assert distributions.kl_divergence(TakesItselfForOne(), distributions.Normal(0.0, 1.0)) == 7
    with pytest.raises(TypeError, match="register_kl: expected type_p to be a subclass of Distribution"):
        distributions.register_kl(1, distributions.Normal)


def test_transformed_and_independent_distributions_must_be_alike():
    _, p, _, _ = pair("log_normal")
    _, q, _, _ = pair("independent")
    with pytest.raises(NotImplementedError):
        distributions.kl_divergence(p, distributions.TransformedDistribution(p.base_dist, distributions.TanhTransform()))
    with pytest.raises(NotImplementedError):
        distributions.kl_divergence(q, distributions.Independent(q.base_dist, 2))
    with pytest.raises(NotImplementedError):
        distributions.kl_divergence(p, q)
