"""Transposed convolutions: the gradient of a convolution with respect to its input, used as a layer."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import HALF, op, refuses, samples
from .conv import check, convolution_input_backward, pair, widened
from .errors import expected

Tensor = core.Tensor


def _transposed(name, n, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """The sizes of a transposed convolution, checked."""
    groups = check(name, input, weight, bias, n, groups, transposed=True)
    stride, dilation = pair(name, stride, "stride", n, 1), pair(name, dilation, "dilation", n, 1)
    padding, extra = pair(name, padding, "padding", n), pair(name, output_padding, "output_padding", n)
    for e, s, d in zip(extra, stride, dilation):
        if e >= max(s, d):
            raise expected(name, "output_padding less than stride or dilation", repr(extra), error=RuntimeError)
    size = tuple(
        (z - 1) * s - 2 * p + d * (k - 1) + e + 1
        for z, s, p, d, k, e in zip(input.shape[-n:], stride, padding, dilation, weight.shape[2:], extra)
    )
    if min(size) < 1:
        raise expected(name, "arguments that give an output", f"a size of {size}", error=RuntimeError)
    return size, stride, padding, groups, dilation


def _transposed_form(b, input, weight, bias, stride, padding, output_padding, groups, dilation):
    n = len(b.shape(weight)) - 2
    each = lambda v: [v] * n if isinstance(v, int) else list(v)  # noqa: E731
    more = [bias] if bias is not None else []
    return b.node(
        "ConvTranspose", input, weight, *more, strides=each(stride), pads=each(padding) * 2, output_padding=each(output_padding),
        dilations=each(dilation), group=groups,
    )  # fmt: skip


@op("composite", tensors=("input", "weight", "bias"), spaces=("torch", "functional"), methods=False, onnx=_transposed_form)
def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The gradient of conv2d with respect to its input, used as a layer: each element of `input` spreads a filter.

    Args:
        input: Images.
        weight: Filters.
        bias: Added to each output channel; None for none.
        stride: Distance between the places that neighbours spread to.
        padding: What is cut off on both sides.
        output_padding: What is added at the end; less than stride or dilation.
        groups: Channels are split into so many groups that do not see each other.
        dilation: Distance between the filter's elements.

    Shape:
        input: (N, C, H, W) or (C, H, W); weight: (C, O / groups, kh, kw); bias: (O);
        result: (N, O, (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1, the same for W).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the channels or dtypes do not fit, or there is no output of these sizes.

    References:
        Dumoulin and Visin (2016), arXiv:1603.07285.

    Example:
        >>> conv_transpose2d(ones(1, 1, 2, 2), ones(1, 1, 2, 2), stride=2).shape
        torch.Size([1, 1, 4, 4])
    """
    size, stride, padding, groups, dilation = _transposed(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    if input.ndim == 3:
        return conv_transpose2d(input.unsqueeze(0), weight, bias, stride, padding, output_padding, groups, dilation).squeeze(0)
    out = convolution_input_backward(input, weight, size, stride, padding, dilation, groups)
    return out if bias is None else out + bias.reshape(-1, 1, 1)


@samples(conv_transpose2d)
def _(s):
    yield s(s.normal(2, 3, 4, 3), s.normal(3, 4, 3, 3), s.normal(4), padding=1)
    yield s(s.normal(2, 4, 3, 4), s.normal(4, 2, 2, 3), None, 2, (1, 0), 1, 2)
    yield s(s.normal(2, 3, 3, 3), s.normal(3, 2, 2, 2), s.normal(2), (2, 1), 0, 0, 1, (1, 2))


@refuses(conv_transpose2d)
def _(s):
    yield s(s.normal(2, 4, 5, 5), s.normal(3, 6, 3, 3)).raises(RuntimeError, "conv_transpose2d: expected input of 3 channels")
    yield s(s.normal(2, 3, 5, 5), s.normal(3, 6, 3, 3), None, 1, 0, 1).raises(
        RuntimeError, "conv_transpose2d: expected output_padding less"
    )


@op("composite", tensors=("input", "weight", "bias"), spaces=("torch", "functional"), methods=False, onnx=_transposed_form)
def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The gradient of conv1d with respect to its input, used as a layer.

    Args:
        input: Sequences.
        weight: Filters.
        bias: Added to each output channel; None for none.
        stride: Distance between the places that neighbours spread to.
        padding: What is cut off on both sides.
        output_padding: What is added at the end; less than stride or dilation.
        groups: Channels are split into so many groups that do not see each other.
        dilation: Distance between the filter's elements.

    Shape:
        input: (N, C, L) or (C, L); weight: (C, O / groups, k); bias: (O);
        result: (N, O, (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the channels or dtypes do not fit, or there is no output of these sizes.

    Example:
        >>> conv_transpose1d(ones(1, 1, 2), ones(1, 1, 2), stride=2)
        tensor([[[1., 1., 1., 1.]]])
    """
    _, stride, padding, groups, dilation = _transposed(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    extra = pair("conv_transpose1d", output_padding, "output_padding", 1)
    out = conv_transpose2d(input.unsqueeze(-2), weight.unsqueeze(2), bias, (1, *stride), (0, *padding), (0, *extra), groups, (1, *dilation))
    return out.squeeze(-2)


@samples(conv_transpose1d)
def _(s):
    yield s(s.normal(2, 3, 4), s.normal(3, 4, 3), s.normal(4), padding=1)
    yield s(s.normal(2, 4, 3), s.normal(4, 2, 3), None, 2, 1, 1, 2)


@refuses(conv_transpose1d)
def _(s):
    yield s(s.normal(2, 4, 5), s.normal(3, 6, 3)).raises(RuntimeError, "conv_transpose1d: expected input of 3 channels")


@op("composite", tensors=("input", "weight", "bias"), spaces=("torch", "functional"), methods=False, onnx=_transposed_form)
def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The gradient of conv3d with respect to its input, used as a layer: 2-D ones for each plane of the kernel, laid in depth.

    Args:
        input: Volumes.
        weight: Filters.
        bias: Added to each output channel; None for none.
        stride: Distance between the places that neighbours spread to.
        padding: What is cut off on both sides.
        output_padding: What is added at the end; less than stride or dilation.
        groups: Channels are split into so many groups that do not see each other.
        dilation: Distance between the filter's elements.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); weight: (C, O / groups, kd, kh, kw); bias: (O); result: (N, O, Do, Ho, Wo).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the channels or dtypes do not fit, or there is no output of these sizes.

    Example:
        >>> conv_transpose3d(ones(1, 1, 2, 2, 2), ones(1, 1, 2, 2, 2), stride=2).shape
        torch.Size([1, 1, 4, 4, 4])
    """
    size, stride, padding, groups, dilation = _transposed(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
    if input.dtype.name in HALF:  # the planes are added in float32, and the sum is rounded once
        wide = widened(input, weight, bias)
        return conv_transpose3d(*wide, stride, padding, output_padding, groups, dilation).to(input.dtype)
    if input.ndim == 4:
        return conv_transpose3d(input.unsqueeze(0), weight, bias, stride, padding, output_padding, groups, dilation).squeeze(0)
    n, c, depth = input.shape[:3]
    planes = input.transpose(1, 2).reshape(n * depth, c, *input.shape[3:])
    full = (depth - 1) * stride[0] + dilation[0] * (weight.shape[2] - 1) + 1
    whole = max(full, size[0] + padding[0])
    out = core.fill(core.make_empty((n, weight.shape[1] * groups, whole, *size[1:]), input.dtype), 0)
    for k in range(weight.shape[2]):
        part = convolution_input_backward(planes, weight[:, :, k], size[1:], stride[1:], padding[1:], dilation[1:], groups)
        part = part.reshape(n, depth, *part.shape[1:]).transpose(1, 2)
        first = k * dilation[0]
        out[:, :, first : first + stride[0] * (depth - 1) + 1 : stride[0]] += part
    out = out[:, :, padding[0] : padding[0] + size[0]]
    return out if bias is None else out + bias.reshape(-1, 1, 1, 1)


@samples(conv_transpose3d)
def _(s):
    yield s(s.normal(1, 2, 3, 3, 2), s.normal(2, 3, 2, 2, 2), s.normal(3), 2, 1, 1)
    yield s(s.normal(1, 2, 2, 2, 2), s.normal(2, 1, 3, 2, 2), None, 1, 0, 0, 2)


@refuses(conv_transpose3d)
def _(s):
    yield s(s.normal(2, 4, 3, 3, 3), s.normal(3, 6, 3, 3, 3)).raises(RuntimeError, "conv_transpose3d: expected input of 3 channels")
