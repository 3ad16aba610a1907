"""The affine map of a layer, with its fused backward."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import COMPLEX, NUMBER, Unsupported, derivative, infer, op, refuses, samples
from .errors import expected

Tensor = core.Tensor


def _rows(x):
    return x.reshape(-1, x.shape[-1])


def _linear_form(b, input, weight, bias):
    product = b.node("MatMul", input, b.node("Transpose", weight, perm=[1, 0]))
    return product if bias is None else b.node("Add", product, bias)


@op("call", tensors=("input", "weight", "bias"), spaces="functional", methods=False, dtypes=(*NUMBER, *COMPLEX),
    out="exact", onnx=_linear_form)  # fmt: skip
def linear(input, weight, bias=None):
    """Apply an affine map to the last dimension: input @ weight.T + bias.

    Args:
        input: Any number of rows.
        weight: A row for each output.
        bias: Added to each output; None for none.

    Shape:
        input: (*, K); weight: (N, K); bias: (N); result: (*, N).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> linear(tensor([[1.0, 2.0]]), tensor([[3.0, 4.0]]), tensor([0.5]))
        tensor([[11.5000]])
    """
    out = input @ weight.T
    return out if bias is None else out + bias


@infer(linear)
def _(input, weight, bias):
    if weight.ndim != 2:
        raise expected("linear", "weight of 2 dimensions", weight, error=RuntimeError)
    n, k = weight.shape
    if input.ndim == 0 or input.shape[-1] != k:
        raise expected("linear", f"input whose last size is {k} (weight is {(n, k)})", input, error=RuntimeError)
    if bias is not None and tuple(bias.shape) != (n,):
        raise expected("linear", f"bias of shape ({n},)", bias, error=RuntimeError)
    dtypes = [t.dtype for t in (input, weight, bias) if t is not None]
    if input.dtype is core.bool_:
        raise expected("linear", "input of a dtype of numbers", input, "cast with input.float()", NotImplementedError)
    if any(d is not input.dtype for d in dtypes):
        raise expected("linear", "input, weight and bias of one dtype", " and ".join(d.name for d in dtypes), error=RuntimeError)
    return [((*input.shape[:-1], n), input.dtype)], (), ()


@op("call", tensors=("grad", "weight"), spaces=(), methods=False, onnx=Unsupported("a backward"))
def linear_input_backward(grad, weight):
    """grad @ weight.

    Shape:
        grad: (*, N); weight: (N, K); result: (*, K).
    """
    return grad @ weight


@infer(linear_input_backward)
def _(grad, weight):
    return [((*grad.shape[:-1], weight.shape[1]), grad.dtype)], (), ()


@op("call", tensors=("grad", "input"), spaces=(), methods=False, onnx=Unsupported("a backward"))
def linear_weight_backward(grad, input, with_bias):
    """The gradients of weight and bias: grad.T @ input over all rows, and the sum of grad's rows (None without `with_bias`).

    Shape:
        grad: (*, N); input: (*, K); results: (N, K) and (N).
    """
    rows = _rows(grad)
    wide = np.complex128 if rows.dtype.kind == "c" else np.float64
    return rows.T @ _rows(input), rows.sum(0, dtype=wide) if with_bias else None


@infer(linear_weight_backward)
def _(grad, input, with_bias):
    n, k = grad.shape[-1], input.shape[-1]
    return [((n, k), grad.dtype), ((n,), grad.dtype) if with_bias else None], (), ()


def _backward(g, input, weight, need):
    g_input = linear_input_backward(g, weight) if need[0] else None
    g_weight = g_bias = None
    if need[1]:
        g_weight, g_bias = linear_weight_backward(g, input, need[2])
    elif need[2]:
        g_bias = g.sum(tuple(range(g.ndim - 1))) if g.ndim > 1 else g
    return g_input, g_weight, g_bias


def _weight_rule(g, grad, input, need):
    g_weight, g_bias = g
    g_grad = g_input = None
    if need[0]:
        if g_weight is not None:
            g_grad = linear(input, g_weight)
        if g_bias is not None:
            g_grad = g_bias.expand(grad.shape) if g_grad is None else g_grad + g_bias
    if need[1] and g_weight is not None:
        g_input = linear_input_backward(grad, g_weight)
    return g_grad, g_input


derivative(linear, together=_backward)
derivative(
    linear_input_backward,
    grad=lambda g, weight: linear(g, weight),
    weight=lambda g, grad: linear_weight_backward(grad, g, False)[0],
)
derivative(linear_weight_backward, together=_weight_rule)


@samples(linear)
def _(s):
    yield s(s.normal(2, 3), s.normal(4, 3), s.normal(4))
    yield s(s.normal(2, 3, 5), s.normal(2, 5))
    yield s(s.normal(3), s.normal(4, 3), s.normal(4))
    yield s(s.normal(0, 3), s.normal(4, 3), s.normal(4))
    yield s(s.normal(40, 33), s.normal(17, 33), s.normal(17))


@samples(linear_input_backward)
def _(s):
    yield s(s.normal(2, 4), s.normal(4, 3))


@samples(linear_weight_backward)
def _(s):
    yield s(s.normal(2, 4), s.normal(2, 3), True)
    yield s(s.normal(2, 3, 4), s.normal(2, 3, 2), False)


@refuses(linear)
def _(s):
    yield s(s.normal(2, 3), s.normal(4, 5)).raises(RuntimeError, "linear: expected input whose last size is 5")
    yield s(s.normal(2, 3), s.normal(3)).raises(RuntimeError, "linear: expected weight of 2 dimensions")
    yield s(s.normal(2, 3), s.normal(4, 3), s.normal(3)).raises(RuntimeError, "linear: expected bias of shape (4,)")
    yield s(s.integers(2, 3), s.normal(4, 3)).raises(RuntimeError, "linear: expected input, weight and bias of one dtype")
