"""Channels to pixels and back."""

from __future__ import annotations

from ._define import Unsupported, op, refuses, samples
from .errors import expected


@op("composite", spaces=("torch", "functional"), methods=False,
    onnx=lambda b, x, r: b.node("DepthToSpace", x, blocksize=r, mode="CRD"))  # fmt: skip
def pixel_shuffle(input, upscale_factor):
    """Turn channels into pixels.

    Args:
        input: Images.
        upscale_factor: How many pixels each becomes, along both sides.

    Shape:
        input: (*, C r r, H, W); result: (*, C, H r, W r), r = upscale_factor.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the number of channels is no multiple of r ** 2.

    References:
        Shi et al. (2016), arXiv:1609.05158.

    Example:
        >>> pixel_shuffle(zeros(1, 8, 2, 2), 2).shape
        torch.Size([1, 2, 4, 4])
    """
    r = upscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-3] % (r * r):
        raise expected("pixel_shuffle", f"input of shape (*, C * {r * r}, H, W)", input, error=RuntimeError)
    *lead, c, h, w = input.shape
    k = len(lead)
    y = input.reshape((*lead, c // (r * r), r, r, h, w))
    return y.permute((*range(k), k, k + 3, k + 1, k + 4, k + 2)).reshape((*lead, c // (r * r), h * r, w * r))


@op("composite", spaces=("torch", "functional"), methods=False, onnx=Unsupported("SpaceToDepth orders channels in another way"))
def pixel_unshuffle(input, downscale_factor):
    """Turn pixels into channels.

    Args:
        input: Images.
        downscale_factor: How many pixels become one, along both sides.

    Shape:
        input: (*, C, H r, W r); result: (*, C r r, H, W), r = downscale_factor.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: a side is no multiple of r.

    Example:
        >>> pixel_unshuffle(zeros(1, 2, 4, 4), 2).shape
        torch.Size([1, 8, 2, 2])
    """
    r = downscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-1] % r or input.shape[-2] % r:
        raise expected("pixel_unshuffle", f"input of shape (*, C, H * {r}, W * {r})", input, error=RuntimeError)
    *lead, c, h, w = input.shape
    k = len(lead)
    y = input.reshape((*lead, c, h // r, r, w // r, r))
    return y.permute((*range(k), k, k + 2, k + 4, k + 1, k + 3)).reshape((*lead, c * r * r, h // r, w // r))


@samples(pixel_shuffle)
def _(s):
    yield s(s.normal(2, 8, 2, 3), 2)


@samples(pixel_unshuffle)
def _(s):
    yield s(s.normal(2, 2, 4, 6), 2).without("empty", because="torch leaves the shape as it is then")


@refuses(pixel_shuffle)
@refuses(pixel_unshuffle)
def _(s):
    yield s(s.normal(1, 3, 3, 3), 2).raises(RuntimeError, ": expected input of shape")
