"""Pooling by the p-norm of each window."""

from __future__ import annotations

from ._define import Unsupported, op, samples
from .conv import pair
from .pooling import avg_pool1d, avg_pool2d
from .pooling_volume import avg_pool3d

POWER = Unsupported("LpPool takes absolute values, PyTorch does not")


def _root(mean, norm_type, places):
    return (mean.sign() * mean.abs().relu() * places) ** (1.0 / norm_type)


@op("composite", spaces="functional", methods=False, onnx=POWER)
def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window of a sequence: (sum of x^p)^(1/p), with p = `norm_type`.

    Args:
        input: Sequences; of 0 or more where p is odd or no whole number.
        norm_type: p; not 0.
        kernel_size: Of the window.
        stride: Step of the window; None for the kernel's size.
        ceil_mode: Round the number of windows up, not down.

    Shape:
        input: (N, C, L) or (C, L); result: as that of avg_pool1d.

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> functional.lp_pool1d(tensor([[3.0, 4.0, 0.0, 5.0]]), 2, 2)
        tensor([[5., 5.]])
    """
    kernel = pair("lp_pool1d", kernel_size, "kernel_size", 1, 1)
    return _root(avg_pool1d(input**norm_type, kernel, stride, 0, ceil_mode), norm_type, kernel[0])


@samples(lp_pool1d)
def _(s):
    yield s(s.away(2, 3, 7), 2, 2)
    yield s(s.positive(3, 7), 3.0, 3, 2, True)


@op("composite", spaces="functional", methods=False, onnx=POWER)
def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window: (sum of x^p)^(1/p), with p = `norm_type`.

    Args:
        input: Images; of 0 or more where p is odd or no whole number.
        norm_type: p; not 0.
        kernel_size: Of the window: an int or two.
        stride: Step of the window; None for the kernel's size.
        ceil_mode: Round the number of windows up, not down.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: as that of avg_pool2d.

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> functional.lp_pool2d(tensor([[[3.0, 4.0]]]), 2, (1, 2))
        tensor([[[5.]]])
    """
    kernel = pair("lp_pool2d", kernel_size, "kernel_size", 2, 1)
    return _root(avg_pool2d(input**norm_type, kernel, stride, 0, ceil_mode), norm_type, kernel[0] * kernel[1])


@samples(lp_pool2d)
def _(s):
    yield s(s.away(2, 3, 4, 5), 2, 2)
    yield s(s.positive(3, 5, 4), 1.5, (3, 2), (2, 1), True)


@op("composite", spaces="functional", methods=False, onnx=POWER)
def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window of a volume: (sum of x^p)^(1/p), with p = `norm_type`.

    Args:
        input: Volumes; of 0 or more where p is odd or no whole number.
        norm_type: p; not 0.
        kernel_size: Of the window: an int or three.
        stride: Step of the window; None for the kernel's size.
        ceil_mode: Round the number of windows up, not down.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); result: as that of avg_pool3d.

    Returns:
        Tensor of the dtype of `input`.

    Example:
        >>> functional.lp_pool3d(tensor([[[[3.0, 4.0]]]]), 2, (1, 1, 2))
        tensor([[[[5.]]]])
    """
    kernel = pair("lp_pool3d", kernel_size, "kernel_size", 3, 1)
    return _root(avg_pool3d(input**norm_type, kernel, stride, 0, ceil_mode), norm_type, kernel[0] * kernel[1] * kernel[2])


@samples(lp_pool3d)
def _(s):
    yield s(s.away(2, 2, 4, 3, 2), 2, 2)
    yield s(s.positive(2, 5, 4, 3), 3, (3, 2, 1), (2, 1, 1), True)
