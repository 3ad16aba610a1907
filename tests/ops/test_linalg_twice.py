"""Second derivatives of linear algebra, of complex matrices too, against PyTorch."""

import numpy as np
import pytest
import torch

from workbench import engine

from .test_linalg import DTYPES, drawn


def no_gauge(module, x):
    """What no phase of singular vectors changes."""
    U, S, Vh = module.linalg.svd(x, full_matrices=False)
    weights = module.from_numpy(np.arange(1.0, S.shape[-1] + 1)).to(U.dtype)
    return S, (U * weights) @ U.mH, U @ Vh


def definite(module, x):
    return x @ x.mH + module.eye(x.shape[-2], dtype=x.dtype)


FUNCTIONS = {
    "svd": (no_gauge, (3, 3)),
    "svd of more rows": (no_gauge, (5, 3)),
    "qr": (lambda m, x: tuple(m.linalg.qr(x)), (4, 3)),
    "qr of more columns": (lambda m, x: tuple(m.linalg.qr(x)), (3, 4)),
    "cholesky": (lambda m, x: m.linalg.cholesky(definite(m, x)), (3, 3)),
    "cholesky_solve": (lambda m, x: m.cholesky_solve(x, m.linalg.cholesky(definite(m, x))), (3, 3)),
    "det": (lambda m, x: m.linalg.det(x), (2, 3, 3)),
    "slogdet": (lambda m, x: tuple(m.linalg.slogdet(x)), (2, 3, 3)),
    "inv": (lambda m, x: m.linalg.inv(x), (3, 3)),
    "solve": (lambda m, x: m.linalg.solve(x, x @ x + 1), (3, 3)),
    "solve_triangular": (lambda m, x: m.linalg.solve_triangular(x, x + 1, upper=True), (3, 3)),
    "lu": (lambda m, x: tuple(m.linalg.lu(x))[1:], (3, 4)),
    "lu of more rows": (lambda m, x: tuple(m.linalg.lu(x))[1:], (4, 3)),
    "lu_solve": (lambda m, x: m.linalg.lu_solve(*m.linalg.lu_factor(x), x + 2), (3, 3)),
    "matrix_exp": (lambda m, x: m.matrix_exp(x), (3, 3)),
    "matrix_power": (lambda m, x: m.matrix_power(x, -3), (3, 3)),
    "pinv": (lambda m, x: m.linalg.pinv(x), (4, 2)),
    "lstsq": (lambda m, x: m.linalg.lstsq(x, x[:, :1] * 2 + 1).solution, (4, 2)),
    "nuclear norm": (lambda m, x: m.linalg.matrix_norm(x, "nuc"), (3, 4)),
    "spectral norm": (lambda m, x: m.linalg.norm(x, 2), (3, 4)),
    "vector_norm": (lambda m, x: m.linalg.vector_norm(x, 3, 1), (3, 4)),
    "householder_product": (lambda m, x: m.linalg.householder_product(x, x[0]), (4, 3)),
    "ormqr": (lambda m, x: m.ormqr(x, x[0], x), (3, 3)),
}


def weighted(module, results, seed):
    """The real part of a random weighting."""
    loss = 0
    for i, r in enumerate(results):
        weight = np.asarray(drawn(*r.shape, dtype=str(r.dtype).removeprefix("torch."), seed=seed + i))
        product = r * module.from_numpy(weight)
        loss = loss + (product.real if r.is_complex() else product).sum()
    return loss


def derivatives(module, function, array):
    """The gradient of a weighting of the results, and that of a weighting of the gradient."""
    x = module.from_numpy(array.copy()).requires_grad_(True)
    results = function(module, x)
    (first,) = module.autograd.grad(weighted(module, results if isinstance(results, tuple) else (results,), 7), x, create_graph=True)
    (second,) = module.autograd.grad(weighted(module, (first,), 11), x)
    return first.detach().resolve_conj().numpy(), second.resolve_conj().numpy()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivatives(name, dtype):
    function, size = FUNCTIONS[name]
    array = drawn(*size, dtype=dtype, seed=4)
    for ours, theirs in zip(derivatives(engine, function, array), derivatives(torch, function, array), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10 * np.abs(theirs).max())
