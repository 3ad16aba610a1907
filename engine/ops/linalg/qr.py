"""Matrices as products of orthonormal columns and an upper triangle."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._one_thread import one_thread
from ..errors import expected
from ..pieces import cat
from ..triangle import tril, triu
from ._lapack import FIELDS, NO_FACTORS, adjoint, matrices
from .triangular import triangular

MODES = ("reduced", "complete", "r")


@op("call", spaces=(), methods=False, outputs=("Q", "R"), holomorphic=False, dtypes=FIELDS, onnx=Unsupported("an internal form"),
    peer="linalg.qr")  # fmt: skip
def qr_of(A, mode):
    """`linalg.qr`.

    Shape:
        A: (*, m, n); Q: (*, m, k); R: (*, k, n), with k = min(m, n), or m where complete; Q: (0) for mode "r".
    """
    m, n = A.shape[-2:]
    if A.size:
        with one_thread:
            return (np.zeros(0), np.linalg.qr(A, "r")) if mode == "r" else tuple(np.linalg.qr(A, mode))
    k = m if mode == "complete" else min(m, n)
    Q = np.zeros(0) if mode == "r" else np.broadcast_to(np.eye(m, k), (*A.shape[:-2], m, k))
    return Q, np.zeros((*A.shape[:-2], k, n))


@infer(qr_of)
def _(A, mode):
    lead, m, n = tuple(A.shape[:-2]), A.shape[-2], A.shape[-1]
    k = m if mode == "complete" else min(m, n)
    return [((0,) if mode == "r" else (*lead, m, k), A.dtype), ((*lead, k, n), A.dtype)], (), ()


def _hermitian_of(X):
    """The matrix whose upper triangle is that of X and whose lower one is its adjoint; its diagonal is real."""
    upper = triu(X)
    return upper + adjoint(upper) - _real_diagonal(X)


def _real_diagonal(X):
    diagonal = tril(triu(X))
    return 0.5 * (diagonal + adjoint(diagonal))


def _qr_back(g, A, result, mode):
    """For the square or tall part gA = (gQ + Q S) R^-H, with S Hermitian of the upper triangle of gR R^H - Q^H gQ; columns beside it are
    Q^H of themselves, and reach the others through gQ (Walter and Lehmann 2010, arXiv:1001.1654; Seeger et al. 2017, arXiv:1710.08717).
    """
    (gQ, gR), (Q, R) = g, result
    m, n = A.shape[-2:]
    if mode == "r":
        raise expected("linalg.qr", 'mode "reduced" or "complete" where a gradient is needed', 'mode "r"', error=RuntimeError)
    if mode == "complete" and m > n:
        what = 'mode "reduced" where a gradient is needed and there are more rows than columns'
        raise expected("linalg.qr", what, 'mode "complete"', error=RuntimeError)
    beside = None
    if m < n:
        square = R[..., :m]
        if gR is not None:
            beside = Q @ gR[..., m:]
            through = A[..., m:] @ adjoint(gR[..., m:])
            gQ = through if gQ is None else gQ + through
            gR = gR[..., :m]
        R = square
    inside = 0
    if gR is not None:
        inside = triu(gR) @ adjoint(R)
    if gQ is not None:
        inside = inside - adjoint(Q) @ gQ
    whole = Q @ _hermitian_of(inside)
    if gQ is not None:
        whole = whole + gQ
    back = adjoint(triangular(R, adjoint(whole), True, False))
    if m < n:
        back = cat((back, A[..., m:] * 0 if beside is None else beside), -1)
    return back


derivative(qr_of, A=_qr_back)


@samples(qr_of)
def _(s):
    yield s(s.normal(2, 3, 3), "reduced")
    yield s(s.normal(4, 2), "reduced")
    yield s(s.normal(2, 4), "complete")


def _qr(name, A, mode):
    matrices(name, A=A)
    if mode not in MODES:
        raise expected(name, f"mode to be one of {', '.join(MODES)}", mode, error=RuntimeError)
    return qr_of(A, mode)


@op("composite", spaces="linalg", methods=False, outputs=("Q", "R"), dtypes=FIELDS, peer="linalg.qr", onnx=NO_FACTORS)
def linalg_qr(A, mode="reduced"):
    """Write matrices as products of orthonormal columns and an upper triangle.

    A = Q R, with Q^H Q = 1

    Args:
        A: Matrices.
        mode: "reduced" for min(m, n) columns in Q, "complete" for a square Q, "r" for R alone.

    Shape:
        A: (*, m, n); Q: (*, m, k); R: (*, k, n), with k = min(m, n), or m where complete; Q: (0) for mode "r".

    Returns:
        A named tuple of `Q` and `R`.

    Raises:
        RuntimeError: `A` is no matrix, or of an integer or half-precision dtype; `mode` is another word; in backward, Q was not computed,
            or is complete and has more rows than `A` has columns.

    Example:
        >>> linalg.qr(tensor([[0.0, 2.0], [3.0, 0.0]])).R.abs()
        tensor([[3., 0.],
                [0., 2.]])
    """
    return linalg_qr.pack(*_qr("linalg.qr", A, mode))


@op("composite", outputs=("Q", "R"), dtypes=FIELDS, onnx=NO_FACTORS)
def qr(input, some=True):
    """Write matrices as products of orthonormal columns and an upper triangle; `linalg.qr` is the newer form.

    Args:
        input: Matrices.
        some: Keep min(m, n) columns in Q; else Q is square.

    Shape:
        input: (*, m, n); Q: (*, m, k); R: (*, k, n), with k = min(m, n), or m without `some`.

    Returns:
        A named tuple of `Q` and `R`.

    Raises:
        RuntimeError: `input` is no matrix, or of an integer or half-precision dtype.

    Example:
        >>> qr(tensor([[0.0, 2.0], [3.0, 0.0]])).R.abs()
        tensor([[3., 0.],
                [0., 2.]])
    """
    return qr.pack(*_qr("qr", input, "reduced" if some else "complete"))


@samples(linalg_qr)
def _(s):
    yield s(s.normal(2, 3, 3))
    yield s(s.normal(4, 2))
    yield s(s.normal(3, 4), mode="complete")
    whole = s(s.normal(4, 2), mode="complete").without("peer_gradient", "layout_gradient", "versions", because="it has no gradient")
    yield whole.without("gradcheck", "gradgradcheck", because="it has no gradient")
    only = s(s.normal(4, 2), mode="r").without("peer_gradient", "layout_gradient", "versions", because="it has no gradient")
    yield only.without("gradcheck", "gradgradcheck", because="it has no gradient")


@samples(qr)
def _(s):
    yield s(s.normal(2, 4, 3))
    yield s(s.normal(3, 3), some=False)


@refuses(linalg_qr)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "linalg.qr: expected A of 2 or more dimensions")
    yield s(s.normal(3, 3), mode="full").raises(RuntimeError, "linalg.qr: expected mode to be one of reduced")


@refuses(qr)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "qr: expected A of 2 or more dimensions")
