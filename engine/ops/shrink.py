"""Activation functions with a threshold, and the one with learned slopes."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import COMPLEX, INTEGERS, Unsupported, derivative, op, refuses, samples
from ._help import floating, tensors
from .comparison import gt, lt, where
from .errors import expected


@op(
    "map",
    refused=("bool", *COMPLEX),
    attrs=("threshold", "value"),
    spaces=("torch", "functional"),
    methods=False,
    inplace=True,
    onnx=lambda b, x, t, v: b.node(
        "Where", b.node("Greater", x, b.constant(np.asarray(t, b.dtype(x)))), x, b.constant(np.asarray(v, b.dtype(x)))
    ),
)
def threshold(input, threshold, value):
    """Replace what does not exceed a threshold.

    y = input if input > threshold else value

    Args:
        input: Activations of a floating dtype.
        threshold: The threshold.
        value: In place of what does not exceed it.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> threshold(tensor([0.5, 2.0]), 1.0, -1.0)
        tensor([-1.,  2.])
    """
    return np.where(input > threshold, input, input.dtype.type(value))


derivative(threshold, input=lambda g, input, threshold: where(gt(input, threshold), g, 0))


@op(
    "map",
    refused=("bool", *INTEGERS, *COMPLEX),
    attrs=("lambd",),
    spaces=("torch", "functional"),
    methods=True,
    out="exact",
    onnx=lambda b, x, lambd: b.node("Shrink", x, lambd=lambd, bias=0.0),
)
def hardshrink(input, lambd=0.5):
    """Cut off what is small.

    y = input if |input| > lambd else 0

    Args:
        input: Activations of a floating dtype.
        lambd: What counts as small, >= 0.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> hardshrink(tensor([-0.4, 2.0]))
        tensor([0., 2.])
    """
    return np.where(np.abs(input) <= lambd, input.dtype.type(0), input)


derivative(hardshrink, input=lambda g, input, lambd: where(gt(input, lambd) | lt(input, -lambd), g, 0))


@op(
    "map",
    attrs=("lambd",),
    spaces=(),
    methods=False,
    kernel="softshrink",
    onnx=Unsupported("an internal form"),
    peer="nn.functional.softshrink",
)
def softshrink_by(input, lambd=0.5):
    """`softshrink` with its constant checked."""
    return np.where(
        input > lambd, input - input.dtype.type(lambd), np.where(input < -lambd, input + input.dtype.type(lambd), input.dtype.type(0))
    )


derivative(softshrink_by, input=lambda g, input, lambd: where(gt(input, lambd) | lt(input, -lambd), g, 0))


@op(
    "composite",
    spaces="functional",
    methods=False,
    out=("exact", "whole"),
    onnx=lambda b, x, lambd: b.node("Shrink", x, lambd=lambd, bias=lambd),
)
def softshrink(input, lambd=0.5):
    """Move each element towards 0 by a constant, and stop there.

    y = sign(input) * max(|input| - lambd, 0)

    Args:
        input: Activations of a floating dtype.
        lambd: By how much, >= 0.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `lambd` is negative.

    Example:
        >>> softshrink(tensor([-0.4, 2.0]))
        tensor([0.0000, 1.5000])
    """
    if lambd < 0:
        raise expected("softshrink", "lambd >= 0", f"{lambd}", error=RuntimeError)
    tensors("softshrink", input=input)
    floating("softshrink", input)
    return softshrink_by(input, lambd)


@refuses(softshrink)
def _(s):
    yield s(s.normal(3), -0.5).raises(RuntimeError, "softshrink: expected lambd >= 0")


@samples(threshold)
def _(s):
    yield s(s.away(3, 4, kinks=(0.5,)), 0.5, -1.0)


@samples(hardshrink)
@samples(softshrink)
@samples(softshrink_by)
def _(s):
    yield s(s.away(3, 4, kinks=(-0.5, 0.5)))
    yield s(s.away(3, 4, kinks=(-1, 1)), 1.0)


@op(
    "composite",
    tensors=2,
    spaces=("torch", "functional"),
    onnx=Unsupported("ONNX wants the slopes shaped like the channels; exported as where"),
)
def prelu(input, weight):
    """Scale what is negative by a slope that is learned.

    y = max(input, 0) + weight * min(input, 0)

    Args:
        input: Activations of a floating dtype.
        weight: One slope, or one for each channel, that is, each index of dimension 1.

    Shape:
        input: (N, C, *) or (*); weight: (1,) or (C,); result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the number of slopes is neither 1 nor that of the channels.

    References:
        He et al. (2015), arXiv:1502.01852.

    Example:
        >>> prelu(tensor([-1.0, 2.0]), tensor([0.25]))
        tensor([-0.2500,  2.0000])
    """
    channels = input.shape[1] if input.ndim > 1 else 1
    tensors("prelu", input=input, weight=weight)
    floating("prelu", input)
    n = weight.numel()
    if weight.ndim > 1 or n not in (1, channels):
        raise expected("prelu", f"weight of shape (1,) or ({channels},)", weight, "one slope, or one for each channel", RuntimeError)
    if n > 1 and input.ndim > 2:
        weight = weight.reshape((n,) + (1,) * (input.ndim - 2))
    elif not input.ndim:
        weight = weight.reshape(())
    return where(gt(input, 0), input, input * weight)


@samples(prelu)
def _(s):
    yield s(s.away(2, 3, 4), s.uniform(3))
    yield s(s.away(2, 3), s.uniform(1))
    yield s(s.away(4), s.uniform(1))
    yield s(s.away(), s.uniform(1))


@refuses(prelu)
def _(s):
    yield s(s.normal(2, 3), s.uniform(2)).raises(RuntimeError, "prelu: expected weight")
