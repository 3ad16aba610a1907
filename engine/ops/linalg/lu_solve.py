"""Systems with matrices of which the triangular factors are known."""

from __future__ import annotations

from workbench.ext.core import _core as core

from .._define import op, refuses, samples
from ..errors import expected
from ._lapack import FIELDS, NO_FACTORS, adjoint, batched_alike, matrices, same_dtype
from ._sample_matrices import regular
from .lu import permutation
from .triangular import triangular


@op(
    "composite",
    tensors=("LU", "pivots", "B"),
    spaces="linalg",
    methods=False,
    dtypes=FIELDS,
    peer="linalg.lu_solve",
    out="exact",
    onnx=NO_FACTORS,
)
def linalg_lu_solve(LU, pivots, B, *, left=True, adjoint=False):
    """Solve systems with matrices that were factorised by `linalg.lu_factor`.

    A X = B, or A^H X = B, or the same from the right

    Args:
        LU: L and U in one matrix.
        pivots: Exchanges of rows, of int32.
        B: Right-hand sides, of the dtype of `LU`.
        left: Whether A stands on the left.
        adjoint: Solve with A transposed and conjugated.

    Shape:
        LU: (*, n, n); pivots: (*, n); B: (*, n, k), or (*, k, n) from the right; result: that of B, with the batches broadcast.

    Returns:
        Tensor of the dtype of `B`.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> linalg.lu_solve(*linalg.lu_factor(tensor([[0.0, 1.0], [2.0, 3.0]])), tensor([[1.0], [5.0]]))
        tensor([[1.],
                [1.]])
    """
    return solved_by_lu("linalg.lu_solve", LU, pivots, B, left, adjoint)


def solved_by_lu(name, LU, pivots, B, left=True, turned=False):
    """`linalg.lu_solve` and `lu_solve`, with the errors of either."""
    matrices(name, square=True, LU=LU)
    matrices(name, B=B)
    same_dtype(name, LU=LU, B=B)
    n = LU.shape[-1]
    if pivots.dtype is not core.int32 or tuple(pivots.shape) != tuple(LU.shape[:-1]):
        raise expected(name, f"pivots of int32 and shape {tuple(LU.shape[:-1])}", pivots, error=RuntimeError)
    if B.shape[-2 if left else -1] != n:
        raise expected(name, f"B with {n} {'rows' if left else 'columns'}", B, error=RuntimeError)
    LU, P, B = batched_alike(name, LU, permutation(pivots, n, LU), B)
    if not left:  # the adjoint of the whole has A^H on the left
        return adjoint(_by_lu(LU, P, adjoint(B), not turned))
    return _by_lu(LU, P, B, turned)


def _by_lu(LU, P, B, turned):
    if turned:
        return P @ triangular(adjoint(LU), triangular(adjoint(LU), B, False, False), True, True)
    return triangular(LU, triangular(LU, P.mT @ B, False, True), True, False)


@samples(linalg_lu_solve)
def _(s):
    pivots = s.tensor([2, 3, 3], "int32")
    for options in ({}, {"adjoint": True}, {"left": False}, {"left": False, "adjoint": True}):
        yield s(regular(s, 3, 3), pivots, s.normal(2, 3, 3), **options)


@refuses(linalg_lu_solve)
def _(s):
    pivots = s.tensor([2, 2], "int32")
    yield s(s.normal(2, 2), pivots, s.normal(3, 1)).raises(RuntimeError, "linalg.lu_solve: expected B with 2 rows")
    yield s(s.normal(2, 2), pivots.long(), s.normal(2, 1)).raises(RuntimeError, "linalg.lu_solve: expected pivots of int32")


@op("composite", tensors=3, dtypes=FIELDS, out="exact", onnx=NO_FACTORS)
def lu_solve(input, LU_data, LU_pivots):
    """Solve systems with matrices that were factorised: `linalg.lu_solve` under its older name.

    Args:
        input: Right-hand sides.
        LU_data: L and U in one matrix.
        LU_pivots: Exchanges of rows, of int32.

    Shape:
        input: (*, n, k); LU_data: (*, n, n); LU_pivots: (*, n); result: (*, n, k).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> lu_solve(tensor([[1.0], [5.0]]), *linalg.lu_factor(tensor([[0.0, 1.0], [2.0, 3.0]])))
        tensor([[1.],
                [1.]])
    """
    return solved_by_lu("lu_solve", LU_data, LU_pivots, input)


@samples(lu_solve)
def _(s):
    yield s(s.normal(3, 2), regular(s, 3, 3), s.tensor([2, 3, 3], "int32"))


@refuses(lu_solve)
def _(s):
    yield s(s.normal(3, 2), s.normal(2, 3), s.tensor([2, 2], "int32")).raises(RuntimeError, "lu_solve: expected LU of square matrices")
