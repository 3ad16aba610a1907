"""Optimizers that look at more than one element at a time: L-BFGS, Muon, LAMB."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen

from workbench import engine
from workbench.engine import nn, optim


def valley(x):
    """Rosenbrock's function; its least value, 0, is at (1, ..., 1)."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def closure_of(lib, optimizer, p, function):
    def closure():
        optimizer.zero_grad()
        loss = function(p)
        loss.backward()
        return loss

    return closure


def test_lbfgs_finds_the_minimum():
    start = np.array([-1.2, 1.0, 0.5, -0.7, 1.3])
    p = nn.Parameter(engine.tensor(start))
    optimizer = optim.LBFGS([p], max_iter=100, line_search_fn="strong_wolfe", tolerance_grad=1e-9)
    optimizer.step(closure_of(engine, optimizer, p, valley))
    theirs = minimize(rosen, start, method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(p.detach().numpy(), theirs, atol=1e-4)
    np.testing.assert_allclose(p.detach().numpy(), 1, atol=1e-4)


@pytest.mark.parametrize(
    "options", [{"lr": 1e-3}, {"line_search_fn": "strong_wolfe"}, {"history_size": 2, "line_search_fn": "strong_wolfe"}]
)
def test_lbfgs_like_torch(options):
    torch = pytest.importorskip("torch")
    found = []
    for lib, parameter in ((engine, nn.Parameter), (torch, torch.nn.Parameter)):
        p = parameter(lib.tensor([-1.2, 1.0, 0.5], dtype=lib.float64))
        optimizer = lib.optim.LBFGS([p], max_iter=8, **options)
        first = optimizer.step(closure_of(lib, optimizer, p, valley))
        evaluations = optimizer.state[p]["func_evals"]
        found.append((first.item(), evaluations, p.detach().numpy().copy()))
    assert found[0][:2] == pytest.approx(found[1][:2])
    np.testing.assert_allclose(found[0][2], found[1][2], rtol=1e-6)


def test_lbfgs_refuses():
    p = nn.Parameter(engine.zeros(2))
    with pytest.raises(ValueError, match="LBFGS: expected one parameter group, got 2"):
        optim.LBFGS([{"params": [p]}, {"params": [nn.Parameter(engine.zeros(2))]}])
    with pytest.raises(RuntimeError, match="LBFGS: expected a closure"):
        optim.LBFGS([p]).step()
    optimizer = optim.LBFGS([p], line_search_fn="armijo")
    with pytest.raises(RuntimeError, match="strong_wolfe"):
        optimizer.step(closure_of(engine, optimizer, p, lambda x: (x * x).sum()))


@pytest.mark.parametrize("options", [{}, {"nesterov": False, "lr": 0.02}, {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.0}])
@pytest.mark.parametrize("shape", [(6, 4), (4, 6)])
def test_muon_like_torch(options, shape):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    start, grads = rng.normal(size=shape), rng.normal(size=(3, *shape))
    found = []
    for lib, parameter in ((engine, nn.Parameter), (torch, torch.nn.Parameter)):
        p = parameter(lib.tensor(start.astype(np.float32)))
        optimizer = lib.optim.Muon([p], **{"lr": 0.1, **options})
        for g in grads:
            p.grad = lib.tensor(g.astype(np.float32))
            optimizer.step()
        found.append(p.detach().numpy().copy())
    np.testing.assert_allclose(found[0], found[1], atol=2e-2)  # three steps of length 0.1 in bfloat16, which keeps 8 bits


def test_muon_steps_are_orthogonal():
    p = nn.Parameter(engine.zeros(16, 8))
    optimizer = optim.Muon([p], lr=1.0, weight_decay=0.0, adjust_lr_fn="original")
    p.grad = engine.tensor(np.random.default_rng(0).normal(size=(16, 8)).astype(np.float32))
    optimizer.step()
    singular = np.linalg.svd(p.detach().numpy() / np.sqrt(2), compute_uv=False)
    assert singular.min() > 0.6
    assert singular.max() < 1.3


def test_muon_refuses():
    with pytest.raises(ValueError, match="Muon: expected matrices"):
        optim.Muon([nn.Parameter(engine.zeros(3))])
    with pytest.raises(ValueError, match="adjust_lr_fn"):
        optim.Muon([nn.Parameter(engine.zeros(3, 3))], adjust_lr_fn="no")


def test_lamb():
    """Algorithm 2 of the paper, with the bias corrections, in NumPy."""
    rng = np.random.default_rng(0)
    p, m, v = rng.normal(size=(3, 4)), np.zeros((3, 4)), np.zeros((3, 4))
    parameter = nn.Parameter(engine.tensor(p))
    optimizer = optim.LAMB([parameter], lr=0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2)
    for t in range(1, 6):
        g = rng.normal(size=(3, 4))
        parameter.grad = engine.tensor(g)
        optimizer.step()
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g * g
        u = m / (1 - 0.8**t) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3) + 0.2 * p
        p = p - 0.1 * np.linalg.norm(p) / np.linalg.norm(u) * u
        np.testing.assert_allclose(parameter.detach().numpy(), p, rtol=1e-9)
