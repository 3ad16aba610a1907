"""Traces, diagonals and conjugate transposes of matrices, and matrices made of the powers of a vector."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import ALL, COMPLEX, NUMBER, Unsupported, op, refuses, samples
from ._help import tensors
from ._space import public
from .errors import expected
from .sequence import arange
from .triangle import diag

Tensor = core.Tensor


@op("composite", dtypes=(*NUMBER, *COMPLEX), onnx=Unsupported("ONNX has no diagonal"))
def trace(input):
    """Sum the main diagonal of a matrix.

    Args:
        input: Matrix.

    Shape:
        input: (n, m); result: ().

    Returns:
        Tensor of the dtype of `input`; of whole numbers int64.

    Raises:
        RuntimeError: `input` is no matrix.

    Example:
        >>> trace(tensor([[1, 2], [3, 4]]))
        tensor(5)
    """
    tensors("trace", input=input)
    if input.ndim != 2:
        raise expected("trace", "input of 2 dimensions", input, error=RuntimeError)
    if input.dtype is core.bool_:
        raise expected("trace", "a matrix of numbers", input, error=NotImplementedError)
    return input.diagonal().sum()


@samples(trace)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(3, 2))


@refuses(trace)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "trace: expected input of 2 dimensions")
    yield s(s.mask(3, 3)).raises(NotImplementedError, "trace: expected a matrix of numbers")


@op("composite", dtypes=ALL, onnx=Unsupported("ONNX has no diagonal"))
def diagflat(input, offset=0):
    """Put all elements on a diagonal of a matrix, and zeros elsewhere.

    Args:
        input: Tensor, which is flattened.
        offset: Which diagonal: 0 the main one, above it > 0, below it < 0.

    Shape:
        input: of n elements; result: (n + |offset|, n + |offset|).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> diagflat(tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    return diag(input.reshape(-1), offset)


@samples(diagflat)
def _(s):
    yield s(s.normal(2, 2))
    yield s(s.normal(3), -1)


def _swapped(n):
    return [*range(n - 2), n - 1, n - 2]


@op("composite", dtypes=(*ALL, *COMPLEX), onnx=lambda b, x: b.node("Transpose", x, perm=_swapped(len(b.shape(x)))))
def adjoint(input):
    """Swap the last two dimensions and conjugate.

    Args:
        input: Matrices.

    Shape:
        input: (*, n, m); result: (*, m, n).

    Returns:
        Tensor of the dtype of `input`; a view where it is real.

    Raises:
        RuntimeError: there are fewer than 2 dimensions.

    Example:
        >>> adjoint(tensor([[1 + 1j, 2j]]))
        tensor([[1.-1.j],
                [0.-2.j]])
    """
    tensors("adjoint", input=input)
    if not input.ndim:
        return input.conj()
    if input.ndim < 2:
        raise expected("adjoint", "input of 2 or more dimensions", input, error=RuntimeError)
    swapped = input.transpose(-2, -1)
    return swapped.conj() if input.is_complex() else swapped


@samples(adjoint)
def _(s):
    yield s(s.normal(2, 3))
    yield s(s.normal(2, 3, 4))


@refuses(adjoint)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "adjoint: expected input of 2 or more dimensions")


def _conjugate_transpose(input):
    if input.ndim == 0:
        return input.conj() if input.is_complex() else input
    if input.ndim != 2:
        raise expected("H", "a matrix", input, "use mH for batches of matrices", RuntimeError)
    return adjoint(input)


core.add_method("mH", property(adjoint))
core.add_method("H", property(_conjugate_transpose))


@public("torch")
def vander(x, N=None, increasing=False):
    """Make the matrix whose columns are the powers of a vector (Vandermonde's matrix).

    Args:
        x: Vector.
        N: Number of columns; None means the length of the vector.
        increasing: Powers rise from left to right, from 0 to N - 1.

    Shape:
        x: (n); result: (n, N).

    Returns:
        Tensor of the dtype of `x`; of whole numbers int64.

    Raises:
        RuntimeError: `x` is no vector, or `N` is negative.

    Example:
        >>> vander(tensor([1, 2, 3]))
        tensor([[1, 1, 1],
                [4, 2, 1],
                [9, 3, 1]])
    """
    tensors("vander", x=x)
    if x.ndim != 1:
        raise expected("vander", "x of 1 dimension", x, error=RuntimeError)
    n = x.shape[0] if N is None else int(N)
    if n < 0:
        raise expected("vander", "N >= 0", n, error=RuntimeError)
    base = x if x.dtype.is_floating_point or x.is_complex() else x.long()
    powers = arange(n) if increasing else arange(n - 1, -1, -1)
    return base.unsqueeze(1) ** powers
