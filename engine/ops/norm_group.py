"""Normalisation of groups of channels: group and instance norm."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, refuses, samples
from ._help import floating, product
from .errors import expected
from .norm import specs, wanted
from .norm_batch import batch_norm

Tensor = core.Tensor
INTERNAL, BACKWARD = Unsupported("an internal form"), Unsupported("a backward")


@op("call", tensors=("input", "weight", "bias"), spaces=(), methods=False, kernel="group_norm", extra=("mean", "rstd"), onnx=INTERNAL)
def normalize_groups(input, weight, bias, groups, eps):
    """group_norm of (N, C, positions); hidden, mean and reciprocal standard deviation of each group.

    Shape:
        input: (N, C, P); weight, bias: (C) or None; result: (N, C, P); mean, rstd: (N, groups).
    """
    n, c, p = input.shape
    x = input.astype(np.float64).reshape(n, groups, -1)
    mean = x.mean(2, keepdims=True)
    rstd = 1 / np.sqrt(x.var(2, keepdims=True) + eps)
    out = ((x - mean) * rstd).reshape(n, c, p)
    out = out if weight is None else out * weight[:, None]
    return out if bias is None else out + bias[:, None], mean[..., 0], rstd[..., 0]


@infer(normalize_groups)
def _(input, weight, bias, groups, eps):
    n, c, p = input.shape
    return [((n, c, p), input.dtype), ((n, groups), input.dtype), ((n, groups), input.dtype)], (n, c, p, groups), (eps,)


@op("call", tensors=("grad", "input", "weight", "mean", "rstd"), spaces=(), methods=False, kernel="group_norm_backward", onnx=BACKWARD)
def normalize_groups_backward(grad, input, weight, mean, rstd, groups, eps, need):
    """Gradients of normalize_groups along input, weight and bias, None where `need` says so.

    Shape:
        grad, input: (N, C, P); weight: (C) or None; mean, rstd: (N, groups); results: (N, C, P), (C), (C).
    """
    n, c, p = input.shape
    x = (input.reshape(n, groups, -1) - mean[..., None]) * rstd[..., None]
    g = (grad if weight is None else grad * weight[:, None]).reshape(n, groups, -1)
    g = (g - g.mean(2, keepdims=True) - x * (g * x).mean(2, keepdims=True)) * rstd[..., None]
    x = x.reshape(n, c, p)
    return wanted((g.reshape(n, c, p), (grad * x).sum((0, 2), dtype=np.float64), grad.sum((0, 2), dtype=np.float64)), need)


@infer(normalize_groups_backward)
def _(grad, input, weight, mean, rstd, groups, eps, need):
    return specs(input, input.shape[1], need, 3), (*input.shape, groups), ()


@formula(normalize_groups_backward)
def _(grad, input, weight, mean, rstd, groups, eps, need):
    n, c, p = input.shape
    x = input.reshape(n, groups, -1)
    x = x - x.mean(2, True)
    rstd = ((x * x).mean(2, True) + eps) ** -0.5
    x = x * rstd
    g = (grad if weight is None else grad * weight.unsqueeze(1)).reshape(n, groups, -1)
    g = (g - g.mean(2, True) - x * (g * x).mean(2, True)) * rstd
    x = x.reshape(n, c, p)
    return wanted((g.reshape(n, c, p), (grad * x).sum((0, 2)), grad.sum((0, 2))), need)


derivative(
    normalize_groups,
    together=lambda g, input, weight, groups, eps, mean, rstd, need: normalize_groups_backward(
        g, input, weight, mean, rstd, groups, eps, need
    ),
)


@samples(normalize_groups)
def _(s):
    yield s(s.normal(2, 4, 3), s.normal(4), s.normal(4), 2, 1e-5)
    yield s(s.normal(2, 3, 4), None, None, 1, 1e-3)


@op("composite", tensors=("input", "weight", "bias"), spaces=("torch", "functional"), methods=False,
    onnx=Unsupported("GroupNormalization scales by group before opset 21"))  # fmt: skip
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Normalise groups of channels of each sample to zero mean and unit variance, then scale and shift each channel.

    Args:
        input: Activations.
        num_groups: Number of groups; divides C.
        weight: Scale of each channel; None means 1.
        bias: Shift of each channel; None means 0.
        eps: Added to the variance; > 0.

    Shape:
        input: (N, C, *); weight, bias: (C); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: C is no multiple of `num_groups`, or weight or bias is of another shape.

    References:
        Wu and He (2018), arXiv:1803.08494.

    Example:
        >>> group_norm(tensor([[1.0, 3.0]]), 1, eps=3.0)
        tensor([[-0.5000,  0.5000]])
    """
    if not isinstance(input, Tensor):
        raise expected("group_norm", "input to be a Tensor", type(input).__name__, error=TypeError)
    floating("group_norm", input)
    if input.ndim < 2:
        raise expected("group_norm", "input of 2 or more dimensions", input, error=RuntimeError)
    c = input.shape[1]
    if num_groups < 1 or c % num_groups:
        raise expected("group_norm", f"num_groups that divides the {c} channels", repr(num_groups), error=RuntimeError)
    for name, v in (("weight", weight), ("bias", bias)):
        if v is not None and tuple(v.shape) != (c,):
            raise expected("group_norm", f"{name} of shape ({c},)", v, error=RuntimeError)
    positions = product(input.shape[2:])
    return normalize_groups(input.reshape(input.shape[0], c, positions), weight, bias, int(num_groups), eps).reshape(input.shape)


@samples(group_norm)
def _(s):
    yield s(s.normal(2, 4, 3, 2), 2, s.normal(4), s.normal(4))
    yield s(s.normal(3, 6), 3)


@refuses(group_norm)
def _(s):
    yield s(s.normal(2, 4, 3), 3).raises(RuntimeError, "group_norm: expected num_groups that divides the 4 channels")
    yield s(s.normal(2, 4, 3), 2, s.normal(3)).raises(RuntimeError, "group_norm: expected weight of shape (4,)")


@op("composite", tensors=("input", "running_mean", "running_var", "weight", "bias"), spaces="functional", methods=False,
    onnx=Unsupported("export group_norm or batch_norm"))  # fmt: skip
def instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5):
    """Normalise each channel of each sample over its positions, then scale and shift it.

    Args:
        input: Activations.
        running_mean: Moving mean over samples, changed in place when the input's statistics are used.
        running_var: Moving variance, likewise.
        weight: Scale of each channel; None means 1.
        bias: Shift of each channel; None means 0.
        use_input_stats: Use the input's own statistics, not the running ones.
        momentum: Weight of the newest sample in the running statistics.
        eps: Added to the variance; > 0.

    Shape:
        input: (N, C, *); running_mean, running_var, weight, bias: (C); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the shapes do not fit.
        ValueError: there is one position alone to take statistics of.

    References:
        Ulyanov, Vedaldi and Lempitsky (2016), arXiv:1607.08022.

    Example:
        >>> instance_norm(tensor([[[1.0, 3.0]]]), eps=3.0)
        tensor([[[-0.5000,  0.5000]]])
    """
    if not isinstance(input, Tensor):
        raise expected("instance_norm", "input to be a Tensor", type(input).__name__, error=TypeError)
    if input.ndim < 3:
        raise expected("instance_norm", "input of 3 or more dimensions", input, error=RuntimeError)
    if use_input_stats and product(input.shape[2:]) == 1:
        raise expected("instance_norm", "more than 1 position in each channel", f"input of shape {tuple(input.shape)}")
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if running_mean is not None:
        with core.no_grad():
            dims = tuple(range(2, input.ndim))
            running_mean.lerp_(input.mean(dims).mean(0).to(running_mean.dtype), momentum)
            running_var.lerp_(input.var(dims).mean(0).to(running_var.dtype), momentum)
    return group_norm(input, input.shape[1], weight, bias, eps)


@samples(instance_norm)
def _(s):
    yield s(s.normal(2, 3, 4), None, None, s.normal(3), s.normal(3))
    yield s(s.normal(2, 3, 2, 3))


@refuses(instance_norm)
def _(s):
    yield s(s.normal(2, 3)).raises(RuntimeError, "instance_norm: expected input of 3 or more dimensions")
    yield s(s.normal(2, 3, 1)).raises(ValueError, "instance_norm: expected more than 1 position in each channel")


@samples(normalize_groups_backward)
def _(s):
    x = s.normal(2, 4, 3)
    rows = x.reshape(2, 2, -1)
    mean, rstd = rows.mean(2), (rows.var(2, correction=0) + 1e-5) ** -0.5
    yield s(s.normal(2, 4, 3), x, s.normal(4), mean, rstd, 2, 1e-5, (True, True, True)).without(
        "gradcheck", "gradgradcheck", because="its statistics belong to its input; differentiated through the forward's second derivative"
    )
