"""Unpooling: values back to where max pooling took them from."""

from __future__ import annotations

from ._define import Unsupported, op, refuses, samples
from ._help import made, product, tensors
from .conv import pair
from .errors import expected
from .pooling import _settle

INDICES = Unsupported("ONNX counts indices over the whole tensor")


def _unpooled(name, n, input, indices, kernel_size, stride, padding, output_size):
    tensors(name, input=input, indices=indices)
    if input.ndim not in (n + 1, n + 2):
        raise expected(name, f"input of {n + 2} dimensions (or {n + 1} without a batch)", input, error=RuntimeError)
    if indices.is_floating_point() or indices.shape != input.shape:
        raise expected(name, f"indices of int64 and shape {tuple(input.shape)}", indices, error=RuntimeError)
    kernel, stride, padding, _ = _settle(name, n, kernel_size, stride, padding)
    default = tuple((m - 1) * s - 2 * p + k for m, s, p, k in zip(input.shape[-n:], stride, padding, kernel, strict=True))
    size = default
    if output_size is not None:
        size = pair(name, tuple(output_size)[-n:], "output_size", n, 1)
        if len(output_size) not in (n, n + 1, n + 2) or any(not d - s < m < d + s for d, s, m in zip(default, stride, size, strict=True)):
            raise expected(name, f"output_size within {stride} of {default}", f"{tuple(output_size)}")
    lead = tuple(input.shape[:-n])
    most = product(size)
    if indices.numel() and (int(indices.min()) < 0 or int(indices.max()) >= most):
        raise expected(name, f"indices from 0 to {most - 1}", f"{int(indices.min())} to {int(indices.max())}", error=RuntimeError)
    flat = made((*lead, most), input.dtype, input.device)
    return flat.scatter(-1, indices.flatten(-n), input.flatten(-n)).reshape(*lead, *size)


@op("composite", spaces="functional", methods=False, onnx=INDICES)
def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value where max_pool1d took it from, and 0 elsewhere.

    Args:
        input: What max_pool1d gave.
        indices: Where it came from.
        kernel_size: Of the window.
        stride: Step of the window; None for the kernel's size.
        padding: What was added on both sides.
        output_size: Length of the result; None for the shortest that pools to `input`.

    Shape:
        input, indices: (N, C, L) or (C, L); result: (N, C, (L - 1) stride - 2 padding + kernel_size).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `output_size` is none that pools to `input`.
        RuntimeError: shapes do not fit, or an index lies outside.

    Example:
        >>> functional.max_unpool1d(tensor([[2.0, 4.0]]), tensor([[1, 2]]), 2)
        tensor([[0., 2., 4., 0.]])
    """
    return _unpooled("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


@op("composite", spaces="functional", methods=False, onnx=INDICES)
def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value where max_pool2d took it from, and 0 elsewhere.

    Args:
        input: What max_pool2d gave.
        indices: Where it came from.
        kernel_size: Of the window: an int or two.
        stride: Step of the window; None for the kernel's size.
        padding: What was added on both sides.
        output_size: Sizes of the result; None for the smallest that pool to `input`.

    Shape:
        input, indices: (N, C, H, W) or (C, H, W); result: (N, C, (H - 1) stride - 2 padding + kernel_size, the same for W).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `output_size` is none that pools to `input`.
        RuntimeError: shapes do not fit, or an index lies outside.

    References:
        Zeiler and Fergus (2013), arXiv:1311.2901.

    Example:
        >>> functional.max_unpool2d(tensor([[[4.0]]]), tensor([[[2]]]), 2)
        tensor([[[0., 0.],
                 [4., 0.]]])
    """
    return _unpooled("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


@op("composite", spaces="functional", methods=False, onnx=INDICES)
def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value where max_pool3d took it from, and 0 elsewhere.

    Args:
        input: What max_pool3d gave.
        indices: Where it came from.
        kernel_size: Of the window: an int or three.
        stride: Step of the window; None for the kernel's size.
        padding: What was added on both sides.
        output_size: Sizes of the result; None for the smallest that pool to `input`.

    Shape:
        input, indices: (N, C, D, H, W) or (C, D, H, W); result: (N, C, (D - 1) stride - 2 padding + kernel_size, the same for H and W).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: `output_size` is none that pools to `input`.
        RuntimeError: shapes do not fit, or an index lies outside.

    Example:
        >>> functional.max_unpool3d(tensor([[[[4.0]]]]), tensor([[[[1]]]]), (1, 1, 2))
        tensor([[[[0., 4.]]]])
    """
    return _unpooled("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


@samples(max_unpool1d)
def _(s):
    yield s(s.normal(1, 2, 3), s.tensor([[[1, 3, 4], [0, 2, 5]]], "int64"), 2)
    yield s(s.normal(1, 2, 3), s.tensor([[[1, 3, 5], [0, 2, 4]]], "int64"), 3, 2, 1, (6,))
    yield s(s.normal(2, 3), s.tensor([[1, 3, 6], [0, 2, 5]], "int64"), 3, 2)


@samples(max_unpool2d)
def _(s):
    indices = s.tensor([[[[0, 3], [9, 10]], [[5, 2], [8, 15]]]], "int64")
    yield s(s.normal(1, 2, 2, 2), indices, 2)
    yield s(s.normal(2, 2, 2), indices[0], (2, 2), 2, 0, (5, 4))


@samples(max_unpool3d)
def _(s):
    indices = s.tensor([[[[[0], [4]], [[20], [11]]], [[[1], [7]], [[31], [16]]]]], "int64")
    yield s(s.normal(1, 2, 2, 2, 1), indices, 2)
    yield s(s.normal(2, 2, 2, 1), indices[0], 2, 2, 0, (4, 5, 2))


@refuses(max_unpool1d)
def _(s):
    x, at = s.normal(1, 1, 2), s.tensor([[[0, 3]]], "int64")
    yield s(x, at, 2, output_size=(7,)).raises(ValueError, "max_unpool1d: expected output_size within (2,) of (4,), got (7,)")
    yield s(x, at + 1, 2).raises(RuntimeError, "max_unpool1d: expected indices from 0 to 3, got 1 to 4")
    yield s(x, at[..., :1], 2).raises(RuntimeError, "max_unpool1d: expected indices of int64 and shape (1, 1, 2)")
    yield s(x, x, 2).raises(RuntimeError, "max_unpool1d: expected indices of int64")
    yield s(s.normal(2), s.tensor([0, 1], "int64"), 2).raises(RuntimeError, "max_unpool1d: expected input of 3 dimensions")
    yield s(1.0, at, 2).raises(TypeError, "max_unpool1d: expected input to be a Tensor, got float")
