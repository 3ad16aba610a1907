"""Distributions to try, built in the engine and in PyTorch from the same arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")

POSITIVE = np.array([[0.4, 1.3, 2.7], [0.9, 5.2, 3.1]])
OTHER = np.array([[1.7, 0.6, 4.4], [2.2, 0.8, 1.5]])
REAL = np.array([[0.3, -1.2, 2.0], [-0.4, 0.9, 1.1]])
UNIT = np.array([[0.15, 0.5, 0.9], [0.33, 0.72, 0.04]])
FACTOR = np.array([[1.2, 0.0, 0.0], [0.4, 0.7, 0.0], [-0.3, 0.5, 1.1]])
MATRIX = FACTOR @ FACTOR.T
MATRICES = np.stack([MATRIX, np.diag([0.5, 1.0, 2.0]) + 0.1])
ROWS = np.array([[0.2, 0.3, 0.5], [0.6, 0.15, 0.25]])  # rows add up to 1


class Side:
    """One of the two: its module, and tensors of parameters that have gradients."""

    def __init__(self, m: Any, dtype: str) -> None:
        self.m = m
        self.dtype = getattr(m, dtype)
        self.d = m.distributions
        self.parameters: list[Any] = []

    def __call__(self, array: Any, grad: bool = True) -> Any:
        tensor = self.m.tensor(np.asarray(array).tolist(), dtype=self.dtype, requires_grad=grad)
        if grad:
            self.parameters.append(tensor)
        return tensor


Build = Callable[[Side], Any]

CASES: dict[str, Build] = {
    "bernoulli": lambda s: s.d.Bernoulli(s(UNIT)),
    "bernoulli_logits": lambda s: s.d.Bernoulli(logits=s(REAL)),
    "beta": lambda s: s.d.Beta(s(POSITIVE), s(OTHER)),
    "binomial": lambda s: s.d.Binomial(5, s(UNIT)),
    "binomial_logits": lambda s: s.d.Binomial(s([[3.0], [8.0]], False), logits=s(REAL)),
    "categorical": lambda s: s.d.Categorical(s(POSITIVE)),
    "categorical_logits": lambda s: s.d.Categorical(logits=s(REAL)),
    "cauchy": lambda s: s.d.Cauchy(s(REAL), s(POSITIVE)),
    "chi2": lambda s: s.d.Chi2(s(POSITIVE)),
    "continuous_bernoulli": lambda s: s.d.ContinuousBernoulli(s(UNIT)),
    "continuous_bernoulli_near_half": lambda s: s.d.ContinuousBernoulli(s([0.4995, 0.5001, 0.48])),
    "continuous_bernoulli_logits": lambda s: s.d.ContinuousBernoulli(logits=s(REAL)),
    "dirichlet": lambda s: s.d.Dirichlet(s(POSITIVE)),
    "exponential": lambda s: s.d.Exponential(s(POSITIVE)),
    "fisher_snedecor": lambda s: s.d.FisherSnedecor(s(POSITIVE), s(OTHER + 1)),
    "gamma": lambda s: s.d.Gamma(s(POSITIVE), s(OTHER)),
    "generalized_pareto": lambda s: s.d.GeneralizedPareto(s(REAL), s(POSITIVE), s([0.2, 0.7, -0.3])),
    "generalized_pareto_at_0": lambda s: s.d.GeneralizedPareto(s(REAL), s(POSITIVE), 0.0),
    "geometric": lambda s: s.d.Geometric(s(UNIT)),
    "geometric_logits": lambda s: s.d.Geometric(logits=s(REAL)),
    "gumbel": lambda s: s.d.Gumbel(s(REAL), s(POSITIVE)),
    "half_cauchy": lambda s: s.d.HalfCauchy(s(POSITIVE)),
    "half_normal": lambda s: s.d.HalfNormal(s(POSITIVE)),
    "independent": lambda s: s.d.Independent(s.d.Normal(s(REAL), s(POSITIVE)), 1),
    "independent_of_events": lambda s: s.d.Independent(s.d.Dirichlet(s(POSITIVE)), 1),
    "independent_of_nothing": lambda s: s.d.Independent(s.d.Bernoulli(s(UNIT)), 0),
    "inverse_gamma": lambda s: s.d.InverseGamma(s(POSITIVE), s(OTHER)),
    "kumaraswamy": lambda s: s.d.Kumaraswamy(s(POSITIVE), s(OTHER)),
    "laplace": lambda s: s.d.Laplace(s(REAL), s(POSITIVE)),
    "log_normal": lambda s: s.d.LogNormal(s(REAL), s(OTHER * 0.3)),
    "logistic_normal": lambda s: s.d.LogisticNormal(s(REAL), s(POSITIVE)),
    "lkj_cholesky": lambda s: s.d.LKJCholesky(3, s([0.4, 1.0, 2.5])),
    "lkj_cholesky_of_two": lambda s: s.d.LKJCholesky(2, s(1.5)),
    "low_rank": lambda s: s.d.LowRankMultivariateNormal(s(REAL), s(REAL.T), s(POSITIVE)),
    "low_rank_broadcast": lambda s: s.d.LowRankMultivariateNormal(s(REAL[0]), s(REAL.T), s(POSITIVE[0])).expand((2,)),
    "mixture": lambda s: s.d.MixtureSameFamily(s.d.Categorical(s(ROWS)), s.d.Normal(s(REAL), s(POSITIVE))),
    "mixture_of_events": lambda s: s.d.MixtureSameFamily(
        s.d.Categorical(logits=s([0.1, -0.4])), s.d.Independent(s.d.Normal(s(REAL), s(POSITIVE)), 1)
    ),
    "multinomial": lambda s: s.d.Multinomial(4, s(POSITIVE)),
    "multinomial_logits": lambda s: s.d.Multinomial(7, logits=s(REAL)),
    "multivariate_normal": lambda s: s.d.MultivariateNormal(s(REAL), s(MATRIX)),
    "multivariate_normal_batch": lambda s: s.d.MultivariateNormal(s(REAL[0]), s(MATRICES)),
    "multivariate_normal_precision": lambda s: s.d.MultivariateNormal(s(REAL), precision_matrix=s(MATRICES)),
    "multivariate_normal_factor": lambda s: s.d.MultivariateNormal(s(REAL), scale_tril=s(FACTOR)),
    "negative_binomial": lambda s: s.d.NegativeBinomial(s(POSITIVE), s(UNIT)),
    "negative_binomial_logits": lambda s: s.d.NegativeBinomial(3, logits=s(REAL)),
    "normal": lambda s: s.d.Normal(s(REAL), s(POSITIVE)),
    "normal_of_numbers": lambda s: s.d.Normal(1, 2.5),
    "normal_broadcast": lambda s: s.d.Normal(s([0.5]), s(POSITIVE)),
    "one_hot": lambda s: s.d.OneHotCategorical(s(POSITIVE)),
    "one_hot_logits": lambda s: s.d.OneHotCategorical(logits=s(REAL)),
    "one_hot_straight": lambda s: s.d.OneHotCategoricalStraightThrough(s(POSITIVE)),
    "pareto": lambda s: s.d.Pareto(s(POSITIVE), s(OTHER)),
    "poisson": lambda s: s.d.Poisson(s(POSITIVE)),
    "relaxed_bernoulli": lambda s: s.d.RelaxedBernoulli(s(0.7), s(UNIT)),
    "relaxed_bernoulli_logits": lambda s: s.d.RelaxedBernoulli(s(2.0), logits=s(REAL)),
    "relaxed_one_hot": lambda s: s.d.RelaxedOneHotCategorical(s(0.7), s(POSITIVE)),
    "relaxed_one_hot_logits": lambda s: s.d.RelaxedOneHotCategorical(s(1.5), logits=s(REAL)),
    "student_t": lambda s: s.d.StudentT(s(POSITIVE), s(REAL), s(OTHER)),
    "transformed": lambda s: s.d.TransformedDistribution(
        s.d.Normal(s(REAL), s(POSITIVE)), [s.d.AffineTransform(0.5, s(-OTHER)), s.d.SigmoidTransform()]
    ),
    "transformed_vector": lambda s: s.d.TransformedDistribution(
        s.d.Normal(s(REAL), s(POSITIVE)), [s.d.ExpTransform(), s.d.StickBreakingTransform()]
    ),
    "transformed_by_nothing": lambda s: s.d.TransformedDistribution(s.d.Laplace(s(REAL), s(POSITIVE)), []),
    "transformed_shape": lambda s: s.d.TransformedDistribution(s.d.Normal(s(REAL), s(POSITIVE)), s.d.ReshapeTransform((3,), (3, 1))),
    "transformed_broadcast": lambda s: s.d.TransformedDistribution(s.d.Normal(s(0.0), 1.0), s.d.AffineTransform(s(REAL), s(POSITIVE))),
    "uniform": lambda s: s.d.Uniform(s(REAL), s(REAL + POSITIVE)),
    "von_mises": lambda s: s.d.VonMises(s(REAL), s(POSITIVE)),
    "weibull": lambda s: s.d.Weibull(s(POSITIVE), s(OTHER + 0.5)),
    "wishart": lambda s: s.d.Wishart(s([3.5, 7.0]), s(MATRIX)),
    "wishart_precision": lambda s: s.d.Wishart(s([4.0, 6.0]), precision_matrix=s(MATRICES)),
    "wishart_factor": lambda s: s.d.Wishart(s(5.0), scale_tril=s(FACTOR).tril()),
}


def pair(name: str) -> tuple[Side, Any, Side, Any]:
    """The engine's side and distribution, and PyTorch's."""
    # PyTorch's refuses float64: it compares the concentration with a float32
    dtype = "float32" if name.startswith("generalized_pareto") else "float64"
    ours, theirs = Side(engine, dtype), Side(torch, dtype)
    return ours, CASES[name](ours), theirs, CASES[name](theirs)


def sample(theirs: Any, n: int = 4) -> Any:
    """Samples of PyTorch's."""
    torch.manual_seed(3)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Singular sample")  # of PyTorch's Wishart, though the samples are not
        return theirs.sample((n,))


def over(array: Any, m: Any) -> Any:
    """PyTorch's tensor as it is, or as a tensor of the engine."""
    return array if m is torch else engine.tensor(array.detach().numpy().tolist(), dtype=getattr(engine, str(array.dtype)[6:]))


def either(f: Callable[[], Any]) -> Any:
    """A result, or the class of the error in its place."""
    try:
        return f()
    except (NotImplementedError, AttributeError, ValueError, RuntimeError, AssertionError, IndexError) as error:
        return type(error)


def close(ours: Any, theirs: Any, where: str = "", rtol: float = 1e-9, atol: float = 1e-11) -> None:
    """Both failed alike, or gave the same numbers in tensors of one shape and dtype."""
    if isinstance(ours, type) or isinstance(theirs, type):
        assert isinstance(ours, type), f"{where}: PyTorch raises {theirs}"
        assert isinstance(theirs, type), f"{where}: raises {ours}"
        assert issubclass(ours, theirs), f"{where}: {ours} and {theirs}"
        return
    assert isinstance(ours, engine.Tensor), f"{where}: {type(ours)}"
    assert str(ours.dtype) == str(theirs.dtype), f"{where}: {ours.dtype} and {theirs.dtype}"
    assert tuple(ours.shape) == tuple(theirs.shape), f"{where}: {tuple(ours.shape)} and {tuple(theirs.shape)}"
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=rtol, atol=atol, err_msg=where)


def gradients(result: Any, side: Side) -> list[Any]:
    """Of a weighted sum of a result with respect to the parameters; zeros where there is no path."""
    m = side.m
    if isinstance(result, type) or not side.parameters or not result.requires_grad:
        return []
    weights = m.arange(1, result.numel() + 1, dtype=result.dtype).reshape(result.shape).cos()
    finite = result.isfinite()
    total = m.where(finite, result, m.zeros_like(result)) * weights
    found = m.autograd.grad(total.sum(), side.parameters, allow_unused=True)
    return [m.zeros_like(p) if g is None else g for g, p in zip(found, side.parameters)]
