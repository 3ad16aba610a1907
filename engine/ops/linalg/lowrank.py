"""Singular values of matrices of low rank, and principal components, from products with random matrices."""

from __future__ import annotations

from workbench.ext.core import _core as core

from .._help import broadcast, tensors
from .._space import public
from ..errors import expected
from ..random import randn
from ._lapack import adjoint, matrices
from .qr import linalg_qr
from .svd import linalg_svd

Tensor = core.Tensor


def _basis(A, q, niter):
    """Orthonormal columns whose span holds nearly all of A, by iterations of a random subspace."""
    Q = linalg_qr(A @ randn(A.shape[-1], q, dtype=A.dtype)).Q
    for _ in range(niter):
        Q = linalg_qr(adjoint(A) @ Q).Q
        Q = linalg_qr(A @ Q).Q
    return Q


def _low_rank(A, q, niter):
    if A.shape[-2] < A.shape[-1]:
        U, S, V = _low_rank(adjoint(A), q, niter)
        return V, S, U
    Q = _basis(A, q, niter)
    U, S, Vh = linalg_svd(adjoint(Q) @ A, full_matrices=False)
    return Q @ U, S, adjoint(Vh)


@public("torch")
def svd_lowrank(A, q=6, niter=2, M=None):
    """Take the largest singular values of matrices, with their vectors, approximately.

    A - M = U diag(S) V^H nearly, as well as that is possible with about q singular values

    Args:
        A: Matrices.
        q: How many to look for; some more than are wanted make them more exact.
        niter: Iterations of the subspace; more make the values more exact where they fall slowly.
        M: Subtracted from `A`; None means 0.

    Shape:
        A, M: (*, m, n); with k = min(m, n, q): U: (*, m, k); S: (*, k); V: (*, n, k).

    Returns:
        Tuple of U, S and V. It depends on what the default generator draws.

    Raises:
        RuntimeError: `A` is no matrix, or of an integer or half-precision dtype, or the shapes do not broadcast.

    References:
        Halko, Martinsson and Tropp (2009), arXiv:0909.4061, algorithms 4.4 and 5.1.

    Example:
        >>> svd_lowrank(tensor([[0.0, 3.0], [0.0, 4.0]]), q=1)[1]
        tensor([5.])
    """
    matrices("svd_lowrank", A=A)
    if M is not None:
        tensors("svd_lowrank", M=M)
        broadcast("svd_lowrank", A.shape, M.shape)
        A = A - M
    return _low_rank(A, 6 if q is None else q, 2 if niter is None else niter)


@public("torch")
def pca_lowrank(A, q=None, center=True, niter=2):
    """Take the principal components of data, approximately.

    A - mean = U diag(S) V^H nearly: the columns of V are the directions in which the data vary most

    Args:
        A: An observation in each row.
        q: How many components; None means 6, or as many as there are.
        center: Subtract the mean of each column.
        niter: Iterations of the subspace.

    Shape:
        A: (*, m, n); U: (*, m, q); S: (*, q); V: (*, n, q).

    Returns:
        Tuple of U, S and V. It depends on what the default generator draws.

    Raises:
        ValueError: `q` is negative or larger than a matrix, or `niter` is negative.
        RuntimeError: `A` is no matrix, or of an integer or half-precision dtype.

    References:
        Halko, Martinsson and Tropp (2009), arXiv:0909.4061.

    Example:
        >>> pca_lowrank(tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]), q=1)[2].abs()
        tensor([[0.6000],
                [0.8000]])
    """
    matrices("pca_lowrank", A=A)
    most = min(A.shape[-2:])
    q = min(6, most) if q is None else q
    if not 0 <= q <= most:
        raise expected("pca_lowrank", f"q in [0, {most}]", f"{q}")
    if niter < 0:
        raise expected("pca_lowrank", "niter of 0 or more", f"{niter}")
    return _low_rank(A - A.mean(-2, keepdim=True) if center else A, q, niter)
