"""Some of the largest or smallest eigenvalues of large Hermitian matrices, by conjugate gradients on a block of vectors."""

from __future__ import annotations

import itertools

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, samples
from .._space import public
from ..comparison import where
from ..complex_view import REAL
from ..errors import expected
from ..random import randn
from ._lapack import FIELDS, adjoint, each, matrices, same_dtype
from ._sample_matrices import hermitian
from .eigh import linalg_eigh

MOST = 10_000  # iterations, where no number is given


class Iteration:
    """What a tracker is shown: how far the iteration on one matrix has come. The names are PyTorch's.

    Attributes:
        iparams, fparams, bparams: Whole numbers, numbers and bools that were given.
        ivars, fvars, bvars, tvars: Such, and tensors, that change from step to step: `ivars["istep"]`, `ivars["converged_count"]`,
            `tvars["rerr"]`; `bvars["force_stop"] = True` ends the iteration.
        A, B, iK: The matrices; B and iK may be None.
        E, X, R, S: Eigenvalues, eigenvectors in columns, residuals, and the basis that they were sought in.
    """

    def __init__(self, A, B, iK, dtype, iparams, fparams, bparams):
        self._dtype, self.iparams, self.fparams, self.bparams = dtype, iparams, fparams, bparams
        self.A, self.B, self.iK = (None if t is None else self._tensor(t) for t in (A, B, iK))
        self.ivars, self.fvars, self.bvars, self.tvars = {"istep": 0, "converged_count": 0}, {}, {}, {}

    def _tensor(self, array):
        kept = self._dtype if array.dtype.kind == self._dtype.kind else np.zeros(0, self._dtype).real.dtype
        return core.from_numpy(np.array(array, kept))

    def step(self, E, X, R, S, errors):
        """Take the state of a step, and count the eigenpairs that have converged, from the first on."""
        self.E, self.X, self.R, self.S, self.tvars["rerr"] = (self._tensor(t) for t in (E, X, R, S, errors))
        self.ivars["istep"] += 1
        self.ivars["iterations_left"] = self.iparams["niter"] - self.ivars["istep"]
        self.ivars["converged_count"] = int(np.cumprod(errors < self.fparams["tol"]).sum())


def _orthonormal(S, B):
    """A basis of the span of S with S^H B S = 1, of fewer columns where those of S depend on each other."""
    S = S / np.maximum(np.linalg.norm(S, axis=0), np.finfo(S.real.dtype).tiny)
    for _ in range(2):  # once is not exact enough
        weights, V = np.linalg.eigh(S.conj().T @ B @ S)
        kept = weights > weights[-1] * 1e-13
        S = S @ (V[:, kept] / np.sqrt(weights[kept]))
    return S


def _ritz(A, S, many, largest):
    """The vectors in the span of S nearest to eigenvectors, and their values."""
    values, V = np.linalg.eigh(S.conj().T @ A @ S)
    order = np.argsort(-values if largest else values, kind="stable")[:many]
    return values[order], S @ V[:, order]


def _pairs(A, B, X, iK, k, niter, tol, largest, shown):
    """One matrix: Knyazev (2001), with the basis of all directions kept orthonormal (Stathopoulos and Wu 2002)."""
    many, S = X.shape[1], _orthonormal(X, B)
    E, X = _ritz(A, S, many, largest)
    sizes, P = np.linalg.norm(A), X[:, :0]
    for _ in range(niter):
        R = A @ X - B @ X * E
        error = np.linalg.norm(R, axis=0) / ((sizes + np.abs(E) * np.linalg.norm(B)) * np.linalg.norm(X, axis=0))
        if shown(E, X, R, S, error) or (error[:k] < tol).all():
            break
        S = _orthonormal(np.concatenate((X, R if iK is None else iK @ R, P), 1), B)
        E, after = _ritz(A, S, many, largest)
        P, X = after - X @ (X.conj().T @ B @ after), after
    return E[:k], X[:, :k]


@op("call", tensors=("A", "B", "X", "iK"), spaces=(), methods=False, outputs=("eigenvalues", "eigenvectors"), holomorphic=False,
    dtypes=FIELDS, onnx=Unsupported("an iteration"), peer=None)  # fmt: skip
def extreme_eigenpairs(A, B, X, iK, k, niter, tol, largest, tracker=None):
    """`lobpcg`, of batches alike; computed in float64.

    Shape:
        A, B, iK: (*, m, m); X: (*, m, n); eigenvalues: (*, k); eigenvectors: (*, m, k).
    """
    wide = np.complex128 if A.dtype.kind == "c" else np.float64
    m, own_unit, count = A.shape[-1], B is None, itertools.count()
    B = np.broadcast_to(np.eye(m), A.shape) if B is None else B
    given = [t.astype(wide) for t in (A, B, X)] + ([] if iK is None else [iK.astype(wide)])

    def one(a, b, x, preconditioner=None):
        if tracker is None:
            return _pairs(a, b, x, preconditioner, k, niter, tol, largest, lambda *values: False)
        whole = {"m": m, "n": x.shape[1], "k": k, "niter": niter, "batch_index": next(count)}
        state = Iteration(a, None if own_unit else b, preconditioner, A.dtype, whole, {"tol": tol}, {"largest": largest})

        def shown(*values):
            state.step(*values)
            tracker(state)
            return state.bvars.get("force_stop", False)

        return _pairs(a, b, x, preconditioner, k, niter, tol, largest, shown)

    return each(one, A.shape[:-2], [((k,), A.real.dtype), ((m, k), A.dtype)], *given)


@infer(extreme_eigenpairs)
def _(A, B, X, iK, k, niter, tol, largest, tracker):
    lead, m = tuple(A.shape[:-2]), A.shape[-1]
    return [((*lead, k), REAL.get(A.dtype, A.dtype)), ((*lead, m, k), A.dtype)], (), ()


def _pairs_back(g, A, B, result):
    """gA = sum over i of gE_i x_i x_i^H + sum over the other eigenvectors v_j of v_j v_j^H gX_i x_i^H / (E_i - L_j)."""
    (g_values, g_vectors), (E, X) = g, result
    if B is not None:
        raise expected("lobpcg", "B of None where a gradient is needed", "a matrix")
    back = 0 if g_values is None else (X * g_values.unsqueeze(-2)) @ adjoint(X)
    if g_vectors is not None:
        L, V = linalg_eigh(A)
        apart = E.unsqueeze(-2) - L.unsqueeze(-1)
        own = apart.abs() <= apart.abs().amin(-2, True)
        inner = where(own, 0, (adjoint(V) @ g_vectors) / where(own, 1, apart))
        turn = V @ inner @ adjoint(X)
        back = back + (turn + adjoint(turn)) * 0.5
    return back


derivative(extreme_eigenpairs, A=_pairs_back)


@samples(extreme_eigenpairs)
def _(s):
    yield s(hermitian(s, 6, 6), None, s.normal(6, 2), None, 2, 100, 1e-12, True).without(
        "gradcheck", "gradgradcheck", "layout", "layout_gradient", because="signs of vectors; tests/ops/test_low_rank.py has the invariants"
    )


@public("torch")
def lobpcg(
    A, k=None, B=None, X=None, n=None, iK=None, niter=None, tol=None, largest=None, method=None, tracker=None, ortho_iparams=None,
    ortho_fparams=None, ortho_bparams=None,
):  # fmt: skip
    """Take the k largest or smallest eigenvalues of Hermitian matrices, with their vectors, by iteration.

    A x = e B x, with X^H B X = 1

    Args:
        A: Hermitian matrices.
        k: How many pairs; None means as many as `X` has columns, or 1.
        B: Hermitian positive definite matrices; None means unit matrices.
        X: Vectors to start from; None means random ones.
        n: How many vectors to iterate, where `X` is None; None means k.
        iK: Preconditioner, multiplied to the residuals; None means none.
        niter: The most iterations; None or a negative number means until they converge.
        tol: When they do: residuals relative to the sizes of `A` and `B`; None means the root of the precision of the dtype.
        largest: Take the largest; None means so, False the smallest.
        method: Accepted for PyTorch's sake; there is one way, with orthonormal bases.
        tracker: Called at each step with an `Iteration`, which tells its state; None means nothing is.
        ortho_iparams: Accepted for PyTorch's sake.
        ortho_fparams: Accepted for PyTorch's sake.
        ortho_bparams: Accepted for PyTorch's sake.

    Shape:
        A, B, iK: (*, m, m); X: (*, m, n), 3 n <= m; results: (*, k) and (*, m, k).

    Returns:
        Tuple of eigenvalues, from the most extreme on, and eigenvectors in columns.

    Raises:
        ValueError: `A` has fewer than 3 n rows; in backward, `B` is given.
        AssertionError: the matrices are not square.
        RuntimeError: `A` is no matrix, or dtypes or shapes do not fit.

    References:
        Knyazev (2001), doi:10.1137/S1064827500366124; Stathopoulos and Wu (2002), doi:10.1137/S1064827500370883.

    Example:
        >>> lobpcg(tensor([[3.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]))[0]
        tensor([3.])
    """
    matrices("lobpcg", A=A)
    if A.shape[-1] != A.shape[-2]:
        raise expected("lobpcg", "A of square matrices", A, error=AssertionError)
    m = A.shape[-1]
    for argument, t in (("B", B), ("iK", iK)):
        if t is not None:
            same_dtype("lobpcg", A=A, **{argument: t})
            if tuple(t.shape) != tuple(A.shape):
                raise expected("lobpcg", f"{argument} of shape {tuple(A.shape)}", t, error=RuntimeError)
    n = X.shape[-1] if X is not None else n if n is not None else 1 if k is None else k
    k = n if k is None else min(k, n)
    if n < 1 or m < 3 * n:
        raise expected("lobpcg", f"1 to {m // 3} vectors, a third of the rows of A", f"{n}", "use linalg.eigh")
    if X is None:
        X = randn(*A.shape[:-2], m, n, dtype=A.dtype)
    elif tuple(X.shape) != (*A.shape[:-2], m, n):
        raise expected("lobpcg", f"X of shape {(*A.shape[:-2], m, n)}", X, error=RuntimeError)
    tol = float(np.finfo(A.dtype.numpy).eps) ** 0.5 if tol is None else float(tol)
    niter = MOST if niter is None or niter < 0 else niter
    return tuple(extreme_eigenpairs(A, B, X, iK, k, niter, tol, largest is not False, tracker))
