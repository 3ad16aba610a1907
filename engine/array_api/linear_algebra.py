"""Linear algebra functions of the main namespace: products and transposes."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ext.core._core import Tensor

from ..errors import expected
from ._operands import promoted, rank
from ._ops import linalg, torch


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The product of matrices, or of matrices and vectors.

    Args:
        x1: A matrix, a batch of matrices, or a vector, which counts as a row.
        x2: A matrix, a batch of matrices, or a vector, which counts as a column.

    Shape:
        x1: (*, n, k) or (k,); x2: (*, k, m) or (k,); result: (*, n, m), without what a vector stands for
    """
    return torch.matmul(*promoted("matmul", x1, x2))


def matrix_transpose(x: Tensor, /) -> Tensor:
    """Matrices with rows and columns exchanged; a view, which shares memory."""
    if x.ndim < 2:
        raise expected("matrix_transpose", "x of 2 or more dimensions", x)
    return x.mT


def tensordot(x1: Tensor, x2: Tensor, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Tensor:
    """The sum of products over some axes of two tensors.

    Args:
        x1: The one tensor.
        x2: The other.
        axes: How many axes, the last of x1 with the first of x2; or the axes of each, in pairs.

    Shape:
        result: the axes of x1 that are left, then those of x2

    Example:
        >>> tensordot(ones(2, 3), ones(3, 2), axes=1)
        tensor([[3., 3.],
                [3., 3.]])
    """
    dims = axes if isinstance(axes, int) else tuple(list(a) for a in axes)
    return torch.tensordot(*promoted("tensordot", x1, x2), dims=dims)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The sum of conj(x1) * x2 along an axis, counted from the end; the other axes broadcast.

    Raises:
        ValueError: The axis is not from the end, or has two sizes.
    """
    a, b = promoted("vecdot", x1, x2)
    if not -min(a.ndim, b.ndim) <= axis < 0:
        raise expected("vecdot", f"axis from {-min(a.ndim, b.ndim)} to -1", str(axis))
    if a.shape[axis] != b.shape[axis]:
        raise expected("vecdot", f"x2 of size {a.shape[axis]} along axis {axis}", b)
    return linalg.vecdot(a, b, dim=axis) if rank(a.dtype) > 1 else torch.sum(a * b, dim=axis).to(a.dtype)


__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]
