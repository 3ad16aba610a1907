"""Products of several matrices in the order that takes the fewest multiplications."""

from __future__ import annotations

from itertools import pairwise

from workbench.ext.core import _core as core

from ._define import COMPLEX, NUMBER, Unsupported, op, refuses, samples
from ._space import public
from .errors import expected
from .matmul import matmul

Tensor = core.Tensor


def _order(sizes):
    """Where to split each chain of matrices: matrix i is of shape (sizes[i], sizes[i + 1])."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], split[i, j] = min((cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j))
    return split


def _product(matrices, split, i, j):
    if i == j:
        return matrices[i]
    k = split[i, j]
    return matmul(_product(matrices, split, i, k), _product(matrices, split, k + 1, j))


@op("composite", tensors=("*tensors",), spaces="linalg", methods=False, dtypes=(*NUMBER, *COMPLEX), peer="linalg.multi_dot",
    out="exact", onnx=Unsupported("export MatMul"))  # fmt: skip
def multi_dot(tensors):
    """Multiply matrices, in the order that takes the fewest multiplications.

    y = tensors[0] @ tensors[1] @ ... @ tensors[n - 1]

    Args:
        tensors: Two or more matrices of one dtype; the first one may be a row, the last one a column, as a vector.

    Shape:
        tensors: (a, b), (b, c), ..., (y, z); result: (a, z), without a or z where a vector came.

    Returns:
        Tensor of their dtype.

    Raises:
        RuntimeError: there are fewer than two, or shapes or dtypes do not fit.
        TypeError: `tensors` is no sequence of tensors.

    References:
        Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms, 15.2.

    Example:
        >>> linalg.multi_dot([tensor([[1.0, 2.0]]), tensor([[1.0, 0.0], [0.0, 2.0]]), tensor([1.0, 1.0])])
        tensor([5.])
    """
    if isinstance(tensors, Tensor) or not all(isinstance(t, Tensor) for t in tensors):
        raise expected("linalg.multi_dot", "a sequence of Tensors", tensors, error=TypeError)
    n = len(tensors)
    if n < 2:
        raise expected("linalg.multi_dot", "2 or more tensors", f"{n}", error=RuntimeError)
    for i, t in enumerate(tensors):
        if t.dtype is not tensors[0].dtype:
            raise expected("linalg.multi_dot", f"tensors of dtype {tensors[0].dtype.name}", t, "cast one of them", RuntimeError)
        if t.ndim != 2 and (t.ndim != 1 or 0 < i < n - 1):
            raise expected("linalg.multi_dot", "matrices, with a vector at most at both ends", t, error=RuntimeError)
    row, column = tensors[0].ndim == 1, tensors[-1].ndim == 1
    first, last = tensors[0].unsqueeze(0) if row else tensors[0], tensors[-1].unsqueeze(1) if column else tensors[-1]
    matrices = [first, *tensors[1:-1], last]
    for a, b in pairwise(matrices):
        if a.shape[1] != b.shape[0]:
            raise expected("linalg.multi_dot", f"a matrix of {a.shape[1]} rows", b, error=RuntimeError)
    y = _product(matrices, _order([first.shape[0], *(m.shape[1] for m in matrices)]), 0, n - 1)
    y = y.squeeze(1) if column else y
    return y.squeeze(0) if row else y


@public("torch")
def chain_matmul(*matrices, out=None):
    """Multiply matrices, in the order that takes the fewest multiplications; `linalg.multi_dot` is the newer form.

    Args:
        matrices: One or more matrices, one by one.
        out: A tensor to write into.

    Shape:
        matrices: (a, b), (b, c), ..., (y, z); result: (a, z).

    Returns:
        Tensor of their dtype.

    Raises:
        RuntimeError: there is none, or one is no matrix, or shapes or dtypes do not fit.
        TypeError: one is no tensor.

    Example:
        >>> chain_matmul(tensor([[1.0, 2.0]]), tensor([[1.0], [1.0]]), tensor([[2.0, 3.0]]))
        tensor([[6., 9.]])
    """
    for m in matrices:
        if not isinstance(m, Tensor):
            raise expected("chain_matmul", "Tensors", type(m).__name__, "spread the sequence out", TypeError)
        if m.ndim != 2:
            raise expected("chain_matmul", "matrices", m, error=RuntimeError)
    if not matrices:
        raise expected("chain_matmul", "one or more matrices", "none", error=RuntimeError)
    if len(matrices) > 1:
        return multi_dot(matrices, out=out) if out is not None else multi_dot(matrices)
    return matrices[0] if out is None else out.copy_(matrices[0])


@samples(multi_dot)
def _(s):
    yield s((s.normal(2, 3), s.normal(3, 2)))
    yield s([s.normal(2, 3), s.normal(3, 4), s.normal(4, 1), s.normal(1, 2)])
    yield s((s.normal(2), s.normal(2, 3), s.normal(3)))
    yield s((s.normal(2), s.normal(2)))


@refuses(multi_dot)
def _(s):
    a = s.normal(2, 2)
    yield s(a).raises(TypeError, "multi_dot: expected")
    yield s([a]).raises(RuntimeError, "linalg.multi_dot: expected 2 or more tensors, got 1")
    yield s([a, s.integers(2, 2)]).raises(RuntimeError, "linalg.multi_dot: expected tensors of dtype float32")
    yield s([a, s.normal(2), a]).raises(RuntimeError, "linalg.multi_dot: expected matrices, with a vector at most at both ends")
    yield s([a, s.normal(3, 2)]).raises(RuntimeError, "linalg.multi_dot: expected a matrix of 2 rows")
