"""Pooling as users call it: arguments checked and settled for the forms in pool.py."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, op, refuses, samples
from .conv import pair
from .errors import expected
from .pool import avg_pooled, max_pooled

Tensor = core.Tensor


def _places(name, size, kernel, stride, padding, dilation, ceil_mode):
    """How many windows there are along each dimension."""
    out = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation):
        if p > k // 2:
            raise expected(name, f"padding of at most half the kernel {kernel}", repr(tuple(padding)), error=RuntimeError)
        span = n + 2 * p - d * (k - 1) - 1
        places = (-(-span // s) if ceil_mode else span // s) + 1
        if ceil_mode and (places - 1) * s >= n + p:
            places -= 1
        if places < 1 or span < 0:
            raise expected(name, f"input that a window of {kernel} fits into", f"spatial size {tuple(size)}", error=RuntimeError)
        out.append(places)
    return tuple(out)


def _check(name, input, n, floating=True, adaptive=False):
    if not isinstance(input, Tensor):
        raise expected(name, "input to be a Tensor", type(input).__name__, error=TypeError)
    if adaptive and 1 < n >= input.ndim:  # PyTorch's class for too few dimensions, which adaptive pooling looks at first
        raise expected(name, f"input of {n + 1} dimensions or more", input)
    if input.ndim not in (n + 1, n + 2):
        raise expected(name, f"input of {n + 2} dimensions (or {n + 1} without a batch)", input, error=RuntimeError)
    first = input.ndim - n - 1 if not adaptive else 1 if n == 3 or "max" in name else input.ndim - n  # as PyTorch draws the line
    if 0 in input.shape[first:]:
        raise expected(name, "input with channels, and elements in each", input, error=RuntimeError)
    if floating and not input.is_floating_point():
        raise expected(name, "input of a floating dtype", input, "cast with input.float()", NotImplementedError)


def in_reals(name, pool, input, n, mean=False):
    """`pool(input)`; of whole numbers in float64, as exact as that is, and cut off to whole numbers again."""
    _check(name, input, n, floating=False)
    if input.is_floating_point():
        return pool(input)
    if input.dtype is core.bool_ or input.dtype.is_complex:
        raise expected(name, "input of a floating dtype or of whole numbers", input, "cast with input.float()", NotImplementedError)
    found = pool(input.to(core.float64))
    if mean:  # what rounding left just below a whole number is that number
        found = found * (1 + 2**-40)
    return (found[0].to(input.dtype), found[1]) if isinstance(found, tuple) else found.to(input.dtype)


def _as_planes(input, n):
    """(N, C, H, W), whatever the number of spatial dimensions (1 or 2) and whether there is a batch."""
    x = input if input.ndim == n + 2 else input.unsqueeze(0)
    return x.unsqueeze(2) if n == 1 else x


def _back(out, input, n):
    out = out.squeeze(2) if n == 1 else out
    return out if input.ndim == n + 2 else out.squeeze(0)


def _settle(name, n, kernel_size, stride, padding, dilation=1):
    kernel = pair(name, kernel_size, "kernel_size", n, 1)
    stride = kernel if stride is None or stride == () or stride == [] else pair(name, stride, "stride", n, 1)
    return kernel, stride, pair(name, padding, "padding", n), pair(name, dilation, "dilation", n, 1)


def _max(name, n, input, *rest):
    return in_reals(name, lambda x: _max_of(name, n, x, *rest), input, n)


def _max_of(name, n, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    kernel, stride, padding, dilation = _settle(name, n, kernel_size, stride, padding, dilation)
    size = _places(name, input.shape[-n:], kernel, stride, padding, dilation, ceil_mode)
    flat = [(1,) * (2 - n) + kernel, (1,) * (2 - n) + stride, (0,) * (2 - n) + padding, (1,) * (2 - n) + dilation, (1,) * (2 - n) + size]
    x = _as_planes(input, n)
    if not return_indices:
        return _back(max_pooled(x, *flat), input, n)
    out, indices = max_pooled.with_extra(x, *flat)
    return _back(out, input, n), _back(indices, input, n)


def _max_form(b, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    n = len(b.shape(input)) - 2
    if return_indices:
        return Unsupported("indices: ONNX counts them over the whole tensor")
    kernel, stride, padding, dilation = _settle("max_pool", n, kernel_size, stride, padding, dilation)
    return b.node("MaxPool", input, kernel_shape=kernel, strides=stride, pads=padding * 2, dilations=dilation, ceil_mode=int(ceil_mode))


@op("composite", spaces=("torch", "functional"), methods=False, onnx=_max_form)
def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest value of each window.

    Args:
        input: Images.
        kernel_size: Of the window: an int or two.
        stride: Step of the window; None for the kernel's size.
        padding: Minus infinity on both sides, at most half the kernel.
        dilation: Distance between a window's elements.
        ceil_mode: Round the number of windows up, not down.
        return_indices: Also return where each value came from, as an index into its plane.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: (N, C, (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1, the same for W).

    Returns:
        Tensor of the dtype of `input`; with indices, a pair.

    Raises:
        RuntimeError: no window fits, or padding is more than half the kernel.

    Example:
        >>> max_pool2d(tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2)
        tensor([[[4.]]])
    """
    return _max("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@samples(max_pool2d)
def _(s):
    yield s(s.distinct(2, 3, 4, 5), 2)
    yield s(s.distinct(1, 2, 5, 5), (3, 2), 2, 1)
    yield s(s.distinct(1, 2, 6, 5), 3, 2, 1, ceil_mode=True)
    yield s(s.distinct(2, 5, 5), 2, 1, 0, 2).without("onnx", because="ONNX wants a batch")


@refuses(max_pool2d)
def _(s):
    yield s(s.normal(1, 2, 2, 2), 3).raises(RuntimeError, "max_pool2d: expected input that a window of (3, 3) fits into")
    yield s(s.normal(1, 2, 4, 4), 2, 2, 2).raises(RuntimeError, "max_pool2d: expected padding of at most half the kernel")
    yield s(s.normal(4, 4), 2).raises(RuntimeError, "max_pool2d: expected input of 4 dimensions")


@op("composite", spaces=("torch", "functional"), methods=False, onnx=_max_form)
def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest value of each window of a sequence; arguments as those of max_pool2d.

    Args:
        input: Sequences.
        kernel_size: Of the window.
        stride: Step of the window; None for the kernel's size.
        padding: On both sides, at most half the kernel.
        dilation: Distance between a window's elements.
        ceil_mode: Round the number of windows up, not down.
        return_indices: Also return where each value came from.

    Shape:
        input: (N, C, L) or (C, L); result: (N, C, (L + 2 padding - dilation (kernel - 1) - 1) / stride + 1).

    Returns:
        Tensor of the dtype of `input`; with indices, a pair.

    Raises:
        RuntimeError: no window fits, or padding is more than half the kernel.

    Example:
        >>> max_pool1d(tensor([[1.0, 2.0, 3.0, 4.0]]), 2)
        tensor([[2., 4.]])
    """
    return _max("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@samples(max_pool1d)
def _(s):
    yield s(s.distinct(2, 3, 6), 2)
    yield s(s.distinct(2, 3, 7), 3, 2, 1)


@refuses(max_pool1d)
def _(s):
    yield s(s.normal(1, 2, 2), 3).raises(RuntimeError, "max_pool1d: expected input that a window of (3,) fits into")


def _average(name, n, input, *rest):
    return in_reals(name, lambda x: _average_of(name, n, x, *rest), input, n, mean=True)


def _average_of(name, n, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor):
    kernel, stride, padding, ones = _settle(name, n, kernel_size, stride, padding)
    size = _places(name, input.shape[-n:], kernel, stride, padding, ones, ceil_mode)
    if divisor == 0:
        raise expected(name, "divisor_override not to be zero", "0", error=RuntimeError)
    one, none = (1,) * (2 - n), (0,) * (2 - n)
    out = avg_pooled(_as_planes(input, n), one + kernel, one + stride, none + padding, count_include_pad, divisor or 0, one + size)
    return _back(out, input, n)


def _average_form(b, input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    if divisor_override or ceil_mode:
        return Unsupported("divisor_override or ceil_mode: ONNX counts otherwise")
    n = len(b.shape(input)) - 2
    kernel, stride, padding, _ = _settle("avg_pool", n, kernel_size, stride, padding)
    return b.node("AveragePool", input, kernel_shape=kernel, strides=stride, pads=padding * 2, count_include_pad=int(count_include_pad))


@op("composite", spaces="functional", methods=False, out="exact", onnx=_average_form)
def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    """The mean of each window.

    Args:
        input: Images.
        kernel_size: Of the window: an int or two.
        stride: Step of the window; None for the kernel's size.
        padding: Zeros on both sides, at most half the kernel.
        ceil_mode: Round the number of windows up, not down.
        count_include_pad: Whether the padding counts as places of the window.
        divisor_override: Divide by this instead of the number of places.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: (N, C, (H + 2 padding - kernel) / stride + 1, the same for W).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: no window fits, or padding is more than half the kernel.

    Example:
        >>> avg_pool2d(tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2)
        tensor([[[2.5000]]])
    """
    return _average("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@samples(avg_pool2d)
def _(s):
    yield s(s.normal(2, 3, 4, 5), 2)
    yield s(s.normal(1, 2, 5, 5), 3, 2, 1, count_include_pad=False)
    yield s(s.normal(1, 2, 6, 5), (3, 2), (2, 1), 1)
    yield s(s.normal(1, 2, 6, 5), 3, 2, 1, True, True).without("onnx", because="not offered in ONNX")
    yield s(s.normal(2, 5, 5), 2, divisor_override=3).without("onnx", because="not offered in ONNX")


@refuses(avg_pool2d)
def _(s):
    yield s(s.normal(1, 2, 2, 2), 3).raises(RuntimeError, "avg_pool2d: expected input that a window of (3, 3) fits into")
    yield s(s.mask(1, 2, 4, 4), 2).raises(NotImplementedError, "avg_pool2d: expected input of a floating dtype or of whole numbers")


@op("composite", spaces=("torch", "functional"), methods=False, onnx=_average_form)
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of a sequence; arguments as those of avg_pool2d.

    Args:
        input: Sequences.
        kernel_size: Of the window.
        stride: Step of the window; None for the kernel's size.
        padding: On both sides, at most half the kernel.
        ceil_mode: Round the number of windows up, not down.
        count_include_pad: Whether the padding counts as places of the window.

    Shape:
        input: (N, C, L) or (C, L); result: (N, C, (L + 2 padding - kernel) / stride + 1).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: no window fits, or padding is more than half the kernel.

    Example:
        >>> avg_pool1d(tensor([[1.0, 2.0, 3.0, 4.0]]), 2)
        tensor([[1.5000, 3.5000]])
    """
    return _average("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@samples(avg_pool1d)
def _(s):
    yield s(s.normal(2, 3, 6), 2)
    yield s(s.normal(2, 3, 7), 3, 2, 1, False, False)


@refuses(avg_pool1d)
def _(s):
    yield s(s.normal(1, 2, 2), 3).raises(RuntimeError, "avg_pool1d: expected input that a window of (3,) fits into")
