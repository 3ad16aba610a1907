"""Pooling over volumes: over the planes first, then along the depth, which for windows that are boxes is the same."""

from __future__ import annotations

from ._define import op, refuses, samples
from .errors import expected
from .pool import avg_pooled, max_pooled
from .pooling import _average_form, _max_form, _places, _settle, in_reals


def _planes(input):
    """(N, C D, H, W) and the sizes."""
    x = input if input.ndim == 5 else input.unsqueeze(0)
    n, c, d, h, w = x.shape
    return x.reshape(n, c * d, h, w), (n, c, d, h, w)


def _volume(out, input, shape):
    out = out.reshape(shape)
    return out if input.ndim == 5 else out.squeeze(0)


@op("composite", spaces=("torch", "functional"), methods=False, onnx=_max_form, peer="nn.functional.max_pool3d")
def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest value of each window of a volume; arguments as those of max_pool2d.

    Args:
        input: Volumes.
        kernel_size: Of the window: an int or three.
        stride: Step of the window; None for the kernel's size.
        padding: Minus infinity on both sides, at most half the kernel.
        dilation: Distance between a window's elements.
        ceil_mode: Round the number of windows up, not down.
        return_indices: Also return where each value came from, as an index into its volume.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); result: (N, C, (D + 2 padding - dilation (kernel - 1) - 1) / stride + 1, the same for H, W).

    Returns:
        Tensor of the dtype of `input`; with indices, a pair.

    Raises:
        RuntimeError: no window fits, or padding is more than half the kernel.

    Example:
        >>> max_pool3d(tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]]), (2, 1, 1))
        tensor([[[[3., 4.]]]])
    """
    rest = (kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    return in_reals("max_pool3d", lambda x: _max_volume(x, *rest), input, 3)


def _max_volume(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    kernel, stride, padding, dilation = _settle("max_pool3d", 3, kernel_size, stride, padding, dilation)
    size = _places("max_pool3d", input.shape[-3:], kernel, stride, padding, dilation, ceil_mode)
    planes, (n, c, d, h, w) = _planes(input)
    area = size[1] * size[2]
    across = (kernel[1:], stride[1:], padding[1:], dilation[1:], size[1:])
    along = ((kernel[0], 1), (stride[0], 1), (padding[0], 0), (dilation[0], 1), (size[0], area))
    if not return_indices:
        return _volume(max_pooled(max_pooled(planes, *across).reshape(n, c, d, area), *along), input, (n, c, *size))
    flat, inner = max_pooled.with_extra(planes, *across)
    out, outer = max_pooled.with_extra(flat.reshape(n, c, d, area), *along)
    outer = outer.reshape(n, c, size[0] * area)
    indices = inner.reshape(n, c, d * area).gather(2, outer) + outer.div(area, rounding_mode="floor") * (h * w)
    return _volume(out, input, (n, c, *size)), _volume(indices, input, (n, c, *size))


@samples(max_pool3d)
def _(s):
    yield s(s.distinct(2, 2, 4, 3, 5), 2)
    yield s(s.distinct(1, 2, 5, 4, 4), (3, 2, 2), 2, 1)
    yield s(s.distinct(1, 1, 5, 4, 6), 3, 2, 1, ceil_mode=True)
    yield s(s.distinct(2, 5, 3, 5), 2, 1, 0, (2, 1, 2)).without("onnx", because="ONNX wants a batch")
    yield s(s.distinct(1, 2, 4, 4, 4), (2, 3, 2), (1, 2, 2), (1, 0, 1), return_indices=True).without(
        "onnx", because="ONNX counts indices over the whole tensor"
    )


@refuses(max_pool3d)
def _(s):
    yield s(s.normal(1, 2, 2, 2, 2), 3).raises(RuntimeError, "max_pool3d: expected input that a window of (3, 3, 3) fits into")
    yield s(s.normal(4, 4), 2).raises(RuntimeError, "max_pool3d: expected input of 5 dimensions")
    yield s(s.normal(1, 2, 4, 4, 4), 2, 2, 2).raises(RuntimeError, "max_pool3d: expected padding of at most half the kernel")


@op("composite", spaces="functional", methods=False, onnx=_average_form)
def avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    """The mean of each window of a volume; arguments as those of avg_pool2d.

    Args:
        input: Volumes.
        kernel_size: Of the window: an int or three.
        stride: Step of the window; None for the kernel's size.
        padding: Zeros on both sides, at most half the kernel.
        ceil_mode: Round the number of windows up, not down.
        count_include_pad: Whether the padding counts as places of the window.
        divisor_override: Divide by this instead of the number of places.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); result: (N, C, (D + 2 padding - kernel) / stride + 1, the same for H and W).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: no window fits, or padding is more than half the kernel.

    Example:
        >>> functional.avg_pool3d(tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]]), (2, 1, 2))
        tensor([[[[2.5000]]]])
    """
    if divisor_override == 0:
        raise expected("avg_pool3d", "divisor_override not to be zero", "0", error=RuntimeError)
    rest = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return in_reals("avg_pool3d", lambda x: _average_volume(x, *rest), input, 3, mean=True)


def _average_volume(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    kernel, stride, padding, ones = _settle("avg_pool3d", 3, kernel_size, stride, padding)
    size = _places("avg_pool3d", input.shape[-3:], kernel, stride, padding, ones, ceil_mode)
    planes, (n, c, d, _, _) = _planes(input)
    # the number of places of a box is the product of those along its sides, so the mean of means is the mean
    divisor, one = (divisor_override, 1) if divisor_override else (0, 0)
    out = avg_pooled(planes, kernel[1:], stride[1:], padding[1:], count_include_pad, one, size[1:])
    area = size[1] * size[2]
    rows = out.reshape(n, c, d, area)
    out = avg_pooled(rows, (kernel[0], 1), (stride[0], 1), (padding[0], 0), count_include_pad, divisor, (size[0], area))
    return _volume(out, input, (n, c, *size))


@samples(avg_pool3d)
def _(s):
    yield s(s.normal(2, 2, 4, 3, 5), 2)
    yield s(s.normal(1, 2, 5, 4, 5), 3, 2, 1, count_include_pad=False)
    yield s(s.normal(1, 2, 6, 5, 4), (3, 2, 2), (2, 1, 2), 1)
    yield s(s.normal(1, 1, 6, 5, 5), 3, 2, 1, True, True).without("onnx", because="not offered in ONNX")
    yield s(s.normal(1, 1, 6, 5, 5), 3, 2, 1, True, False).without("onnx", because="not offered in ONNX")
    yield s(s.normal(2, 4, 5, 5), 2, divisor_override=3).without("onnx", because="not offered in ONNX")


@refuses(avg_pool3d)
def _(s):
    yield s(s.normal(1, 2, 2, 2, 2), 3).raises(RuntimeError, "avg_pool3d: expected input that a window of (3, 3, 3) fits into")
    yield s(s.mask(1, 2, 4, 4, 4), 2).raises(NotImplementedError, "avg_pool3d: expected input of a floating dtype or of whole numbers")
    yield s(s.normal(1, 2, 4, 4, 4), 2, divisor_override=0).raises(RuntimeError, "avg_pool3d: expected divisor_override not to be zero")
