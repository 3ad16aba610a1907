"""Matrices as products of a permutation, a lower and an upper triangle."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._space import public
from ..errors import expected
from ..pieces import cat
from ..triangle import tril, triu
from ._lapack import FIELDS, NO_FACTORS, LinAlgError, each, matrices, refuse_singular, unit
from .triangular import triangular


@op("call", spaces=(), methods=False, outputs=("LU", "pivots", "info"), dtypes=FIELDS, onnx=Unsupported("an internal form"),
    peer="linalg.lu_factor_ex")  # fmt: skip
def lu_of(A):
    """`linalg.lu_factor_ex` without the check.

    Shape:
        A: (*, m, n); LU: (*, m, n); pivots: (*, min(m, n)); info: (*).
    """
    from scipy.linalg import get_lapack_funcs

    (getrf,) = get_lapack_funcs(("getrf",), (A,))

    def one(a):
        LU, pivots, info = getrf(a)
        return LU, pivots + 1, info

    k = min(A.shape[-2:])
    return each(one, A.shape[:-2], [(A.shape[-2:], A.dtype), ((k,), np.int32), ((), np.int32)], A)


@infer(lu_of)
def _(A):
    lead, k = tuple(A.shape[:-2]), min(A.shape[-2:])
    return [(tuple(A.shape), A.dtype), ((*lead, k), core.int32), (lead, core.int32)], (), ()


def _unpacked(LU):
    """L and U of their common matrix."""
    m, n = LU.shape[-2:]
    k = min(m, n)
    return tril(LU[..., :k], -1) + unit_rectangle(m, k, LU), triu(LU[..., :k, :])


def unit_rectangle(m, n, like):
    """Ones on the diagonal of an m x n matrix."""
    return unit(max(m, n), like)[:m, :n]


def _lu_back(g, result):
    """With A = P L U and X = L^-1 P^T dA U^-1: dL = L tril(X, -1), dU = triu(X) U, for the leading square; what stands below it has
    dL = P^T dA U^-1 - L triu(X), what stands beside it dU = L^-1 P^T dA - tril(X, -1) U (Walter and Lehmann 2010, arXiv:1001.1654).
    """
    LU, pivots, _ = result
    m, n = LU.shape[-2:]
    k = min(m, n)
    L, U = _unpacked(LU)
    gL, gU = tril(g[0][..., :k], -1), triu(g[0][..., :k, :])
    L1, U1, gL1, gU1 = L[..., :k, :], U[..., :k], gL[..., :k, :], gU[..., :k]
    lower, upper = L1.mT @ gL1, gU1 @ U1.mT
    if n > m:
        lower = lower - gU[..., k:] @ U[..., k:].mT
    if m > n:
        upper = upper - L[..., k:, :].mT @ gL[..., k:, :]
    inside = triangular(L1.mT, tril(lower, -1) + triu(upper), True, True)
    back = triangular(U1, inside.mT, True, False).mT  # inside U1^-T
    if n > m:
        back = cat((back, triangular(L1.mT, gU[..., k:], True, True)), -1)
    if m > n:
        back = cat((back, triangular(U1, gL[..., k:, :].mT, True, False).mT), -2)
    return permutation(pivots, m, LU) @ back


derivative(lu_of, A=_lu_back)


@samples(lu_of)
def _(s):
    yield s(s.normal(2, 3, 3))
    yield s(s.normal(4, 2))
    yield s(s.normal(2, 4))


def permutation(pivots, m, like):
    """The matrices P of A = P L U, from row exchanges counted from 1."""
    exchanges = pivots.numpy() - 1
    rows = np.broadcast_to(np.arange(m), (*exchanges.shape[:-1], m)).copy()
    for i in range(exchanges.shape[-1]):
        j = exchanges[..., i, None].astype(np.int64)
        above = rows[..., i].copy()
        rows[..., i] = np.take_along_axis(rows, j, -1)[..., 0]
        np.put_along_axis(rows, j, above[..., None], -1)
    one_hot = (rows[..., None, :] == np.arange(m)[:, None]).astype(np.float64)
    return core.from_numpy(one_hot).to(like.dtype)


@op("composite", spaces="linalg", methods=False, outputs=("LU", "pivots", "info"), dtypes=FIELDS, peer="linalg.lu_factor_ex",
    onnx=NO_FACTORS)  # fmt: skip
def linalg_lu_factor_ex(A, *, pivot=True, check_errors=False):
    """Factorise matrices into L and U, kept in one matrix, and tell where U is singular rather than raise.

    Args:
        A: Matrices.
        pivot: Exchange rows; without that the CPU has no way.
        check_errors: Raise where U has a 0 on its diagonal.

    Shape:
        A: (*, m, n); LU: (*, m, n); pivots: (*, min(m, n)); info: (*).

    Returns:
        A named tuple: `LU`, with the ones of L left out; `pivots` of int32, the row, from 1, that each row was exchanged with; `info` of
        int32, 0 or the position of the first 0 on the diagonal of U.

    Raises:
        RuntimeError: `A` is no matrix, of an integer or half-precision dtype, or `pivot` is off.
        LinAlgError: with `check_errors`, U is singular.

    Example:
        >>> linalg.lu_factor_ex(tensor([[0.0, 1.0], [2.0, 3.0]])).pivots
        tensor([2, 2], dtype=torch.int32)
    """
    found = _factored("linalg.lu_factor_ex", A, pivot)
    if check_errors:
        refuse_singular("linalg.lu_factor_ex", found.info, "A of which U is not singular")
    return linalg_lu_factor_ex.pack(*found)


def _factored(name, A, pivot):
    matrices(name, A=A)
    if not pivot:
        raise expected(name, "pivot=True on the CPU", "pivot=False", error=RuntimeError)
    return lu_of(A)


@op("composite", spaces="linalg", methods=False, outputs=("LU", "pivots"), dtypes=FIELDS, peer="linalg.lu_factor", onnx=NO_FACTORS)
def linalg_lu_factor(A, *, pivot=True):
    """Factorise matrices into L and U, kept in one matrix, for `linalg.lu_solve`.

    Args:
        A: Matrices.
        pivot: Exchange rows; without that the CPU has no way.

    Shape:
        A: (*, m, n); LU: (*, m, n); pivots: (*, min(m, n)).

    Returns:
        A named tuple: `LU`, with the ones of L left out, and `pivots` of int32, the row, from 1, that each row was exchanged with.

    Raises:
        RuntimeError: `A` is no matrix, of an integer or half-precision dtype, or `pivot` is off.
        LinAlgError: U is singular.

    Example:
        >>> linalg.lu_factor(tensor([[0.0, 1.0], [2.0, 3.0]])).LU
        tensor([[2., 3.],
                [0., 1.]])
    """
    LU, pivots, info = _factored("linalg.lu_factor", A, pivot)
    refuse_singular("linalg.lu_factor", info, "A of which U is not singular")
    return linalg_lu_factor.pack(LU, pivots)


@samples(linalg_lu_factor_ex)
@samples(linalg_lu_factor)
def _(s):
    yield s(s.normal(2, 3, 3))
    yield s(s.normal(4, 2))


@refuses(linalg_lu_factor_ex)
@refuses(linalg_lu_factor)
def _(s):
    yield s(s.normal(2)).raises(RuntimeError, ": expected A of 2 or more dimensions")
    yield s(s.normal(2, 2), pivot=False).raises(RuntimeError, ": expected pivot=True on the CPU")


@refuses(linalg_lu_factor)
def _(s):
    yield s(s.tensor([[1.0, 2.0], [2.0, 4.0]])).raises(LinAlgError, "linalg.lu_factor: expected A of which U is not singular, got one")


@op("composite", spaces="linalg", methods=False, outputs=("P", "L", "U"), dtypes=FIELDS, peer="linalg.lu", onnx=NO_FACTORS)
def linalg_lu(A, *, pivot=True):
    """Write matrices as products of a permutation, a lower triangle with ones on its diagonal, and an upper triangle.

    A = P L U

    Args:
        A: Matrices.
        pivot: Exchange rows; without that the CPU has no way.

    Shape:
        A: (*, m, n); P: (*, m, m); L: (*, m, min(m, n)); U: (*, min(m, n), n).

    Returns:
        A named tuple of `P`, `L` and `U`, all of the dtype of `A`.

    Raises:
        RuntimeError: `A` is no matrix, of an integer or half-precision dtype, or `pivot` is off.

    Example:
        >>> linalg.lu(tensor([[0.0, 1.0], [2.0, 3.0]])).P
        tensor([[0., 1.],
                [1., 0.]])
    """
    LU, pivots, _ = _factored("linalg.lu", A, pivot)
    return linalg_lu.pack(permutation(pivots, LU.shape[-2], LU), *_unpacked(LU))


@samples(linalg_lu)
def _(s):
    yield s(s.normal(2, 3, 3))
    yield s(s.normal(4, 2))
    yield s(s.normal(2, 4))


@refuses(linalg_lu)
def _(s):
    yield s(s.integers(2, 2)).raises(RuntimeError, "linalg.lu: expected A of float32")


@public("torch", methods=("lu",))
def lu(A, pivot=True, get_infos=False, out=None):
    """Factorise matrices: `linalg.lu_factor_ex` under its older name.

    Args:
        A: Matrices.
        pivot: Exchange rows.
        get_infos: Return the infos rather than raise.
        out: Two tensors, or three with `get_infos`, that get the results.

    Shape:
        A: (*, m, n); LU: (*, m, n); pivots: (*, min(m, n)); infos: (*).

    Returns:
        A tuple of LU and pivots, and infos if they are asked for.

    Example:
        >>> lu(tensor([[0.0, 1.0], [2.0, 3.0]]))[1]
        tensor([2, 2], dtype=torch.int32)
    """
    found = linalg_lu_factor_ex(A, pivot=pivot, check_errors=not get_infos)
    results = tuple(found) if get_infos else tuple(found)[:2]
    if out is None:
        return results
    for place, value in zip(out, results, strict=True):
        place.resize_(value.shape).copy_(value)
    return out


@op("composite", tensors=2, methods=False, outputs=("P", "L", "U"), dtypes=FIELDS, onnx=NO_FACTORS)
def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True):
    """Take the factors out of what `linalg.lu_factor` returns.

    Args:
        LU_data: L and U in one matrix.
        LU_pivots: Exchanges of rows, of int32.
        unpack_data: Return L and U; else they are empty.
        unpack_pivots: Return P; else it is empty.

    Shape:
        LU_data: (*, m, n); LU_pivots: (*, min(m, n)); P: (*, m, m); L: (*, m, min(m, n)); U: (*, min(m, n), n).

    Returns:
        A named tuple of `P`, `L` and `U`.

    Raises:
        RuntimeError: `LU_pivots` are not of int32, or of another shape.

    Example:
        >>> lu_unpack(tensor([[2.0, 3.0], [0.5, 1.0]]), tensor([1, 2], dtype=int32)).L
        tensor([[1.0000, 0.0000],
                [0.5000, 1.0000]])
    """
    matrices("lu_unpack", LU_data=LU_data)
    k = min(LU_data.shape[-2:])
    if unpack_pivots and (LU_pivots.dtype is not core.int32 or tuple(LU_pivots.shape) != (*LU_data.shape[:-2], k)):
        raise expected("lu_unpack", f"LU_pivots of int32 and shape {(*LU_data.shape[:-2], k)}", LU_pivots, error=RuntimeError)
    nothing = unit(0, LU_data)[0:0, 0:0].reshape(0)
    P = permutation(LU_pivots, LU_data.shape[-2], LU_data) if unpack_pivots else nothing
    L, U = _unpacked(LU_data) if unpack_data else (nothing, nothing)
    return lu_unpack.pack(P, L, U)


@samples(lu_unpack)
def _(s):
    yield s(s.normal(3, 3), s.tensor([2, 3, 3], "int32"))
    yield s(s.normal(2, 4, 2), s.tensor([[2, 2], [1, 4]], "int32"))
    yield s(s.normal(2, 3), s.tensor([1, 2], "int32"), unpack_pivots=False)
    yield s(s.normal(2, 3), s.tensor([2, 2], "int32"), unpack_data=False)


@refuses(lu_unpack)
def _(s):
    yield s(s.normal(3, 3), s.tensor([2, 3, 3], "int64")).raises(RuntimeError, "lu_unpack: expected LU_pivots of int32")
