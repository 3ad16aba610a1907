"""Normalisation over the last dimensions: layer and RMS norm."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, refuses, samples
from ._help import product
from .errors import expected

Tensor = core.Tensor
INTERNAL, BACKWARD = Unsupported("an internal form"), Unsupported("a backward")


def wanted(values, need):
    """The values that are asked for, None for the others."""
    return tuple(v if asked else None for v, asked in zip(values, need))


def specs(input, n, need, count):
    """What a backward returns: a gradient like `input`, then vectors of size n; None where none is asked for."""
    outputs = [(tuple(input.shape), input.dtype), *[((n,), input.dtype)] * (count - 1)]
    return [spec if asked else None for spec, asked in zip(outputs, need)]


@op("call", tensors=("input", "weight", "bias"), spaces=(), methods=False, kernel="layer_norm", extra=("mean", "rstd"), onnx=INTERNAL)
def normalize_rows(input, weight, bias, eps):
    """layer_norm of rows; hidden, their mean and reciprocal standard deviation.

    Shape:
        input: (N, K); weight, bias: (K) or None; result: (N, K); mean, rstd: (N).
    """
    x = input.astype(np.float64)
    mean = x.mean(1, keepdims=True)
    rstd = 1 / np.sqrt(x.var(1, keepdims=True) + eps)
    out = (x - mean) * rstd
    out = out if weight is None else out * weight
    return out if bias is None else out + bias, mean[:, 0], rstd[:, 0]


@infer(normalize_rows)
def _(input, weight, bias, eps):
    n, k = input.shape
    return [((n, k), input.dtype), ((n,), input.dtype), ((n,), input.dtype)], (n, k), (eps,)


@op("call", tensors=("grad", "input", "weight", "mean", "rstd"), spaces=(), methods=False, kernel="layer_norm_backward", onnx=BACKWARD)
def normalize_rows_backward(grad, input, weight, mean, rstd, eps, need):
    """Gradients of normalize_rows along input, weight and bias, None where `need` says so.

    Shape:
        grad, input: (N, K); weight: (K) or None; mean, rstd: (N); results: (N, K), (K), (K).
    """
    x = (input - mean[:, None]) * rstd[:, None]
    g = grad if weight is None else grad * weight
    g = (g - g.mean(1, keepdims=True) - x * (g * x).mean(1, keepdims=True)) * rstd[:, None]
    return wanted((g, (grad * x).sum(0, dtype=np.float64), grad.sum(0, dtype=np.float64)), need)


@infer(normalize_rows_backward)
def _(grad, input, weight, mean, rstd, eps, need):
    return specs(input, input.shape[1], need, 3), tuple(input.shape), ()


@formula(normalize_rows_backward)
def _(grad, input, weight, mean, rstd, eps, need):
    centred = input - input.mean(1, True)
    rstd = ((centred * centred).mean(1, True) + eps) ** -0.5
    x = centred * rstd
    g = grad if weight is None else grad * weight
    g = (g - g.mean(1, True) - x * (g * x).mean(1, True)) * rstd
    return wanted((g, (grad * x).sum(0), grad.sum(0)), need)


derivative(
    normalize_rows,
    together=lambda g, input, weight, eps, mean, rstd, need: normalize_rows_backward(g, input, weight, mean, rstd, eps, need),
)


@op("call", tensors=("input", "weight"), spaces=(), methods=False, kernel="rms_norm", extra=("rstd",), onnx=INTERNAL)
def scale_rows(input, weight, eps):
    """rms_norm of rows; hidden, the reciprocal root of their mean square.

    Shape:
        input: (N, K); weight: (K) or None; result: (N, K); rstd: (N).
    """
    x = input.astype(np.float64)
    rstd = 1 / np.sqrt((x * x).mean(1, keepdims=True) + eps)
    return x * rstd if weight is None else x * rstd * weight, rstd[:, 0]


@infer(scale_rows)
def _(input, weight, eps):
    n, k = input.shape
    return [((n, k), input.dtype), ((n,), input.dtype)], (n, k), (eps,)


@op("call", tensors=("grad", "input", "weight", "rstd"), spaces=(), methods=False, kernel="rms_norm_backward", onnx=BACKWARD)
def scale_rows_backward(grad, input, weight, rstd, eps, need):
    """Gradients of scale_rows along input and weight, None where `need` says so.

    Shape:
        grad, input: (N, K); weight: (K) or None; rstd: (N); results: (N, K), (K).
    """
    x = input * rstd[:, None]
    g = grad if weight is None else grad * weight
    return wanted(((g - x * (g * x).mean(1, keepdims=True)) * rstd[:, None], (grad * x).sum(0, dtype=np.float64)), need)


@infer(scale_rows_backward)
def _(grad, input, weight, rstd, eps, need):
    return specs(input, input.shape[1], need, 2), tuple(input.shape), ()


@formula(scale_rows_backward)
def _(grad, input, weight, rstd, eps, need):
    rstd = ((input * input).mean(1, True) + eps) ** -0.5
    x = input * rstd
    g = grad if weight is None else grad * weight
    return wanted(((g - x * (g * x).mean(1, True)) * rstd, (grad * x).sum(0)), need)


derivative(scale_rows, together=lambda g, input, weight, eps, rstd, need: scale_rows_backward(g, input, weight, rstd, eps, need))


@samples(normalize_rows)
def _(s):
    yield s(s.normal(3, 4), s.normal(4), s.normal(4), 1e-5)
    yield s(s.normal(2, 5), None, None, 1e-3)


@samples(scale_rows)
def _(s):
    yield s(s.normal(3, 4), s.normal(4), 1e-5)
    yield s(s.normal(2, 5), None, 1e-3)


def _trailing(name, input, normalized_shape, **vectors):
    """The shape that is normalised over, checked."""
    if not isinstance(input, Tensor):
        raise expected(name, "input to be a Tensor", type(input).__name__, error=TypeError)
    if not input.is_floating_point() and not (input.is_complex() and name == "rms_norm"):
        raise expected(name, "input of a floating dtype", input, "cast with input.float()", RuntimeError)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise expected(name, f"input whose shape ends with {shape}", input, error=RuntimeError)
    for key, v in vectors.items():
        if v is not None and tuple(v.shape) != shape:
            raise expected(name, f"{key} of shape {shape}", v, error=RuntimeError)
    return shape


def _flat(v):
    return None if v is None else v.reshape(-1)


def _layer_form(b, input, normalized_shape, weight, bias, eps):
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    weight = weight or b.constant(np.ones(shape, b.dtype(input)))
    return b.node("LayerNormalization", input, weight, *([bias] if bias is not None else []), axis=-len(shape), epsilon=eps)


@op("composite", tensors=("input", "weight", "bias"), spaces=("torch", "functional"), methods=False, onnx=_layer_form)
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Normalise the last dimensions of `input` to zero mean and unit variance.

    y = (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance over the last `len(normalized_shape)` dimensions.

    Args:
        input: Activations of any floating dtype. Statistics are accumulated in float32 or wider.
        normalized_shape: Sizes of the dimensions to normalise over, as they end `input.shape`.
        weight: Scale per normalised element; None means 1.
        bias: Shift per normalised element; None means 0.
        eps: Added to the variance, in squared units of `input`; > 0.

    Shape:
        input: (*, *normalized_shape); weight, bias: normalized_shape; result: that of input.

    Returns:
        Tensor with the shape and dtype of `input`.

    Raises:
        RuntimeError: `input.shape` does not end with `normalized_shape`, or weight or bias is of another shape, or `input` is not floating.

    References:
        Ba, Kiros and Hinton (2016), arXiv:1607.06450.

    Example:
        >>> layer_norm(tensor([[1.0, 3.0]]), (2,), eps=3.0)
        tensor([[-0.5000,  0.5000]])
    """
    shape = _trailing("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    k = product(shape)
    rows = input if input.ndim == 2 and len(shape) == 1 else input.reshape(input.numel() // max(k, 1), k)
    out = normalize_rows(rows, _flat(weight), _flat(bias), eps)
    return out if rows is input else out.reshape(input.shape)


@op("composite", tensors=("input", "weight"), spaces=("torch", "functional"), methods=False,
    onnx=Unsupported("RMSNormalization came with opset 23"))  # fmt: skip
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Divide the last dimensions of `input` by their root mean square: y = x / sqrt(mean(x^2) + eps) * weight.

    Args:
        input: Activations of any floating dtype.
        normalized_shape: Sizes of the dimensions to normalise over, as they end `input.shape`.
        weight: Scale per normalised element; None means 1.
        eps: Added to the mean square; None means the smallest step of the dtype.

    Shape:
        input: (*, *normalized_shape); weight: normalized_shape; result: that of input.

    Returns:
        Tensor with the shape and dtype of `input`.

    Raises:
        RuntimeError: the shapes do not fit, or `input` is not floating.

    References:
        Zhang and Sennrich (2019), arXiv:1910.07467.

    Example:
        >>> rms_norm(tensor([[3.0, 4.0]]), (2,), eps=0.0)
        tensor([[0.8485, 1.1314]])
    """
    shape = _trailing("rms_norm", input, normalized_shape, weight=weight)
    if input.is_complex():  # the mean of the squares themselves, as PyTorch takes it, not of their sizes
        least = float(np.finfo(input.dtype.numpy).eps) if eps is None else eps
        scaled = input * ((input * input).mean(tuple(range(-len(shape), 0)), True) + least) ** -0.5
        return scaled if weight is None else scaled * weight
    if eps is None:
        eps = float(np.finfo(input.dtype.numpy or np.float32).eps) if input.dtype.name != "bfloat16" else 2.0**-7
    k = product(shape)
    return scale_rows(input.reshape(input.numel() // max(k, 1), k), _flat(weight), eps).reshape(input.shape)


@samples(layer_norm)
def _(s):
    yield s(s.normal(2, 3, 4), (4,), s.normal(4), s.normal(4))
    yield s(s.normal(2, 3, 4), (3, 4), s.normal(3, 4), None, 1e-2)
    yield s(s.normal(3, 5), (5,))


@samples(rms_norm)
def _(s):
    yield s(s.normal(2, 3, 4), (4,), s.normal(4), 1e-5)
    yield s(s.normal(2, 3, 4), (3, 4))


@refuses(layer_norm)
def _(s):
    yield s(s.normal(2, 3), (4,)).raises(RuntimeError, "layer_norm: expected input whose shape ends with (4,)")
    yield s(s.normal(2, 3), (3,), s.normal(2)).raises(RuntimeError, "layer_norm: expected weight of shape (3,)")
    yield s(s.integers(2, 3), (3,)).raises(RuntimeError, "layer_norm: expected input of a floating dtype")


@refuses(rms_norm)
def _(s):
    yield s(s.normal(2, 3), (4,)).raises(RuntimeError, "rms_norm: expected input whose shape ends with (4,)")


@samples(normalize_rows_backward)
def _(s):
    x = s.normal(3, 4)
    mean, rstd = x.mean(1), (x.var(1, correction=0) + 1e-5) ** -0.5
    yield s(s.normal(3, 4), x, s.normal(4), mean, rstd, 1e-5, (True, True, True)).without(
        "gradcheck", "gradgradcheck", because="its statistics belong to its input; differentiated through the forward's second derivative"
    )


@samples(scale_rows_backward)
def _(s):
    x = s.normal(3, 4)
    rstd = ((x * x).mean(1) + 1e-5) ** -0.5
    yield s(s.normal(3, 4), x, s.normal(4), rstd, 1e-5, (True, True)).without(
        "gradcheck", "gradgradcheck", because="its statistics belong to its input; differentiated through the forward's second derivative"
    )
