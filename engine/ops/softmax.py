"""Softmax and its logarithm along a dimension."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, refuses, samples
from ._help import axis
from .errors import expected
from .exponential import exp

INTERNAL, BACKWARD = Unsupported("an internal form"), Unsupported("a backward")


def _cut(shape, dim):
    """Sizes before, of and after a dimension."""
    before = after = 1
    for n in shape[:dim]:
        before *= n
    for n in shape[dim + 1 :]:
        after *= n
    return before, shape[dim] if shape else 1, after


def _shifted(x, dim):
    top = x.max(dim, keepdims=True, initial=-np.inf)
    return x - np.where(np.isfinite(top), top, 0)


@op("call", spaces=(), methods=False, kernel="softmax", onnx=INTERNAL)
def softmax_over(input, dim):
    """softmax with its dimension settled.

    Shape:
        input: any; result: that of input.
    """
    e = np.exp(_shifted(input, dim))
    return e / e.sum(dim, keepdims=True)


@op("call", tensors=("grad", "result"), spaces=(), methods=False, onnx=BACKWARD)
def softmax_backward(grad, result, dim):
    """result * (grad - sum of grad * result along `dim`).

    Shape:
        grad, result: any, equal; result: the same.
    """
    return result * (grad - (grad * result).sum(dim, keepdims=True))


@op("call", spaces=(), methods=False, kernel="log_softmax", onnx=INTERNAL)
def log_softmax_over(input, dim):
    """log_softmax with its dimension settled.

    Shape:
        input: any; result: that of input.
    """
    z = _shifted(input, dim)
    return z - np.log(np.exp(z).sum(dim, keepdims=True))


@op("call", tensors=("grad", "result"), spaces=(), methods=False, onnx=BACKWARD)
def log_softmax_backward(grad, result, dim):
    """grad - exp(result) * sum of grad along `dim`.

    Shape:
        grad, result: any, equal; result: the same.
    """
    return grad - np.exp(result) * grad.sum(dim, keepdims=True)


def _plan(first, dim):
    return [(tuple(first.shape), first.dtype)], _cut(first.shape, dim), ()


infer(softmax_over)(_plan)
infer(log_softmax_over)(_plan)
infer(softmax_backward)(lambda grad, result, dim: _plan(result, dim))
infer(log_softmax_backward)(lambda grad, result, dim: _plan(result, dim))
derivative(softmax_over, input=lambda g, result, dim: softmax_backward(g, result, dim))
derivative(log_softmax_over, input=lambda g, result, dim: log_softmax_backward(g, result, dim))


@formula(softmax_backward)
def _(grad, result, dim):
    return result * (grad - (grad * result).sum(dim, True))


@formula(log_softmax_backward)
def _(grad, result, dim):
    return grad - exp(result) * grad.sum(dim, True)


@samples(softmax_over)
def _(s):
    yield s(s.normal(2, 3, 4), 1)
    yield s(s.normal(3, 5), 1)


@samples(log_softmax_over)
def _(s):
    yield s(s.normal(2, 3, 4), 1)
    yield s(s.normal(3, 5), 1)


@samples(softmax_backward)
def _(s):
    yield s(s.normal(2, 3), s.uniform(2, 3), 1)


@samples(log_softmax_backward)
def _(s):
    yield s(s.normal(2, 3), -s.positive(2, 3), 0)


def _settled(name, input, dim, dtype):
    """The input and dimension, checked and converted; a missing `dim` means what it has meant in PyTorch."""
    if not isinstance(input, core.Tensor):
        raise expected(name, "input to be a Tensor", type(input).__name__, error=TypeError)
    if dtype is not None:
        input = input.to(dtype)
    if not input.is_floating_point():
        raise expected(name, "input of a floating dtype", input, "pass dtype=torch.float32", NotImplementedError)
    if dim is None:
        import warnings

        dim = 0 if input.ndim in (0, 1, 3) else 1
        warnings.warn(f"{name}: the dimension is not said and taken to be {dim}; pass dim={dim}", stacklevel=4)
    return input, axis(name, dim, input.ndim)


def _form(kind, sign=1):
    def form(b, input, dim=None, *rest):
        ndim = len(b.shape(input))
        if dim is None:
            dim = 0 if ndim in (0, 1, 3) else 1
        return b.node(kind, input if sign > 0 else b.node("Neg", input), axis=dim)

    return form


def _asked(_stacklevel, dtype):
    """The dtype, which `torch.softmax` takes third and `functional.softmax` fourth."""
    return _stacklevel if isinstance(_stacklevel, core.dtype) else dtype


@op("composite", spaces=("torch", "functional", "special"), out="exact", onnx=_form("Softmax"))
def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """Exponentials that sum to one along a dimension: exp(x) / sum of exp(x), computed without overflow.

    Args:
        input: Scores.
        dim: The dimension of the classes.
        _stacklevel: Not used; a dtype here is taken as `dtype`, which PyTorch's other forms have in this place.
        dtype: Convert to this first.

    Shape:
        input: any; result: that of input.

    Returns:
        Tensor of values in [0, 1].

    Raises:
        IndexError: there is no such dimension.
        NotImplementedError: `input` is not floating.

    Example:
        >>> softmax(tensor([0.0, 0.0]), 0)
        tensor([0.5000, 0.5000])
    """
    return softmax_over(*_settled("softmax", input, dim, _asked(_stacklevel, dtype)))


@op("composite", spaces=("torch", "functional", "special"), out="exact", onnx=_form("LogSoftmax"))
def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """The logarithm of softmax: x - log(sum of exp(x)), computed without overflow.

    Args:
        input: Scores.
        dim: The dimension of the classes.
        _stacklevel: Not used; a dtype here is taken as `dtype`, which PyTorch's other forms have in this place.
        dtype: Convert to this first.

    Shape:
        input: any; result: that of input.

    Returns:
        Tensor of values up to 0.

    Raises:
        IndexError: there is no such dimension.
        NotImplementedError: `input` is not floating.

    Example:
        >>> log_softmax(tensor([0.0, 0.0]), 0)
        tensor([-0.6931, -0.6931])
    """
    return log_softmax_over(*_settled("log_softmax", input, dim, _asked(_stacklevel, dtype)))


@op("composite", spaces="functional", methods=False, onnx=_form("Softmax", -1))
def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax of the negated input.

    Args:
        input: Scores.
        dim: The dimension of the classes.
        _stacklevel: Not used; PyTorch has it.
        dtype: Convert to this first.

    Shape:
        input: any; result: that of input.

    Returns:
        Tensor of values in [0, 1].

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> softmin(tensor([1.0, 1.0]), 0)
        tensor([0.5000, 0.5000])
    """
    return softmax(-input, dim, _stacklevel, dtype)


@samples(softmax)
def _(s):
    yield s(s.normal(2, 3), 1)
    yield s(s.normal(2, 3, 4), -2)
    yield s(s.normal(5), 0)


@samples(log_softmax)
def _(s):
    yield s(s.normal(2, 3), 1)
    yield s(s.normal(2, 3, 4), 0)
    yield s(s.normal(5), -1)


@samples(softmin)
def _(s):
    yield s(s.normal(2, 3), 1)


@refuses(softmax)
def _(s):
    yield s(s.normal(2, 3), 2).raises(IndexError, "softmax: expected dim in [-2, 1]")
    yield s(s.integers(2, 3), 1).raises(NotImplementedError, "softmax: expected input of a floating dtype")


@refuses(log_softmax)
def _(s):
    yield s(s.normal(2, 3), 2).raises(IndexError, "log_softmax: expected dim in [-2, 1]")
