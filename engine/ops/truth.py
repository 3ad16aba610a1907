"""Whether any or all elements hold."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, Unsupported, op, refuses, samples
from ._help import axes
from .reduce import _reduced

DTYPES = (*ALL, *COMPLEX)


def _truth(kind):
    """ONNX has no reduction of bool but these two of numbers."""

    def form(b, x, dim, keepdim):
        whole = b.node("Cast", b.node("Cast", x, to=b.code("bool")), to=b.code("int32"))
        return b.node("Cast", _reduced(kind, b, whole, dim, keepdim), to=b.code("uint8" if b.dtype(x) == np.uint8 else "bool"))

    return form


def _settled(found, input):
    """PyTorch tells of uint8, its oldest dtype for truth values, in that dtype."""
    return found.to(core.uint8) if input.dtype is core.uint8 else found


@op("reduce", result="bool", spaces=(), methods=False, dtypes=DTYPES, kernel="any", onnx=Unsupported("an internal form"))
def any_over(input, dim=None, keepdim=False):
    """`any` as bool."""
    return np.any(input != 0, axis=axes("any", dim, input.ndim), keepdims=keepdim)


@op("reduce", result="bool", spaces=(), methods=False, dtypes=DTYPES, kernel="all", onnx=Unsupported("an internal form"))
def all_over(input, dim=None, keepdim=False):
    """`all` as bool."""
    return np.all(input != 0, axis=axes("all", dim, input.ndim), keepdims=keepdim)


@op("composite", dtypes=DTYPES, out="bytes", onnx=_truth("ReduceMax"))
def any(input, dim=None, keepdim=False):
    """Tell whether any element holds.

    Anything but 0 holds; over no elements `any` is false and `all` is true.

    Args:
        input: Tensor.
        dim: Dimension or dimensions that go; None means all.
        keepdim: Keep them with size 1.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of bool, of uint8 if `input` is.

    Example:
        >>> any(tensor([[True, False], [True, True]]), 1)
        tensor([True, True])
    """
    return _settled(any_over(input, dim, keepdim), input)


@op("composite", dtypes=DTYPES, out="bytes", onnx=_truth("ReduceMin"))
def all(input, dim=None, keepdim=False):
    """Tell whether all elements hold.

    Anything but 0 holds; over no elements `any` is false and `all` is true.

    Args:
        input: Tensor.
        dim: Dimension or dimensions that go; None means all.
        keepdim: Keep them with size 1.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of bool, of uint8 if `input` is.

    Example:
        >>> all(tensor([[True, False], [True, True]]), 1)
        tensor([False,  True])
    """
    return _settled(all_over(input, dim, keepdim), input)


@samples(any)
@samples(all)
@samples(any_over)
@samples(all_over)
def _(s):
    yield s(s.tensor([[0, 0, 1], [0, 0, 0], [1, 1, 1]]))
    yield s(s.tensor([[0, 0, 1], [0, 0, 0], [1, 1, 1]]), 1)
    yield s(s.tensor([[0, 0, 1], [0, 0, 0], [1, 1, 1]]), 0, True)
    yield s(s.normal(2, 3, 4), (0, 2))


@refuses(any)
@refuses(all)
def _(s):
    yield s(s.normal(3, 4), 2).raises(IndexError, ": expected dim")
