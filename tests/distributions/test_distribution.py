"""Densities, moments and the rest of every distribution against PyTorch's, with gradients."""

from __future__ import annotations

import pytest

from workbench import engine

from .cases import CASES, close, either, gradients, over, pair, sample, torch

MOMENTS = ("mean", "mode", "variance", "stddev")
# where PyTorch's formula is wrong, so that the numbers are compared with something else
ELSEWHERE = {
    ("kumaraswamy", "mode"): "its formula gives the logarithm of a negative number",
}
NO_GRADIENT = {"gamma", "chi2", "inverse_gamma"}  # where PyTorch raises: its incomplete gamma function has none for its first argument
# where PyTorch computes with fewer digits
COARSE = {
    "von_mises": "polynomials for Bessel functions",
    "multinomial": "a logarithm in float32",
    "generalized_pareto": "it refuses float64",
}


def compared(name, f, where):
    """`f(distribution, module)` gives the same numbers and gradients in both."""
    ours, a, theirs, b = pair(name)
    x, y = either(lambda: f(a, engine)), either(lambda: f(b, torch))
    rtol = 1e-9 if not name.startswith(tuple(COARSE)) else 3e-5 if name.startswith("generalized") else 1e-6
    close(x, y, where, rtol)
    if where == "cdf" and name in NO_GRADIENT:
        return
    for i, (g, h) in enumerate(zip(gradients(x, ours), gradients(y, theirs))):
        # in a branch that is not taken PyTorch's may be nan
        h = torch.where(h.isnan() & torch.tensor(g.numpy() == 0), 0, h)
        close(g, h, f"{where}: gradient of parameter {i}", rtol * 10, rtol / 10)


@pytest.mark.parametrize("name", CASES)
def test_what_it_is(name):
    _, a, _, b = pair(name)
    assert tuple(a.batch_shape) == tuple(b.batch_shape)
    assert tuple(a.event_shape) == tuple(b.event_shape)
    assert repr(a) == repr(b)
    assert a.has_rsample == b.has_rsample
    assert a.has_enumerate_support == b.has_enumerate_support
    assert repr(a.support).replace("tensor(", "").split("[")[0] == repr(b.support).replace("tensor(", "").split("[")[0]
    assert a.support.event_dim == b.support.event_dim
    assert a.support.is_discrete == b.support.is_discrete
    assert sorted(a.arg_constraints) == sorted(b.arg_constraints)
    assert isinstance(a, engine.distributions.ExponentialFamily) == isinstance(b, torch.distributions.ExponentialFamily)


@pytest.mark.parametrize("what", MOMENTS)
@pytest.mark.parametrize("name", CASES)
def test_moments(name, what):
    if (name, what) in ELSEWHERE:
        pytest.skip(ELSEWHERE[name, what])
    compared(name, lambda d, m: getattr(d, what), what)


@pytest.mark.parametrize("name", CASES)
def test_entropy(name):
    compared(name, lambda d, m: d.entropy(), "entropy")
    compared(name, lambda d, m: d.perplexity(), "perplexity")


@pytest.mark.parametrize("name", CASES)
def test_log_prob_and_cdf(name):
    value = sample(pair(name)[3])
    compared(name, lambda d, m: d.log_prob(over(value, m)), "log_prob")
    compared(name, lambda d, m: d.cdf(over(value, m)), "cdf")


@pytest.mark.parametrize("name", CASES)
def test_icdf(name):
    shape = tuple(pair(name)[3].batch_shape)
    value = torch.linspace(0.05, 0.95, 5, dtype=torch.float64).reshape(-1, *[1] * len(shape)).expand(5, *shape)
    compared(name, lambda d, m: d.icdf(over(value, m)), "icdf")


@pytest.mark.parametrize("name", CASES)
def test_support_and_expand(name):
    value = sample(pair(name)[3])
    compared(name, lambda d, m: d.enumerate_support(), "enumerate_support")
    compared(name, lambda d, m: d.enumerate_support(expand=False), "enumerate_support(False)")

    def larger(d):
        return d.expand((2, *d.batch_shape))

    compared(name, lambda d, m: larger(d).log_prob(over(value, m).unsqueeze(1)), "log_prob after expand")
    compared(name, lambda d, m: larger(d).mean, "mean after expand")
    _, a, _, b = pair(name)
    assert type(larger(a)).__name__ == type(larger(b)).__name__
    assert tuple(larger(a).batch_shape) == tuple(larger(b).batch_shape)
    assert tuple(larger(a).sample((3,)).shape) == tuple(sample(larger(b), 3).shape)
