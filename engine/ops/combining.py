"""Tensors combined: blocks on a diagonal, every pair of elements, every choice of them."""

from __future__ import annotations

from itertools import combinations as choices
from itertools import combinations_with_replacement as repeated_choices

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, Unsupported, op, refuses, samples
from ._help import made
from ._space import public
from .errors import expected
from .pieces import stack
from .triangle import meshgrid

Tensor = core.Tensor


@public("torch")
def block_diag(*tensors):
    """Put matrices one after the other on the diagonal of a larger one, with zeros elsewhere.

    Args:
        tensors: Tensors of at most 2 dimensions; a vector counts as a row, a number as a matrix of one element.

    Shape:
        tensors: (n_i, m_i); result: (sum of n_i, sum of m_i).

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: a tensor has more than 2 dimensions.

    Example:
        >>> block_diag(tensor([[1, 2]]), tensor(3))
        tensor([[1, 2, 0],
                [0, 0, 3]])
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    blocks = []
    for x in given:
        if not isinstance(x, Tensor):
            raise expected("block_diag", "Tensors", type(x).__name__, error=TypeError)
        if x.ndim > 2:
            raise expected("block_diag", "tensors of at most 2 dimensions", x, error=RuntimeError)
        blocks.append(x if x.ndim == 2 else x.reshape((1, x.numel())))
    if not blocks:
        return made((1, 0), None, None)
    dtype = blocks[0].dtype
    for x in blocks[1:]:
        dtype = core.promote_types(dtype, x.dtype)
    whole = made((sum(x.shape[0] for x in blocks), sum(x.shape[1] for x in blocks)), dtype, None)
    row = column = 0
    for x in blocks:
        whole.narrow(0, row, x.shape[0]).narrow(1, column, x.shape[1]).copy_(x)
        row, column = row + x.shape[0], column + x.shape[1]
    return whole


@public("torch")
def cartesian_prod(*tensors):
    """Take every combination of one element from each of several vectors.

    Args:
        tensors: Vectors, or one sequence of them.

    Shape:
        tensors: (n_i,); result: (product of n_i, number of vectors), or (n_1,) for a single one.

    Returns:
        Tensor of the promoted dtype; the last column changes fastest.

    Raises:
        RuntimeError: a tensor is not a vector.

    Example:
        >>> cartesian_prod(tensor([1, 2]), tensor([3, 4]))
        tensor([[1, 3],
                [1, 4],
                [2, 3],
                [2, 4]])
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    for x in given:
        if x.ndim != 1:
            raise expected("cartesian_prod", "vectors", x, error=RuntimeError)
    if len(given) == 1:
        return given[0]
    return stack([x.reshape((-1,)) if x.numel() else x.flatten() for x in meshgrid(*given)], 1)


@op("composite", methods=False, dtypes=ALL, onnx=Unsupported("export Gather at constant places"))
def combinations(input, r=2, with_replacement=False):
    """Take every choice of `r` elements of a vector, in the order of their places.

    Args:
        input: Vector.
        r: How many elements a choice has, >= 0.
        with_replacement: Whether an element may be chosen more than once.

    Shape:
        input: (n,); result: (number of choices, r), (0,) for r = 0.

    Returns:
        A copy.

    Raises:
        RuntimeError: `input` is not a vector, or `r` is negative.

    Example:
        >>> combinations(tensor([1, 2, 3]))
        tensor([[1, 2],
                [1, 3],
                [2, 3]])
    """
    if input.ndim != 1 or r < 0:
        raise expected("combinations", "a vector and r >= 0", f"{input.ndim} dimensions and r = {r}", error=RuntimeError)
    if r == 0:
        return made((0,), input.dtype, input.device)
    places = list((repeated_choices if with_replacement else choices)(range(input.shape[0]), r))
    return input[core.from_numpy(np.array(places, np.int64).reshape(-1, r))]


@samples(combinations)
def _(s):
    yield s(s.normal(4))
    yield s(s.normal(3), 3)
    yield s(s.normal(3), 2, True)


@refuses(combinations)
def _(s):
    yield s(s.normal(2, 3)).raises(RuntimeError, "combinations: expected a vector")
