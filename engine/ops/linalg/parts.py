"""Diagonals of batches of matrices, and matrices of powers."""

from __future__ import annotations

from .._define import ALL, COMPLEX, NUMBER, Unsupported, op, refuses, samples
from .._help import tensors
from ..creation import ones_like
from ..errors import expected
from ..pieces import cat


@op("composite", spaces="linalg", methods=False, dtypes=(*ALL, *COMPLEX), peer="linalg.diagonal", onnx=Unsupported("ONNX has no diagonal"))
def linalg_diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """Take the diagonals of matrices.

    Args:
        A: Matrices.
        offset: Which diagonal: 0 the main one, positive ones above it, negative ones below it.
        dim1: The dimension of the rows.
        dim2: The dimension of the columns.

    Shape:
        A: (*, m, n); result: (*, length of the diagonal).

    Returns:
        A view of `A`.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> linalg.diagonal(tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    return A.diagonal(offset, dim1, dim2)


@op("composite", tensors=("x",), spaces="linalg", methods=False, dtypes=(*NUMBER, *COMPLEX), peer="linalg.vander",
    onnx=Unsupported("export Pow"))  # fmt: skip
def linalg_vander(x, *, N=None):
    """Make matrices whose columns are the powers of vectors, rising from 0 (Vandermonde's matrix).

    V_ij = x_i ** j

    Args:
        x: Vectors.
        N: Number of columns, 2 or more; None means the length of the vectors.

    Shape:
        x: (*, n) or (), which counts as (1,); result: (*, n, N).

    Returns:
        Tensor of the dtype of `x`; of whole numbers int64.

    Raises:
        RuntimeError: `x` is bool, or there are fewer than 2 columns.

    Example:
        >>> linalg.vander(tensor([1, 2, 3]))
        tensor([[1, 1, 1],
                [1, 2, 4],
                [1, 3, 9]])
    """
    tensors("linalg.vander", x=x)
    if x.dtype.name == "bool":
        raise expected("linalg.vander", "x of another dtype than bool", x, error=RuntimeError)
    x = x if x.ndim else x.unsqueeze(0)
    n = x.shape[-1] if N is None else N
    if n < 2:
        raise expected("linalg.vander", "2 or more columns", f"{n}", "say N", RuntimeError)
    powers = x.unsqueeze(-1).expand(*x.shape, n - 1).cumprod(-1)
    return cat((ones_like(powers[..., :1]), powers), -1)


@samples(linalg_diagonal)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(2, 3, 4), offset=1)
    yield s(s.normal(2, 3, 4), offset=-1, dim1=0, dim2=1)


@samples(linalg_vander)
def _(s):
    yield s(s.normal(3))
    yield s(s.normal(2, 3), N=2)
    yield s(s.normal(2), N=4)
    yield s(s.normal(), N=3)


@refuses(linalg_diagonal)
def _(s):
    yield s(s.normal(3)).raises(IndexError, "diagonal: expected dim")


@refuses(linalg_vander)
def _(s):
    yield s(s.normal()).raises(RuntimeError, "linalg.vander: expected 2 or more columns, got 1")
    yield s(s.mask(3)).raises(RuntimeError, "linalg.vander: expected x of another dtype than bool")
    yield s(s.normal(1)).raises(RuntimeError, "linalg.vander: expected 2 or more columns, got 1")
