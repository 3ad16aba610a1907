"""Other resolutions: interpolation along one dimension after the other."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, op, refuses, samples
from ._help import tensors
from ._space import public
from .errors import expected
from .pooling_adaptive import _adaptive_form, adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d


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


def _smooth(n, m, scale, kind):
    """Taps of a filter that is as wide as the step between elements of the result, at least as wide as without antialiasing."""
    wide = max(scale, 1.0)
    reach = (2 if kind == "cubic" else 1) * wide
    centre = scale * (np.arange(m) + 0.5)
    low = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    count = np.minimum((centre + reach + 0.5).astype(np.int64), n) - low
    places = low[:, None] + np.arange(count.max())
    x = np.abs(places - centre[:, None] + 0.5) / wide
    if kind == "cubic":
        a = -0.5
        weights = np.where(x < 1, ((a + 2) * x - (a + 3)) * x * x + 1, np.where(x < 2, (((x - 5) * x + 8) * x - 4) * a, 0))
    else:
        weights = np.maximum(1 - x, 0)
    weights = np.where(np.arange(count.max()) < count[:, None], weights, 0)
    weights /= weights.sum(1, keepdims=True)
    return [(p, w) for p, w in zip(np.minimum(places, n - 1).T.copy(), weights.T.copy(), strict=True)]


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


_SPATIAL = {"nearest": None, "nearest-exact": None, "area": None, "linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}


def _sizes(spatial, size, scale_factor, recompute):
    """Sizes of the result and the steps between its elements, in those of the input."""
    if (size is None) == (scale_factor is None):
        raise expected("interpolate", "size or scale_factor", "both" if size is not None else "neither")
    given = size if size is not None else scale_factor
    given = tuple(given) if isinstance(given, (tuple, list)) else (given,) * len(spatial)
    if len(given) != len(spatial):
        raise expected("interpolate", f"{len(spatial)} sizes or factors", given)
    if size is not None and recompute:
        raise expected("interpolate", "recompute_scale_factor with scale_factor alone", "size")
    out = given if size is not None else tuple(int(np.floor(n * f)) for n, f in zip(spatial, given, strict=True))
    if any(m < 1 for m in out):
        raise expected("interpolate", "a result of 1 or more elements", out, error=RuntimeError)
    exact = size is None and not recompute
    return out, [1 / f if exact else n / m for n, m, f in zip(spatial, out, given, strict=True)]


def _resize_form(b, x, size, scale_factor, mode, align_corners, recompute, antialias):
    spatial = b.shape(x)[2:]
    if antialias or not all(isinstance(n, int) for n in spatial):
        return Unsupported("antialiasing, and sizes that are not known")
    out, steps = _sizes(spatial, size, scale_factor, recompute)
    if mode == "area":
        return _adaptive_form("Average")(b, x, out)
    kind = {"nearest": "nearest", "nearest-exact": "nearest", "bicubic": "cubic"}.get(mode, "linear")
    where = "align_corners" if align_corners else "asymmetric" if mode == "nearest" else "half_pixel"
    if scale_factor is not None and not recompute and not align_corners:
        how = (b.constant(np.array([1, 1, *(1 / s for s in steps)], np.float32)),)
    else:
        how = ("", b.constant(np.array([*b.shape(x)[:2], *out], np.int64)))
    return b.node(
        "Resize",
        x,
        "",
        *how,
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
        mode: "nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic", or "area", the mean over the cells of a grid.
        align_corners: Whether the outermost elements of both lie at the same place, rather than the outermost edges.
        recompute_scale_factor: Take the factor from the sizes once they are rounded.
        antialias: Widen the filter where the result is smaller; for "bilinear" and "bicubic".

    Shape:
        input: (N, C, *); result: (N, C, *) of the new sizes.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: not one of `size` and `scale_factor` is given, their number is wrong, or an option does not go with the mode.
        NotImplementedError: the mode does not exist or does not fit the dimensions.
        RuntimeError: the result would have no elements.

    Example:
        >>> functional.interpolate(tensor([[[1.0, 2.0]]]), scale_factor=2)
        tensor([[[1., 1., 2., 2.]]])
    """
    tensors("interpolate", input=input)
    spatial = input.ndim - 2
    if mode not in _SPATIAL or _SPATIAL[mode] not in (None, spatial) or not 1 <= spatial <= 3:
        raise expected("interpolate", f"a mode for {spatial} spatial dimensions", mode, error=NotImplementedError)
    if antialias and mode not in ("bilinear", "bicubic"):
        raise expected("interpolate", "antialias for bilinear and bicubic alone", mode)
    if align_corners is not None and _SPATIAL[mode] is None:
        raise expected("interpolate", f"align_corners to be None for {mode}", align_corners)
    out, steps = _sizes(tuple(input.shape[2:]), size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[spatial - 1](input, out)
    for i, (m, step) in enumerate(zip(out, steps, strict=True)):
        n = input.shape[2 + i]
        if mode.startswith("nearest"):
            taps = _nearest(n, m, step, mode == "nearest-exact")
        elif antialias:
            scale = ((n - 1) / (m - 1) if m > 1 else 0.0) if align_corners else step
            taps = _smooth(n, m, scale, "cubic" if mode == "bicubic" else "linear")
        else:
            taps = (_cubic if mode == "bicubic" else _linear)(n, m, step, bool(align_corners))
        input = _resized(input, 2 + i, taps)
    return input


@samples(interpolate)
def _(s):
    yield s(s.normal(1, 2, 4), scale_factor=2)
    yield s(s.normal(1, 2, 3, 4), size=(5, 2))
    yield s(s.normal(1, 2, 5, 4), scale_factor=(0.7, 1.8))
    yield s(s.normal(1, 1, 2, 3, 2), size=(3, 2, 5))
    yield s(s.normal(1, 2, 3, 4), size=(5, 2), mode="nearest-exact")
    yield s(s.normal(1, 2, 7), scale_factor=1.3, mode="nearest-exact", recompute_scale_factor=True)
    yield s(s.normal(1, 2, 4), size=7, mode="linear")
    yield s(s.normal(1, 2, 5), scale_factor=1.3, mode="linear", recompute_scale_factor=True)
    yield s(s.normal(1, 2, 5), scale_factor=1.3, mode="linear")
    yield s(s.normal(1, 2, 3, 4), scale_factor=2, mode="bilinear")
    yield s(s.normal(1, 2, 3, 4), size=(5, 3), mode="bilinear", align_corners=True)
    yield s(s.normal(1, 2, 3, 4), size=(1, 2), mode="bilinear", align_corners=True).without("onnx", because="ONNX takes the middle for 1")
    yield s(s.normal(1, 1, 4, 4), scale_factor=1.5, mode="bicubic")
    yield s(s.normal(1, 1, 5, 4), size=(3, 7), mode="bicubic", align_corners=True)
    yield s(s.normal(1, 1, 2, 3, 2), scale_factor=2, mode="trilinear")
    yield s(s.normal(1, 1, 3, 3, 2), size=(2, 4, 3), mode="trilinear", align_corners=True)
    for shape, size in (((2, 2, 6), 3), ((1, 2, 4, 6), (2, 3)), ((1, 2, 4, 6, 2), (4, 2, 1))):
        yield s(s.normal(*shape), size=size, mode="area")
    yield s(s.normal(1, 2, 5, 4), scale_factor=0.6, mode="area").without("onnx", because="cells of unequal size have no form in ONNX")
    for mode in ("bilinear", "bicubic"):
        yield s(s.normal(1, 1, 7, 6), size=(3, 9), mode=mode, antialias=True).without("onnx", because="not offered in ONNX")
        yield s(s.normal(1, 1, 7, 6), scale_factor=0.4, mode=mode, antialias=True).without("onnx", because="not offered in ONNX")
        yield s(s.normal(1, 1, 7, 6), size=(4, 3), mode=mode, align_corners=True, antialias=True).without(
            "onnx", because="not offered in ONNX"
        )


@refuses(interpolate)
def _(s):
    x = s.normal(1, 2, 4)
    yield s(x).raises(ValueError, "interpolate: expected size or scale_factor")
    yield s(x, 8, 2).raises(ValueError, "interpolate: expected size or scale_factor, got both")
    yield s(x, 8, mode="bilinear").raises(NotImplementedError, "interpolate: expected a mode for 1")
    yield s(x, 8, mode="linear", antialias=True).raises(ValueError, "interpolate: expected antialias for bilinear and bicubic alone")
    yield s(x, 8, mode="area", align_corners=True).raises(ValueError, "interpolate: expected align_corners to be None for area")
    yield s(x, 8, recompute_scale_factor=True).raises(ValueError, "interpolate: expected recompute_scale_factor with scale_factor alone")
    yield s(x, (8, 8)).raises(ValueError, "interpolate: expected 1 sizes")
    yield s(x, scale_factor=0.1).raises(RuntimeError, "interpolate: expected a result of 1 or more elements")
    yield s([1.0], 8).raises(TypeError, "interpolate: expected input to be a Tensor, got list")


@public("functional")
def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """`interpolate` under its former name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


@public("functional")
def upsample_nearest(input, size=None, scale_factor=None):
    """`interpolate` by the nearest element, under its former name."""
    return interpolate(input, size, scale_factor)


@public("functional")
def upsample_bilinear(input, size=None, scale_factor=None):
    """`interpolate` in mode bilinear with aligned corners, under its former name."""
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
