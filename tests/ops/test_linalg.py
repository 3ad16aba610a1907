"""Factors of matrices: what holds whatever signs, phases and bases are chosen, against PyTorch where it is unique."""

from operator import attrgetter

import numpy as np
import pytest
import torch

from workbench import engine
from workbench.engine import linalg

SIZES = [(3, 3), (2, 5, 2), (4, 6)]
DTYPES = ["float64", "complex128"]


def drawn(*shape, dtype="float64", seed=1):
    generator = np.random.default_rng(seed)
    a = generator.standard_normal(shape)
    return a + 1j * generator.standard_normal(shape) if dtype.startswith("complex") else a


def positive(*shape, dtype="float64"):
    a = drawn(*shape, dtype=dtype)
    return a @ a.conj().swapaxes(-1, -2) + np.eye(shape[-1])


def both(f, array, *, seed=5):
    """The gradients of a random weighting of f's results, by us and by PyTorch; f takes the module and a tensor of it."""
    found = []
    for module in (engine, torch):
        x = module.from_numpy(array.copy()).requires_grad_(True)
        result = f(module, x)
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        loss = 0
        for i, r in enumerate(results):
            weight = module.from_numpy(drawn(*r.shape, dtype=str(r.dtype).removeprefix("torch."), seed=seed + i))
            product = r * weight
            loss = loss + (product.real if r.is_complex() else product).sum()
        found.append(module.autograd.grad(loss, x)[0].numpy())
    return found


def same(f, array, **tolerance):
    ours, theirs = both(f, array)
    np.testing.assert_allclose(ours, theirs, **{"rtol": 1e-8, "atol": 1e-10} | tolerance)


def orthonormal(gram):
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(gram.shape[-1]), gram.shape), atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_svd_multiplies_to_its_input(size, dtype):
    a = drawn(*size, dtype=dtype)
    for whole in (False, True):
        U, S, Vh = (t.numpy() for t in linalg.svd(engine.from_numpy(a), full_matrices=whole))
        k = S.shape[-1]
        np.testing.assert_allclose((U[..., :k] * S[..., None, :]) @ Vh[..., :k, :], a, atol=1e-12)
        orthonormal(U.conj().swapaxes(-1, -2) @ U)
        orthonormal(Vh @ Vh.conj().swapaxes(-1, -2))
        assert (S >= 0).all()
        assert (np.diff(S) <= 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_svd_gradients_of_what_no_phase_changes(size, dtype):
    def projections(module, x):
        U, S, Vh = module.linalg.svd(x, full_matrices=False)
        weights = module.from_numpy(np.arange(1.0, S.shape[-1] + 1))
        return S, (U * weights.to(U.dtype)) @ U.mH, (Vh.mH * weights.to(U.dtype)) @ Vh, U @ Vh

    same(projections, drawn(*size, dtype=dtype))


def test_svd_refuses_losses_that_depend_on_the_phase():
    x = engine.from_numpy(drawn(3, 3, dtype="complex128")).requires_grad_(True)
    U, _, _ = linalg.svd(x)
    with pytest.raises(RuntimeError, match="phase of the singular vectors"):
        U.imag.sum().backward()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_gradients(upper, dtype):
    same(lambda module, x: module.linalg.cholesky(x, upper=upper), positive(2, 4, 4, dtype=dtype))
    same(lambda module, x: module.linalg.cholesky_ex(x + x.mH, upper=upper).L, positive(3, 3, dtype=dtype))


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_derivative_is_that_of_differences(upper):
    def f(x):
        return linalg.cholesky(x + x.mT, upper=upper)

    assert engine.autograd.gradcheck(f, (engine.from_numpy(positive(3, 3)).requires_grad_(True),))
    assert engine.autograd.gradgradcheck(f, (engine.from_numpy(positive(3, 3)).requires_grad_(True),))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("size", "mode"), [((4, 4), "reduced"), ((2, 5, 3), "reduced"), ((3, 5), "complete")])
def test_qr_gradients(size, mode, dtype):
    same(lambda module, x: tuple(module.linalg.qr(x, mode)), drawn(*size, dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_solutions_with_factors(dtype):
    a, b = positive(3, 3, dtype=dtype), drawn(3, 2, dtype=dtype)
    same(lambda module, x: module.cholesky_solve(module.from_numpy(b), module.linalg.cholesky(x)), a)
    same(lambda module, x: module.cholesky_solve(module.from_numpy(b), module.linalg.cholesky(x, upper=True), True), a)
    same(lambda module, x: module.cholesky_inverse(module.linalg.cholesky(x)), a)
    same(lambda module, x: module.linalg.lu_solve(*module.linalg.lu_factor(x), module.from_numpy(b)), a)
    same(lambda module, x: module.linalg.householder_product(x, module.from_numpy(drawn(3, dtype=dtype))), a)


NAMED = ["linalg.svd", "svd", "linalg.lu_factor_ex", "linalg.lu", "linalg.slogdet", "slogdet", "geqrf", "linalg.qr", "linalg.inv_ex"]


@pytest.mark.parametrize("name", NAMED)
def test_names_of_results(name):
    ours, theirs = (attrgetter(name)(module)(module.from_numpy(positive(3, 3))) for module in (engine, torch))
    assert ours._fields == theirs.__match_args__
    assert isinstance(ours, tuple)


def test_singular_matrix_of_a_batch_is_named():
    x = np.stack([np.eye(2), np.zeros((2, 2))])
    with pytest.raises(linalg.LinAlgError, match="matrix 1 of the batch"):
        linalg.inv(engine.from_numpy(x))
    assert issubclass(linalg.LinAlgError, RuntimeError)
    assert linalg.inv_ex(engine.from_numpy(x)).info.tolist() == [0, 1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [((4, 2), (4, 3)), ((2, 5, 2), (2, 5)), ((3, 3), (3, 1))])
@pytest.mark.parametrize("driver", ["gels", "gelsy", "gelsd", "gelss"])
def test_least_squares_and_their_gradients(driver, sizes, dtype):
    b = drawn(*sizes[1], dtype=dtype, seed=3)
    ours, theirs = (m.linalg.lstsq(m.from_numpy(drawn(*sizes[0], dtype=dtype)), m.from_numpy(b), driver=driver) for m in (engine, torch))
    assert ours._fields == theirs.__match_args__
    for one, other in zip(ours, theirs, strict=True):
        assert tuple(one.shape) == tuple(other.shape)
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-12)
    same(lambda module, x: module.linalg.lstsq(x, module.from_numpy(b), driver=driver)[:2], drawn(*sizes[0], dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_pseudo_inverse_of_lower_rank(dtype):
    low = drawn(4, 2, dtype=dtype) @ drawn(2, 3, dtype=dtype, seed=2)
    np.testing.assert_allclose(linalg.pinv(engine.from_numpy(low)).numpy(), np.linalg.pinv(low), atol=1e-12)
    same(lambda module, x: module.linalg.pinv(x @ module.from_numpy(drawn(2, 3, dtype=dtype))), drawn(4, 2, dtype=dtype), atol=1e-9)
    same(lambda module, x: module.linalg.pinv(x + x.mH, hermitian=True), drawn(3, 3, dtype=dtype))


@pytest.mark.parametrize("tolerance", [{}, {"atol": 1.5}, {"rtol": 0.4}, {"atol": 0.0}, {"tol": 1.5}, {"hermitian": True}])
def test_ranks(tolerance):
    a = positive(2, 3, 3) - 1.5 * np.eye(3)
    a[1, :, 0] = a[1, :, 1]
    ours, theirs = (m.linalg.matrix_rank(m.from_numpy(a), **tolerance) for m in (engine, torch))
    assert ours.tolist() == theirs.tolist()


@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")  # torch, about itself
def test_tolerances_of_each_matrix():
    a, tolerance = drawn(2, 3, 3), np.array([[0.1], [2.0], [9.0]])
    for name in ("matrix_rank", "pinv"):
        ours, theirs = (getattr(m.linalg, name)(m.from_numpy(a), atol=m.from_numpy(tolerance)) for m in (engine, torch))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-12)


def test_exponentials_of_large_and_small_matrices():
    a = np.array([[0.0, 100.0], [-100.0, 0.0]])
    expected = [[np.cos(100), np.sin(100)], [-np.sin(100), np.cos(100)]]
    np.testing.assert_allclose(engine.matrix_exp(engine.from_numpy(a)).numpy(), expected, atol=1e-10)
    np.testing.assert_allclose(engine.matrix_exp(engine.from_numpy(a * 1e-12)).numpy(), np.eye(2) + a * 1e-12, rtol=1e-14)
    same(lambda module, x: module.matrix_exp(x), drawn(2, 3, 3, dtype="complex128"))


FACTORS = {
    "inv": lambda x: linalg.inv(x),
    "det": lambda x: linalg.slogdet(x).logabsdet,
    "solve": lambda x: linalg.solve(x, x[:, :5]),
    "svd": lambda x: linalg.svdvals(x),
    "qr": lambda x: linalg.qr(x).R,
    "cholesky": lambda x: linalg.cholesky(x @ x.mT + engine.eye(len(x), dtype=x.dtype)),
    "lu": lambda x: linalg.lu_factor(x).LU,
    "matrix_exp": lambda x: engine.matrix_exp(0.01 * x),
    "pinv": lambda x: linalg.pinv(x[:, : len(x) // 2]),
    "triangular": lambda x: linalg.solve_triangular(x, x, upper=True),
    "lstsq": lambda x: linalg.lstsq(x[:, : len(x) // 2], x).solution,
    "rank": lambda x: linalg.matrix_rank(x, hermitian=True),
    "eigh": lambda x: linalg.eigh(x).eigenvectors,
    "eigvals": lambda x: linalg.eigvals(x[:100, :100]),
}


@pytest.mark.parametrize("size", [13, 300])  # BLAS splits small systems too
@pytest.mark.parametrize("name", FACTORS)
def test_bits_do_not_depend_on_the_threads_of_blas(name, size):
    from threadpoolctl import threadpool_limits

    x = engine.from_numpy(drawn(size, size, seed=3))
    found = []
    for n in (1, 2, 3):
        with threadpool_limits(n, "blas"):
            found.append(FACTORS[name](x).numpy().tobytes())
    assert found[0] == found[1] == found[2]
