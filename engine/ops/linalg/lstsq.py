"""Systems that have no solution, or many: least squares."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._help import made
from ..complex_view import REAL
from ..errors import expected
from ._lapack import FIELDS, NO_FACTORS, adjoint, batched_alike, each, matrices, same_dtype
from ._sample_matrices import regular
from .pinv import pinv_back, pinv_of
from .svd import svd_of

RESULTS = ("solution", "residuals", "rank", "singular_values")
WITH_VALUES = ("gelsd", "gelss")
DRIVERS = ("gels", "gelsy", *WITH_VALUES)


def _lapack(driver, A, rcond):
    """What calls LAPACK for one system: (a, b) to (solution, then what remains of b, above each other; singular values; rank)."""
    from scipy.linalg import get_lapack_funcs

    m, n = A.shape[-2:]
    routine, size = get_lapack_funcs((driver, driver if driver == "gels" else driver + "_lwork"), (A,))

    def one(a, b):
        tall = np.zeros((max(m, n), b.shape[1]), A.dtype, order="F")
        tall[:m] = b
        if driver == "gels":
            return routine(a, tall)[1], 0, 0
        work = size(m, n, b.shape[1], rcond)
        room = int(work[0].real)
        if driver == "gelsy":
            _, x, _, rank, _ = routine(a, tall, np.zeros((n, 1), np.int32), rcond, room)
            return x, 0, rank
        if driver == "gelss":
            _, x, values, rank, _, _ = routine(a, tall, rcond, room)
        elif A.dtype.kind == "c":
            x, values, rank, _ = routine(a, tall, room, int(work[1]), int(work[2]), rcond)
        else:
            x, values, rank, _ = routine(a, tall, room, int(work[1]), rcond)
        return x, values, rank

    return one


@op("call", tensors=2, spaces=(), methods=False, outputs=RESULTS, holomorphic=False, dtypes=FIELDS, onnx=Unsupported("an internal form"))
def least_squares(A, B, rcond, driver):
    """`linalg.lstsq` of matrices on the right-hand side, with equal batches, all results in full.

    Shape:
        A: (*, m, n); B: (*, m, k); solution: (*, n, k); residuals: (*, k); rank: (*); singular_values: (*, min(m, n)).
    """
    m, n = A.shape[-2:]
    k, lead, real = B.shape[-1], A.shape[:-2], A.real.dtype
    kinds = [((max(m, n), k), A.dtype), ((min(m, n),), real), ((), np.int64)]
    if not k:  # which LAPACK refuses
        return np.zeros((*lead, n, 0), A.dtype), np.zeros((*lead, 0), real), np.linalg.matrix_rank(A), np.linalg.svd(A, compute_uv=False)
    whole, values, rank = each(_lapack(driver, A, rcond), lead, kinds, A, B)
    if not n:
        whole = B
    return whole[..., :n, :], np.sum(np.abs(whole[..., n:, :]) ** 2, -2), rank, values


@infer(least_squares)
def _(A, B, rcond, driver):
    lead, m, n, k = tuple(A.shape[:-2]), A.shape[-2], A.shape[-1], B.shape[-1]
    real = REAL.get(A.dtype, A.dtype)
    return [((*lead, n, k), A.dtype), ((*lead, k), real), (lead, core.int64), ((*lead, min(m, n)), real)], (), ()


def _least_squares_back(g, A, B, result, rcond, driver, need):
    """With P the pseudo-inverse of A: X = P B, and |A X - B|^2, where X is the best one already."""
    gX, gR, X = g[0], g[1], result[0]
    gA = gB = None
    if gX is not None:
        P = pinv_of(A, 0.0, max(rcond, 0.0), False)
        gB = adjoint(P) @ gX
        gA = pinv_back(gX @ adjoint(B), A, P) if need[0] else None
    if gR is not None:
        apart = 2 * gR.unsqueeze(-2) * (A @ X - B)
        gB = -apart if gB is None else gB - apart
        if need[0]:
            through = apart @ adjoint(X)
            gA = through if gA is None else gA + through
    if g[3] is not None and need[0] and driver in WITH_VALUES:
        U, _, Vh = svd_of(A, True)
        through = (U * g[3].unsqueeze(-2)) @ Vh
        gA = through if gA is None else gA + through
    return gA, gB


derivative(least_squares, together=_least_squares_back)


@samples(least_squares)
def _(s):
    for driver in DRIVERS:
        yield s(regular(s, 4, 2), s.normal(4, 3), 1e-6, driver)
    yield s(s.normal(2, 2, 4), s.normal(2, 2, 1), 1e-6, "gelsd")
    yield s(regular(s, 3, 3), s.normal(3, 2), 1e-6, "gelsy")


@op("composite", tensors=2, spaces="linalg", methods=False, outputs=RESULTS, dtypes=FIELDS, peer="linalg.lstsq", onnx=NO_FACTORS)
def linalg_lstsq(input, b, rcond=None, *, driver=None):
    """Solve systems as well as possible: the X for which A X differs least from B, and among several the smallest.

    Args:
        input: The matrices A.
        b: Right-hand sides B, vectors or matrices, of the same dtype.
        rcond: Singular values below this, times the largest, are taken for 0; None means the precision of the dtype times the larger side.
        driver: LAPACK's routine: "gels" for matrices of full rank, "gelsy" (the default), "gelsd" and "gelss" for others.

    Shape:
        input: (*, m, n); b: (*, m, k) or (*, m), with batches that broadcast; solution: (*, n, k) or (*, n); residuals: (*, k);
        rank: the batch of `input`; singular_values: (*, min(m, n)).

    Returns:
        A named tuple of `solution`; `residuals`, the sums of squares that remain, where m > n, all ranks are full and the driver is not
        "gelsy"; `rank`, but for "gels"; `singular_values` for "gelsd" and "gelss". What is not there has no elements.

    Raises:
        RuntimeError: the sizes, dtypes or batches do not fit, or `driver` is another word.

    Example:
        >>> linalg.lstsq(tensor([[2.0], [0.0]]), tensor([[4.0], [1.0]])).solution
        tensor([[2.]])
    """
    A, b, vector, driver = _checked(input, b, driver)
    m, n = A.shape[-2:]
    rcond = float(np.finfo(A.dtype.numpy).eps) * max(m, n) if rcond is None else float(rcond)
    wide_A, wide_b = batched_alike("linalg.lstsq", A, b)
    solution, residuals, rank, values = least_squares(wide_A, wide_b, rcond, driver)
    if tuple(wide_A.shape) != tuple(A.shape):  # one rank for each matrix, not for each system
        _, _, rank, values = least_squares(A.detach(), b.detach().new_zeros((*A.shape[:-1], 1)), rcond, driver)
    if m <= n or driver == "gelsy" or (driver != "gels" and not bool((rank == n).all())):
        residuals = residuals.flatten()[:0]
    if driver == "gels":
        rank = made((0,), core.int64, A.device)
    if driver not in WITH_VALUES:
        values = made((0,), values.dtype, A.device)
    return linalg_lstsq.pack(solution.squeeze(-1) if vector else solution, residuals, rank, values.detach())


def _checked(A, b, driver):
    """The matrices of both sides, whether the right one holds vectors, and the driver."""
    name = "linalg.lstsq"
    matrices(name, input=A)
    if not isinstance(b, core.Tensor):
        raise expected(name, "b to be a Tensor", type(b).__name__, error=TypeError)
    same_dtype(name, input=A, b=b)
    if driver not in (None, *DRIVERS):
        raise expected(name, f"driver to be one of {', '.join(DRIVERS)}", driver, error=RuntimeError)
    if not b.ndim or A.ndim - b.ndim not in (0, 1):
        raise expected(name, "b of as many dimensions as input, or one less", b, error=RuntimeError)
    vector = b.ndim == 1 or (b.ndim == A.ndim - 1 and tuple(b.shape) == tuple(A.shape[:-1]))
    b = b.unsqueeze(-1) if vector else b
    if b.ndim < 2 or b.shape[-2] != A.shape[-2]:
        raise expected(name, f"b with {A.shape[-2]} rows", b, error=RuntimeError)
    return A, b, vector, driver or "gelsy"


@samples(linalg_lstsq)
def _(s):
    yield s(regular(s, 4, 2), s.normal(4, 3))
    for driver in DRIVERS:
        yield s(regular(s, 2, 4, 2), s.normal(2, 4, 1), driver=driver)
    yield s(s.normal(2, 4), s.normal(2), 1e-6, driver="gelsd")
    one = s(regular(s, 1, 3, 3), s.normal(2, 3, 2), driver="gelss")
    yield one.without("empty", because="of no systems, torch leaves the ranks unwritten")


@refuses(linalg_lstsq)
def _(s):
    yield s(s.normal(3, 2), 1.0).raises(TypeError, "linalg.lstsq: expected b to be a Tensor")
    yield s(s.normal(3), s.normal(3)).raises(RuntimeError, "linalg.lstsq: expected input of 2 or more dimensions")
    yield s(s.normal(3, 2), s.normal(2, 1)).raises(RuntimeError, "linalg.lstsq: expected b with 3 rows")
    yield s(s.normal(1, 1, 3, 2), s.normal(3, 1)).raises(RuntimeError, "linalg.lstsq: expected b of as many dimensions")
    yield s(s.normal(3, 2), s.normal(3, 1), driver="qr").raises(RuntimeError, "linalg.lstsq: expected driver to be one of gels")
