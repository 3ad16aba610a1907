"""Singular values."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._one_thread import one_thread
from ..comparison import where
from ..complex_view import REAL
from ..errors import expected
from ._lapack import FIELDS, NO_FACTORS, LinAlgError, adjoint, matrices, on_diagonal, unit
from .phase import refuse_phase

DRIVERS = (None, "gesvd", "gesvdj", "gesvda")


def _sizes(A):
    return tuple(A.shape[:-2]), A.shape[-2], A.shape[-1], min(A.shape[-2:])


def converged(name, call):
    """`call()`, with NumPy's error as ours."""
    try:
        with one_thread:
            return call()
    except np.linalg.LinAlgError:
        what = "matrices of which the singular values converge"
        raise expected(name, what, "one where they do not", "look for nan or inf", LinAlgError) from None


@op("call", spaces=(), methods=False, outputs=("U", "S", "Vh"), holomorphic=False, dtypes=FIELDS, onnx=Unsupported("an internal form"),
    peer=None)  # fmt: skip
def svd_of(A, reduced):
    """`linalg.svd`, with U and Vh cut to the number of singular values or not.

    Shape:
        A: (*, m, n); with k = min(m, n): U: (*, m, k) or (*, m, m); S: (*, k); Vh: (*, k, n) or (*, n, n).
    """
    m, n = A.shape[-2:]
    if not A.size:  # NumPy has no answer for matrices without elements
        k = min(m, n)
        sizes = (m, k, k, n) if reduced else (m, m, n, n)
        U, Vh = (np.broadcast_to(np.eye(*size, dtype=A.dtype), (*A.shape[:-2], *size)) for size in (sizes[:2], sizes[2:]))
        return U, np.zeros((*A.shape[:-2], k)), Vh
    return converged("linalg.svd", lambda: tuple(np.linalg.svd(A, full_matrices=not reduced)))


@infer(svd_of)
def _(A, reduced):
    lead, m, n, k = _sizes(A)
    left, right = (k, k) if reduced else (m, n)
    return [((*lead, m, left), A.dtype), ((*lead, k), REAL.get(A.dtype, A.dtype)), ((*lead, right, n), A.dtype)], (), ()


def _svd_back(g, result):
    """The gauge-invariant formula of Townsend (2016), "Differentiating the singular value decomposition", for complex matrices too.

    With X = U^H gU and Y = V^H gV: the part within the singular vectors is U (skew(X)/E S + S skew(Y)/E + diag(gS)) V^H, where
    E_ij = s_j^2 - s_i^2; what of gU and gV leaves the spans of U and V comes behind it.
    """
    (gU, gS, gVh), (U, S, Vh) = g, result
    m, n, k = U.shape[-2], Vh.shape[-1], S.shape[-1]
    U, Vh = U[..., :k], Vh[..., :k, :]
    inner = on_diagonal(S * 0 if gS is None else gS).to(U.dtype)
    if gU is None and gVh is None:
        return U @ (inner @ Vh)
    row, column, diagonal = S.unsqueeze(-2), S.unsqueeze(-1), unit(k, S).bool()
    apart = where(diagonal, 1, (row - column) * (row + column))
    turn, along, whole, beside = None, 0, inner, 0
    if gVh is not None:
        gV = adjoint(gVh[..., :k, :])
        Y = Vh @ gV
        turn, along = adjoint(Y), Y.diagonal(0, -2, -1)
        whole = whole + column * ((Y - adjoint(Y)) / apart)
        if n > k:
            beside = (U / row) @ adjoint(gV - adjoint(Vh) @ Y)
    if gU is not None:
        X = adjoint(U) @ gU[..., :k]
        turn, along = X, X.diagonal(0, -2, -1) + along
        whole = whole + (X - adjoint(X)) / apart * row
        if m > k:
            beside = ((gU[..., :k] - U @ X) / row) @ Vh + beside
    if turn is not None and U.is_complex():
        refuse_phase("linalg.svd", "singular vectors", along)
        whole = where(diagonal, inner + 1j * (turn.imag / column), whole)
    return U @ (whole @ Vh) + beside


derivative(svd_of, A=_svd_back)


@samples(svd_of)
def _(s):
    yield s(s.normal(3, 3), True)
    yield s(s.normal(2, 4, 2), True)
    yield s(s.normal(2, 3), False).without("gradcheck", "gradgradcheck", because="the rows of Vh without a singular value are anything")


@op("composite", spaces="linalg", methods=False, outputs=("U", "S", "Vh"), dtypes=FIELDS, peer="linalg.svd", onnx=NO_FACTORS)
def linalg_svd(A, full_matrices=True, *, driver=None):
    """Write matrices as products of a rotation, a scaling and a rotation.

    A = U diag(S) Vh, with U^H U = 1, Vh Vh^H = 1 and S >= 0, from large to small

    Args:
        A: Matrices.
        full_matrices: Return square U and Vh; gradients flow only through the columns and rows that have a singular value.
        driver: None, or a name that PyTorch knows; the CPU has one way.

    Shape:
        A: (*, m, n); with k = min(m, n): S: (*, k); U: (*, m, m) and Vh: (*, n, n), or (*, m, k) and (*, k, n).

    Returns:
        A named tuple of `U`, `S`, which is real, and `Vh`.

    Raises:
        RuntimeError: `A` is no matrix, or of an integer or half-precision dtype; `driver` is another word; in backward, the loss depends
            on the phase of complex singular vectors, which is arbitrary.
        LinAlgError: the iteration does not converge.

    Example:
        >>> linalg.svd(tensor([[0.0, 3.0], [2.0, 0.0]])).S
        tensor([3., 2.])
    """
    _matrices("linalg.svd", A, driver)
    return linalg_svd.pack(*svd_of(A, not full_matrices))


def _matrices(name, A, driver=None):
    matrices(name, A=A)
    if driver not in DRIVERS:
        raise expected(name, f"driver to be one of {', '.join(map(str, DRIVERS))}", driver, error=RuntimeError)


@samples(linalg_svd)
def _(s):
    checks = {"because": "signs are anybody's choice; tests/ops/test_linalg.py has the invariants"}
    yield s(s.normal(3, 3), full_matrices=False).without("peer", "peer_gradient", **checks)
    free = s(s.normal(4, 2)).without("peer", "peer_gradient", "empty", **checks)
    yield free.without("gradcheck", "gradgradcheck", because="the columns of U without a singular value are anything")


@refuses(linalg_svd)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "linalg.svd: expected A of 2 or more dimensions")
    yield s(s.normal(3, 3), driver="gesdd").raises(RuntimeError, "linalg.svd: expected driver to be one of None, gesvd")
    yield s(s.tensor([[np.nan, 1.0], [1.0, 1.0]])).raises(LinAlgError, "linalg.svd: expected matrices of which the singular")


@op("call", spaces=(), methods=False, holomorphic=False, dtypes=FIELDS, onnx=Unsupported("an internal form"), peer="linalg.svdvals")
def singular_values(A):
    """`linalg.svdvals`; its derivative takes the vectors then.

    Shape:
        A: (*, m, n); result: (*, min(m, n)).
    """
    if not A.size:
        return np.zeros((*A.shape[:-2], min(A.shape[-2:])))
    return converged("linalg.svd", lambda: np.linalg.svd(A, compute_uv=False))


@infer(singular_values)
def _(A):
    lead, _, _, k = _sizes(A)
    return [((*lead, k), REAL.get(A.dtype, A.dtype))], (), ()


def _singular_values_back(g, A):
    U, _, Vh = svd_of(A, True)
    return (U * g.unsqueeze(-2)) @ Vh


derivative(singular_values, A=_singular_values_back)


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.svdvals", out="exact", onnx=NO_FACTORS)
def linalg_svdvals(A, *, driver=None):
    """Take singular values, from large to small.

    Args:
        A: Matrices.
        driver: None, or a name that PyTorch knows; the CPU has one way.

    Shape:
        A: (*, m, n); result: (*, min(m, n)).

    Returns:
        Real tensor.

    Raises:
        RuntimeError: `A` is no matrix, or of an integer or half-precision dtype, or `driver` is another word.
        LinAlgError: the iteration does not converge.

    Example:
        >>> linalg.svdvals(tensor([[0.0, 3.0], [2.0, 0.0]]))
        tensor([3., 2.])
    """
    _matrices("linalg.svdvals", A, driver)
    return singular_values(A)


@samples(singular_values)
@samples(linalg_svdvals)
def _(s):
    yield s(s.normal(3, 3))
    yield s(s.normal(2, 4, 2))


@refuses(linalg_svdvals)
def _(s):
    yield s(s.integers(2, 2)).raises(RuntimeError, "linalg.svdvals: expected A of float32")


@op("composite", outputs=("U", "S", "V"), dtypes=FIELDS, onnx=NO_FACTORS)
def svd(input, some=True, compute_uv=True):
    """Write matrices as products of a rotation, a scaling and a rotation; `linalg.svd`, with V instead of its adjoint, is the newer form.

    input = U diag(S) V^H

    Args:
        input: Matrices.
        some: Return only the columns of U and V that have a singular value.
        compute_uv: Compute U and V; else they are zeros.

    Shape:
        input: (*, m, n); with k = min(m, n): U: (*, m, k); S: (*, k); V: (*, n, k); square where not `some` or not `compute_uv`.

    Returns:
        A named tuple of `U`, `S`, which is real, and `V`.

    Raises:
        RuntimeError: `input` is no matrix, or of an integer or half-precision dtype.
        LinAlgError: the iteration does not converge.

    Example:
        >>> svd(tensor([[0.0, 3.0], [2.0, 0.0]])).S
        tensor([3., 2.])
    """
    matrices("svd", input=input)
    if compute_uv:
        U, S, Vh = svd_of(input, bool(some))
        return svd.pack(U, S, adjoint(Vh))
    lead, m, n, _ = _sizes(input)
    return svd.pack(unit(m, input, lead) * 0, singular_values(input), unit(n, input, lead) * 0)


@samples(svd)
def _(s):
    checks = {"because": "signs are anybody's choice; tests/ops/test_linalg.py has the invariants"}
    yield s(s.normal(2, 4, 3)).without("peer", "peer_gradient", **checks)
    yield s(s.normal(4, 3), compute_uv=False)


@refuses(svd)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "svd: expected input of 2 or more dimensions")
