"""Eigenvalues and eigenvectors of square matrices."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._one_thread import one_thread
from ..comparison import where
from ..complex_view import WHOLE
from ..errors import expected
from ._lapack import FIELDS, NO_FACTORS, LinAlgError, adjoint, matrices, on_diagonal, unit
from ._sample_matrices import hermitian
from .phase import refuse_phase
from .solve import linalg_solve

TURNED = "scale and phase are anybody's choice, and real matrices have complex vectors; tests/ops/test_eigen.py has the invariants"


def _converged(call):
    """`call()`, with NumPy's error as ours."""
    try:
        with one_thread:
            return call()
    except np.linalg.LinAlgError as error:
        if "infs or NaNs" in str(error):
            raise expected("linalg.eig", "A of finite numbers", "one with inf or nan", error=RuntimeError) from None
        raise expected("linalg.eig", "A of which the eigenvalues converge", "one where they do not", error=LinAlgError) from None


@op("call", spaces=(), methods=False, outputs=("eigenvalues", "eigenvectors"), holomorphic=False, dtypes=FIELDS,
    onnx=Unsupported("an internal form"), peer=None)  # fmt: skip
def eig_of(A):
    """`linalg.eig`.

    Shape:
        A: (*, n, n); eigenvalues: (*, n); eigenvectors: (*, n, n).
    """
    return _converged(lambda: tuple(np.linalg.eig(A)))


@infer(eig_of)
def _(A):
    shape, dtype = tuple(A.shape), WHOLE.get(A.dtype, A.dtype)
    return [(shape[:-1], dtype), (shape, dtype)], (), ()


def _eig_back(g, result, A_dtype):
    """gA = V^-H (diag(gL) + (X - V^H V diag(Re X)) / conj(E)) V^H, with X = V^H gV and E_ij = L_j - L_i; the vectors have length 1.

    Boeddeker, Hanebrink, Drude, Heymann and Haeb-Umbach (2017), arXiv:1701.00392, 4.60 and 4.77.
    """
    (g_values, g_vectors), (L, V) = g, result
    Vh = adjoint(V)
    inner = on_diagonal(L.detach() * 0 if g_values is None else g_values)
    if g_vectors is not None:
        X = Vh @ g_vectors
        along = X.diagonal(0, -2, -1)
        refuse_phase("linalg.eig", "eigenvectors", along)
        diagonal = unit(L.shape[-1], L).real.bool()
        apart = where(diagonal, 1, (L.unsqueeze(-2) - L.unsqueeze(-1)).conj())
        inner = inner + where(diagonal, 0, (X - Vh @ (V * along.real.unsqueeze(-2))) / apart)
    back = linalg_solve(Vh, inner @ Vh)
    return back if A_dtype.is_complex else back.real


derivative(eig_of, A=_eig_back)


@samples(eig_of)
def _(s):
    yield s(_apart(s, 3, 3)).without("gradcheck", "gradgradcheck", "peer_gradient", because=TURNED)


def _apart(s, *shape):
    """Matrices whose eigenvalues are apart, and whose eigenvectors are not orthogonal."""
    return hermitian(s, *shape) + s.normal(*shape) * 0.1


@op("composite", spaces="linalg", methods=False, outputs=("eigenvalues", "eigenvectors"), dtypes=FIELDS, peer="linalg.eig",
    onnx=NO_FACTORS)  # fmt: skip
def linalg_eig(A):
    """Take eigenvalues and eigenvectors of square matrices.

    A V = V diag(L)

    Args:
        A: Square matrices.

    Shape:
        A: (*, n, n); eigenvalues: (*, n); eigenvectors: (*, n, n).

    Returns:
        A named tuple of `eigenvalues`, in no order, and `eigenvectors`, columns of length 1, each up to a factor of size 1; both complex.

    Raises:
        RuntimeError: `A` is no square matrix, of an integer or half-precision dtype, or not finite; in backward, the loss depends on the
            phase of the eigenvectors, which is arbitrary.
        LinAlgError: the iteration does not converge.

    Example:
        >>> linalg.eig(tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
        tensor([0.+1.j, 0.-1.j])
    """
    matrices("linalg.eig", square=True, A=A)
    return linalg_eig.pack(*eig_of(A))


@samples(linalg_eig)
def _(s):
    yield s(_apart(s, 2, 3, 3)).without("peer", "peer_gradient", "gradcheck", "gradgradcheck", because=TURNED)


@op("call", spaces=(), methods=False, holomorphic=False, dtypes=FIELDS, onnx=Unsupported("an internal form"), peer="linalg.eigvals")
def eigenvalues_of(A):
    """`linalg.eigvals`; its derivative takes the vectors then.

    Shape:
        A: (*, n, n); result: (*, n).
    """
    return _converged(lambda: np.linalg.eigvals(A))


@infer(eigenvalues_of)
def _(A):
    return [(tuple(A.shape[:-1]), WHOLE.get(A.dtype, A.dtype))], (), ()


def _values_back(g, A):
    Vh = adjoint(eig_of(A).eigenvectors)
    back = linalg_solve(Vh, g.unsqueeze(-1) * Vh)
    return back if A.is_complex() else back.real


derivative(eigenvalues_of, A=_values_back)


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.eigvals", out="exact", onnx=NO_FACTORS)
def linalg_eigvals(A):
    """Take eigenvalues of square matrices.

    Args:
        A: Square matrices.

    Shape:
        A: (*, n, n); result: (*, n).

    Returns:
        Complex tensor, in no order.

    Raises:
        RuntimeError: `A` is no square matrix, of an integer or half-precision dtype, or not finite.
        LinAlgError: the iteration does not converge.

    Example:
        >>> linalg.eigvals(tensor([[0.0, 1.0], [-1.0, 0.0]]))
        tensor([0.+1.j, 0.-1.j])
    """
    matrices("linalg.eigvals", square=True, A=A)
    return eigenvalues_of(A)


@samples(eigenvalues_of)
@samples(linalg_eigvals)
def _(s):
    yield s(_apart(s, 3, 3))
    yield s(_apart(s, 2, 3, 3))


@refuses(linalg_eig)
@refuses(linalg_eigvals)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, ": expected A of 2 or more dimensions")
    yield s(s.normal(3, 2)).raises(RuntimeError, ": expected A of square matrices")
    yield s(s.tensor([[np.nan, 1.0], [1.0, 1.0]])).raises(RuntimeError, "linalg.eig: expected A of finite numbers")
