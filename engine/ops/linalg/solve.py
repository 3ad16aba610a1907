"""Systems with square matrices, and inverses."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._help import made, product
from .._one_thread import one_thread
from ..errors import expected
from ._lapack import FIELDS, NO_FACTORS, LinAlgError, batched_alike, each, matrices, refuse_singular, same_dtype
from ._sample_matrices import regular

REGULAR = "A of invertible matrices"


@op("call", tensors=2, spaces=(), methods=False, outputs=("result", "info"), dtypes=FIELDS, onnx=Unsupported("an internal form"))
def solve_of(A, B):
    """`linalg.solve_ex` of matrices on the right-hand side, from the left, with equal batches.

    Shape:
        A: (*, n, n); B: (*, n, k); result: (*, n, k); info: (*).
    """
    try:
        with one_thread:
            return np.linalg.solve(A, B), np.zeros(A.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        from scipy.linalg import get_lapack_funcs

        (gesv,) = get_lapack_funcs(("gesv",), (A, B))
        return each(lambda a, b: gesv(a, b)[2:], A.shape[:-2], [(B.shape[-2:], B.dtype), ((), np.int32)], A, B)


@infer(solve_of)
def _(A, B):
    return [(tuple(B.shape), B.dtype), (tuple(A.shape[:-2]), core.int32)], (), ()


def _solve_back(g, A, result, need):
    back = solve_of(A.mT, g[0]).result
    return -back @ result[0].mT if need[0] else None, back


derivative(solve_of, together=_solve_back)


@samples(solve_of)
def _(s):
    yield s(regular(s, 2, 3, 3), s.normal(2, 3, 2))
    yield s(regular(s, 3, 3), s.normal(3, 0))


def _first_of_each(info, lead):
    """What stands for each matrix of a batch of shape `lead`, which was broadcast."""
    info = info[(0,) * (info.ndim - len(lead))]
    return info[tuple(slice(size) for size in lead)]


def _solve(name, A, B, left):
    """Solutions and infos, with vectors and broadcasting."""
    matrices(name, square=True, A=A)
    if not isinstance(B, core.Tensor):
        raise expected(name, "B to be a Tensor", type(B).__name__, error=TypeError)
    same_dtype(name, A=A, B=B)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1]))
    if vector:
        B = B.unsqueeze(-1)
        if not left:
            raise expected(name, "left=True where B holds vectors", "left=False", error=RuntimeError)
    n = A.shape[-1]
    if B.ndim < 2 or B.shape[-2 if left else -1] != n:
        raise expected(name, f"B with {n} {'rows' if left else 'columns'}", B, error=RuntimeError)
    lead = tuple(A.shape[:-2])
    A, B = batched_alike(name, A, B)
    if not left:
        A, B = A.mT, B.mT
    X, info = solve_of(A, B)
    if tuple(info.shape) != lead:  # one for each matrix, not for each system
        info = _first_of_each(info, lead) if info.numel() else made(lead, core.int32, info.device)
    return X.squeeze(-1) if vector else X if left else X.mT, info


@op("composite", tensors=2, spaces="linalg", methods=False, outputs=("result", "info"), dtypes=FIELDS, peer="linalg.solve_ex",
    onnx=NO_FACTORS)  # fmt: skip
def linalg_solve_ex(A, B, *, left=True, check_errors=False):
    """Solve systems, and tell which have no solution rather than raise.

    A X = B, or X A = B from the right

    Args:
        A: Square matrices.
        B: Right-hand sides: vectors or matrices, of the same dtype.
        left: Whether `A` stands on the left.
        check_errors: Raise where a matrix is singular.

    Shape:
        A: (*, n, n); B: (*, n), (*, n, k), or (*, k, n) from the right; result: that of B, with the batches broadcast; info: (*).

    Returns:
        A named tuple: `result`, and `info` of int32, 0 or the position of a pivot that is 0.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.
        LinAlgError: with `check_errors`, a matrix is singular.

    Example:
        >>> linalg.solve_ex(zeros(1, 1), ones(1)).info
        tensor(1, dtype=torch.int32)
    """
    X, info = _solve("linalg.solve_ex", A, B, left)
    if check_errors:
        refuse_singular("linalg.solve_ex", info, REGULAR)
    return linalg_solve_ex.pack(X, info)


@op("composite", tensors=2, spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.solve", out="exact", onnx=NO_FACTORS)
def linalg_solve(A, B, *, left=True):
    """Solve systems of linear equations that have one solution.

    A X = B, or X A = B from the right

    Args:
        A: Invertible matrices.
        B: Right-hand sides: vectors or matrices, of the same dtype.
        left: Whether `A` stands on the left.

    Shape:
        A: (*, n, n); B: (*, n), (*, n, k), or (*, k, n) from the right; result: that of B, with the batches broadcast.

    Returns:
        Tensor of the dtype of `B`.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.
        LinAlgError: a matrix is singular.

    Example:
        >>> linalg.solve(tensor([[2.0, 0.0], [0.0, 4.0]]), tensor([2.0, 8.0]))
        tensor([1., 2.])
    """
    X, info = _solve("linalg.solve", A, B, left)
    refuse_singular("linalg.solve", info, REGULAR)
    return X


@samples(linalg_solve)
@samples(linalg_solve_ex)
def _(s):
    yield s(regular(s, 3, 3), s.normal(3))
    yield s(regular(s, 2, 3, 3), s.normal(2, 3))
    yield s(regular(s, 2, 1, 3, 3), s.normal(3, 3, 2))
    yield s(regular(s, 3, 3), s.normal(2, 3), left=False)


@refuses(linalg_solve)
@refuses(linalg_solve_ex)
def _(s):
    yield s(s.normal(3, 2), s.normal(3)).raises(RuntimeError, ": expected A of square matrices")
    yield s(s.normal(3, 3), 1.0).raises(TypeError, ": expected B to be a Tensor")
    yield s(s.normal(3, 3), s.normal(2, 2)).raises(RuntimeError, ": expected B with 3 rows")
    yield s(s.normal(3, 3), s.normal(3), left=False).raises(RuntimeError, ": expected left=True")
    yield s(s.normal(3, 3), s.integers(3)).raises(RuntimeError, ": expected B of the dtype of A")


@refuses(linalg_solve)
def _(s):
    yield s(s.tensor([[1.0, 2.0], [2.0, 4.0]]), s.normal(2)).raises(LinAlgError, "linalg.solve: expected A of invertible matrices, got one")


@op(
    "call", spaces=(), methods=False, outputs=("inverse", "info"), dtypes=FIELDS, onnx=Unsupported("an internal form"), peer="linalg.inv_ex"
)
def inverse_of(A):
    """`linalg.inv_ex` without the check.

    Shape:
        A: (*, n, n); inverse: (*, n, n); info: (*).
    """
    try:
        with one_thread:
            return np.linalg.inv(A), np.zeros(A.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        from scipy.linalg import get_lapack_funcs

        (gesv,) = get_lapack_funcs(("gesv",), (A,))
        eye = np.eye(A.shape[-1], dtype=A.dtype)
        return each(lambda a: gesv(a, eye)[2:], A.shape[:-2], [(A.shape[-2:], A.dtype), ((), np.int32)], A)


@infer(inverse_of)
def _(A):
    return [(tuple(A.shape), A.dtype), (tuple(A.shape[:-2]), core.int32)], (), ()


derivative(inverse_of, A=lambda g, result: -(result[0].mT @ (g[0] @ result[0].mT)))


@samples(inverse_of)
def _(s):
    yield s(regular(s, 2, 3, 3))


@op("composite", spaces="linalg", methods=False, outputs=("inverse", "info"), dtypes=FIELDS, peer="linalg.inv_ex", onnx=NO_FACTORS)
def linalg_inv_ex(A, *, check_errors=False):
    """Invert matrices, and tell which have no inverse rather than raise.

    Args:
        A: Square matrices.
        check_errors: Raise where a matrix is singular.

    Shape:
        A: (*, n, n); inverse: (*, n, n); info: (*).

    Returns:
        A named tuple: `inverse`, and `info` of int32, 0 or the position of a pivot that is 0.

    Raises:
        RuntimeError: `A` is no square matrix, or of an integer or half-precision dtype.
        LinAlgError: with `check_errors`, a matrix is singular.

    Example:
        >>> linalg.inv_ex(zeros(1, 1)).info
        tensor(1, dtype=torch.int32)
    """
    matrices("linalg.inv_ex", square=True, A=A)
    found = inverse_of(A)
    if check_errors:
        refuse_singular("linalg.inv_ex", found.info, REGULAR)
    return linalg_inv_ex.pack(*found)


def inverted(name, A):
    """The inverses; raises LinAlgError where there is none."""
    matrices(name, square=True, A=A)
    found = inverse_of(A)
    refuse_singular(name, found.info, REGULAR)
    return found.inverse


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.inv", out="exact", onnx=NO_FACTORS)
def linalg_inv(A):
    """Invert matrices. To multiply by an inverse, `linalg.solve` is quicker and more accurate.

    Args:
        A: Invertible matrices.

    Shape:
        A: (*, n, n); result: (*, n, n).

    Returns:
        Tensor of the dtype of `A`.

    Raises:
        RuntimeError: `A` is no square matrix, or of an integer or half-precision dtype.
        LinAlgError: a matrix is singular.

    Example:
        >>> linalg.inv(tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    return inverted("linalg.inv", A)


@op("composite", dtypes=FIELDS, out="exact", onnx=NO_FACTORS)
def inverse(input):
    """Invert matrices: `linalg.inv` under its older name.

    Args:
        input: Invertible matrices.

    Shape:
        input: (*, n, n); result: (*, n, n).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer or half-precision dtype.
        LinAlgError: a matrix is singular.

    Example:
        >>> inverse(tensor([[2.0]]))
        tensor([[0.5000]])
    """
    return inverted("inverse", input)


@samples(linalg_inv)
@samples(linalg_inv_ex)
@samples(inverse)
def _(s):
    yield s(regular(s, 3, 3))
    yield s(regular(s, 2, 2, 3, 3))


@refuses(linalg_inv)
@refuses(inverse)
def _(s):
    yield s(s.normal(3, 2)).raises(RuntimeError, ": expected A of square matrices")
    yield s(s.tensor([[1.0, 2.0], [2.0, 4.0]])).raises(LinAlgError, ": expected A of invertible matrices, got one that is not")


@refuses(linalg_inv_ex)
def _(s):
    yield s(s.integers(3, 3)).raises(RuntimeError, "linalg.inv_ex: expected A of float32")
    yield s(s.tensor([[0.0]]), check_errors=True).raises(LinAlgError, "linalg.inv_ex: expected A of invertible matrices")


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.tensorinv", onnx=NO_FACTORS)
def linalg_tensorinv(input, ind=2):
    """Invert a tensor as the matrix that it is when its first `ind` dimensions are taken for one, and the others for another.

    Args:
        input: Tensor.
        ind: How many dimensions are the rows; > 0.

    Shape:
        input: (*rows, *columns), as many elements in both; result: (*columns, *rows).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `ind` is not positive, rows and columns differ in size, or the matrix is singular.

    Example:
        >>> linalg.tensorinv(tensor([[2.0, 0.0], [0.0, 4.0]]), ind=1)
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    if ind <= 0:
        raise expected("linalg.tensorinv", "ind > 0", ind, error=RuntimeError)
    rows, columns = tuple(input.shape[:ind]), tuple(input.shape[ind:])
    if product(rows) != product(columns):
        raise expected("linalg.tensorinv", f"input with as many elements in {rows} as in {columns}", input, error=RuntimeError)
    return inverted("linalg.tensorinv", input.reshape(product(rows), product(columns))).reshape(columns + rows)


@samples(linalg_tensorinv)
def _(s):
    yield s(regular(s, 6, 6).reshape(2, 3, 6))
    yield s(regular(s, 4, 4).reshape(4, 2, 2), ind=1)


@refuses(linalg_tensorinv)
def _(s):
    yield s(s.normal(2, 2), ind=0).raises(RuntimeError, "linalg.tensorinv: expected ind > 0")
    yield s(s.normal(2, 3), ind=1).raises(RuntimeError, "linalg.tensorinv: expected input with as many elements")


@op("composite", tensors=2, spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.tensorsolve", onnx=NO_FACTORS)
def linalg_tensorsolve(input, other, dims=None):
    """Solve a system in tensors: the X of which the product with `input` over all its dimensions is `other`.

    Args:
        input: Tensor, seen as a square matrix.
        other: Right-hand side, of the same dtype.
        dims: Dimensions of `input` that are moved to its end first.

    Shape:
        input: (*other.shape, *columns), as many elements in both; other: any; result: columns.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes do not fit, or the matrix is singular.

    Example:
        >>> linalg.tensorsolve(tensor([[2.0, 0.0], [0.0, 4.0]]), tensor([2.0, 8.0]))
        tensor([1., 2.])
    """
    if dims is not None:
        dims = (dims,) if isinstance(dims, int) else tuple(dims)
        input = input.movedim(dims, tuple(range(input.ndim - len(dims), input.ndim)))
    columns = tuple(input.shape[other.ndim :])
    if product(input.shape[: other.ndim]) != other.numel() or product(columns) != other.numel():
        what = f"input of shape (*{tuple(other.shape)}, *columns) with {other.numel()} columns"
        raise expected("linalg.tensorsolve", what, input, error=RuntimeError)
    return linalg_solve(input.reshape(other.numel(), other.numel()), other.reshape(other.numel())).reshape(columns)


@samples(linalg_tensorsolve)
def _(s):
    yield s(regular(s, 6, 6).reshape(2, 3, 6), s.normal(2, 3))
    yield s(regular(s, 6, 6).reshape(2, 3, 3, 2), s.normal(3, 2), dims=(0, 1))


@refuses(linalg_tensorsolve)
def _(s):
    yield s(s.normal(2, 3), s.normal(2)).raises(RuntimeError, "linalg.tensorsolve: expected input of shape (*(2,), *columns)")
