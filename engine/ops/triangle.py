"""Triangles and diagonals of matrices, and grids."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, Unsupported, derivative, infer, op, refuses, samples
from ._help import made
from ._space import public
from .errors import expected

Tensor = core.Tensor


def _matrix(name, input, diagonal):
    if input.ndim < 2:
        raise expected(name, "input of 2 or more dimensions", input, error=RuntimeError)
    return [(tuple(input.shape), input.dtype)], [diagonal], []


@op(
    "call",
    inplace=True,
    dtypes=ALL,
    out="exact",
    onnx=lambda b, x, diagonal: b.node("Trilu", x, b.constant(np.array(diagonal, np.int64)), upper=0),
)
def tril(input, diagonal=0):
    """Keep the lower triangle of matrices, and zeros elsewhere.

    Args:
        input: Tensor of 2 or more dimensions.
        diagonal: The last diagonal that is kept: 0 the main one, above it > 0, below it < 0.

    Shape:
        input: (*, n, m); result: that of input.

    Returns:
        A copy.

    Raises:
        RuntimeError: `input` has fewer than 2 dimensions.

    Example:
        >>> tril(tensor([[1, 2], [3, 4]]))
        tensor([[1, 0],
                [3, 4]])
    """
    return np.tril(input, diagonal)


@infer(tril)
def _(input, diagonal):
    return _matrix("tril", input, diagonal)


derivative(tril, input=lambda g, diagonal: tril(g, diagonal))


@op(
    "call",
    inplace=True,
    dtypes=ALL,
    out="exact",
    onnx=lambda b, x, diagonal: b.node("Trilu", x, b.constant(np.array(diagonal, np.int64)), upper=1),
)
def triu(input, diagonal=0):
    """Keep the upper triangle of matrices, and zeros elsewhere.

    Args:
        input: Tensor of 2 or more dimensions.
        diagonal: The last diagonal that is kept: 0 the main one, above it > 0, below it < 0.

    Shape:
        input: (*, n, m); result: that of input.

    Returns:
        A copy.

    Raises:
        RuntimeError: `input` has fewer than 2 dimensions.

    Example:
        >>> triu(tensor([[1, 2], [3, 4]]))
        tensor([[1, 2],
                [0, 4]])
    """
    return np.triu(input, diagonal)


@infer(triu)
def _(input, diagonal):
    return _matrix("triu", input, diagonal)


derivative(triu, input=lambda g, diagonal: triu(g, diagonal))


@samples(tril)
@samples(triu)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.normal(4, 3), 1)
    yield s(s.normal(2, 3, 3), -1)


@refuses(tril)
@refuses(triu)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, ": expected input of 2 or more dimensions")


@op("composite", dtypes=ALL, out="exact", onnx=Unsupported("ONNX has no diagonal"))
def diag(input, diagonal=0):
    """Take the diagonal of a matrix, or make a matrix of a vector.

    Args:
        input: Vector or matrix.
        diagonal: Which diagonal: 0 the main one, above it > 0, below it < 0.

    Shape:
        input: (n, m) or (n,); result: (length,) or (n + |diagonal|, n + |diagonal|).

    Returns:
        A copy.

    Raises:
        RuntimeError: `input` has another number of dimensions.

    Example:
        >>> diag(tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    if input.ndim == 2:
        return input.diagonal(diagonal).clone()
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    raise expected("diag", "input of 1 or 2 dimensions", input, error=RuntimeError)


@op("composite", dtypes=ALL, onnx=Unsupported("ONNX has no diagonal"))
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Make matrices that have the last dimension of a tensor on a diagonal.

    Args:
        input: Tensor of 1 or more dimensions.
        offset: Which diagonal: 0 the main one, above it > 0, below it < 0.
        dim1: First dimension of the matrices.
        dim2: Second dimension.

    Shape:
        input: (*, n); result: (*, n + |offset|, n + |offset|).

    Returns:
        A copy.

    Example:
        >>> diag_embed(tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    n = input.shape[-1] + (offset if offset > 0 else -offset)
    whole = made((*input.shape[:-1], n, n), input.dtype, input.device)
    whole.diagonal(offset, -2, -1).copy_(input)
    return whole.movedim((-2, -1), (dim1, dim2))


@samples(diag)
def _(s):
    yield s(s.normal(3))
    yield s(s.normal(3), -1)
    yield s(s.normal(3, 4), 1)


@samples(diag_embed)
def _(s):
    yield s(s.normal(2, 3))
    yield s(s.normal(2, 3), 1, 0, 2)


@refuses(diag)
def _(s):
    yield s(s.normal(2, 3, 4)).raises(RuntimeError, "diag: expected input of 1 or 2")


@public("torch")
def meshgrid(*tensors, indexing="ij"):
    """Make the coordinates of a grid from those along its axes.

    Args:
        tensors: Vectors, or one sequence of them.
        indexing: "ij" for the axes in their order, "xy" for the first two swapped.

    Shape:
        tensors: (n_i,); results: (n_1, n_2, ...).

    Returns:
        A tuple of views, one for each axis.

    Raises:
        RuntimeError: `indexing` is another word.

    Example:
        >>> meshgrid(tensor([1, 2]), tensor([3, 4]))[0]
        tensor([[1, 1],
                [2, 2]])
    """
    if indexing not in ("ij", "xy"):
        raise expected("meshgrid", 'indexing to be "ij" or "xy"', indexing, error=RuntimeError)
    lines = list(tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors)
    swap = indexing == "xy" and len(lines) > 1
    if swap:
        lines[:2] = lines[1::-1]
    shape = tuple(x.numel() for x in lines)
    grids = [x.reshape((-1,) + (1,) * (len(shape) - 1 - i)).expand(shape) for i, x in enumerate(lines)]
    if swap:
        grids[:2] = grids[1::-1]
    return tuple(grids)
