"""Matrices for samples: far from singular, Hermitian, positive definite."""

from __future__ import annotations

from workbench.ext.core.lazy import np


def regular(s, *shape):
    """Matrices that are far from singular."""
    return s.tensor(_drawn(s, shape) * 0.5 + 2 * np.eye(*shape[-2:]))


def hermitian(s, *shape):
    """Matrices that equal their adjoint, with eigenvalues apart."""
    a = _drawn(s, shape) * 0.3
    return s.tensor(a + a.conj().swapaxes(-1, -2) + np.diag(np.arange(1.0, shape[-1] + 1)))


def positive(s, *shape):
    """Hermitian matrices with positive eigenvalues."""
    a = _drawn(s, shape)
    return s.tensor(a @ a.conj().swapaxes(-1, -2) * 0.3 + np.eye(shape[-1]))


def _drawn(s, shape):
    return s.normal(*shape).numpy().astype(np.complex128 if s.dtype.startswith("complex") else np.float64)
