"""Decompositions found by random draws and iterations: what they have to fulfil, and what PyTorch and NumPy find."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import linalg

torch = pytest.importorskip("torch")

KINDS = ("float32", "float64", "complex64", "complex128")
CLOSE = {"float32": 1e-4, "complex64": 1e-4, "float64": 1e-9, "complex128": 1e-9}


def drawn(kind, *shape):
    generator = np.random.default_rng(sum(shape))
    values = generator.standard_normal(shape)
    return (values + 1j * generator.standard_normal(shape) if kind.startswith("complex") else values).astype(kind)


def adjoint(a):
    return a.conj().swapaxes(-1, -2)


def orthonormal(a, close):
    np.testing.assert_allclose(adjoint(a) @ a, np.broadcast_to(np.eye(a.shape[-1]), (*a.shape[:-2], a.shape[-1], a.shape[-1])), atol=close)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("m", "n"), [(9, 5), (5, 9), (6, 6)])
def test_a_matrix_of_low_rank_comes_back(kind, m, n):
    a = drawn(kind, 2, m, 2) @ drawn(kind, 2, 2, n)
    U, S, V = (t.numpy() for t in engine.svd_lowrank(engine.tensor(a), q=3))
    assert (U.shape, S.shape, V.shape) == ((2, m, 3), (2, 3), (2, n, 3))
    np.testing.assert_allclose((U * S[:, None]) @ adjoint(V), a, atol=20 * CLOSE[kind])
    orthonormal(U, CLOSE[kind])
    orthonormal(V, CLOSE[kind])
    np.testing.assert_allclose(S, np.linalg.svd(a, compute_uv=False)[:, :3], atol=20 * CLOSE[kind])


def test_what_is_subtracted():
    a, M = drawn("float64", 7, 4), drawn("float64", 1, 4)
    _, S, _ = engine.svd_lowrank(engine.tensor(a), q=4, M=engine.tensor(M))
    np.testing.assert_allclose(S.numpy(), np.linalg.svd(a - M, compute_uv=False), atol=1e-9)


@pytest.mark.parametrize("center", [True, False])
def test_principal_components(center):
    a = drawn("float64", 8, 4)
    x = engine.tensor(a).requires_grad_(True)
    _, S, V = engine.pca_lowrank(x, q=4, center=center)
    expected = np.linalg.svd(a - a.mean(0) if center else a, full_matrices=False)
    np.testing.assert_allclose(S.detach().numpy(), expected[1], atol=1e-9)
    np.testing.assert_allclose(np.abs(V.detach().numpy()), np.abs(expected[2].T), atol=1e-9)
    S.sum().backward()
    t = torch.tensor(a, requires_grad=True)
    torch.linalg.svdvals(t - t.mean(0) if center else t).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), t.grad.numpy(), atol=1e-8)


@pytest.mark.parametrize(("options", "error"), [({"q": 5}, ValueError), ({"q": -1}, ValueError), ({"niter": -1}, ValueError)])
def test_principal_components_refused(options, error):
    for space in (torch, engine):
        with pytest.raises(error):
            space.pca_lowrank(space.ones(6, 4), **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("largest", [True, False])
def test_extreme_eigenvalues(kind, largest):
    a = drawn(kind, 2, 20, 20)
    a = a + adjoint(a)
    narrow = kind in ("float32", "complex64")
    E, X = (t.numpy() for t in engine.lobpcg(engine.tensor(a), 3, largest=largest, tol=1e-6 if narrow else 1e-9, niter=200))
    ordered = np.linalg.eigvalsh(a)
    np.testing.assert_allclose(E, ordered[:, ::-1][:, :3] if largest else ordered[:, :3], atol=1e-3 if narrow else 1e-7)
    np.testing.assert_allclose(a @ X, X * E[:, None], atol=2e-3)
    orthonormal(X, 1e-5)


def test_two_matrices_and_a_preconditioner():
    a, b = drawn("float64", 15, 15), drawn("float64", 15, 15) * 0.2
    a, b = a + a.T + np.diag(np.arange(15.0)) * 5, b @ b.T + np.eye(15)
    options = {"B": engine.tensor(b), "X": engine.tensor(drawn("float64", 15, 2)), "iK": engine.tensor(np.diag(1 / np.diag(a)))}
    E, X = (t.numpy() for t in engine.lobpcg(engine.tensor(a), largest=False, tol=1e-9, niter=300, **options))
    expected = torch.linalg.eigvalsh(torch.linalg.solve(torch.tensor(np.linalg.cholesky(b)), torch.tensor(a)) @ torch.linalg.inv(
        torch.tensor(np.linalg.cholesky(b).T)))  # fmt: skip
    np.testing.assert_allclose(E, expected[:2].numpy(), atol=1e-7)
    np.testing.assert_allclose(a @ X, b @ X * E, atol=1e-5)
    np.testing.assert_allclose(X.T @ b @ X, np.eye(2), atol=1e-9)


def test_gradients_of_eigenpairs():
    a = drawn("float64", 6, 6)
    a = a + a.T

    def loss(space, x):
        E, X = space.lobpcg(x, 2, tol=1e-12, niter=500)
        return (E**2).sum() + (X**4).sum()

    mine, theirs = engine.tensor(a).requires_grad_(True), torch.tensor(a, requires_grad=True)
    loss(engine, mine).backward()
    E, X = torch.linalg.eigh(theirs)
    ((E[-2:] ** 2).sum() + (X[:, -2:] ** 4).sum()).backward()
    np.testing.assert_allclose(mine.grad.numpy(), (theirs.grad + theirs.grad.T).numpy() / 2, atol=1e-6)

    def f(x):
        return loss(engine, x + x.mT)

    assert engine.autograd.gradcheck(f, (engine.tensor(a).requires_grad_(True),), atol=1e-4)


REFUSED = [
    (lambda t, a: t.lobpcg(a, 5), ValueError),
    (lambda t, a: t.lobpcg(a[:3, :3], 2), ValueError),
    (lambda t, a: t.lobpcg(a.int()), RuntimeError),
    (lambda t, a: t.lobpcg(a, B=t.eye(12).float()), RuntimeError),
]


@pytest.mark.parametrize(("call", "error"), REFUSED)
def test_extreme_eigenvalues_refused(call, error):
    for space in (torch, engine):
        with pytest.raises(error):
            call(space, space.eye(12).double())


@pytest.mark.parametrize("shape", [(12, 12), (2, 12, 12)])
def test_tracker_is_shown_each_step(shape):
    """What PyTorch's worker has is there, in its shapes and dtypes, and `force_stop` ends the iteration."""
    a = drawn("float32", *shape)
    a = a + adjoint(a)

    def shown(space):
        seen, X = [], space.tensor(np.broadcast_to(np.eye(12, 2, dtype="float32"), (*shape[:-2], 12, 2)).copy())

        def tracker(worker):
            tensors = [(str(t.dtype), tuple(t.shape)) for t in (worker.A, worker.E, worker.X, worker.R, worker.tvars["rerr"])]
            counts = (worker.ivars["istep"], worker.ivars["iterations_left"], worker.ivars["converged_count"])
            given = [worker.iparams[name] for name in ("m", "n", "k", "niter")], worker.fparams["tol"], worker.bparams["largest"]
            seen.append((tensors, counts, given, worker.B is None, worker.iK is None, worker.iparams.get("batch_index", 0)))
            worker.bvars["force_stop"] = worker.ivars["istep"] == 3

        space.lobpcg(space.tensor(a), X=X, tol=1e-9, niter=50, tracker=tracker)
        return seen

    ours = shown(engine)
    assert ours == shown(torch)
    assert len(ours) == 3 * np.prod(shape[:-2], dtype=int)


def test_no_gradient_with_two_matrices():
    a = engine.tensor(np.diag(np.arange(9.0))).requires_grad_(True)
    E, _ = engine.lobpcg(a, B=engine.eye(9, dtype=engine.float64))
    with pytest.raises(ValueError, match="expected B of None where a gradient is needed"):
        E.sum().backward()


def test_chains_of_matrices():
    a, b, c = (drawn("float64", *shape) for shape in ((2, 30), (30, 3), (3, 40)))
    found = engine.chain_matmul(*map(engine.tensor, (a, b, c)))
    np.testing.assert_allclose(found.numpy(), a @ b @ c)
    assert engine.chain_matmul(engine.tensor(a)).shape == (2, 30)
    out = engine.empty(2, 40, dtype=engine.float64)
    assert engine.chain_matmul(*map(engine.tensor, (a, b, c)), out=out) is out
    with pytest.raises(RuntimeError, match="expected one or more matrices"):
        engine.chain_matmul()
    with pytest.raises(RuntimeError, match="expected matrices"):
        engine.chain_matmul(engine.tensor(a), engine.tensor(b[:, 0]))
    with pytest.raises(TypeError, match="expected Tensors"):
        engine.chain_matmul([engine.tensor(a)])
    assert linalg.multi_dot([engine.tensor(a), engine.tensor(b)]).shape == (2, 3)
