"""Pooling to a given size."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, op, refuses, samples
from .conv import pair
from .errors import expected
from .pool import adaptively_averaged
from .pooling import _as_planes, _back, _check

Tensor = core.Tensor


def _adaptive_size(name, n, input, output_size):
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if len(wanted) != n:
        raise expected(name, f"output_size of {n} numbers", repr(tuple(wanted)), error=RuntimeError)
    return pair(name, [d if w is None else w for w, d in zip(wanted, input.shape[-n:])], "output_size", n, 0)


ADAPTIVE = "cells of unequal size have no form in ONNX"


def _adaptive_form(kind):
    def form(b, input, output_size, *rest):
        n = len(b.shape(input)) - 2
        size = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * n
        shape = b.shape(input)[2:]
        if tuple(size) == (1,) * n:
            return b.node(f"Global{kind}Pool", input)
        if any(w is None or d % w for d, w in zip(shape, size)):
            return Unsupported(ADAPTIVE)
        return b.node(
            f"{kind}Pool", input, kernel_shape=[d // w for d, w in zip(shape, size)], strides=[d // w for d, w in zip(shape, size)]
        )

    return form


@op("composite", spaces="functional", methods=False, onnx=_adaptive_form("Average"))
def adaptive_avg_pool2d(input, output_size):
    """The mean over each cell of a grid laid over the image, whatever its size.

    Args:
        input: Images.
        output_size: Cells: an int or (rows, columns); None keeps the input's size.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: (N, C, *output_size).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` has another number of dimensions.
        ValueError: It has too few.

    Example:
        >>> adaptive_avg_pool2d(tensor([[[1.0, 2.0], [3.0, 4.0]]]), 1)
        tensor([[[2.5000]]])
    """
    _check("adaptive_avg_pool2d", input, 2, adaptive=True)
    return _back(adaptively_averaged(_as_planes(input, 2), _adaptive_size("adaptive_avg_pool2d", 2, input, output_size)), input, 2)


@samples(adaptive_avg_pool2d)
def _(s):
    yield s(s.normal(2, 3, 4, 6), 1)
    yield s(s.normal(2, 3, 4, 6), (2, 3))
    yield s(s.normal(2, 3, 4, 5), (None, 3)).without("onnx", because=ADAPTIVE)


@refuses(adaptive_avg_pool2d)
def _(s):
    yield s(s.normal(4, 4), 2).raises(ValueError, "adaptive_avg_pool2d: expected input of 3 dimensions or more")
    yield s(s.normal(1, 2, 4, 4), (1, 2, 3)).raises(RuntimeError, "adaptive_avg_pool2d: expected output_size of 2 numbers")


@op("composite", spaces=("torch", "functional"), methods=False, onnx=_adaptive_form("Average"))
def adaptive_avg_pool1d(input, output_size):
    """The mean over each of `output_size` pieces of a sequence.

    Args:
        input: Sequences.
        output_size: Number of pieces.

    Shape:
        input: (N, C, L) or (C, L); result: (N, C, output_size).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` has another number of dimensions.
        ValueError: It has too few.

    Example:
        >>> adaptive_avg_pool1d(tensor([[1.0, 2.0, 3.0, 4.0]]), 2)
        tensor([[1.5000, 3.5000]])
    """
    _check("adaptive_avg_pool1d", input, 1, adaptive=True)
    size = _adaptive_size("adaptive_avg_pool1d", 1, input, output_size)
    return _back(adaptively_averaged(_as_planes(input, 1), (1, *size)), input, 1)


@samples(adaptive_avg_pool1d)
def _(s):
    yield s(s.normal(2, 3, 6), 3)
    yield s(s.normal(2, 3, 5), 2).without("onnx", because=ADAPTIVE)


@refuses(adaptive_avg_pool1d)
def _(s):
    yield s(s.normal(4), 2).raises(RuntimeError, "adaptive_avg_pool1d: expected input of 3 dimensions")


@op("composite", spaces="functional", methods=False, onnx=_adaptive_form("Average"))
def adaptive_avg_pool3d(input, output_size):
    """The mean over each cell of a grid laid over the volume, whatever its size.

    Args:
        input: Volumes.
        output_size: Cells: an int or three; None keeps the input's size.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); result: (N, C, *output_size).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` has another number of dimensions.
        ValueError: It has too few.

    Example:
        >>> functional.adaptive_avg_pool3d(tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 1)
        tensor([[[[2.5000]]]])
    """
    _check("adaptive_avg_pool3d", input, 3, adaptive=True)
    size = _adaptive_size("adaptive_avg_pool3d", 3, input, output_size)
    x = input if input.ndim == 5 else input.unsqueeze(0)
    n, c, d, h, w = x.shape
    # over the planes, then along the depth: a cell is a box, so that the mean of means is the mean
    planes = adaptively_averaged(x.reshape(n, c * d, h, w), size[1:])
    out = adaptively_averaged(planes.reshape(n, c, d, size[1] * size[2]), (size[0], size[1] * size[2])).reshape(n, c, *size)
    return out if input.ndim == 5 else out.squeeze(0)


@samples(adaptive_avg_pool3d)
def _(s):
    yield s(s.normal(2, 3, 4, 6, 2), (2, 3, 1))
    yield s(s.normal(2, 2, 3, 2, 3), 1)
    yield s(s.normal(2, 4, 3, 5), (3, None, 2)).without("onnx", because=ADAPTIVE)


@refuses(adaptive_avg_pool3d)
def _(s):
    yield s(s.normal(4, 4), 2).raises(ValueError, "adaptive_avg_pool3d: expected input of 4 dimensions or more")
    yield s(s.normal(1, 2, 4, 4, 4), (1, 2)).raises(RuntimeError, "adaptive_avg_pool3d: expected output_size of 3 numbers")
