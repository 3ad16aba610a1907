"""Batch normalisation."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, refuses, samples
from ._help import product
from .errors import expected

Tensor = core.Tensor


def _per_channel(v, ndim):
    return v.reshape(1, -1, *(1,) * (ndim - 2))


@op("call", tensors=("input", "weight", "bias", "running_mean", "running_var"), spaces=(), methods=False, kernel="batch_norm",
    extra=("mean", "rstd", "var_unbiased"), onnx=Unsupported("an internal form"))  # fmt: skip
def normalize_batch(input, weight, bias, running_mean, running_var, training, eps):
    """(input - mean) * rstd * weight + bias over all dimensions but the second, for 2-D and 4-D tensors.

    Shape:
        input: (N, C) or (N, C, H, W); weight, bias, running_mean, running_var: (C) or None; result: that of input. Hidden: mean, rstd and
        unbiased variance of the batch, (C) each.
    """
    dims = tuple(d for d in range(input.ndim) if d != 1)
    n = input.size // input.shape[1]
    if training:
        wide = input.astype(np.float64)
        mean, var = wide.mean(dims), wide.var(dims)
    else:
        mean, var = running_mean.astype(np.float64), running_var.astype(np.float64)
    rstd = 1 / np.sqrt(var + eps)
    scale = rstd if weight is None else rstd * weight
    out = (input - _per_channel(mean, input.ndim)) * _per_channel(scale, input.ndim)
    if bias is not None:
        out = out + _per_channel(bias, input.ndim)
    return out, mean, rstd, var * n / max(n - 1, 1)


@infer(normalize_batch)
def _(input, weight, bias, running_mean, running_var, training, eps):
    c = ((input.shape[1],), input.dtype)
    return [(tuple(input.shape), input.dtype), c, c, c], (bool(training), 0), (eps,)


@op("call", tensors=("grad", "input", "weight", "mean", "rstd"), spaces=(), methods=False, kernel="batch_norm_backward",
    onnx=Unsupported("a backward"))  # fmt: skip
def batch_norm_backward(grad, input, weight, mean, rstd, training, eps, need):
    """Gradients of normalize_batch with respect to input, weight and bias, None where `need` says so.

    Shape:
        grad, input: (N, C) or (N, C, H, W); weight: (C) or None; mean, rstd: (C); results: (N, C, ...), (C), (C).
    """
    dims = tuple(d for d in range(input.ndim) if d != 1)
    x = (input - _per_channel(mean, input.ndim)) * _per_channel(rstd, input.ndim)
    g_bias, g_weight = grad.sum(dims, dtype=np.float64), (grad * x).sum(dims, dtype=np.float64)
    g = grad
    if training:
        n = input.size // input.shape[1]
        g = grad - _per_channel(g_bias / n, input.ndim) - x * _per_channel(g_weight / n, input.ndim)
    g = g * _per_channel(rstd if weight is None else rstd * weight, input.ndim)
    return tuple(v if wanted else None for v, wanted in zip((g, g_weight, g_bias), need))


@infer(batch_norm_backward)
def _(grad, input, weight, mean, rstd, training, eps, need):
    c = ((input.shape[1],), input.dtype)
    outputs = [(tuple(input.shape), input.dtype), c, c]
    return [spec if wanted else None for spec, wanted in zip(outputs, need)], (bool(training),), ()


@formula(batch_norm_backward)
def _(grad, input, weight, mean, rstd, training, eps, need):
    dims = tuple(d for d in range(input.ndim) if d != 1)
    if training:
        mean = input.mean(dims)
        rstd = (((input - _per_channel(mean, input.ndim)) ** 2).mean(dims) + eps) ** -0.5
    x = (input - _per_channel(mean, input.ndim)) * _per_channel(rstd, input.ndim)
    g_bias, g_weight = grad.sum(dims), (grad * x).sum(dims)
    g = grad
    if training:
        n = input.numel() // input.shape[1]
        g = grad - _per_channel(g_bias / n, input.ndim) - x * _per_channel(g_weight / n, input.ndim)
    g = g * _per_channel(rstd if weight is None else rstd * weight, input.ndim)
    return tuple(v if wanted else None for v, wanted in zip((g, g_weight, g_bias), need))


def _backward(g, input, weight, training, eps, mean, rstd, need):
    found = batch_norm_backward(g, input, weight, mean, rstd, training, eps, tuple(need[:3]))
    return (*found, None, None)


derivative(normalize_batch, together=_backward)


@samples(normalize_batch)
def _(s):
    yield s(s.normal(3, 4, 2, 3), s.normal(4), s.normal(4), None, None, True, 1e-5)
    yield s(s.normal(5, 3), s.normal(3), s.normal(3), None, None, True, 1e-3)
    yield s(s.normal(3, 4, 2, 3), None, None, s.normal(4), s.positive(4), False, 1e-5).without(
        "gradcheck", "gradgradcheck", because="running statistics have no gradient"
    )


def _form(b, input, running_mean, running_var, weight, bias, training, momentum, eps):
    if training:
        return Unsupported("in training it depends on the batch; export the module in eval mode")
    c = b.shape(input)[1]
    one, zero = np.ones(c, b.dtype(input)), np.zeros(c, b.dtype(input))
    weight, bias = weight or b.constant(one), bias or b.constant(zero)
    return b.node("BatchNormalization", input, weight, bias, running_mean, running_var, epsilon=eps)


@op("composite", tensors=("input", "running_mean", "running_var", "weight", "bias"), spaces="functional", methods=False, onnx=_form)
def batch_norm(input, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """Normalise each channel over the batch and the positions, then scale and shift it.

    result = (input - mean) / sqrt(var + eps) * weight + bias. In training, mean and (biased) variance are the batch's, and the running
    ones move: running = (1 - momentum) * running + momentum * batch, with the unbiased variance. Otherwise the running ones are used.

    Args:
        input: Activations.
        running_mean: Mean of the past batches, changed in place in training; may be None in training.
        running_var: Their variance, likewise.
        weight: Scale of each channel; None means 1.
        bias: Shift of each channel; None means 0.
        training: Whether the batch's own statistics are used.
        momentum: Weight of the newest batch in the running statistics, 0 to 1.
        eps: Added to the variance; > 0.

    Shape:
        input: (N, C) or (N, C, *); running_mean, running_var, weight, bias: (C); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: a vector is not of shape (C), or running statistics are missing in evaluation.
        ValueError: a batch of one value per channel in training.

    References:
        Ioffe and Szegedy (2015), arXiv:1502.03167.

    Example:
        >>> batch_norm(tensor([[1.0], [3.0]]), training=True, eps=3.0)
        tensor([[-0.5000],
                [ 0.5000]])
    """
    if not isinstance(input, Tensor):
        raise expected("batch_norm", "input to be a Tensor", type(input).__name__, error=TypeError)
    if input.ndim == 1 and not input.numel():
        return input.clone()
    if input.ndim < 2:
        raise expected("batch_norm", "input of 2 or more dimensions", input, error=ValueError)
    if not input.is_floating_point():
        raise expected("batch_norm", "input of a floating dtype", input, "cast with input.float()", RuntimeError)
    c = input.shape[1]
    for name, v in (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias)):
        if v is not None and tuple(v.shape) != (c,):
            raise expected("batch_norm", f"{name} of shape ({c},) for input of {c} channels", v, error=RuntimeError)
    if not training and (running_mean is None or running_var is None):
        raise expected(
            "batch_norm", "running_mean and running_var in evaluation", "None", "pass training=True or the statistics", RuntimeError
        )
    n = input.numel() // c if c else 0
    if training and n == 1:
        raise expected("batch_norm", "more than 1 value per channel when training", input)
    shape = input.shape
    x = input if input.ndim in (2, 4) else input.reshape(shape[0], c, 1, product(shape[2:])) if input.ndim != 3 else input.unsqueeze(2)
    out = normalize_with_statistics(x, weight, bias, running_mean, running_var, training, momentum, eps)
    return out if x is input else out.reshape(shape)


def normalize_with_statistics(x, weight, bias, running_mean, running_var, training, momentum, eps):
    """normalize_batch, which in training moves the running statistics.

    Shape:
        x: (N, C) or (N, C, H, W); weight, bias, running_mean, running_var: (C) or None; result: that of x.
    """
    if weight is not None and weight.dtype != x.dtype:
        half = x.dtype
        return normalize_with_statistics(x.to(weight.dtype), weight, bias, running_mean, running_var, training, momentum, eps).to(half)
    if not training:
        return normalize_batch(x, weight, bias, running_mean, running_var, False, eps)
    if running_mean is None or not x.numel():  # an empty batch moves nothing
        return normalize_batch(x, weight, bias, None, None, True, eps)
    out, mean, _, var = normalize_batch.with_extra(x, weight, bias, None, None, True, eps)
    with core.no_grad():
        running_mean.lerp_(mean.to(running_mean.dtype), momentum)
        running_var.lerp_(var.to(running_var.dtype), momentum)
    return out


@samples(batch_norm)
def _(s):
    yield s(s.normal(3, 4, 2, 3), None, None, s.normal(4), s.normal(4), True)
    yield s(s.normal(3, 4, 5), None, None, None, None, True, eps=1e-2)
    yield s(s.normal(4, 3), s.normal(3), s.positive(3), s.normal(3), s.normal(3)).without(
        "peer_gradient", "gradcheck", "gradgradcheck", because="running statistics have no gradient"
    )


@refuses(batch_norm)
def _(s):
    yield s(s.normal(3, 4, 2), None, None, s.normal(3), None, True).raises(RuntimeError, "batch_norm: expected weight of shape (4,)")
    yield s(s.normal(3, 4)).raises(RuntimeError, "batch_norm: expected running_mean and running_var in evaluation")
    yield s(s.normal(1, 4), None, None, None, None, True).raises(ValueError, "batch_norm: expected more than 1 value per channel")
    yield s(s.normal(4), None, None, None, None, True).raises(ValueError, "batch_norm: expected input of 2 or more dimensions")


@samples(batch_norm_backward)
def _(s):
    x = s.normal(5, 3)
    mean, rstd = x.mean(0), (x.var(0, correction=0) + 1e-5) ** -0.5
    yield s(s.normal(5, 3), x, s.normal(3), mean, rstd, True, 1e-5, (True, True, True)).without(
        "gradcheck", "gradgradcheck", because="its statistics belong to its input; differentiated through the forward's second derivative"
    )
