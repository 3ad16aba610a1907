"""The extension `linalg`: decompositions, norms, solving. Every function takes batches of matrices, in the last two dimensions."""

from __future__ import annotations

from typing import Any, Literal

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..errors import expected
from ._operands import promoted
from ._ops import linalg as _linalg
from ._ops import torch
from .linear_algebra import matmul, matrix_transpose, tensordot, vecdot
from .statistical import sum


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The triangular L with x = L @ conj(L)^T, or U with x = conj(U)^T @ U, of positive definite matrices."""
    return _linalg.cholesky(x, upper=upper)


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The cross product of vectors of 3 elements along an axis; the other axes broadcast."""
    a, b = promoted("cross", x1, x2)
    if not -min(a.ndim, b.ndim) <= axis < max(a.ndim, b.ndim) or a.shape[axis] != 3 or b.shape[axis] != 3:
        raise expected("cross", f"two tensors of size 3 along axis {axis}", f"shapes {tuple(a.shape)} and {tuple(b.shape)}")
    ndim = max(a.ndim, b.ndim)
    a, b = (x[(None,) * (ndim - x.ndim)] if x.ndim < ndim else x for x in (a, b))
    return _linalg.cross(a, b, dim=axis)


def det(x: Tensor, /) -> Tensor:
    """The determinant."""
    return _linalg.det(x)


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """A diagonal, as a view: the main one, above it for `offset` > 0, below it for `offset` < 0."""
    return _linalg.diagonal(x, offset=offset)


def eigh(x: Tensor, /) -> Any:
    """(eigenvalues, eigenvectors) of symmetric or Hermitian matrices: in ascending order, and as columns in this order."""
    return _linalg.eigh(x)


def eigvalsh(x: Tensor, /) -> Tensor:
    """The eigenvalues of symmetric or Hermitian matrices, in ascending order."""
    return _linalg.eigvalsh(x)


def inv(x: Tensor, /) -> Tensor:
    """The inverse."""
    return _linalg.inv(x)


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: float | Literal["fro", "nuc"] | None = "fro") -> Tensor:
    """A norm of matrices.

    Args:
        x: The matrices.
        keepdims: Leave the reduced dimensions with size 1.
        ord: "fro" (or None): the root of the sum of squares; "nuc": the sum of singular values; 1, inf: the largest sum of absolute
            values of a column, of a row; 2: the largest singular value; -1, -inf, -2: the smallest instead.
    """
    return _linalg.matrix_norm(x, "fro" if ord is None else ord, keepdim=keepdims)


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """The product of n times x with itself; of the inverse for n < 0."""
    return _linalg.matrix_power(x, n)


def matrix_rank(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """The number of singular values above `rtol` times the largest; rtol None means max(n, m) * eps."""
    return _linalg.matrix_rank(x, rtol=rtol)


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The products of each element of one vector with each of another."""
    return torch.outer(*promoted("outer", x1, x2))


def pinv(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """The Moore-Penrose inverse; singular values below `rtol` times the largest count as 0 (None means max(n, m) * eps)."""
    return _linalg.pinv(x, rtol=rtol)


def qr(x: Tensor, /, *, mode: Literal["reduced", "complete"] = "reduced") -> Any:
    """(Q, R) with x = Q @ R, orthonormal columns in Q and an upper triangular R; "complete": with a square Q."""
    return _linalg.qr(x, mode=mode)


def slogdet(x: Tensor, /) -> Any:
    """(sign, logabsdet): the determinant as sign * exp(logabsdet)."""
    return _linalg.slogdet(x)


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The y with x1 @ y = x2.

    Args:
        x1: Square matrices.
        x2: A vector, if it has one dimension, else matrices (PyTorch reads some of these as vectors).

    Shape:
        x1: (*, n, n); x2: (n,) or (*, n, k); result: (*, n) or (*, n, k)
    """
    a, b = promoted("solve", x1, x2)
    if b.ndim == 1:
        return _linalg.solve(a, b[:, None])[..., 0]
    return _linalg.solve(a, b[(None,) * (a.ndim - b.ndim)] if b.ndim < a.ndim else b)


def svd(x: Tensor, /, *, full_matrices: bool = True) -> Any:
    """(U, S, Vh) with x = U @ diag(S) @ Vh, S in descending order; U and Vh square if `full_matrices`."""
    return _linalg.svd(x, full_matrices=full_matrices)


def svdvals(x: Tensor, /) -> Tensor:
    """The singular values, in descending order."""
    return _linalg.svdvals(x)


def trace(x: Tensor, /, *, offset: int = 0, dtype: core.dtype | None = None) -> Tensor:
    """The sum of a diagonal, in the dtype that `sum` gives."""
    return sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def vector_norm(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    """A norm over one, several or all axes: the root of order `ord` of the sum of powers of that order.

    Args:
        x: The tensor.
        axis: The axes; None means all.
        keepdims: Leave the reduced dimensions with size 1.
        ord: 2, 1 or another order; inf and -inf: the largest and smallest absolute value; 0: how many are not 0.
    """
    if axis == ():  # every element is a vector of its own; PyTorch takes () for all axes
        return torch.abs(x) if ord != 0 else (x != 0).to(torch.abs(x).dtype)
    return _linalg.vector_norm(x, ord, dim=axis, keepdim=keepdims)


__all__ = [
    "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power", "matrix_rank",
    "matrix_transpose", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot", "vector_norm",
]  # fmt: skip
