"""Convolutions over one and three dimensions, and transposed ones: said through conv2d and its backward."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import HALF, op, refuses, samples
from .conv import _conv_form, check, check_places, conv2d, padded, pair, spread, widened

Tensor = core.Tensor


@op("composite", tensors=("input", "weight", "bias"), spaces=("torch", "functional"), methods=False, onnx=_conv_form)
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide filters over sequences.

    result[n, o] = bias[o] + sum over c of weight[o, c] * input[n, c], with * the cross-correlation over the last dimension.

    Args:
        input: Sequences.
        weight: Filters.
        bias: Added to each output channel; None for none.
        stride: Step of the window.
        padding: Zeros on both sides: an int, "valid" for none or "same" for an output of the input's length (stride 1).
        dilation: Distance between the filter's elements.
        groups: Channels are split into so many groups that do not see each other.

    Shape:
        input: (N, C, L) or (C, L); weight: (O, C / groups, k); bias: (O);
        result: (N, O, (L + 2 padding - dilation (k - 1) - 1) // stride + 1).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the channels or dtypes do not fit, or the kernel is longer than the padded input.

    Example:
        >>> conv1d(ones(1, 1, 4), ones(1, 1, 2))
        tensor([[[2., 2., 2.]]])
    """
    check("conv1d", input, weight, bias, 1, groups)
    stride, dilation = pair("conv1d", stride, "stride", 1, 1), pair("conv1d", dilation, "dilation", 1, 1)
    input, padding = padded("conv1d", input, weight, padding, stride, dilation)
    check_places("conv1d", input, weight, padding, dilation)
    out = conv2d(input.unsqueeze(-2), weight.unsqueeze(2), bias, (1, *stride), (0, *padding), (1, *dilation), groups)
    return out.squeeze(-2)


@samples(conv1d)
def _(s):
    yield s(s.normal(2, 3, 6), s.normal(4, 3, 3), s.normal(4), padding=1)
    yield s(s.normal(2, 4, 7), s.normal(4, 2, 2), None, stride=2, padding=1, dilation=2, groups=2)
    yield s(s.normal(2, 3, 6), s.normal(4, 3, 4), padding="same")


@refuses(conv1d)
def _(s):
    yield s(s.normal(2, 4, 5), s.normal(6, 3, 3)).raises(RuntimeError, "conv1d: expected input of 3 channels")
    yield s(s.normal(2, 3, 2), s.normal(6, 3, 3)).raises(RuntimeError, "conv1d: expected input whose padded size")


@op("composite", tensors=("input", "weight", "bias"), spaces=("torch", "functional"), methods=False, onnx=_conv_form)
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide filters over volumes: the sum of 2-D convolutions, one for each plane of the kernel.

    Args:
        input: Volumes.
        weight: Filters.
        bias: Added to each output channel; None for none.
        stride: Step of the window: an int or three.
        padding: Zeros on both sides: an int or three, "valid" or "same".
        dilation: Distance between the filter's elements: an int or three.
        groups: Channels are split into so many groups that do not see each other.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); weight: (O, C / groups, kd, kh, kw); bias: (O); result: (N, O, Do, Ho, Wo).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the channels or dtypes do not fit, or the kernel is larger than the padded input.

    Example:
        >>> conv3d(ones(1, 1, 3, 3, 3), ones(1, 1, 2, 2, 2)).shape
        torch.Size([1, 1, 2, 2, 2])
    """
    from .padding import pad

    check("conv3d", input, weight, bias, 3, groups)
    if input.dtype.name in HALF:  # the planes are added in float32, and the sum is rounded once
        return conv3d(*widened(input, weight, bias), stride, padding, dilation, groups).to(input.dtype)
    stride, dilation = pair("conv3d", stride, "stride", 3, 1), pair("conv3d", dilation, "dilation", 3, 1)
    input, padding = padded("conv3d", input, weight, padding, stride, dilation)
    check_places("conv3d", input, weight, padding, dilation)
    if input.ndim == 4:
        return conv3d(input.unsqueeze(0), weight, bias, stride, padding, dilation, groups).squeeze(0)
    n, c = input.shape[:2]
    depth = spread(input.shape[2], weight.shape[2], stride[0], padding[0], dilation[0])
    x = pad(input, (0, 0, 0, 0, padding[0], padding[0])) if padding[0] else input
    total = None
    for k in range(weight.shape[2]):
        first = k * dilation[0]
        planes = x[:, :, first : first + stride[0] * (depth - 1) + 1 : stride[0]].transpose(1, 2).reshape(n * depth, c, *x.shape[3:])
        part = conv2d(planes, weight[:, :, k], bias if k == 0 else None, stride[1:], padding[1:], dilation[1:], groups)
        total = part if total is None else total + part
    return total.reshape(n, depth, *total.shape[1:]).transpose(1, 2)


@samples(conv3d)
def _(s):
    yield s(s.normal(1, 2, 4, 4, 3), s.normal(3, 2, 3, 2, 2), s.normal(3), padding=1)
    yield s(s.normal(1, 2, 4, 4, 3), s.normal(2, 1, 2, 2, 2), stride=(2, 1, 1), groups=2)


@refuses(conv3d)
def _(s):
    yield s(s.normal(2, 4, 5, 5, 5), s.normal(6, 3, 3, 3, 3)).raises(RuntimeError, "conv3d: expected input of 3 channels")
