"""Symmetric and Hermitian matrices as products of triangles and blocks on a diagonal."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .._define import Unsupported, infer, op, refuses, samples
from .._help import broadcast
from ..errors import expected
from ._lapack import FIELDS, NO_FACTORS, LinAlgError, each, matrices, refuse_singular, same_dtype
from ._sample_matrices import hermitian as hermitian_matrices

Tensor = core.Tensor


def _routine(kind, dtype, hermitian):
    """LAPACK's function, for Hermitian or symmetric matrices; where numbers are real the two are one."""
    from scipy.linalg import get_lapack_funcs

    return get_lapack_funcs((("he" if hermitian and dtype.kind == "c" else "sy") + kind,), dtype=dtype)[0]


@op("call", spaces=(), methods=False, outputs=("LD", "pivots", "info"), dtypes=FIELDS, onnx=Unsupported("an internal form"),
    peer=lambda torch, A, hermitian: torch.linalg.ldl_factor_ex(A, hermitian=hermitian))  # fmt: skip
def ldl_of(A, hermitian):
    """`linalg.ldl_factor_ex`, from the lower triangle.

    Shape:
        A: (*, n, n); LD: (*, n, n); pivots: (*, n); info: (*).
    """
    trf = _routine("trf", A.dtype, hermitian)
    n = A.shape[-1]

    def one(a):
        factors, pivots, info = trf(a, lower=1)
        return np.tril(factors), pivots, info

    return each(one, A.shape[:-2], [((n, n), A.dtype), ((n,), np.int32), ((), np.int32)], A)


@infer(ldl_of)
def _(A, hermitian):
    shape = tuple(A.shape)
    return [(shape, A.dtype), (shape[:-1], core.int32), (shape[:-2], core.int32)], (), ()


@op("composite", spaces="linalg", methods=False, outputs=("LD", "pivots", "info"), dtypes=FIELDS, peer="linalg.ldl_factor_ex",
    onnx=NO_FACTORS)  # fmt: skip
def linalg_ldl_factor_ex(A, *, hermitian=False, check_errors=False):
    """Factorise symmetric or Hermitian matrices, and tell where a block is singular rather than raise.

    A = L D L^T, or A = L D L^H, with D of blocks of 1 or 2 rows

    Args:
        A: Matrices; their lower triangle is read.
        hermitian: Whether complex ones are Hermitian rather than symmetric.
        check_errors: Raise where a block is singular.

    Shape:
        A: (*, n, n); LD: (*, n, n); pivots: (*, n); info: (*).

    Returns:
        A named tuple: `LD`, both factors in one triangle as LAPACK packs them, `pivots` of int32, counted from 1, and `info` of int32, 0 or
        the number of the first singular block. There is no gradient.

    Raises:
        RuntimeError: `A` is no square matrix, or of an integer or half-precision dtype.
        LinAlgError: with `check_errors`, a block is singular.

    References:
        Bunch and Kaufman (1977), doi:10.1090/S0025-5718-1977-0428694-0.

    Example:
        >>> linalg.ldl_factor_ex(tensor([[2.0, 1.0], [1.0, 2.0]])).pivots
        tensor([1, 2], dtype=torch.int32)
    """
    return linalg_ldl_factor_ex.pack(*_factors("linalg.ldl_factor_ex", A, hermitian, check_errors))


@op("composite", spaces="linalg", methods=False, outputs=("LD", "pivots"), dtypes=FIELDS, peer="linalg.ldl_factor", onnx=NO_FACTORS)
def linalg_ldl_factor(A, *, hermitian=False):
    """Factorise symmetric or Hermitian matrices.

    A = L D L^T, or A = L D L^H, with D of blocks of 1 or 2 rows

    Args:
        A: Matrices; their lower triangle is read.
        hermitian: Whether complex ones are Hermitian rather than symmetric.

    Shape:
        A: (*, n, n); LD: (*, n, n); pivots: (*, n).

    Returns:
        A named tuple: `LD`, both factors in one triangle as LAPACK packs them, and `pivots` of int32, counted from 1. There is no gradient.

    Raises:
        RuntimeError: `A` is no square matrix, or of an integer or half-precision dtype.
        LinAlgError: a block is singular.

    Example:
        >>> linalg.ldl_factor(tensor([[2.0, 1.0], [1.0, 2.0]])).LD
        tensor([[2.0000, 0.0000],
                [0.5000, 1.5000]])
    """
    return linalg_ldl_factor.pack(*_factors("linalg.ldl_factor", A, hermitian, True)[:2])


def _factors(name, A, hermitian, check_errors):
    matrices(name, square=True, A=A)
    found = ldl_of(A.detach(), bool(hermitian))
    if check_errors:
        refuse_singular(name, found.info, "A of matrices whose factor D is regular")
    return found


@op("call", tensors=("LD", "pivots", "B"), spaces=(), methods=False, dtypes=FIELDS, onnx=Unsupported("an internal form"), peer=None)
def ldl_solution(LD, pivots, B, hermitian):
    """`linalg.ldl_solve`, of batches alike.

    Shape:
        LD: (*, n, n); pivots: (*, n); B: (*, n, k); result: (*, n, k).
    """
    trs = _routine("trs", LD.dtype, hermitian)
    return each(lambda ld, p, b: trs(ld, p, b, lower=1)[:1], B.shape[:-2], [(B.shape[-2:], B.dtype)], LD, pivots, B)[0]


@infer(ldl_solution)
def _(LD, pivots, B, hermitian):
    return [(tuple(B.shape), B.dtype)], (), ()


@op(
    "composite",
    tensors=("LD", "pivots", "B"),
    spaces="linalg",
    methods=False,
    dtypes=FIELDS,
    peer="linalg.ldl_solve",
    out="exact",
    onnx=NO_FACTORS,
)
def linalg_ldl_solve(LD, pivots, B, *, hermitian=False):
    """Solve systems whose matrices `ldl_factor` has factorised.

    Args:
        LD: The factors.
        pivots: The pivots.
        B: Right hand sides, in columns.
        hermitian: As it was said to `ldl_factor`.

    Shape:
        LD: (*, n, n); pivots: (*, n); B: (*, n, k), with * broadcasting; result: (*, n, k).

    Returns:
        Tensor of the dtype of `B`. There is no gradient.

    Raises:
        RuntimeError: shapes or dtypes do not fit.

    Example:
        >>> LD, pivots = linalg.ldl_factor(tensor([[2.0, 0.0], [0.0, 4.0]]))
        >>> linalg.ldl_solve(LD, pivots, tensor([[2.0], [2.0]]))
        tensor([[1.0000],
                [0.5000]])
    """
    name = "linalg.ldl_solve"
    matrices(name, square=True, LD=LD)
    matrices(name, B=B)
    same_dtype(name, LD=LD, B=B)
    n = LD.shape[-1]
    if B.shape[-2] != n:
        raise expected(name, f"B of {n} rows", B, error=RuntimeError)
    if not isinstance(pivots, Tensor) or tuple(pivots.shape) != tuple(LD.shape[:-1]) or pivots.dtype not in (core.int32, core.int64):
        raise expected(name, f"pivots of whole numbers and shape {tuple(LD.shape[:-1])}", pivots, error=RuntimeError)
    lead = broadcast(name, LD.shape[:-2], B.shape[:-2])
    LD, pivots, B = (t.detach().expand(*lead, *t.shape[t.ndim - d :]) for t, d in ((LD, 2), (pivots, 1), (B, 2)))
    return ldl_solution(LD, pivots, B, bool(hermitian))


NONE = {"because": "it has no gradient"}
GRADIENTS = ("peer_gradient", "layout_gradient", "versions", "shared", "gradcheck", "gradgradcheck")


@samples(ldl_of)
def _(s):
    yield s(hermitian_matrices(s, 3, 3), False).without(*GRADIENTS, **NONE)
    yield s(hermitian_matrices(s, 2, 3, 3), True).without(*GRADIENTS, **NONE)


@samples(linalg_ldl_factor)
@samples(linalg_ldl_factor_ex)
def _(s):
    yield s(hermitian_matrices(s, 3, 3)).without(*GRADIENTS, **NONE)
    yield s(hermitian_matrices(s, 2, 3, 3), hermitian=True).without(*GRADIENTS, **NONE)
    yield s(s.tensor([[0.0, 1.0], [1.0, 0.0]])).without(*GRADIENTS, **NONE)


@samples(ldl_solution)
def _(s):
    LD, pivots = linalg_ldl_factor(hermitian_matrices(s, 2, 3, 3), hermitian=True)
    yield s(LD, pivots, s.normal(2, 3, 2), True).without(*GRADIENTS, **NONE)


@samples(linalg_ldl_solve)
def _(s):
    LD, pivots = linalg_ldl_factor(hermitian_matrices(s, 3, 3), hermitian=True)
    yield s(LD, pivots, s.normal(2, 3, 2), hermitian=True).without(*GRADIENTS, **NONE)
    LD, pivots = linalg_ldl_factor(s.tensor([[0.0, 1.0], [1.0, 0.0]]))
    yield s(LD, pivots, s.normal(2, 1)).without("empty", *GRADIENTS, because="a right hand side without rows; it has no gradient")


@refuses(linalg_ldl_factor)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, ": expected A of 2 or more dimensions")
    yield s(s.normal(3, 2)).raises(RuntimeError, ": expected A of square matrices")


@refuses(linalg_ldl_solve)
def _(s):
    LD, pivots = linalg_ldl_factor(hermitian_matrices(s, 3, 3))
    yield s(LD, pivots, s.normal(3)).raises(RuntimeError, "linalg.ldl_solve: expected B of 2 or more dimensions")
    yield s(LD, pivots, s.normal(2, 2)).raises(RuntimeError, "linalg.ldl_solve: expected B of 3 rows")
    yield s(LD, pivots, s.normal(3, 2).double()).raises(RuntimeError, "linalg.ldl_solve: expected B of the dtype of LD")
    yield s(LD, pivots[:2], s.normal(3, 2)).raises(RuntimeError, "linalg.ldl_solve: expected pivots of whole numbers and shape (3,)")


@refuses(linalg_ldl_factor_ex)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "linalg.ldl_factor_ex: expected A of 2 or more dimensions")
    yield s(s.tensor([[0.0, 0.0], [0.0, 0.0]]), check_errors=True).raises(LinAlgError, "linalg.ldl_factor_ex: expected A of matrices")
