"""Other resolutions: pixel shuffling and interpolation."""

from __future__ import annotations

import numpy as np

from workbench.ext.core import _core as core

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


def _nearest(n, m, scale, exact):
    at = (np.arange(m, dtype=np.float32) + np.float32(0.5 if exact else 0)) * np.float32(scale)
    return [(np.minimum(at.astype(np.int64), n - 1), None)]


def _positions(n, m, scale, align_corners):
    """Where, between the elements of the input, those of the result lie."""
    if align_corners:
        return np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0.0)
    return (np.arange(m) + 0.5) * scale - 0.5


def _linear(n, m, scale, align_corners):
    at = np.maximum(_positions(n, m, scale, align_corners), 0)
    low = np.minimum(at.astype(np.int64), n - 1)
    share = at - low
    return [(low, 1 - share), (np.minimum(low + 1, n - 1), share)]


def _cubic(n, m, scale, align_corners, a=-0.75):
    at = _positions(n, m, scale, align_corners)
    base = np.floor(at).astype(np.int64)
    t = at - base
    near = lambda x: ((a + 2) * x - (a + 3)) * x * x + 1  # noqa: E731
    far = lambda x: ((a * x - 5 * a) * x + 8 * a) * x - 4 * a  # noqa: E731
    weights = (far(t + 1), near(t), near(1 - t), far(2 - t))
    return [(np.clip(base + k - 1, 0, n - 1), w) for k, w in enumerate(weights)]


def _resized(x, d, taps):
    """A weighted sum of chosen slices along a dimension."""
    total = None
    for places, weights in taps:
        part = x.index_select(d, core.from_numpy(places))
        if weights is not None:
            shape = [-1 if i == d else 1 for i in range(x.ndim)]
            part = part * core.from_numpy(weights.reshape(shape)).to(x.dtype)
        total = part if total is None else total + part
    return total


_SPATIAL = {"nearest": None, "nearest-exact": None, "linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}


def _sizes(input, size, scale_factor, recompute):
    """Sizes of the result and the steps between its elements, in those of the input."""
    spatial = tuple(input.shape[2:])
    if (size is None) == (scale_factor is None):
        raise expected("interpolate", "size or scale_factor", "both" if size is not None else "neither")
    given = size if size is not None else scale_factor
    given = tuple(given) if isinstance(given, (tuple, list)) else (given,) * len(spatial)
    if len(given) != len(spatial):
        raise expected("interpolate", f"{len(spatial)} sizes or factors", given)
    out = given if size is not None else tuple(int(np.floor(n * f)) for n, f in zip(spatial, given, strict=True))
    if any(m < 1 for m in out):
        raise expected("interpolate", "a result of 1 or more elements", out, error=RuntimeError)
    exact = size is None and not recompute
    return out, [1 / f if exact else n / m for n, m, f in zip(spatial, out, given, strict=True)]


def _resize_form(b, x, size, scale_factor, mode, align_corners, recompute, antialias):
    if antialias or None in b.shape(x):
        return Unsupported("antialiasing, and sizes that are not known")
    spatial = b.shape(x)[2:]
    given = size if size is not None else scale_factor
    given = given if isinstance(given, (tuple, list)) else (given,) * len(spatial)
    out = given if size is not None else [int(n * f) for n, f in zip(spatial, given, strict=True)]
    kind = {"nearest": "nearest", "nearest-exact": "nearest", "bicubic": "cubic"}.get(mode, "linear")
    where = "align_corners" if align_corners else "asymmetric" if mode == "nearest" else "half_pixel"
    shape = b.constant(np.array([*b.shape(x)[:2], *out], np.int64))
    return b.node(
        "Resize",
        x,
        "",
        "",
        shape,
        mode=kind,
        coordinate_transformation_mode=where,
        nearest_mode="round_prefer_ceil" if mode == "nearest-exact" else "floor",
        cubic_coeff_a=-0.75,
    )


@op("composite", spaces="functional", methods=False, onnx=_resize_form)
def interpolate(input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None, antialias=False):
    """Change the resolution of images, or of signals along 1 to 3 dimensions.

    Args:
        input: Images.
        size: Sizes of the result.
        scale_factor: How many times larger it is; one of both is given.
        mode: "nearest", "nearest-exact", "linear", "bilinear", "trilinear" or "bicubic".
        align_corners: Whether the outermost elements of both lie at the same place, rather than the outermost edges.
        recompute_scale_factor: Take the factor from the sizes once they are rounded.
        antialias: Not offered.

    Shape:
        input: (N, C, *); result: (N, C, *) of the new sizes.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: not one of `size` and `scale_factor` is given, or their number is wrong.
        NotImplementedError: the mode does not exist or does not fit the dimensions, or `antialias` is set.

    Example:
        >>> functional.interpolate(tensor([[[1.0, 2.0]]]), scale_factor=2)
        tensor([[[1., 1., 2., 2.]]])
    """
    spatial = input.ndim - 2
    if mode not in _SPATIAL or _SPATIAL[mode] not in (None, spatial) or not 1 <= spatial <= 3:
        raise expected("interpolate", f"a mode for {spatial} spatial dimensions", mode, error=NotImplementedError)
    if antialias:
        raise expected("interpolate", "antialias to be False", True, "blur the input first", NotImplementedError)
    if align_corners is not None and mode.startswith("nearest"):
        raise expected("interpolate", "align_corners to be None for nearest", align_corners)
    out, steps = _sizes(input, size, scale_factor, recompute_scale_factor)
    for i, (m, step) in enumerate(zip(out, steps, strict=True)):
        n = input.shape[2 + i]
        if mode.startswith("nearest"):
            taps = _nearest(n, m, step, mode == "nearest-exact")
        else:
            taps = (_cubic if mode == "bicubic" else _linear)(n, m, step, bool(align_corners))
        input = _resized(input, 2 + i, taps)
    return input


@samples(interpolate)
def _(s):
    yield s(s.normal(1, 2, 4), scale_factor=2)
    yield s(s.normal(1, 2, 3, 4), size=(5, 2))
    yield s(s.normal(1, 2, 3, 4), size=(5, 2), mode="nearest-exact")
    yield s(s.normal(1, 2, 4), size=7, mode="linear")
    yield s(s.normal(1, 2, 3, 4), scale_factor=2, mode="bilinear")
    yield s(s.normal(1, 2, 3, 4), size=(5, 3), mode="bilinear", align_corners=True)
    yield s(s.normal(1, 1, 4, 4), scale_factor=1.5, mode="bicubic")
    yield s(s.normal(1, 1, 2, 3, 2), scale_factor=2, mode="trilinear")


@refuses(interpolate)
def _(s):
    yield s(s.normal(1, 2, 4)).raises(ValueError, "interpolate: expected size or scale_factor")
    yield s(s.normal(1, 2, 4), 8, mode="bilinear").raises(NotImplementedError, "interpolate: expected a mode for 1")
    yield s(s.normal(1, 2, 4), 8, mode="linear", antialias=True).raises(NotImplementedError, "interpolate: expected antialias")
    yield s(s.normal(1, 2, 4), (8, 8)).raises(ValueError, "interpolate: expected 1 sizes")
