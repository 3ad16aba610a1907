"""Draws against the distributions that they come from: every function and in-place form, from one seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from workbench import engine as ours

from .both import outcome

N = 20000
LEAST = 1e-4  # of the p-values: the seed is fixed, so that a test that passes goes on passing


@pytest.fixture(autouse=True)
def seeded():
    ours.manual_seed(20)


def empty(dtype="float64", *shape):
    return ours.empty(*(shape or (N,)), dtype=getattr(ours, dtype))


CONTINUOUS = {
    "rand": (lambda: ours.rand(N, dtype=ours.float64), stats.uniform()),
    "rand_float32": (lambda: ours.rand(N), stats.uniform()),
    "rand_like": (lambda: ours.rand_like(empty()), stats.uniform()),
    "randn": (lambda: ours.randn(N), stats.norm()),
    "randn_like": (lambda: ours.randn_like(empty()), stats.norm()),
    "randn_complex": (lambda: ours.view_as_real(ours.randn(N // 2, dtype=ours.complex128)).reshape(-1), stats.norm(0, 0.5**0.5)),
    "rand_complex": (lambda: ours.view_as_real(ours.rand(N // 2, dtype=ours.complex64)).reshape(-1), stats.uniform()),
    "normal": (lambda: ours.normal(1.0, 2.0, (N,)), stats.norm(1, 2)),
    "normal_of_means": (lambda: ours.normal(ours.arange(4.0).repeat(N // 4), 2.0) - ours.arange(4.0).repeat(N // 4), stats.norm(0, 2)),
    "normal_of_deviations": (lambda: ours.normal(1.0, ours.tensor([1.0, 3.0]).repeat(N // 2))[1::2], stats.norm(1, 3)),
    "normal_of_both": (lambda: ours.normal(ours.ones(N), ours.full((N,), 2.0)), stats.norm(1, 2)),
    "uniform_": (lambda: empty().uniform_(-1, 3), stats.uniform(-1, 4)),
    "normal_": (lambda: empty("float32").normal_(1, 2), stats.norm(1, 2)),
    "log_normal_": (lambda: empty().log_normal_(1, 0.5), stats.lognorm(0.5, scale=np.e)),
    "exponential_": (lambda: empty().exponential_(2), stats.expon(scale=0.5)),
    "cauchy_": (lambda: empty().cauchy_(1, 2), stats.cauchy(1, 2)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous(name):
    draw, law = CONTINUOUS[name]
    values = draw().double().numpy()
    assert stats.kstest(values, law.cdf).pvalue > LEAST


DISCRETE = {
    "randint": (lambda: ours.randint(-2, 5, (N,)), stats.randint(-2, 5)),
    "randint_like": (lambda: ours.randint_like(empty(), 7), stats.randint(0, 7)),
    "bernoulli": (lambda: ours.bernoulli(ours.full((N,), 0.3)), stats.bernoulli(0.3)),
    "bernoulli_p": (lambda: ours.bernoulli(empty(), 0.3), stats.bernoulli(0.3)),
    "bernoulli_": (lambda: empty("int8").bernoulli_(0.3), stats.bernoulli(0.3)),
    "bernoulli_of_tensors": (lambda: empty().bernoulli_(ours.tensor([0.0, 0.3]).repeat(N // 2))[1::2], stats.bernoulli(0.3)),
    "geometric_": (lambda: empty().geometric_(0.3), stats.geom(0.3)),
    "geometric_int": (lambda: empty("int64").geometric_(0.6), stats.geom(0.6)),
    "random_": (lambda: empty("int32").random_(3, 9), stats.randint(3, 9)),
    "random_to": (lambda: empty().random_(6), stats.randint(0, 6)),
    "random_of_dtype": (lambda: empty("int8").random_(), stats.randint(0, 128)),
    "random_of_bool": (lambda: empty("bool").random_(), stats.randint(0, 2)),
    "poisson": (lambda: ours.poisson(ours.full((N,), 3.5)), stats.poisson(3.5)),
    "poisson_large": (lambda: ours.poisson(ours.full((N,), 60.0)), stats.poisson(60)),
    "binomial": (lambda: ours.binomial(ours.full((N,), 9.0), ours.full((N,), 0.3)), stats.binom(9, 0.3)),
    "binomial_large": (lambda: ours.binomial(ours.full((N,), 90.0), ours.full((N,), 0.7)), stats.binom(90, 0.7)),
    "multinomial": (lambda: ours.multinomial(ours.tensor([1.0, 1, 1, 1]), N, replacement=True), stats.randint(0, 4)),
    "multinomial_first": (lambda: ours.multinomial(ours.ones(N // 4, 3), 2)[:, 0], stats.randint(0, 3)),
    "multinomial_second": (lambda: ours.multinomial(ours.ones(N // 4, 3), 2)[:, 1], stats.randint(0, 3)),
}


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete(name):
    draw, law = DISCRETE[name]
    values = draw().double().numpy()
    assert (values == np.floor(values)).all()
    low, high = int(law.ppf(0.002)), int(law.ppf(0.998))
    edges = range(low, high + 1)
    found = [np.sum(values <= low), *(np.sum(values == k) for k in edges[1:-1]), np.sum(values >= high)]
    wanted = [law.cdf(low), *(law.pmf(k) for k in edges[1:-1]), law.sf(high - 1)]
    assert stats.chisquare(found, np.array(wanted) * len(values)).pvalue > LEAST


def test_weights_without_replacement():
    """The first of two choices follows the weights, the second what is left of them."""
    weights = np.array([1.0, 2.0, 5.0])
    pairs = ours.multinomial(ours.tensor(weights).expand(N, 3), 2).numpy()
    p = weights / weights.sum()
    wanted = {(i, j): p[i] * p[j] / (1 - p[i]) for i in range(3) for j in range(3) if i != j}
    found = [np.sum((pairs == pair).all(1)) for pair in wanted]
    assert stats.chisquare(found, np.array(list(wanted.values())) * N).pvalue > LEAST


def test_permutations():
    orders = np.stack([ours.randperm(4).numpy() for _ in range(2400)])
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > LEAST


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["uniform_", "normal_", "exponential_", "cauchy_", "log_normal_"])
def test_half_precision(name, dtype):
    x = getattr(empty(dtype), name)()
    assert x.dtype is getattr(ours, dtype)
    median = {"uniform_": 0.5, "normal_": 0, "exponential_": np.log(2), "cauchy_": 0, "log_normal_": np.e}[name]
    assert x.float().median().item() == pytest.approx(median, abs=0.2)


def test_neighbours_are_independent():
    for x in (ours.rand(N), ours.randn(N), ours.rand(N, dtype=ours.float64)):
        values = x.double().numpy()
        assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.03


BAD = [
    "lib.empty(2).uniform_(2, 1)", "lib.empty(2).long().uniform_()", "lib.empty(2).normal_(0, -1)", "lib.empty(2).exponential_(-1)",
    "lib.empty(2).geometric_(0)", "lib.empty(2).geometric_(1)", "lib.empty(2).log_normal_(0, 0)", "lib.empty(2).cauchy_(0, -1)",
    "lib.empty(2).bernoulli_(2)", "lib.bernoulli(lib.tensor([2.]))", "lib.bernoulli(lib.tensor([1]))", "lib.empty(2).random_(3, 3)",
    "lib.poisson(lib.tensor([-1.]))", "lib.multinomial(lib.tensor([0., 0.]), 1)", "lib.multinomial(lib.tensor([1., -1.]), 1)",
    "lib.multinomial(lib.tensor([1., 1.]), 3)", "lib.multinomial(lib.tensor([1, 1]), 1)", "lib.multinomial(lib.ones(1, 1, 1), 1)",
    "lib.randint(3, 3, (2,))", "lib.randperm(-1)", "lib.normal(0., -1., (2,))", "lib.randint(3)", "lib.empty(2).uniform_(foo=1)",
]  # fmt: skip


@pytest.mark.parametrize("call", BAD)
def test_bad_arguments(call):
    wanted = outcome(torch, call)
    assert isinstance(wanted, str)
    found = outcome(ours, call)
    assert found == wanted or (found, wanted) == ("NotImplementedError", "RuntimeError")  # which is one


@pytest.mark.parametrize(("draw", "bounds"), [("rand_like", ()), ("randn_like", ()), ("randint_like", (9,))])
def test_alike_keeps_the_layout_and_the_numbers(draw, bounds):
    def like(lib, layout, **options):
        lib.manual_seed(3)
        return getattr(lib, draw)(lib.zeros(2, 3, 4, 5).to(memory_format=layout), *bounds, **options)

    plain, last = like(ours, ours.contiguous_format), like(ours, ours.channels_last)
    assert last.stride() == like(torch, torch.channels_last).stride() == (60, 1, 15, 3)
    assert ours.equal(plain, last)
    asked = like(ours, ours.contiguous_format, memory_format=ours.channels_last)
    assert asked.stride() == last.stride()
    assert ours.equal(asked, plain)
