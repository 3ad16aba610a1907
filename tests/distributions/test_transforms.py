"""Transforms against PyTorch's: values, inverses, changes of volume with gradients, chains, caches, registries."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from workbench import engine

from .cases import OTHER, POSITIVE, REAL, UNIT, Side, close, either, gradients, torch

distributions = engine.distributions
TRANSFORMS = {
    "abs": (lambda s: s.d.AbsTransform(), REAL),
    "affine": (lambda s: s.d.AffineTransform(s(REAL), s(-OTHER)), REAL),
    "affine_of_numbers": (lambda s: s.d.AffineTransform(1, -2.5), REAL),
    "affine_of_vectors": (lambda s: s.d.AffineTransform(s(REAL), s(OTHER), event_dim=1), REAL),
    "affine_of_matrices": (lambda s: s.d.AffineTransform(0.5, -2, event_dim=2), REAL),
    "cat": (lambda s: s.d.CatTransform([s.d.ExpTransform(), s.d.AffineTransform(s(1.0), s(2.0))], dim=-1, lengths=[1, 2]), REAL),
    "cat_of_vectors": (
        lambda s: s.d.CatTransform([s.d.ExpTransform(), s.d.AffineTransform(s(1.0), s(OTHER[:1]), event_dim=1)], dim=0), REAL,
    ),
    "compose": (lambda s: s.d.ComposeTransform([s.d.AffineTransform(s(REAL), s(OTHER)), s.d.TanhTransform(), s.d.ExpTransform()]), REAL),
    "compose_of_vectors": (
        lambda s: s.d.ComposeTransform([s.d.ExpTransform(), s.d.StickBreakingTransform(), s.d.AffineTransform(0.0, s(2.0))]), REAL,
    ),
    "corr_cholesky": (lambda s: s.d.CorrCholeskyTransform(), REAL),
    "corr_cholesky_of_two": (lambda s: s.d.CorrCholeskyTransform(), REAL[:, :1]),
    "corr_cholesky_of_four": (lambda s: s.d.CorrCholeskyTransform(), np.concatenate([REAL, UNIT], 1)),
    "cdf": (lambda s: s.d.CumulativeDistributionTransform(s.d.Normal(s(REAL), s(POSITIVE))), OTHER),
    "exp": (lambda s: s.d.ExpTransform(), REAL),
    "identity": (lambda s: s.d.identity_transform, REAL),
    "independent": (lambda s: s.d.IndependentTransform(s.d.AffineTransform(s(1.0), s(OTHER)), 1), REAL),
    "inverse": (lambda s: s.d.SigmoidTransform().inv, UNIT),
    "inverse_of_chain": (lambda s: s.d.ComposeTransform([s.d.AffineTransform(s(0.0), s(2.0)), s.d.ExpTransform()]).inv, POSITIVE),
    "lower_cholesky": (lambda s: s.d.LowerCholeskyTransform(), REAL[:, :2]),
    "positive_definite": (lambda s: s.d.PositiveDefiniteTransform(), np.outer(REAL[0], REAL[1])),
    "power": (lambda s: s.d.PowerTransform(s(OTHER)), POSITIVE),
    "power_below_0": (lambda s: s.d.PowerTransform(s(-1.5)), POSITIVE),
    "reshape": (lambda s: s.d.ReshapeTransform((3,), (3, 1)), REAL),
    "sigmoid": (lambda s: s.d.SigmoidTransform(), REAL * 4),
    "softmax": (lambda s: s.d.SoftmaxTransform(), REAL),
    "softplus": (lambda s: s.d.SoftplusTransform(), REAL * 4),
    "stack": (lambda s: s.d.StackTransform([s.d.ExpTransform(), s.d.SoftplusTransform(), s.d.AffineTransform(1, s(2.0))], dim=-1), REAL),
    "stick_breaking": (lambda s: s.d.StickBreakingTransform(), REAL),
    "tanh": (lambda s: s.d.TanhTransform(), REAL * 3),
}  # fmt: skip


def both(name):
    """The transform and its argument on each side."""
    build, x = TRANSFORMS[name]
    for m in (engine, torch):
        side = Side(m, "float64")
        yield side, build(side), side(x)


def compared(name, f):
    (ours, a, x), (theirs, b, y) = both(name)
    r, s = either(lambda: f(a, x)), either(lambda: f(b, y))
    close(r, s, name)
    for g, h in zip(gradients(r, ours), gradients(s, theirs)):
        close(g, h, f"gradient of {name}", 1e-8, 1e-10)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_values(name):
    compared(name, lambda t, x: t(x))
    compared(name, lambda t, x: t.inv(t(x)))
    compared(name, lambda t, x: t.log_abs_det_jacobian(x, t(x)))
    compared(name, lambda t, x: t.inv.log_abs_det_jacobian(t(x), x))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_it_is(name):
    (_, a, x), (_, b, y) = ((side, t, value.detach()) for side, t, value in both(name))
    assert repr(a) == repr(b)
    for what in ("bijective", "domain", "codomain"):
        for p, q in ((a, b), (a.inv, b.inv)):
            assert repr(getattr(p, what)) == repr(getattr(q, what)), what
    assert a.domain.event_dim == b.domain.event_dim
    assert a.codomain.event_dim == b.codomain.event_dim
    assert either(lambda: a.event_dim) == either(lambda: b.event_dim)
    ours, theirs = either(lambda: a.sign), either(lambda: b.sign)
    assert ours is theirs if isinstance(theirs, type) else np.all((ours + 0 * x).detach().numpy() == (theirs + 0 * y).detach().numpy())
    assert tuple(a.forward_shape(x.shape)) == tuple(b.forward_shape(tuple(x.shape)))
    assert tuple(a.inverse_shape(a(x).shape)) == tuple(b.inverse_shape(tuple(a(x).shape)))
    assert a.inv.inv is a
    assert a == a.inv.inv
    close(either(lambda: a.codomain.check(a(x))), either(lambda: b.codomain.check(b(y))))


SPACES = (
    "affine", "affine_of_numbers", "affine_of_vectors", "cat", "compose", "cdf", "exp", "identity", "independent", "inverse",
    "inverse_of_chain", "power", "power_below_0", "sigmoid", "softplus", "stack", "tanh",
)  # fmt: skip


@pytest.mark.parametrize("name", SPACES)
def test_change_of_volume_is_that_of_the_jacobian(name):
    """log abs det of the matrix of derivatives, for maps between spaces of as many dimensions."""
    (_, t, x), _ = both(name)
    row = x[0].detach()
    with engine.no_grad():
        change = t.log_abs_det_jacobian(row.expand(2, 3), t(row.expand(2, 3)))[0]
    matrix = engine.func.jacrev(lambda v: t(v.expand(2, 3))[0])(row).detach().numpy()  # rows of parameters need rows
    np.testing.assert_allclose(change.sum().item(), np.linalg.slogdet(matrix)[1], rtol=1e-8, atol=1e-12)


def test_caches():
    """With a cache the inverse of a result is the argument itself, and what comes later takes its place."""
    for m in (engine, torch):
        s = Side(m, "float64")
        for build, x in TRANSFORMS.values():
            t = build(s).with_cache(1)
            value = s(x, False)
            y = t(value)
            if t is not s.d.identity_transform and not isinstance(t, s.d.AbsTransform):
                assert t.inv(y) is value
            assert t(value) is y or not t.parts
            assert t.with_cache(1) is t
            assert t.with_cache(0)._cache_size == 0
        with pytest.raises(ValueError):
            s.d.ExpTransform(cache_size=2)


def test_equality():
    for m in (engine, torch):
        d, one = m.distributions, m.tensor(1.0)
        assert d.ExpTransform() == d.ExpTransform()
        assert d.ExpTransform() != d.TanhTransform()
        assert d.ExpTransform().inv == d.ExpTransform().inv
        assert d.AffineTransform(0, 1) == d.AffineTransform(0.0, one)
        assert d.AffineTransform(0, 1) != d.AffineTransform(0, 2)
        assert d.PowerTransform(one) == d.PowerTransform(one.clone())
        assert d.ComposeTransform([d.ExpTransform()]) == d.ComposeTransform([d.ExpTransform()])
        assert d.ComposeTransform([d.ExpTransform()]) != d.ComposeTransform([])


def test_pickles():
    for build, x in TRANSFORMS.values():
        side = Side(engine, "float64")
        t = build(side)
        t.inv  # noqa: B018 - a weak reference that cannot be pickled
        close(pickle.loads(pickle.dumps(t))(side(x, False)), torch.tensor(t(side(x, False)).tolist(), dtype=torch.float64))


CONSTRAINTS = {
    "real": lambda d: d.constraints.real,
    "vector": lambda d: d.constraints.real_vector,
    "positive": lambda d: d.constraints.positive,
    "nonnegative": lambda d: d.constraints.nonnegative,
    "above": lambda d: d.constraints.greater_than(2.0),
    "above_or_equal": lambda d: d.constraints.greater_than_eq(-1),
    "below": lambda d: d.constraints.less_than(-1.5),
    "unit": lambda d: d.constraints.unit_interval,
    "interval": lambda d: d.constraints.interval(-2.0, 5.0),
    "half_open": lambda d: d.constraints.half_open_interval(1.0, 5.0),
    "simplex": lambda d: d.constraints.simplex,
    "corr_cholesky": lambda d: d.constraints.corr_cholesky,
    "lower_cholesky": lambda d: d.constraints.lower_cholesky,
    "independent": lambda d: d.constraints.independent(d.constraints.positive, 1),
    "positive_definite": lambda d: d.constraints.positive_definite,
    "cat": lambda d: d.constraints.cat([d.constraints.positive, d.constraints.unit_interval], -1, [1, 2]),
    "stack": lambda d: d.constraints.stack([d.constraints.positive, d.constraints.real, d.constraints.unit_interval], -1),
    "boolean": lambda d: d.constraints.boolean,
}


@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_registries(name, registry):
    results = []
    for m in (engine, torch):
        d, s = m.distributions, Side(m, "float64")
        x = s(np.outer(REAL[0], REAL[1]) if name in ("lower_cholesky", "positive_definite") else REAL, False)

        def run(d=d, x=x):
            t = getattr(d, registry)(CONSTRAINTS[name](d))
            y = t(x)
            assert CONSTRAINTS[name](d).check(y).all()
            return t, y

        results.append(either(run))
    if isinstance(results[1], type):
        assert results[0] is results[1]
        return
    assert repr(results[0][0]) == repr(results[1][0])
    close(results[0][1], results[1][1])


def test_bad_arguments():
    d = distributions
    for f in (
        lambda: d.ReshapeTransform((2,), (3,)),
        lambda: d.ReshapeTransform((2,), (2, 1)).forward_shape((3,)),
        lambda: d.StickBreakingTransform().forward_shape(()),
        lambda: d.SoftmaxTransform().inverse_shape(()),
        lambda: d.CorrCholeskyTransform().forward_shape((2,)),
        lambda: d.CorrCholeskyTransform().inverse_shape((2, 3)),
        lambda: d.IndependentTransform(d.ExpTransform(), 2)(engine.zeros(3)),
        lambda: (
            d.LowerCholeskyTransform().inv.inv.inv.event_dim
            and d.StickBreakingTransform().event_dim + d.ReshapeTransform((2,), (1, 2)).event_dim
        ),
        lambda: d.utils.vec_to_tril_matrix(engine.zeros(4)),
        lambda: d.utils.tril_matrix_to_vec(engine.zeros(2, 2), 2),
    ):
        with pytest.raises(ValueError, match="expected"):
            f()
    for f in (lambda: d.CatTransform([d.ExpTransform()], lengths=[1, 2]), lambda: d.StackTransform([1])):
        with pytest.raises(AssertionError, match="expected"):
            f()
    with pytest.raises(TypeError, match="register: expected a Constraint"):
        d.biject_to.register(int, lambda c: None)


@pytest.mark.parametrize("diag", [-2, -1, 0, 1, 2])
def test_triangles_as_vectors(diag):
    for m in (engine, torch):
        s = Side(m, "float64")
        matrix = s(np.arange(9.0).reshape(3, 3), False)
        vector = m.distributions.utils.tril_matrix_to_vec(matrix, diag)
        np.testing.assert_array_equal(vector.numpy(), np.arange(9.0).reshape(3, 3)[np.tril_indices(3, diag)])
        if diag < 2:
            np.testing.assert_array_equal(m.distributions.utils.vec_to_tril_matrix(vector, diag).numpy(), np.tril(matrix.numpy(), diag))
