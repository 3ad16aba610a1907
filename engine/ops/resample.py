"""Other resolutions: interpolation along one dimension after the other."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, op, refuses, samples
from ._help import tensors
from ._space import public
from .errors import expected
from .pooling_adaptive import _adaptive_form, adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .resample_taps import FILTERS, cubic, in_whole_numbers, linear, nearest, smooth, step_between_corners


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


def _resized_bytes(x, d, taps):
    """The same on whole numbers, as bytes again."""
    taps, bits = in_whole_numbers(taps)
    total = (_resized(x.to(core.int32), d, taps) + (1 << bits >> 1)) >> bits
    return total.clamp(0, 255).to(core.uint8)


_SPATIAL = {"nearest": None, "nearest-exact": None, "area": None, "linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2, "lanczos": 2}


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
    if any(m < 0 for m in out):
        raise expected("interpolate", "sizes >= 0", out, error=RuntimeError)
    exact = size is None and not recompute
    return out, [1 / f if exact else n / max(m, 1) for n, m, f in zip(spatial, out, given, strict=True)]


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
        input: Images of a floating dtype; for "nearest", "nearest-exact", "bilinear", "bicubic" and "lanczos" also of bytes.
        size: Sizes of the result.
        scale_factor: How many times larger it is; one of both is given.
        mode: "nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic", "lanczos", or "area", the mean over the cells of a
            grid.
        align_corners: Whether the outermost elements of both lie at the same place, rather than the outermost edges.
        recompute_scale_factor: Take the factor from the sizes once they are rounded.
        antialias: Widen the filter where the result is smaller; for "bilinear" and "bicubic", and always for "lanczos".

    Shape:
        input: (N, C, *); result: (N, C, *) of the new sizes.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: not one of `size` and `scale_factor` is given, their number is wrong, or an option does not go with the mode.
        NotImplementedError: the mode does not exist or does not fit the dimensions or the dtype.
        RuntimeError: input or result would have no elements.

    Example:
        >>> functional.interpolate(tensor([[[1.0, 2.0]]]), scale_factor=2)
        tensor([[[1., 1., 2., 2.]]])
    """
    tensors("interpolate", input=input)
    spatial = input.ndim - 2
    if mode not in _SPATIAL or _SPATIAL[mode] not in (None, spatial) or not 1 <= spatial <= 3:
        raise expected("interpolate", f"a mode for {spatial} spatial dimensions", mode, error=NotImplementedError)
    if antialias and mode not in FILTERS:
        raise expected("interpolate", "antialias for bilinear, bicubic and lanczos alone", mode)
    if align_corners is not None and _SPATIAL[mode] is None:
        raise expected("interpolate", f"align_corners to be None for {mode}", align_corners)
    if mode == "lanczos" and (align_corners or not antialias):
        raise expected(
            "interpolate", "antialias without align_corners for lanczos", f"align_corners={align_corners}, antialias={antialias}"
        )
    out, steps = _sizes(tuple(input.shape[2:]), size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[spatial - 1](input, out)
    if not all(out):
        raise expected("interpolate", "a result of 1 or more elements", out, error=RuntimeError)
    if not all(input.shape[1:]):
        raise expected("interpolate", "input with channels, and elements in each", input, error=RuntimeError)
    dtype = input.dtype
    if not dtype.is_floating_point and not (dtype is core.uint8 and (mode.startswith("nearest") or _SPATIAL[mode] == 2)):
        raise expected("interpolate", f"input of a floating dtype for {mode}", input, "cast with input.float()", NotImplementedError)
    if mode.startswith("nearest"):
        for d, (m, step) in enumerate(zip(out, steps, strict=True), 2):
            input = _resized(input, d, nearest(input.shape[d], m, step, mode == "nearest-exact", spatial == 2))
        return input
    if dtype in (core.float16, core.bfloat16):
        input = input.float()  # rounded once, rather than after every dimension
    for d in range(input.ndim - 1, 1, -1):
        n, m, step = input.shape[d], out[d - 2], steps[d - 2]
        if n == m and (antialias or dtype is core.uint8 or mode != "bicubic"):
            continue  # whatever the factor was
        if antialias:
            taps = smooth(n, m, step_between_corners(n, m) if align_corners else step, mode)
        else:
            taps = (cubic if mode == "bicubic" else linear)(n, m, step, bool(align_corners))
        input = _resized_bytes(input, d, taps) if dtype is core.uint8 else _resized(input, d, taps)
    return input.to(dtype)


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
    yield s(s.normal(1, 1, 3, 2), scale_factor=(1.2, 2.4)).without("onnx", because="PyTorch forgets the factor, for images alone")
    yield s(s.normal(1, 1, 7, 6), size=(3, 9), mode="lanczos", antialias=True).without("onnx", because="not offered in ONNX")
    for mode in ("bilinear", "bicubic"):
        for more in ({"align_corners": True}, {"antialias": True}, {"scale_factor": (1.1, 0.6)}):
            image = s.integers(2, 3, 6, 7, high=256, dtype="uint8")
            yield s(image, mode=mode, **({"size": (9, 4)} | more if "scale_factor" not in more else more)).without(
                "onnx", because="bytes are rounded after each dimension"
            )
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
    yield s(x, 8, mode="linear", antialias=True).raises(ValueError, "interpolate: expected antialias for bilinear, bicubic and lanczos")
    yield s(s.normal(1, 1, 4, 4), 8, mode="lanczos").raises(ValueError, "expected antialias without align_corners for lanczos")
    yield s(x.long(), 8).raises(NotImplementedError, "interpolate: expected input of a floating dtype for nearest")
    yield s(x, -1).raises(RuntimeError, "interpolate: expected sizes >= 0")
    yield s(s.normal(1, 0, 4), 8).raises(RuntimeError, "interpolate: expected input with channels")
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
