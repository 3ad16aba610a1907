"""Systems with triangular matrices."""

from __future__ import annotations

from .._define import Unsupported, derivative, infer, op, refuses, samples
from ..errors import expected
from ..triangle import tril, triu
from ._lapack import FIELDS, NO_FACTORS, batched_alike, each, matrices, same_dtype
from ._sample_matrices import regular


@op("call", tensors=2, spaces=(), methods=False, dtypes=FIELDS, onnx=Unsupported("an internal form"))
def triangular(A, B, upper, unitriangular):
    """`linalg.solve_triangular` from the left, with equal batches.

    Shape:
        A: (*, n, n); B: (*, n, k); result: (*, n, k).
    """
    from scipy.linalg.blas import get_blas_funcs

    (trsm,) = get_blas_funcs(("trsm",), (A, B))

    def one(a, b):  # transposed, since BLAS counts columns first: X^T A^T = B^T
        return (trsm(1, a.T, b.T, side=1, lower=upper, diag=unitriangular).T,)

    return each(one, A.shape[:-2], [(B.shape[-2:], B.dtype)], A, B)


@infer(triangular)
def _(A, B, upper, unitriangular):
    return [(tuple(B.shape), B.dtype)], (), ()


def _triangular_back(g, A, result, upper, unitriangular, need):
    back = triangular(A.mT, g, not upper, unitriangular)
    if not need[0]:
        return None, back
    whole = -back @ result.mT
    off = 1 if unitriangular else 0
    return triu(whole, off) if upper else tril(whole, -off), back


derivative(triangular, together=_triangular_back)


@samples(triangular)
def _(s):
    for upper, unitriangular in ((False, False), (True, False), (False, True), (True, True)):
        yield s(regular(s, 2, 3, 3), s.normal(2, 3, 2), upper, unitriangular)


@op("composite", tensors=2, spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.solve_triangular", out="exact", onnx=NO_FACTORS)
def linalg_solve_triangular(input, B, *, upper, left=True, unitriangular=False):
    """Solve systems with triangular matrices.

    input X = B, or X input = B from the right

    Args:
        input: Triangular matrices; the other triangle is not read.
        B: Right-hand sides, of the same dtype.
        upper: Whether the upper triangle of `input` counts, or the lower one.
        left: Whether `input` stands on the left.
        unitriangular: Take the diagonal of `input` for ones, without reading it.

    Shape:
        input: (*, n, n); B: (*, n, k), or (*, k, n) from the right; result: that of B, with the batches broadcast.

    Returns:
        Tensor of the dtype of `B`; with inf or nan where a diagonal element is 0.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> linalg.solve_triangular(tensor([[2.0, 0.0], [1.0, 4.0]]), tensor([[2.0], [9.0]]), upper=False)
        tensor([[1.],
                [2.]])
    """
    matrices("linalg.solve_triangular", square=True, input=input)
    matrices("linalg.solve_triangular", B=B)
    same_dtype("linalg.solve_triangular", input=input, B=B)
    n, rows = input.shape[-1], B.shape[-2 if left else -1]
    if n != rows:
        raise expected("linalg.solve_triangular", f"B with {n} {'rows' if left else 'columns'}", B, error=RuntimeError)
    input, B = batched_alike("linalg.solve_triangular", input, B)
    if left:
        return triangular(input, B, bool(upper), bool(unitriangular))
    return triangular(input.mT, B.mT, not upper, bool(unitriangular)).mT


@samples(linalg_solve_triangular)
def _(s):
    yield s(regular(s, 3, 3), s.normal(3, 2), upper=False)
    yield s(regular(s, 3, 3), s.normal(4, 2, 3), upper=True, left=False)
    yield s(regular(s, 2, 1, 3, 3), s.normal(2, 3, 1), upper=True, unitriangular=True)
    yield s(regular(s, 3, 3), s.normal(3, 0), upper=True)


@refuses(linalg_solve_triangular)
def _(s):
    yield s(s.normal(3, 2), s.normal(3, 2), upper=True).raises(RuntimeError, "linalg.solve_triangular: expected input of square matrices")
    yield s(s.normal(3, 3), s.normal(2, 2), upper=True).raises(RuntimeError, "linalg.solve_triangular: expected B with 3 rows")
    yield s(s.normal(2, 2), s.integers(2, 2), upper=True).raises(RuntimeError, "linalg.solve_triangular: expected B of float32")


@op("composite", tensors=2, outputs=("solution", "cloned_coefficient"), dtypes=FIELDS, onnx=NO_FACTORS)
def triangular_solve(input, A, upper=True, transpose=False, unitriangular=False):
    """Solve systems with triangular matrices; `linalg.solve_triangular` is the form to prefer.

    A X = input, or A^T X = input

    Args:
        input: Right-hand sides.
        A: Triangular matrices.
        upper: Whether the upper triangle of `A` counts, or the lower one.
        transpose: Solve with `A` transposed.
        unitriangular: Take the diagonal of `A` for ones.

    Shape:
        input: (*, n, k); A: (*, n, n); solution: (*, n, k); cloned_coefficient: (*, n, n).

    Returns:
        A named tuple of the `solution` and a copy of `A`, the `cloned_coefficient`.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> triangular_solve(tensor([[2.0], [4.0]]), tensor([[2.0, 0.0], [0.0, 4.0]])).solution
        tensor([[1.],
                [1.]])
    """
    matrices("triangular_solve", input=input)
    matrices("triangular_solve", square=True, A=A)
    same_dtype("triangular_solve", input=input, A=A)
    if A.shape[-1] != input.shape[-2]:
        raise expected("triangular_solve", f"input with {A.shape[-1]} rows", input, error=RuntimeError)
    A, input = batched_alike("triangular_solve", A, input)
    solution = triangular(A.mT if transpose else A, input, bool(upper) is not bool(transpose), bool(unitriangular))
    return triangular_solve.pack(solution, A.clone())


@samples(triangular_solve)
def _(s):
    yield s(s.normal(3, 2), regular(s, 3, 3))
    yield s(s.normal(2, 3, 2), regular(s, 3, 3), False, True)
    yield s(s.normal(3, 2), regular(s, 3, 3), True, False, True)


@refuses(triangular_solve)
def _(s):
    yield s(s.normal(2, 2), s.normal(3, 3)).raises(RuntimeError, "triangular_solve: expected input with 3 rows")
