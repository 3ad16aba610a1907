"""Eigenvalues and eigenvectors by what does not depend on the sign, phase or order of them, compared with PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import linalg

torch = pytest.importorskip("torch")

KINDS = ("float32", "float64", "complex64", "complex128")
CLOSE = {"float32": 2e-4, "complex64": 2e-4, "float64": 1e-9, "complex128": 1e-9}
SHAPES = ((3, 3), (2, 4, 4), (2, 0, 0), (0, 3, 3), (1, 1))


def drawn(kind, *shape):
    generator = np.random.default_rng(len(shape) + shape[-1])
    values = generator.standard_normal(shape)
    return (values + 1j * generator.standard_normal(shape) if kind.startswith("complex") else values).astype(kind)


def hermitian(kind, *shape):
    a = drawn(kind, *shape)
    return a + a.conj().swapaxes(-1, -2)


def both(array):
    return engine.tensor(array).requires_grad_(True), torch.tensor(array, requires_grad=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_hermitian(kind, shape):
    a = hermitian(kind, *shape)
    for letter in ("L", "U"):
        half = np.tril(a) if letter == "L" else np.triu(a)
        values, vectors = linalg.eigh(engine.tensor(half), letter)
        expected = torch.linalg.eigh(torch.tensor(a))
        np.testing.assert_allclose(values.numpy(), expected.eigenvalues.numpy(), atol=CLOSE[kind])
        v = vectors.numpy()
        np.testing.assert_allclose(v * values.numpy()[..., None, :], a @ v, atol=20 * CLOSE[kind])
        np.testing.assert_allclose(v.conj().swapaxes(-1, -2) @ v, np.broadcast_to(np.eye(shape[-1]), shape), atol=CLOSE[kind])
        np.testing.assert_allclose(linalg.eigvalsh(engine.tensor(half), letter).numpy(), values.numpy(), atol=CLOSE[kind])
        assert (str(values.dtype), str(vectors.dtype)) == (str(expected[0].dtype), str(expected[1].dtype))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_square(kind, shape):
    a = drawn(kind, *shape)
    values, vectors = linalg.eig(engine.tensor(a))
    expected = torch.linalg.eig(torch.tensor(a))
    assert (str(values.dtype), str(vectors.dtype)) == (str(expected[0].dtype), str(expected[1].dtype))
    v = vectors.numpy()
    np.testing.assert_allclose(v * values.numpy()[..., None, :], a @ v, atol=20 * CLOSE[kind])
    np.testing.assert_allclose(np.linalg.norm(v, axis=-2), np.ones(shape[:-1]), atol=CLOSE[kind])
    mine, theirs = (np.sort_complex(x.numpy().round(3)) for x in (linalg.eigvals(engine.tensor(a)), expected[0]))
    np.testing.assert_allclose(mine, theirs, atol=2e-3)


def loss(linear, name, a):
    """What depends neither on sign nor phase: values, and how large the parts of the vectors are."""
    values, vectors = getattr(linear, name)(a)
    weight = values.real if name == "eig" else values
    return (values.abs() ** 3).sum() + ((vectors.abs() ** 4).sum(-2) * weight).sum()


@pytest.mark.parametrize("kind", ["float64", "complex128"])
@pytest.mark.parametrize("name", ["eigh", "eig"])
def test_gradients(kind, name):
    mine, theirs = both(hermitian(kind, 2, 4, 4) if name == "eigh" else drawn(kind, 2, 4, 4))
    for linear, a in ((linalg, mine), (torch.linalg, theirs)):
        loss(linear, name, a).backward()
    np.testing.assert_allclose(mine.grad.numpy(), theirs.grad.numpy(), atol=1e-9)


@pytest.mark.parametrize("kind", ["float64", "complex128"])
@pytest.mark.parametrize("name", ["eigh", "eig"])
def test_second_derivatives(kind, name):
    a = engine.tensor(hermitian(kind, 3, 3) if name == "eigh" else drawn(kind, 3, 3)).requires_grad_(True)

    def f(x):
        return loss(linalg, name, x + x.mH if name == "eigh" else x)

    assert engine.autograd.gradcheck(f, (a,))
    assert engine.autograd.gradgradcheck(f, (a,))


@pytest.mark.parametrize("name", ["eigh", "eig"])
def test_what_depends_on_the_phase_has_no_gradient(name):
    mine, theirs = both(hermitian("complex128", 3, 3))
    for linear, a in ((linalg, mine), (torch.linalg, theirs)):
        vectors = getattr(linear, name)(a)[1]
        with pytest.raises(RuntimeError, match=r"phase|e\^\{i phi\}"):
            (vectors.imag + vectors.real).sum().backward()


def test_changed_results():
    values, vectors = linalg.eigh(engine.eye(2).requires_grad_(True) * 2)
    with engine.no_grad():
        vectors.add_(1)
    with pytest.raises(RuntimeError, match="expected result saved by eigh_of unchanged"):
        values.sum().backward()
