"""Activation functions made of straight pieces."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import COMPLEX, NOT_FLOATING, NUMBER, Unsupported, derivative, formula, op, refuses, samples
from ._help import ordered
from .comparison import gt, le, lt, where
from .errors import expected


@op("map", refused=("bool",), spaces=("torch", "functional"), methods=True, inplace=True, dtypes=NUMBER, onnx="Relu")
def relu(input):
    """Cut off what is negative.

    y = max(input, 0)

    Args:
        input: Activations.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> relu(tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    ordered("relu", input)
    return np.where(input < 0, input.dtype.type(0), input)


@op("map", tensors=2, spaces=(), methods=False, onnx=Unsupported("a backward"), peer=None)
def relu_backward(grad, result):
    """Gradient of `relu` from its result."""
    return np.where(result > 0, grad, grad.dtype.type(0))


@formula(relu_backward)
def _(grad, result):
    return where(gt(result, 0), grad, 0)


derivative(relu, input=lambda g, result: relu_backward(g, result))


@op(
    "map",
    refused=NOT_FLOATING,
    attrs=("negative_slope",),
    spaces="functional",
    methods=False,
    onnx=lambda b, x, slope: b.node("LeakyRelu", x, alpha=slope),
)
def leaky_relu(input, negative_slope=0.01):
    """Scale down what is negative.

    y = max(input, 0) + negative_slope * min(input, 0)

    Args:
        input: Activations of a floating dtype.
        negative_slope: Slope below 0.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models.

    Example:
        >>> leaky_relu(tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    return np.where(input > 0, input, input * input.dtype.type(negative_slope))


@op("map", tensors=2, attrs=("negative_slope",), spaces=(), methods=False, onnx=Unsupported("a backward"), peer=None)
def leaky_relu_backward(grad, input, negative_slope):
    """Gradient of `leaky_relu` from its input."""
    return np.where(input > 0, grad, grad * grad.dtype.type(negative_slope))


@formula(leaky_relu_backward)
def _(grad, input, negative_slope):
    return where(gt(input, 0), grad, grad * negative_slope)


derivative(leaky_relu, input=lambda g, input, negative_slope: leaky_relu_backward(g, input, negative_slope))


@op("map", refused=("bool", *COMPLEX), attrs=("min_val", "max_val"), spaces=(), methods=False, kernel="hardtanh",
    onnx=Unsupported("an internal form"), peer="nn.functional.hardtanh")  # fmt: skip
def hardtanh_between(input, min_val=-1.0, max_val=1.0):
    """`hardtanh` with its bounds checked."""
    return np.clip(input, input.dtype.type(min_val), input.dtype.type(max_val))


@op(
    "composite",
    spaces="functional",
    methods=False,
    onnx=lambda b, x, low, high: b.node("Clip", x, *(b.constant(np.asarray(v, b.dtype(x))) for v in (low, high))),
)
def hardtanh(input, min_val=-1.0, max_val=1.0):
    """Limit each element to a range.

    y = min(max(input, min_val), max_val)

    Args:
        input: Activations of a floating dtype.
        min_val: Lower bound.
        max_val: Upper bound.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the lower bound is above the upper one.

    Example:
        >>> hardtanh(tensor([-2.0, 0.5, 2.0]))
        tensor([-1.0000,  0.5000,  1.0000])
    """
    if min_val > max_val:
        raise expected("hardtanh", "min_val <= max_val", f"{min_val} and {max_val}")
    if getattr(input, "dtype", None) is core.uint8 and min_val < 0:
        raise expected("hardtanh", "bounds >= 0 for uint8", f"{min_val} and {max_val}", error=RuntimeError)
    return hardtanh_between(input, min_val, max_val)


@refuses(hardtanh)
def _(s):
    yield s(s.normal(3), 0.5, -0.5).raises(ValueError, "hardtanh: expected min_val <= max_val")


@op("map", tensors=2, attrs=("min_val", "max_val"), spaces=(), methods=False, kernel="hardtanh_backward", onnx=Unsupported("a backward"))
def hardtanh_between_backward(grad, input, min_val, max_val):
    """Gradient of `hardtanh_between` from its input."""
    return np.where((input > min_val) & (input < max_val), grad, grad.dtype.type(0))


@formula(hardtanh_between_backward)
def _(grad, input, min_val, max_val):
    return where(gt(input, min_val) & lt(input, max_val), grad, 0)


derivative(hardtanh_between, input=lambda g, input, min_val, max_val: hardtanh_between_backward(g, input, min_val, max_val))


@op(
    "composite",
    spaces="functional",
    methods=False,
    onnx=lambda b, x: b.node("Clip", x, *(b.constant(np.asarray(v, b.dtype(x))) for v in (0, 6))),
)
def relu6(input):
    """Limit each element to [0, 6].

    y = min(max(input, 0), 6)

    Args:
        input: Activations of a floating dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Howard et al. (2017), arXiv:1704.04861.

    Example:
        >>> relu6(tensor([-2.0, 0.5, 7.0]))
        tensor([0.0000, 0.5000, 6.0000])
    """
    return hardtanh_between(input, 0.0, 6.0)


@op("map", refused=NOT_FLOATING, spaces="functional", methods=False, onnx=lambda b, x: b.node("HardSigmoid", x, alpha=1 / 6, beta=0.5))
def hardsigmoid(input):
    """Approximate `sigmoid` by a line between two constants.

    y = min(max(input + 3, 0), 6) / 6

    Args:
        input: Activations of a floating dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Courbariaux, Bengio and David (2015), arXiv:1511.00363.

    Example:
        >>> hardsigmoid(tensor([-4.0, 0.0, 1.5]))
        tensor([0.0000, 0.5000, 0.7500])
    """
    return np.clip(input + 3, 0, 6).astype(input.dtype) / 6


@op("map", tensors=2, spaces=(), methods=False, onnx=Unsupported("a backward"), peer=None)
def hardsigmoid_backward(grad, input):
    """Gradient of `hardsigmoid` from its input."""
    return np.where((input > -3) & (input < 3), grad / 6, grad.dtype.type(0))


@formula(hardsigmoid_backward)
def _(grad, input):
    return where(gt(input, -3) & lt(input, 3), grad / 6, 0)


derivative(hardsigmoid, input=lambda g, input: hardsigmoid_backward(g, input))


@op("map", refused=NOT_FLOATING, spaces="functional", methods=False, onnx="HardSwish")
def hardswish(input):
    """Approximate `silu` by a parabola between two lines.

    y = input * min(max(input + 3, 0), 6) / 6

    Args:
        input: Activations of a floating dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    References:
        Howard et al. (2019), arXiv:1905.02244.

    Example:
        >>> hardswish(tensor([-4.0, 1.0, 4.0]))
        tensor([-0.0000,  0.6667,  4.0000])
    """
    return input * np.clip(input + 3, 0, 6).astype(input.dtype) / 6


@op("map", tensors=2, spaces=(), methods=False, onnx=Unsupported("a backward"), peer=None)
def hardswish_backward(grad, input):
    """Gradient of `hardswish` from its input."""
    return np.where(input < -3, 0, np.where(input <= 3, grad * (input / 3 + grad.dtype.type(0.5)), grad)).astype(grad.dtype)


@formula(hardswish_backward)
def _(grad, input):
    return where(lt(input, -3), 0, where(le(input, 3), grad * (input / 3 + 0.5), grad))


derivative(hardswish, input=lambda g, input: hardswish_backward(g, input))


@samples(relu)
def _(s):
    yield s(s.away(3, 4))
    yield s(s.tensor([-2, 0, 3])).without("gradcheck", "gradgradcheck", because="0 is the kink")


@samples(leaky_relu)
def _(s):
    yield s(s.away(3, 4))
    yield s(s.away(5), 0.2)


@samples(hardtanh)
@samples(hardtanh_between)
def _(s):
    yield s(s.away(3, 4, kinks=(-1, 1)))
    yield s(s.away(12, kinks=(-2, 0.5)), -2.0, 0.5)


@samples(relu6)
def _(s):
    yield s(s.away(3, 4, kinks=(0, 6)))


@samples(hardsigmoid)
@samples(hardswish)
def _(s):
    yield s(s.away(3, 4, kinks=(-3, 3))).within(rtol=1e-6, because="PyTorch takes the sixth in float32")


@samples(relu_backward)
@samples(hardsigmoid_backward)
@samples(hardswish_backward)
def _(s):
    yield s(s.normal(3, 4), s.away(3, 4, kinks=(-3, 0, 3)))


@samples(leaky_relu_backward)
def _(s):
    yield s(s.normal(3, 4), s.away(3, 4), 0.2)


@samples(hardtanh_between_backward)
def _(s):
    yield s(s.normal(3, 4), s.away(3, 4, kinks=(-1, 0.5)), -1.0, 0.5)
