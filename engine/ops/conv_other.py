"""Convolutions over one and three dimensions, and transposed ones: said through conv2d and its backward."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, op, refuses, samples
from .conv import _conv_form, check, check_places, conv2d, convolution_input_backward, padded, pair, spread
from .errors import expected

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


UNFOLD = Unsupported("ONNX has no im2col; it would be a convolution with one-hot filters")


@op("composite", spaces="functional", methods=False, onnx=UNFOLD)
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Every window of an image as a column.

    Args:
        input: Images.
        kernel_size: Of the window: an int or two.
        dilation: Distance between a window's elements.
        padding: Zeros on both sides.
        stride: Step of the window.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: (N, C kh kw, number of windows).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` has another number of dimensions, or no window fits.

    Example:
        >>> unfold(ones(1, 1, 3, 3), 2).shape
        torch.Size([1, 4, 4])
    """
    from .padding import pad

    if not isinstance(input, Tensor):
        raise expected("unfold", "input to be a Tensor", type(input).__name__, error=TypeError)
    if input.ndim == 3:
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    if input.ndim != 4:
        raise expected("unfold", "input of 3 or 4 dimensions", input, error=RuntimeError)
    (kh, kw), (sh, sw) = pair("unfold", kernel_size, "kernel_size", least=1), pair("unfold", stride, "stride", least=1)
    (dh, dw), (ph, pw) = pair("unfold", dilation, "dilation", least=1), pair("unfold", padding, "padding")
    ho, wo = spread(input.shape[2], kh, sh, ph, dh), spread(input.shape[3], kw, sw, pw, dw)
    if ho < 1 or wo < 1:
        raise expected("unfold", f"input that a window of {(kh, kw)} fits into", input, error=RuntimeError)
    x = pad(input, (pw, pw, ph, ph)) if ph or pw else input
    columns = [
        x[:, :, i * dh : i * dh + sh * (ho - 1) + 1 : sh, j * dw : j * dw + sw * (wo - 1) + 1 : sw] for i in range(kh) for j in range(kw)
    ]
    from .pieces import stack

    return stack(columns, 2).reshape(input.shape[0], input.shape[1] * kh * kw, ho * wo)


@samples(unfold)
def _(s):
    yield s(s.normal(2, 3, 4, 5), 2)
    yield s(s.normal(2, 2, 5, 4), (3, 2), (1, 2), (1, 0), (2, 1))


@refuses(unfold)
def _(s):
    yield s(s.normal(2, 3), 2).raises(RuntimeError, "unfold: expected input of 3 or 4 dimensions")
    yield s(s.normal(1, 2, 2, 2), 3).raises(RuntimeError, "unfold: expected input that a window")


@op("composite", spaces="functional", methods=False, onnx=UNFOLD)
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add the columns that `unfold` gives back into images; windows that overlap add up.

    Args:
        input: Columns.
        output_size: Height and width of the images.
        kernel_size: Of the window: an int or two.
        dilation: Distance between a window's elements.
        padding: Zeros that were on both sides.
        stride: Step of the window.

    Shape:
        input: (N, C kh kw, number of windows) or without N; result: (N, C, *output_size).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the columns do not fit the sizes.

    Example:
        >>> fold(ones(1, 4, 4), (3, 3), 2)
        tensor([[[[1., 2., 1.],
                  [2., 4., 2.],
                  [1., 2., 1.]]]])
    """
    if not isinstance(input, Tensor):
        raise expected("fold", "input to be a Tensor", type(input).__name__, error=TypeError)
    if input.ndim == 2:
        return fold(input.unsqueeze(0), output_size, kernel_size, dilation, padding, stride).squeeze(0)
    (h, w), (kh, kw) = pair("fold", output_size, "output_size", least=1), pair("fold", kernel_size, "kernel_size", least=1)
    (sh, sw), (dh, dw), (ph, pw) = (
        pair("fold", stride, "stride", least=1),
        pair("fold", dilation, "dilation", least=1),
        pair("fold", padding, "padding"),
    )
    ho, wo = spread(h, kh, sh, ph, dh), spread(w, kw, sw, pw, dw)
    if input.ndim != 3 or input.shape[1] % (kh * kw) or input.shape[2] != ho * wo:
        raise expected("fold", f"input of shape (N, C * {kh * kw}, {ho * wo})", input, error=RuntimeError)
    n, c = input.shape[0], input.shape[1] // (kh * kw)
    columns = input.reshape(n, c, kh, kw, ho, wo)
    out = core.fill(core.make_empty((n, c, h + 2 * ph, w + 2 * pw), input.dtype), 0)
    for i in range(kh):
        for j in range(kw):
            out[:, :, i * dh : i * dh + sh * (ho - 1) + 1 : sh, j * dw : j * dw + sw * (wo - 1) + 1 : sw] += columns[:, :, i, j]
    return out[:, :, ph : ph + h, pw : pw + w]


@samples(fold)
def _(s):
    yield s(s.normal(2, 12, 12), (4, 5), 2)
    yield s(s.normal(2, 12, 6), (5, 4), (3, 2), (1, 2), (1, 0), (2, 1))


@refuses(fold)
def _(s):
    yield s(s.normal(2, 12, 11), (4, 5), 2).raises(RuntimeError, "fold: expected input of shape (N, C * 4, 12)")
