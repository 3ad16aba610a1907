"""What is refused, with errors of PyTorch's classes; what constraints say of values; defaults, dtypes and subclasses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from workbench import engine

from .cases import CASES, POSITIVE, REAL, Side, close, either, sample, torch

distributions = engine.distributions
BAD = {
    "no_parameter": lambda d, t: d.Bernoulli(),
    "both_parameters": lambda d, t: d.Bernoulli(t([0.5]), t([0.5])),
    "no_probs": lambda d, t: d.Categorical(),
    "probs_without_dimension": lambda d, t: d.Categorical(t(0.5)),
    "a_negative_probability": lambda d, t: d.Categorical(t([0.5, -0.1])),
    "a_probability_above_1": lambda d, t: d.Bernoulli(t([1.1])),
    "probability_above_1_continuous": lambda d, t: d.ContinuousBernoulli(1.1, validate_args=True),
    "geometric_without_success": lambda d, t: d.Geometric(0.0),
    "certain_success": lambda d, t: d.NegativeBinomial(1, t(1.0)),
    "a_scale_of_0": lambda d, t: d.Normal(0.0, 0.0),
    "a_negative_scale": lambda d, t: d.Laplace(t([0.0]), t([-1.0])),
    "nan": lambda d, t: d.Normal(float("nan"), 1.0),
    "a_word": lambda d, t: d.Normal("0", 1.0),
    "uniform_of_nothing": lambda d, t: d.Uniform(1.0, 1.0),
    "a_negative_rate": lambda d, t: d.Poisson(-1.0),
    "a_rate_of_0": lambda d, t: d.Exponential(0.0),
    "a_concentration_of_0": lambda d, t: d.Gamma(0.0, 1.0),
    "dirichlet_without_dimension": lambda d, t: d.Dirichlet(t(1.0)),
    "a_count_below_0": lambda d, t: d.Binomial(-1, t(0.5)),
    "half_a_count": lambda d, t: d.Binomial(t(1.5), t(0.5)),
    "counts_in_a_batch": lambda d, t: d.Multinomial(t([1.0, 2.0]), t([0.5, 0.5])),
    "too_many_dimensions": lambda d, t: d.Independent(d.Normal(t([0.0]), t([1.0])), 2),
    "no_transform": lambda d, t: d.TransformedDistribution(d.Normal(0.0, 1.0), "exp"),
    "not_only_transforms": lambda d, t: d.TransformedDistribution(d.Normal(0.0, 1.0), [d.ExpTransform(), 1]),
    "too_few_dimensions": lambda d, t: d.TransformedDistribution(d.Normal(0.0, 1.0), d.StickBreakingTransform()),
    "no_weights": lambda d, t: d.MixtureSameFamily(d.Normal(0.0, 1.0), d.Normal(t([0.0]), t([1.0]))),
    "no_components": lambda d, t: d.MixtureSameFamily(d.Categorical(t([0.5, 0.5])), 3),
    "other_numbers_of_components": lambda d, t: d.MixtureSameFamily(d.Categorical(t([0.5, 0.5])), d.Normal(t([0.0] * 3), t([1.0] * 3))),
    "weights_of_another_batch": lambda d, t: d.MixtureSameFamily(
        d.Categorical(t([[0.5, 0.5]] * 3)), d.Normal(t([[0.0, 0.0]] * 2), t([[1.0, 1.0]] * 2))
    ),
    "shapes": lambda d, t: d.Normal(t([0.0] * 2), t([1.0] * 3)),
    "value_no_tensor": lambda d, t: d.Normal(0.0, 1.0).log_prob(1.0),
    "value_of_another_shape": lambda d, t: d.Normal(t([0.0] * 2), 1.0).log_prob(t([0.0] * 3)),
    "value_of_another_event": lambda d, t: d.Dirichlet(t([1.0] * 2)).log_prob(t([0.2, 0.3, 0.5])),
    "value_nan": lambda d, t: d.Normal(0.0, 1.0).log_prob(t(float("nan"))),
    "value_below_0": lambda d, t: d.Gamma(1.0, 1.0).log_prob(t(-1.0)),
    "value_outside": lambda d, t: d.Uniform(0.0, 1.0).cdf(t(1.5)),
    "half_an_event": lambda d, t: d.Poisson(1.0).log_prob(t(0.5)),
    "value_between": lambda d, t: d.Bernoulli(0.5).log_prob(t(0.5)),
    "no_such_category": lambda d, t: d.Categorical(t([0.5, 0.5])).log_prob(t(2.0)),
    "two_hot": lambda d, t: d.OneHotCategorical(t([0.5, 0.5])).log_prob(t([1.0, 1.0])),
    "no_simplex": lambda d, t: d.Dirichlet(t([1.0, 1.0])).log_prob(t([0.6, 0.6])),
    "too_many_counts": lambda d, t: d.Multinomial(2, t([0.5, 0.5])).log_prob(t([2.0, 1.0])),
    "value_outside_of_a_component": lambda d, t: d.MixtureSameFamily(
        d.Categorical(t([0.5, 0.5])), d.Uniform(t([0.0, 1.0]), t([1.0, 2.0]))
    ).log_prob(t(1.5)),
    "counts_that_differ": lambda d, t: d.Binomial(t([1.0, 2.0]), t(0.5)).enumerate_support(),
    "product_of_supports": lambda d, t: d.Independent(d.Bernoulli(t([0.5])), 1).enumerate_support(),
    "a_default_that_is_no_bool": lambda d, t: d.Distribution.set_default_validate_args("yes"),
    "no_matrix": lambda d, t: d.MultivariateNormal(t([0.0])),
    "two_matrices": lambda d, t: d.MultivariateNormal(t([0.0]), t([[1.0]]), t([[1.0]])),
    "no_vector": lambda d, t: d.MultivariateNormal(t(0.0), t([[1.0]])),
    "a_vector_for_a_matrix": lambda d, t: d.MultivariateNormal(t([0.0]), scale_tril=t([1.0])),
    "not_positive_definite": lambda d, t: d.MultivariateNormal(t([0.0, 0.0]), t([[1.0, 2.0], [2.0, 1.0]])),
    "not_symmetric": lambda d, t: d.MultivariateNormal(t([0.0, 0.0]), t([[1.0, 0.5], [0.2, 1.0]])),
    "not_triangular": lambda d, t: d.MultivariateNormal(t([0.0, 0.0]), scale_tril=t([[1.0, 0.5], [0.2, 1.0]])),
    "low_rank_without_vector": lambda d, t: d.LowRankMultivariateNormal(t(0.0), t([[1.0]]), t([1.0])),
    "factor_of_another_size": lambda d, t: d.LowRankMultivariateNormal(t([0.0, 0.0]), t([[1.0]]), t([1.0, 1.0])),
    "diagonal_of_another_size": lambda d, t: d.LowRankMultivariateNormal(t([0.0, 0.0]), t([[1.0], [1.0]]), t([1.0])),
    "batches_that_do_not_broadcast": lambda d, t: d.LowRankMultivariateNormal(t([[0.0]] * 2), t([[[1.0]]] * 3), t([1.0])),
    "wishart_without_matrix": lambda d, t: d.Wishart(t(3.0)),
    "too_few_degrees": lambda d, t: d.Wishart(t(1.0), t([[1.0, 0.0], [0.0, 1.0]])),
    "wishart_of_a_vector": lambda d, t: d.Wishart(t(1.0), t([1.0])),
    "correlations_of_one": lambda d, t: d.LKJCholesky(1),
    "no_correlations": lambda d, t: d.LKJCholesky(2).log_prob(t([[1.0, 0.0], [1.0, 1.0]])),
    "divergence_of_other_sizes": lambda d, t: d.kl_divergence(
        d.MultivariateNormal(t([0.0]), t([[1.0]])), d.MultivariateNormal(t([0.0] * 2), t([[1.0, 0.0], [0.0, 1.0]]))
    ),
    "nothing_to_invert": lambda d, t: d.Gamma(1.0, 1.0).icdf(t(0.5)),
}


def tensors(m):
    return lambda values: m.tensor(values, dtype=m.float64)


@pytest.mark.parametrize("name", BAD)
def test_refused(name):
    ours = either(lambda: BAD[name](distributions, tensors(engine)))
    theirs = either(lambda: BAD[name](torch.distributions, tensors(torch)))
    assert isinstance(theirs, type), "PyTorch takes it"
    assert isinstance(ours, type), "not refused"
    assert issubclass(ours, theirs)


def test_messages_say_what_was_expected():
    with pytest.raises(ValueError, match=r"Normal: expected scale to satisfy GreaterThan\(lower_bound=0.0\), got tensor\(-1.\)"):
        distributions.Normal(0.0, -1.0)
    with pytest.raises(ValueError, match=r"Poisson: expected value within the support IntegerGreaterThan\(lower_bound=0\), got tensor"):
        distributions.Poisson(1.0).log_prob(engine.tensor(0.5))


def test_checks_can_be_left_out():
    d = distributions.Normal(0.0, -1.0, validate_args=False)
    assert d.log_prob(engine.tensor(float("nan"))).isnan()
    assert d.expand((2,))._validate_args is False
    assert distributions.Normal(0.0, 1.0, validate_args=True).expand((2,))._validate_args
    before = distributions.Distribution._validate_args
    try:
        distributions.Distribution.set_default_validate_args(False)
        distributions.Gamma(-1.0, 1.0)
    finally:
        distributions.Distribution.set_default_validate_args(before)


@pytest.mark.parametrize("name", CASES)
def test_float32(name):
    """Parameters of float32 give samples and densities of float32 in the shapes of PyTorch."""
    ours, theirs = (CASES[name](Side(m, "float32")) for m in (engine, torch))
    engine.manual_seed(0)
    drawn = ours.sample((2,))
    assert str(drawn.dtype) == str(sample(theirs).dtype)
    assert tuple(drawn.shape) == (2, *theirs.batch_shape, *theirs.event_shape)
    found = either(lambda: ours.log_prob(drawn))
    if isinstance(found, engine.Tensor):
        assert str(found.dtype) == "torch.float32"
        assert found.isfinite().all()


def test_defaults_and_numbers():
    d = distributions.Normal(0, 1)
    assert str(d.loc.dtype) == "torch.float32"
    assert tuple(d.sample().shape) == ()
    assert tuple(d.sample(engine.Size([2, 3])).shape) == (2, 3)
    with pytest.warns(UserWarning, match="sample_n"):
        assert tuple(d.sample_n(4).shape) == (4,)
    assert distributions.StudentT(3.0).scale.item() == 1.0
    assert distributions.ContinuousBernoulli(0.3)._lims == (0.499, 0.501)


def test_a_subclass_with_a_constructor_needs_an_expand():
    class Unit(distributions.Normal):
        def __init__(self):
            super().__init__(0.0, 1.0)

    class Plain(distributions.Normal):
        pass

    class Own(distributions.Normal):
        def __init__(self):
            super().__init__(0.0, 1.0)

        def expand(self, batch_shape, _instance=None):
            return super().expand(batch_shape, _instance=self._get_checked_instance(Own, _instance))

    with pytest.raises(NotImplementedError, match="expand of its own"):
        Unit().expand((2,))
    assert type(Plain(0.0, 1.0).expand((2,))) is Plain
    assert type(Own().expand((2,))) is Own
    assert tuple(Own().expand((2,)).batch_shape) == (2,)


def test_a_new_distribution_without_constraints_warns():
    class Bare(distributions.Distribution):
        pass

    with pytest.warns(UserWarning, match="arg_constraints"):
        bare = Bare()
    with pytest.warns(UserWarning, match="support"):
        bare._validate_sample(engine.tensor(0.0))
    for what in ("mean", "mode", "variance", "stddev", "support"):
        with pytest.raises(NotImplementedError):
            getattr(bare, what)


def test_modes_where_pytorch_has_none():
    """Where the density is largest on a grid; PyTorch gives nan, and 1 for Weibull's below 1."""
    side = Side(engine, "float64")
    a, b = np.array([2.0, 3.0, 1.5]), np.array([3.0, 1.5, 4.0])
    mode = distributions.Kumaraswamy(side(a, False), side(b, False)).mode.numpy()
    grid = np.linspace(0.001, 0.999, 9999)
    density = a * b * grid[:, None] ** (a - 1) * (1 - grid[:, None] ** a) ** (b - 1)
    np.testing.assert_allclose(mode, grid[density.argmax(0)], atol=2e-4)
    assert distributions.Weibull(2.0, 0.5).mode.item() == 0.0


def test_von_mises_in_full_precision():
    """PyTorch's Bessel functions are of single precision."""
    kappa, x = np.array([0.01, 1.0, 30.0, 800.0]), np.array([3.0, -1.0, 0.2, 0.01])
    side = Side(engine, "float64")
    found = distributions.VonMises(side(0.0, False), side(kappa, False)).log_prob(side(x, False)).numpy()
    np.testing.assert_allclose(found, stats.vonmises(kappa).logpdf(x), rtol=1e-9)


VALUES = (
    np.array([-1.5, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0]), np.array([[0.2, 0.8], [0.5, 0.6], [1.0, 0.0], [-0.5, 1.5]]),
    np.array([[1.0, 0.0], [2.0, 3.0]]), np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros((2, 2)),
    np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([[1.0, 0.0], [0.6, -0.8]]), np.ones((2, 3)), np.eye(3)[[0, 2]],
)  # fmt: skip
SETS = {
    "boolean": lambda c: c.boolean,
    "one_hot": lambda c: c.one_hot,
    "nonnegative_integer": lambda c: c.nonnegative_integer,
    "positive_integer": lambda c: c.positive_integer,
    "integer_interval": lambda c: c.integer_interval(-1, 2),
    "real": lambda c: c.real,
    "real_vector": lambda c: c.real_vector,
    "positive": lambda c: c.positive,
    "nonnegative": lambda c: c.nonnegative,
    "greater_than": lambda c: c.greater_than(0.5),
    "greater_than_eq": lambda c: c.greater_than_eq(0.5),
    "less_than": lambda c: c.less_than(1.0),
    "multinomial": lambda c: c.multinomial(1),
    "unit_interval": lambda c: c.unit_interval,
    "interval": lambda c: c.interval(-1.0, 1.0),
    "half_open_interval": lambda c: c.half_open_interval(-1.0, 1.0),
    "simplex": lambda c: c.simplex,
    "lower_triangular": lambda c: c.lower_triangular,
    "lower_cholesky": lambda c: c.lower_cholesky,
    "corr_cholesky": lambda c: c.corr_cholesky,
    "square": lambda c: c.square,
    "symmetric": lambda c: c.symmetric,
    "positive_semidefinite": lambda c: c.positive_semidefinite,
    "positive_definite": lambda c: c.positive_definite,
    "cat": lambda c: c.cat([c.positive, c.real], -1, [1, 1]),
    "stack": lambda c: c.stack([c.positive, c.unit_interval], -1),
    "independent": lambda c: c.independent(c.positive, 2),
    "mixture": lambda c: c.MixtureSameFamilyConstraint(c.positive),
    "dependent": lambda c: c.dependent,
}


@pytest.mark.parametrize("name", SETS)
def test_constraints(name):
    ours, theirs = SETS[name](distributions.constraints), SETS[name](torch.distributions.constraints)
    assert repr(ours) == repr(theirs)
    assert either(lambda: ours.event_dim) == either(lambda: theirs.event_dim)
    assert either(lambda: ours.is_discrete) == either(lambda: theirs.is_discrete)
    assert distributions.constraints.is_dependent(ours) == torch.distributions.constraints.is_dependent(theirs)
    for value in VALUES:
        x, y = either(lambda v=value: ours.check(engine.tensor(v))), either(lambda v=value: theirs.check(torch.tensor(v)))
        if not isinstance(y, type):
            close(x, y, f"{name} of {value}")


def test_constraints_that_depend_on_parameters():
    for m in (engine, torch):
        c = m.distributions.constraints
        assert c.is_dependent(m.distributions.Uniform.support)
        assert not c.is_dependent(m.distributions.Uniform(0.0, 1.0).support)
        assert c.dependent(is_discrete=True).is_discrete
        assert m.distributions.Binomial.support.is_discrete
        assert m.distributions.Categorical.support.event_dim == 0
        with pytest.raises(ValueError):
            c.dependent.check(m.tensor(0.0))


def test_values_computed_once():
    side = Side(engine, "float64")
    d = distributions.Bernoulli(logits=side(REAL))
    with engine.no_grad():
        assert d.probs is d.probs
    assert d.probs.requires_grad  # computed with gradients whenever that is
    assert distributions.utils.broadcast_all(1, side(POSITIVE))[0].shape == side(POSITIVE).shape
    with pytest.raises(ValueError, match="broadcast_all: expected numbers and Tensors, got str"):
        distributions.utils.broadcast_all("1", side(POSITIVE))
