"""Eigenvalues and eigenvectors of Hermitian matrices."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._one_thread import one_thread
from ..comparison import where
from ..complex_view import REAL
from ..errors import expected
from ._lapack import FIELDS, NO_FACTORS, LinAlgError, adjoint, matrices, on_diagonal, unit
from ._sample_matrices import hermitian
from .phase import refuse_phase

READS_A_TRIANGLE = "one triangle is read, and the gradient is that of the whole Hermitian matrix"


def _converged(call):
    """`call()`, with NumPy's error as ours."""
    try:
        with one_thread:
            return call()
    except np.linalg.LinAlgError:
        raise expected("linalg.eigh", "A of which the eigenvalues converge", "one where they do not", error=LinAlgError) from None


@op("call", spaces=(), methods=False, outputs=("eigenvalues", "eigenvectors"), holomorphic=False, dtypes=FIELDS,
    onnx=Unsupported("an internal form"), peer=None)  # fmt: skip
def eigh_of(A, upper):
    """`linalg.eigh`, from one triangle.

    Shape:
        A: (*, n, n); eigenvalues: (*, n); eigenvectors: (*, n, n).
    """
    return _converged(lambda: tuple(np.linalg.eigh(A, "U" if upper else "L")))


@infer(eigh_of)
def _(A, upper):
    shape = tuple(A.shape)
    return [(shape[:-1], REAL.get(A.dtype, A.dtype)), (shape, A.dtype)], (), ()


def _eigh_back(g, result):
    """gA = V (skew(V^H gV) / E + diag(gL)) V^H, with E_ij = L_j - L_i: a vector turns towards the others, by what is apart from it.

    Giles (2008), "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 3.1.
    """
    (g_values, g_vectors), (L, V) = g, result
    if g_vectors is None:
        return (V * g_values.unsqueeze(-2)) @ adjoint(V)
    X = adjoint(V) @ g_vectors
    if X.is_complex():
        refuse_phase("linalg.eigh", "eigenvectors", X.diagonal(0, -2, -1))
    apart = where(unit(L.shape[-1], L).bool(), 1, L.unsqueeze(-2) - L.unsqueeze(-1))
    inner = (X - adjoint(X)) * 0.5 / apart
    if X.is_complex():
        inner = where(unit(L.shape[-1], L).bool(), 0, inner)
    if g_values is not None:
        inner = inner + on_diagonal(g_values)
    return V @ (inner @ adjoint(V))


derivative(eigh_of, A=_eigh_back)


@samples(eigh_of)
def _(s):
    yield s(hermitian(s, 3, 3), False).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)
    yield s(hermitian(s, 2, 2, 2), True).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)


def _upper(name, A, UPLO):
    """Whether the upper triangle is meant, once the arguments are found to be good."""
    matrices(name, square=True, A=A)
    if not isinstance(UPLO, str):
        raise expected(name, "UPLO to be a str", UPLO, error=TypeError)
    if UPLO.upper() not in ("L", "U"):
        raise expected(name, 'UPLO to be "L" or "U"', UPLO, error=RuntimeError)
    return UPLO.upper() == "U"


@op("composite", spaces="linalg", methods=False, outputs=("eigenvalues", "eigenvectors"), dtypes=FIELDS, peer="linalg.eigh",
    onnx=NO_FACTORS)  # fmt: skip
def linalg_eigh(A, UPLO="L"):
    """Take eigenvalues and eigenvectors of Hermitian matrices.

    A = V diag(L) V^H, with V^H V = 1 and real L from small to large

    Args:
        A: Hermitian matrices; one triangle of them is read.
        UPLO: "L" to read the lower triangle, "U" for the upper one.

    Shape:
        A: (*, n, n); eigenvalues: (*, n); eigenvectors: (*, n, n).

    Returns:
        A named tuple of `eigenvalues`, which are real, and `eigenvectors`, in columns, each up to a factor of size 1.

    Raises:
        RuntimeError: `A` is no square matrix, or of an integer or half-precision dtype; `UPLO` is another letter; in backward, the loss
            depends on the phase of complex eigenvectors, which is arbitrary.
        TypeError: `UPLO` is no string.
        LinAlgError: the iteration does not converge.

    Example:
        >>> linalg.eigh(tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        tensor([1., 2.])
    """
    return linalg_eigh.pack(*eigh_of(A, _upper("linalg.eigh", A, UPLO)))


@samples(linalg_eigh)
def _(s):
    checks = {"because": "signs are anybody's choice; tests/ops/test_eigen.py has the invariants"}
    yield s(hermitian(s, 3, 3)).without("peer", "peer_gradient", "gradcheck", "gradgradcheck", **checks)
    yield s(hermitian(s, 2, 2, 2), UPLO="u").without("peer", "peer_gradient", "gradcheck", "gradgradcheck", **checks)


@op("call", spaces=(), methods=False, holomorphic=False, dtypes=FIELDS, onnx=Unsupported("an internal form"),
    peer=lambda torch, A, upper: torch.linalg.eigvalsh(A, UPLO="U" if upper else "L"))  # fmt: skip
def eigenvalues_of_hermitian(A, upper):
    """`linalg.eigvalsh`; its derivative takes the vectors then.

    Shape:
        A: (*, n, n); result: (*, n).
    """
    return _converged(lambda: np.linalg.eigvalsh(A, "U" if upper else "L"))


@infer(eigenvalues_of_hermitian)
def _(A, upper):
    return [(tuple(A.shape[:-1]), REAL.get(A.dtype, A.dtype))], (), ()


def _values_back(g, A, upper):
    V = eigh_of(A, upper).eigenvectors
    return (V * g.unsqueeze(-2)) @ adjoint(V)


derivative(eigenvalues_of_hermitian, A=_values_back)


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.eigvalsh", out="exact", onnx=NO_FACTORS)
def linalg_eigvalsh(A, UPLO="L"):
    """Take eigenvalues of Hermitian matrices.

    Args:
        A: Hermitian matrices; one triangle of them is read.
        UPLO: "L" to read the lower triangle, "U" for the upper one.

    Shape:
        A: (*, n, n); result: (*, n).

    Returns:
        Real tensor, from small to large.

    Raises:
        RuntimeError: `A` is no square matrix, or of an integer or half-precision dtype, or `UPLO` is another letter.
        TypeError: `UPLO` is no string.
        LinAlgError: the iteration does not converge.

    Example:
        >>> linalg.eigvalsh(tensor([[2.0, 0.0], [0.0, 1.0]]))
        tensor([1., 2.])
    """
    return eigenvalues_of_hermitian(A, _upper("linalg.eigvalsh", A, UPLO))


@samples(eigenvalues_of_hermitian)
def _(s):
    yield s(hermitian(s, 2, 3, 3), False).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)


@samples(linalg_eigvalsh)
def _(s):
    yield s(hermitian(s, 3, 3)).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)
    yield s(hermitian(s, 2, 2, 2), "U").without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)


@refuses(linalg_eigh)
@refuses(linalg_eigvalsh)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, ": expected A of 2 or more dimensions")
    yield s(s.normal(3, 2)).raises(RuntimeError, ": expected A of square matrices")
    yield s(s.integers(3, 3)).raises(RuntimeError, ": expected A of float32")
    yield s(s.normal(3, 3), "D").raises(RuntimeError, ': expected UPLO to be "L" or "U"')
    yield s(s.normal(3, 3), True).raises(TypeError, ": expected UPLO to be a str")
