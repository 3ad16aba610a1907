"""Pooling: the native forms over planes, which the public ones choose arguments for (see pooling.py)."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, infer, op, samples
from .conv import _windows

INTERNAL, BACKWARD = Unsupported("an internal form"), Unsupported("a backward")


def _planes(x, ph, pw, value, ho, wo, kh, kw, sh, sw, dh=1, dw=1):
    """Windows of the padded planes; at the end padding goes as far as the last window."""
    bottom = max(0, (ho - 1) * sh + dh * (kh - 1) + 1 - x.shape[2] - ph)
    right = max(0, (wo - 1) * sw + dw * (kw - 1) + 1 - x.shape[3] - pw)
    x = np.pad(x, ((0, 0), (0, 0), (ph, bottom), (pw, right)), constant_values=value)
    return _windows(x, kh, kw, ho, wo, sh, sw, dh, dw), x.shape[3]


@op("call", spaces=(), methods=False, kernel="max_pool2d", extra=("indices",), onnx=INTERNAL)
def max_pooled(input, kernel, stride, padding, dilation, size):
    """The largest value of each window, and hidden its place in the plane (row-major).

    Shape:
        input: (N, C, H, W); result, indices: (N, C, *size).
    """
    (kh, kw), (sh, sw), (ph, pw), (dh, dw), (ho, wo) = kernel, stride, padding, dilation, size
    view, _ = _planes(input, ph, pw, -np.inf, ho, wo, kh, kw, sh, sw, dh, dw)
    flat = view.reshape(*view.shape[:4], kh * kw)
    reversed_nan = np.isnan(flat[..., ::-1])
    at = np.where(reversed_nan.any(-1), kh * kw - 1 - reversed_nan.argmax(-1), np.where(np.isnan(flat), -np.inf, flat).argmax(-1))
    y = np.arange(ho)[:, None] * sh - ph + at // kw * dh
    x = np.arange(wo) * sw - pw + at % kw * dw
    first = (y < 0) | (x < 0) | (y >= input.shape[2]) | (x >= input.shape[3])
    places = np.where(
        first,
        np.maximum(np.arange(ho)[:, None] * sh - ph, 0) * input.shape[3] + np.maximum(np.arange(wo) * sw - pw, 0),
        y * input.shape[3] + x,
    )
    return np.take_along_axis(flat, at[..., None], -1)[..., 0], places


@infer(max_pooled)
def _(input, kernel, stride, padding, dilation, size):
    shape = (*input.shape[:2], *size)
    return [(shape, input.dtype), (shape, core.int64)], (*kernel, *stride, *padding, *dilation), ()


@op("call", tensors=("grad", "indices"), spaces=(), methods=False, onnx=BACKWARD)
def max_pool2d_backward(grad, indices, kernel, stride, padding, dilation, size):
    """Each gradient at the place that its window's largest value came from.

    Shape:
        grad, indices: (N, C, Ho, Wo); result: (N, C, *size).
    """
    n, c = grad.shape[:2]
    out = np.zeros((n, c, size[0] * size[1]), grad.dtype)
    np.add.at(out, (np.arange(n)[:, None, None], np.arange(c)[:, None], indices.reshape(n, c, -1)), grad.reshape(n, c, -1))
    return out.reshape(n, c, *size)


@infer(max_pool2d_backward)
def _(grad, indices, kernel, stride, padding, dilation, size):
    return [((*grad.shape[:2], *size), grad.dtype)], (*kernel, *stride, *padding, *dilation, *size), ()


derivative(
    max_pooled,
    input=lambda g, input_shape, indices, kernel, stride, padding, dilation: max_pool2d_backward(
        g, indices, kernel, stride, padding, dilation, tuple(input_shape[2:])
    ),
)
derivative(
    max_pool2d_backward,
    grad=lambda g, indices: g.reshape(*g.shape[:2], -1).gather(2, indices.reshape(*g.shape[:2], -1)).reshape(indices.shape),
)


@samples(max_pooled)
def _(s):
    yield s(s.distinct(2, 3, 4, 5), (2, 2), (2, 2), (0, 0), (1, 1), (2, 2))
    yield s(s.distinct(1, 2, 5, 5), (3, 2), (2, 1), (1, 1), (1, 2), (3, 5))


@samples(max_pool2d_backward)
def _(s):
    yield s(s.normal(2, 3, 2, 2), s.integers(2, 3, 2, 2, high=20), (2, 2), (2, 2), (0, 0), (1, 1), (4, 5))


def _counts(size, out, k, stride, pad):
    """Where the windows of one dimension begin and end inside the input, and how many places they have with padding."""
    start = np.arange(out) * stride - pad
    end = np.minimum(start + k, size + pad)
    return np.maximum(start, 0), np.minimum(end, size), end - start


@op("call", spaces=(), methods=False, kernel="avg_pool2d", onnx=INTERNAL)
def avg_pooled(input, kernel, stride, padding, count_include_pad, divisor, size):
    """The mean of each window; `divisor` 0 means the number of places.

    Shape:
        input: (N, C, H, W); result: (N, C, *size).
    """
    h0, h1, hc = _counts(input.shape[2], size[0], kernel[0], stride[0], padding[0])
    w0, w1, wc = _counts(input.shape[3], size[1], kernel[1], stride[1], padding[1])
    out = np.empty((*input.shape[:2], *size), input.dtype)
    for i in range(size[0]):
        for j in range(size[1]):
            window = input[:, :, h0[i] : max(h0[i], h1[i]), w0[j] : max(w0[j], w1[j])]
            n = divisor or (hc[i] * wc[j] if count_include_pad else window.shape[2] * window.shape[3])
            out[:, :, i, j] = window.sum((2, 3), dtype=np.float64) / n
    return out


@infer(avg_pooled)
def _(input, kernel, stride, padding, count_include_pad, divisor, size):
    shape = (*input.shape[:2], *size)
    return [(shape, input.dtype)], (*kernel, *stride, *padding, bool(count_include_pad), divisor), ()


@op("call", tensors=("grad",), spaces=(), methods=False, onnx=BACKWARD)
def avg_pool2d_backward(grad, kernel, stride, padding, count_include_pad, divisor, size):
    """Each gradient spread evenly over its window.

    Shape:
        grad: (N, C, Ho, Wo); result: (N, C, *size).
    """
    ho, wo = grad.shape[2:]
    h0, h1, hc = _counts(size[0], ho, kernel[0], stride[0], padding[0])
    w0, w1, wc = _counts(size[1], wo, kernel[1], stride[1], padding[1])
    out = np.zeros((*grad.shape[:2], *size), grad.dtype)
    for i in range(ho):
        for j in range(wo):
            inside = max(0, h1[i] - h0[i]) * max(0, w1[j] - w0[j])
            n = divisor or (hc[i] * wc[j] if count_include_pad else inside)
            if inside:
                out[:, :, h0[i] : h1[i], w0[j] : w1[j]] += (grad[:, :, i, j] / n)[:, :, None, None]
    return out


@infer(avg_pool2d_backward)
def _(grad, kernel, stride, padding, count_include_pad, divisor, size):
    shape = (*grad.shape[:2], *size)
    return [(shape, grad.dtype)], (*kernel, *stride, *padding, bool(count_include_pad), divisor, *size), ()


derivative(
    avg_pooled,
    input=lambda g, input_shape, kernel, stride, padding, count_include_pad, divisor: avg_pool2d_backward(
        g, kernel, stride, padding, count_include_pad, divisor, tuple(input_shape[2:])
    ),
)
derivative(
    avg_pool2d_backward,
    grad=lambda g, grad_shape, kernel, stride, padding, count_include_pad, divisor: avg_pooled(
        g, kernel, stride, padding, count_include_pad, divisor, tuple(grad_shape[2:])
    ),
)


@samples(avg_pooled)
def _(s):
    yield s(s.normal(2, 3, 4, 5), (2, 2), (2, 2), (0, 0), True, 0, (2, 2))
    yield s(s.normal(1, 2, 5, 5), (3, 2), (2, 1), (1, 1), False, 0, (3, 6))
    yield s(s.normal(1, 2, 5, 5), (3, 3), (2, 2), (1, 1), True, 5, (3, 3))


@samples(avg_pool2d_backward)
def _(s):
    yield s(s.normal(2, 3, 2, 2), (2, 2), (2, 2), (0, 0), True, 0, (4, 5))
    yield s(s.normal(1, 2, 3, 6), (3, 2), (2, 1), (1, 1), False, 0, (5, 5))


def _cells(size, out):
    return [(i * size // out, -(-(i + 1) * size // out)) for i in range(out)]


@op("call", spaces=(), methods=False, kernel="adaptive_avg_pool2d", onnx=INTERNAL)
def adaptively_averaged(input, size):
    """The mean over each cell of a grid of `size` cells laid over the plane.

    Shape:
        input: (N, C, H, W); result: (N, C, *size).
    """
    out = np.empty((*input.shape[:2], *size), input.dtype)
    for i, (a, b) in enumerate(_cells(input.shape[2], size[0])):
        for j, (c, d) in enumerate(_cells(input.shape[3], size[1])):
            out[:, :, i, j] = input[:, :, a:b, c:d].mean((2, 3), dtype=np.float64)
    return out


@infer(adaptively_averaged)
def _(input, size):
    return [((*input.shape[:2], *size), input.dtype)], tuple(size), ()


@op("call", tensors=("grad",), spaces=(), methods=False, onnx=BACKWARD)
def adaptive_avg_pool2d_backward(grad, size):
    """Each gradient spread evenly over its cell.

    Shape:
        grad: (N, C, Ho, Wo); result: (N, C, *size).
    """
    out = np.zeros((*grad.shape[:2], *size), grad.dtype)
    for i, (a, b) in enumerate(_cells(size[0], grad.shape[2])):
        for j, (c, d) in enumerate(_cells(size[1], grad.shape[3])):
            out[:, :, a:b, c:d] += (grad[:, :, i, j] / ((b - a) * (d - c)))[:, :, None, None]
    return out


@infer(adaptive_avg_pool2d_backward)
def _(grad, size):
    return [((*grad.shape[:2], *size), grad.dtype)], tuple(size), ()


derivative(adaptively_averaged, input=lambda g, input_shape: adaptive_avg_pool2d_backward(g, tuple(input_shape[2:])))
derivative(adaptive_avg_pool2d_backward, grad=lambda g, grad_shape: adaptively_averaged(g, tuple(grad_shape[2:])))


@samples(adaptively_averaged)
def _(s):
    yield s(s.normal(2, 3, 4, 5), (2, 3))
    yield s(s.normal(2, 3, 4, 5), (1, 1))


@samples(adaptive_avg_pool2d_backward)
def _(s):
    yield s(s.normal(2, 3, 2, 3), (4, 5))
