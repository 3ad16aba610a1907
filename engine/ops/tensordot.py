"""Products of tensors, summed over dimensions of both."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import op, refuses, samples
from ._help import axis, tensors
from .einsum import LETTERS, _arranged, _product
from .errors import expected

Tensor = core.Tensor


def _contracted(name, a, b, dims):
    """The dimensions of both that are summed over, counted from the front."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, (tuple, list)):
        one, other = ([d] if isinstance(d, int) else list(d) for d in dims)
        if len(one) != len(other):
            raise expected(name, "as many dimensions of a as of b", f"{len(one)} and {len(other)}", error=RuntimeError)
        one, other = [axis(name, d, a.ndim, "dims") for d in one], [axis(name, d, b.ndim, "dims") for d in other]
        if len(set(one)) != len(one) or len(set(other)) != len(other):
            raise expected(name, "each dimension once", f"{dims}", error=RuntimeError)
        return one, other
    if not 0 <= dims <= min(a.ndim, b.ndim):
        raise expected(name, f"dims from 0 to {min(a.ndim, b.ndim)}", f"{dims}", error=RuntimeError)
    return list(range(a.ndim - dims, a.ndim)), list(range(dims))


def _dot_form(b, first, second, dims, out):
    shapes = [range(len(b.shape(v))) for v in (first, second)]
    left, right = (core.make_empty((1,) * len(r), core.float32) for r in shapes)
    one, other = _contracted("tensordot", left, right, dims)
    mine = [LETTERS[i] for i in shapes[0]]
    its = [mine[one[other.index(i)]] if i in other else LETTERS[26 + i] for i in shapes[1]]
    kept = [k for i, k in enumerate(mine) if i not in one] + [k for i, k in enumerate(its) if i not in other]
    return b.node("Einsum", first, second, equation=f"{''.join(mine)},{''.join(its)}->{''.join(kept)}")


@op("composite", tensors=2, methods=False, out="exact", onnx=_dot_form)
def tensordot(a, b, dims=2, out=None):
    """Multiply two tensors and sum over some dimensions of both.

    Args:
        a: Tensor.
        b: Tensor.
        dims: How many of the last dimensions of `a` meet the first of `b`, or two lists of dimensions, one of each.
        out: A tensor to write into, of the dtype of the result.

    Shape:
        a, b: any, sizes of dimensions that meet being equal or 1; result: what is left of a, then what is left of b.

    Returns:
        Tensor of the dtype of `a` and `b`.

    Raises:
        RuntimeError: sizes do not meet, a dimension stands twice, there are fewer of them, or `out` is of another dtype.
        IndexError: there is no such dimension.

    Example:
        >>> tensordot(tensor([[1.0, 2.0]]), tensor([3.0, 4.0]), 1)
        tensor([11.])
    """
    tensors("tensordot", a=a, b=b)
    one, other = _contracted("tensordot", a, b, dims)
    for i, j in zip(one, other, strict=True):
        if a.shape[i] != b.shape[j] and 1 not in (a.shape[i], b.shape[j]):
            sizes = f"{a.shape[i]} in dimension {i} and {b.shape[j]} in dimension {j}"
            raise expected("tensordot", "sizes that are equal or 1", sizes, error=RuntimeError)
    left = list(range(a.ndim))
    right = [one[other.index(j)] if j in other else a.ndim + j for j in range(b.ndim)]
    size = dict(zip(left, a.shape, strict=True))
    for k, n in zip(right, b.shape, strict=True):
        size[k] = n if size.get(k, 1) == 1 else size[k]
    kept = [k for i, k in enumerate(left) if i not in one] + [k for j, k in enumerate(right) if j not in other]
    found, order = _product(a, left, b, right, set(kept), size)
    result = _arranged(found, order, kept)
    if out is not None and getattr(out, "dtype", result.dtype) is not result.dtype:
        raise expected("tensordot", f"out of dtype {result.dtype.name}", out, error=RuntimeError)
    return core.into("tensordot", result, out)


@samples(tensordot)
def _(s):
    a, b = s.normal(2, 3, 4), s.normal(3, 4, 2)
    for dims in (2, ([1], [0]), ([2, 1], [1, 0]), ((-2,), (-3,))):
        yield s(a, b, dims)
    yield s(s.normal(2, 3), s.normal(2), 0)
    yield s(s.normal(2, 3), s.normal(3), dims=1)
    yield s(s.normal(2, 3), s.normal(2, 3), s.tensor([[0, 1], [0, 1]], "int64")).without("onnx", because="dims are no input of a model")
    yield s(s.normal(2, 3), s.normal(1, 2), ([1], [0])).without("onnx", because="ONNX broadcasts ... alone")


@refuses(tensordot)
def _(s):
    a, b = s.normal(2, 3, 4), s.normal(3, 4, 5)
    yield s(a, b, ([2], [0])).raises(
        RuntimeError, "tensordot: expected sizes that are equal or 1, got 4 in dimension 2 and 3 in dimension 0"
    )
    yield s(a, b, -1).raises(RuntimeError, "tensordot: expected dims from 0 to 3, got -1")
    yield s(a, b, ([1], [0, 1])).raises(RuntimeError, "tensordot: expected as many dimensions of a as of b, got 1 and 2")
    yield s(a, b, ([1, 1], [0, 0])).raises(RuntimeError, "tensordot: expected each dimension once")
    yield s(a, b, ([3], [0])).raises(IndexError, "tensordot: expected dims in [-3, 2], got 3")
    yield s(a, a, ([0, 1], [0, 1]), out=s.integers(4, 4)).raises(RuntimeError, "tensordot: expected out of dtype float32")
    yield s(a, 1.0).raises(TypeError, "tensordot: expected b to be a Tensor, got float")
