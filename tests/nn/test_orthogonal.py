"""Orthogonal parametrizations, against PyTorch with the same values."""

import numpy as np
import pytest

from .test_parametrize import BOTH, engine, layer, nn, same, torch

MAPS = ["matrix_exp", "cayley", "householder", None]


def parametrized(lib, sizes, orthogonal_map, trivial):
    m = layer(lib, "Linear", *sizes)
    lib.nn.utils.parametrizations.orthogonal(m, orthogonal_map=orthogonal_map, use_trivialization=trivial)
    return m


@pytest.mark.parametrize("trivial", [True, False])
@pytest.mark.parametrize("orthogonal_map", MAPS)
@pytest.mark.parametrize("sizes", [(4, 4), (3, 5), (5, 3)])
def test_weights_and_gradients(sizes, orthogonal_map, trivial):
    """As they start, and for other values of the parameter and the base, which the state carries over."""
    mine, theirs = (parametrized(lib, sizes, orthogonal_map, trivial) for lib in BOTH)
    same(mine.weight, theirs.weight)
    state = {key: value.clone() for key, value in theirs.state_dict().items()}
    assert list(mine.state_dict()) == list(state)
    if orthogonal_map in ("matrix_exp", "cayley"):
        state["parametrizations.weight.original"] += torch.from_numpy(np.random.default_rng(3).normal(size=sizes[::-1]))
    else:
        state["parametrizations.weight.original"] += 0.1 * torch.ones(sizes[::-1]).tril(-1).double()
    theirs.load_state_dict(state)
    mine.load_state_dict({key: engine.from_numpy(value.numpy().copy()) for key, value in state.items()})
    same(mine.weight, theirs.weight)
    for m, lib in ((mine, engine), (theirs, torch)):
        m(lib.arange(2.0 * sizes[0]).double().reshape(2, -1)).pow(3).sum().backward()
    same(mine.parametrizations.weight.original.grad, theirs.parametrizations.weight.original.grad, rtol=1e-8, atol=1e-8)


def test_stays_orthogonal_in_training():
    m = parametrized(engine, (3, 5), None, True)
    optimizer = engine.optim.SGD(m.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        m(engine.ones(2, 3, dtype=engine.float64)).pow(3).sum().backward()
        optimizer.step()
    w = m.weight.detach().numpy()
    np.testing.assert_allclose(w.T @ w, np.eye(3), atol=1e-9)


def test_assignment():
    """Of an orthogonal matrix, which is kept as it is."""
    q = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    for orthogonal_map in MAPS:
        m = parametrized(engine, (4, 4), orthogonal_map, True)
        m.weight = engine.from_numpy(q)
        same(m.weight, engine.from_numpy(q))


def complex_layer(lib):
    m = lib.nn.Linear(3, 3, bias=False)
    rng = np.random.default_rng(2)
    m.weight = lib.nn.Parameter(lib.from_numpy(rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))))
    return m


def test_complex_weights_are_unitary():
    mine, theirs = (complex_layer(lib) for lib in BOTH)
    for m, lib in ((mine, engine), (theirs, torch)):
        lib.nn.utils.parametrizations.orthogonal(m)
    same(mine.weight, theirs.weight)


def test_refused():
    with pytest.raises(ValueError, match="orthogonal_map"):
        nn.utils.parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="rotation")
    with pytest.raises(ValueError, match="2 or more dimensions"):
        nn.utils.parametrizations.orthogonal(nn.Linear(2, 2), "bias")
    with pytest.raises(ValueError, match="a module with a tensor 'kernel'"):
        nn.utils.parametrizations.orthogonal(nn.Linear(2, 2), "kernel")
    with pytest.raises(ValueError, match="a real weight"):
        nn.utils.parametrizations.orthogonal(complex_layer(engine), orthogonal_map="householder")
    m = parametrized(engine, (4, 4), "cayley", False)
    with pytest.raises(NotImplementedError, match="use_trivialization=True"):
        m.weight = engine.zeros(4, 4, dtype=engine.float64)
    with pytest.raises(ValueError, match="a matrix of shape"):
        m.weight = engine.zeros(2, 2, dtype=engine.float64)
