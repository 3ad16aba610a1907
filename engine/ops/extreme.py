"""The largest and the smallest: where they are, and the forms of `max` and `min`."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import NUMBER, Unsupported, derivative, infer, op, refuses, samples
from ._help import axis, made, ordered
from .bounds import maximum, minimum
from .errors import expected
from .reduce import amax, amin

Tensor = core.Tensor


def _found(find, input, dim):
    """`np.argmax` or `np.argmin`, also over all dimensions."""
    if isinstance(dim, tuple):
        return find(input)
    return find(input, axis=dim, keepdims=True)


def _some(name, input, dim):
    if any(input.shape[d] == 0 for d in (range(input.ndim) if dim is None else [axis(name, dim, input.ndim)][: input.ndim])):
        raise expected(name, "at least one element to choose from", input, error=IndexError)


def _argmax_form(b, x, dim, keepdim):
    if dim is None:
        flat = b.node("Reshape", x, b.constant(np.array([-1], np.int64)))
        return b.node("ArgMax", flat, axis=0, keepdims=0) if not keepdim else Unsupported("keepdim over all dimensions")
    return b.node("ArgMax", x, axis=dim, keepdims=int(keepdim))


@op("reduce", result="int64", dtypes=NUMBER, out="exact", onnx=_argmax_form)
def argmax(input, dim=None, keepdim=False):
    """Tell where the largest element is; the first of several, nan before all.

    Args:
        input: Tensor of any dtype but bool.
        dim: Dimension to search along; None for the position in the flattened tensor.
        keepdim: Keep `dim` with size 1.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of int64.

    Raises:
        IndexError: there is no element to choose from.
        RuntimeError: `input` is of bools.

    Example:
        >>> argmax(tensor([[1.0, 5.0], [4.0, 3.0]]), 1)
        tensor([1, 0])
    """
    ordered("argmax", input)
    return _found(np.argmax, input, dim)


@infer(argmax)
def _(input, dim, keepdim):
    if input.dtype is core.bool_:
        raise expected("argmax", "input of numbers", input, "cast with input.int()", RuntimeError)
    _some("argmax", input, dim)


def _argmin_form(b, x, dim, keepdim):
    if dim is None:
        flat = b.node("Reshape", x, b.constant(np.array([-1], np.int64)))
        return b.node("ArgMin", flat, axis=0, keepdims=0) if not keepdim else Unsupported("keepdim over all dimensions")
    return b.node("ArgMin", x, axis=dim, keepdims=int(keepdim))


@op("reduce", result="int64", dtypes=NUMBER, out="exact", onnx=_argmin_form)
def argmin(input, dim=None, keepdim=False):
    """Tell where the smallest element is; the first of several, nan before all.

    Args:
        input: Tensor of any dtype but bool.
        dim: Dimension to search along; None for the position in the flattened tensor.
        keepdim: Keep `dim` with size 1.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        Tensor of int64.

    Raises:
        IndexError: there is no element to choose from.
        RuntimeError: `input` is of bools.

    Example:
        >>> argmin(tensor([[1.0, 5.0], [4.0, 3.0]]), 1)
        tensor([0, 1])
    """
    ordered("argmin", input)
    return _found(np.argmin, input, dim)


@infer(argmin)
def _(input, dim, keepdim):
    if input.dtype is core.bool_:
        raise expected("argmin", "input of numbers", input, "cast with input.int()", RuntimeError)
    _some("argmin", input, dim)


@samples(argmax)
@samples(argmin)
def _(s):
    yield s(s.distinct(3, 4))
    yield s(s.distinct(3, 4), 0)
    yield s(s.distinct(2, 3, 4), -1, True)
    yield s(s.tensor([3, 1, 3, 1]), 0)


@refuses(argmax)
def _(s):
    yield s(s.normal(0)).raises(IndexError, "argmax: expected at least one")
    yield s(s.normal(3), 1).raises(IndexError, "argmax: expected dim")


@refuses(argmax)
@refuses(argmin)
def _(s):
    yield s(s.mask(3)).raises(RuntimeError, ": expected input of numbers")


def _to_place(g, at, shape, dim, keepdim):
    """A gradient of chosen elements, back where they were chosen."""
    zeros = made(shape, g.dtype, g.device)
    if not shape:
        return zeros + g
    if not keepdim:
        g, at = g.unsqueeze(dim), at.unsqueeze(dim)
    return zeros.scatter(dim, at, g)


@op("reduce", spaces=(), methods=False, outputs=("values", "indices"), returns="max", dtypes=NUMBER,
    onnx=Unsupported("an internal form"), peer="max")  # fmt: skip
def max_dim(input, dim, keepdim=False):
    """`max` along a dimension, with the indices."""
    at = _found(np.argmax, input, dim)
    return np.max(input, axis=dim, keepdims=True), at


@infer(max_dim)
def _(input, dim, keepdim):
    _some("max", input, dim)


derivative(max_dim, input=lambda g, result, input_shape, dim, keepdim: _to_place(g[0], result[1], input_shape, dim, keepdim))


@samples(max_dim)
def _(s):
    yield s(s.distinct(3, 4), 0)
    yield s(s.distinct(2, 3, 4), -1, True)


@op("composite", dtypes=NUMBER, onnx=Unsupported("export amax or argmax"))
def max(input, dim=None, keepdim=False, *, other=None):
    """Take the largest element of all, the largest ones along a dimension, or the largest of two.

    Args:
        input: Tensor of any dtype but bool.
        dim: Dimension to search along; None for all; a tensor in its place means `maximum(input, dim)`.
        keepdim: Keep `dim` with size 1.
        other: Another name of the tensor to compare with.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        A tensor; with `dim` a named tuple of `values` and their `indices`, the first of several equal ones.

    Raises:
        IndexError: there is no element to choose from.
        TypeError: `input` is not a tensor.

    Example:
        >>> max(tensor([[1.0, 5.0], [4.0, 3.0]]), 1).indices
        tensor([1, 0])
    """
    ordered("max", input)
    if not isinstance(input, Tensor):
        raise expected("max", "input to be a Tensor", type(input).__name__, error=TypeError)
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return maximum(input, other)
    return amax(input) if dim is None else max_dim(input, dim, keepdim)


@samples(max)
def _(s):
    yield s(s.distinct(3, 4))
    yield s(s.distinct(3, 4), 1)
    yield s(s.distinct(3, 4), dim=0, keepdim=True)
    yield s(s.tensor([1.0, 5.0]), s.tensor([2.0, 3.0]))


@refuses(max)
def _(s):
    yield s(s.normal(0, 3), 0).raises(IndexError, "max: expected at least one")
    yield s(2, s.normal(3)).raises(TypeError, "max: expected input to be a Tensor")


@op("reduce", spaces=(), methods=False, outputs=("values", "indices"), returns="min", dtypes=NUMBER,
    onnx=Unsupported("an internal form"), peer="min")  # fmt: skip
def min_dim(input, dim, keepdim=False):
    """`min` along a dimension, with the indices."""
    at = _found(np.argmin, input, dim)
    return np.min(input, axis=dim, keepdims=True), at


@infer(min_dim)
def _(input, dim, keepdim):
    _some("min", input, dim)


derivative(min_dim, input=lambda g, result, input_shape, dim, keepdim: _to_place(g[0], result[1], input_shape, dim, keepdim))


@samples(min_dim)
def _(s):
    yield s(s.distinct(3, 4), 0)
    yield s(s.distinct(2, 3, 4), -1, True)


@op("composite", dtypes=NUMBER, onnx=Unsupported("export amax or argmin"))
def min(input, dim=None, keepdim=False, *, other=None):
    """Take the smallest element of all, the smallest ones along a dimension, or the smallest of two.

    Args:
        input: Tensor of any dtype but bool.
        dim: Dimension to search along; None for all; a tensor in its place means `minimum(input, dim)`.
        keepdim: Keep `dim` with size 1.
        other: Another name of the tensor to compare with.

    Shape:
        input: (*); result: that of input without `dim`, or with size 1 there.

    Returns:
        A tensor; with `dim` a named tuple of `values` and their `indices`, the first of several equal ones.

    Raises:
        IndexError: there is no element to choose from.
        TypeError: `input` is not a tensor.

    Example:
        >>> min(tensor([[1.0, 5.0], [4.0, 3.0]]), 1).indices
        tensor([0, 1])
    """
    ordered("min", input)
    if not isinstance(input, Tensor):
        raise expected("min", "input to be a Tensor", type(input).__name__, error=TypeError)
    other = dim if isinstance(dim, Tensor) else other
    if other is not None:
        return minimum(input, other)
    return amin(input) if dim is None else min_dim(input, dim, keepdim)


@samples(min)
def _(s):
    yield s(s.distinct(3, 4))
    yield s(s.distinct(3, 4), 1)
    yield s(s.distinct(3, 4), dim=0, keepdim=True)
    yield s(s.tensor([1.0, 5.0]), s.tensor([2.0, 3.0]))


@refuses(min)
def _(s):
    yield s(s.normal(0, 3), 0).raises(IndexError, "min: expected at least one")
    yield s(2, s.normal(3)).raises(TypeError, "min: expected input to be a Tensor")


@op("composite", outputs=("min", "max"), dtypes=NUMBER, out="apart", onnx=Unsupported("export amin and amax"))
def aminmax(input, *, dim=None, keepdim=False):
    """Take the smallest and the largest element.

    Args:
        input: Tensor.
        dim: Dimension that goes; None means all.
        keepdim: Keep it with size 1.

    Shape:
        input: (*); results: that of input without `dim`, or with size 1 there.

    Returns:
        A named tuple of `min` and `max`.

    Raises:
        IndexError: there is no element along `dim`, or no such dimension.
        RuntimeError: there is no element at all.

    Example:
        >>> aminmax(tensor([3, 1, 2]))
        torch.return_types.aminmax(
        min=tensor(1),
        max=tensor(3))
    """
    return aminmax.pack(amin(input, dim, keepdim), amax(input, dim, keepdim))


@samples(aminmax)
def _(s):
    yield s(s.distinct(3, 4))
    yield s(s.distinct(3, 4), dim=1)
    yield s(s.distinct(3, 4), dim=0, keepdim=True)
