"""Where pixels go: crops, flips, padding, shifts, affine maps, resizing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import expected
from ...random_keys import Keys
from .base import RandomTransform, Transform, probability, size_pair
from .resample import MODES, resize, sample

_PADDING = {"constant": "constant", "edge": "edge", "reflect": "reflect", "symmetric": "symmetric"}


def _interpolation(mode: Any, name: str, modes: Sequence[str] = MODES) -> str:
    text = str(getattr(mode, "value", mode)).lower()
    if text not in modes:
        raise expected(name, f"interpolation to be one of {', '.join(modes)}", mode)
    return text


def _sides(padding: Any, name: str) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) from one, two or four ints."""
    sides = (padding,) if isinstance(padding, (int, np.integer)) else tuple(padding)
    if len(sides) not in (1, 2, 4):
        raise expected(name, "padding of 1, 2 or 4 ints", padding)
    return (sides * (4 // len(sides)))[:4]


def _fill(fill: Any, channels: int, name: str) -> np.ndarray:
    values = np.atleast_1d(np.asarray(fill, np.float64))
    if len(values) not in (1, channels):
        raise expected(name, f"fill to be a number or {channels} numbers", fill)
    return np.broadcast_to(values, (channels,))[:, None, None]


def pad(x: np.ndarray, sides: tuple[int, int, int, int], fill: Any, mode: str) -> np.ndarray:
    """Images (N, C, H, W) with (left, top, right, bottom) more pixels; negative numbers take pixels away."""
    left, top, right, bottom = sides
    height, width = x.shape[2:]
    x = x[:, :, max(0, -top) : height - max(0, -bottom), max(0, -left) : width - max(0, -right)]
    left, top, right, bottom = (max(0, s) for s in sides)
    if mode != "constant":
        return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), mode=mode)  # type: ignore[call-overload]
    height, width = x.shape[2:]
    out = np.empty((*x.shape[:2], height + top + bottom, width + left + right), x.dtype)
    out[:] = _fill(fill, x.shape[1], "Pad")
    out[:, :, top : top + height, left : left + width] = x
    return out


class Pad(Transform):
    """Add pixels around.

    Args:
        padding: Pixels on all sides, (left and right, top and bottom), or (left, top, right, bottom).
        fill: Value of the new pixels, or one for each channel.
        padding_mode: "constant", "edge", "reflect" or "symmetric".
    """

    def __init__(self, padding: int | Sequence[int], fill: float | Sequence[float] = 0, padding_mode: str = "constant") -> None:
        if padding_mode not in _PADDING:
            raise expected("Pad", f"padding_mode to be one of {', '.join(_PADDING)}", padding_mode)
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode
        self._sides = _sides(padding, "Pad")

    def apply(self, x: np.ndarray) -> np.ndarray:
        return pad(x, self._sides, self.fill, self.padding_mode)


class CenterCrop(Transform):
    """Cut out the middle; images smaller than `size` are padded with 0."""

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = size_pair(size, "CenterCrop")

    def apply(self, x: np.ndarray) -> np.ndarray:
        (h, w), (height, width) = self.size, x.shape[2:]
        if h > height or w > width:
            down, across = max(h - height, 0), max(w - width, 0)
            x = pad(x, (across // 2, down // 2, (across + 1) // 2, (down + 1) // 2), 0, "constant")
            height, width = x.shape[2:]
        top, left = round((height - h) / 2.0), round((width - w) / 2.0)
        return x[:, :, top : top + h, left : left + w]


class Resize(Transform):
    """Change the size.

    Args:
        size: (height, width), or the length of the shorter side.
        interpolation: "nearest", "bilinear" or "bicubic".
        max_size: For an int `size`: bound of the longer side.
        antialias: Widen the filter when making images smaller.
    """

    def __init__(self, size: Any, interpolation: Any = "bilinear", max_size: int | None = None, antialias: bool = True) -> None:
        size_pair(size, "Resize")
        self.size, self.interpolation = size, _interpolation(interpolation, "Resize")
        self.max_size, self.antialias = max_size, antialias

    def apply(self, x: np.ndarray) -> np.ndarray:
        height, width = x.shape[2:]
        if isinstance(self.size, (int, np.integer)) or len(self.size) == 1:
            short, long = sorted((height, width))
            want = size_pair(self.size, "Resize")[0]
            other = int(want * long / short)
            if self.max_size is not None and other > self.max_size:
                want, other = int(self.max_size * want / other), self.max_size
            size = (want, other) if height <= width else (other, want)
        else:
            size = size_pair(self.size, "Resize")
        return resize(x, size, self.interpolation, self.antialias)


class RandomCrop(RandomTransform):
    """Cut out a window at a random place.

    Args:
        size: (height, width), or both.
        padding: Pixels added first, as in `Pad`.
        pad_if_needed: Pad images that are smaller than the window.
        fill: Value of added pixels.
        padding_mode: As in `Pad`.
    """

    def __init__(self, size: Any, padding: Any = None, pad_if_needed: bool = False, fill: Any = 0, padding_mode: str = "constant") -> None:
        self.size, self.padding, self.pad_if_needed = size_pair(size, "RandomCrop"), padding, pad_if_needed
        self.fill, self.padding_mode = fill, padding_mode
        if padding_mode not in _PADDING:
            raise expected("RandomCrop", f"padding_mode to be one of {', '.join(_PADDING)}", padding_mode)
        self._sides = None if padding is None else _sides(padding, "RandomCrop")

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        if self._sides is not None:
            x = pad(x, self._sides, self.fill, self.padding_mode)
        h, w = self.size
        if self.pad_if_needed:
            down, across = max(0, h - x.shape[2]), max(0, w - x.shape[3])
            x = pad(x, (across, down, across, down), self.fill, self.padding_mode)
        height, width = x.shape[2:]
        if h > height or w > width:
            raise expected("RandomCrop", f"images of at least {h} x {w}", f"{height} x {width}", "give padding or pad_if_needed=True")
        top, left = keys.integers(height - h + 1), keys.integers(width - w + 1)
        windows = np.lib.stride_tricks.sliding_window_view(x, (h, w), axis=(2, 3))
        return windows[np.arange(len(x)), :, top, left]


class RandomShift(RandomTransform):
    """Move the image by up to `pixels` in each direction; what comes in at the border is filled."""

    def __init__(self, pixels: int, fill: Any = 0, padding_mode: str = "constant") -> None:
        self.pixels, self.fill, self.padding_mode = pixels, fill, padding_mode
        Pad(pixels, fill, padding_mode)

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        return RandomCrop(x.shape[2:], self.pixels, fill=self.fill, padding_mode=self.padding_mode).random(x, keys)


class _RandomFlip(RandomTransform):
    _axis: int

    def __init__(self, p: float = 0.5) -> None:
        self.p = probability(p, type(self).__name__)

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        flipped = keys.uniform() < self.p
        return np.where(flipped[:, None, None, None], np.flip(x, self._axis), x)


class RandomHorizontalFlip(_RandomFlip):
    """Mirror left and right with probability `p`."""

    _axis = 3


class RandomVerticalFlip(_RandomFlip):
    """Mirror top and bottom with probability `p`."""

    _axis = 2


class RandomResizedCrop(RandomTransform):
    """Cut out a window of random size and shape, and resize it.

    Args:
        size: (height, width) of the result, or both.
        scale: Range of the window's area, as a part of the image's.
        ratio: Range of its width by its height; drawn evenly in the logarithm.
        interpolation: "nearest", "bilinear" or "bicubic".
        antialias: Widen the filter when making images smaller.
    """

    def __init__(
        self,
        size: Any,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
        interpolation: Any = "bilinear",
        antialias: bool = True,
    ) -> None:
        self.size, self.scale, self.ratio = size_pair(size, "RandomResizedCrop"), scale, ratio
        self.interpolation, self.antialias = _interpolation(interpolation, "RandomResizedCrop"), antialias

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        height, width = x.shape[2:]
        h, w, found = draw_windows(keys, height, width, self.scale, self.ratio)
        ratio = min(max(width / height, self.ratio[0]), self.ratio[1])  # where no window fitted: the largest in the middle
        widest, highest = min(width, round(height * ratio)), min(height, round(width / ratio))
        h, w = np.where(found, h, highest), np.where(found, w, widest)
        top = np.where(found, np.floor(keys.uniform() * (height - h + 1)), (height - h) // 2).astype(int)
        left = np.where(found, np.floor(keys.uniform() * (width - w + 1)), (width - w) // 2).astype(int)
        out = np.empty((*x.shape[:2], *self.size), x.dtype)
        for i, (t, l, b, r) in enumerate(zip(top, left, top + h, left + w, strict=True)):
            out[i] = resize(x[i : i + 1, :, t:b, l:r], self.size, self.interpolation, self.antialias)[0]
        return out


def draw_windows(
    keys: Keys, height: int, width: int, scale: Sequence[float], ratio: Sequence[float], wide: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random heights and widths of windows, the first of ten tries that fits, and whether one did.

    `wide`: the ratio is width by height, else height by width.
    """
    u = keys.uniform(size=(10, 2))
    area = height * width * (scale[0] + (scale[1] - scale[0]) * u[..., 0])
    log = np.log(ratio)
    shape = np.exp(log[0] + (log[1] - log[0]) * u[..., 1])
    first, second = np.rint(np.sqrt(area * shape)).astype(int), np.rint(np.sqrt(area / shape)).astype(int)
    h, w = (second, first) if wide else (first, second)
    fits = (h > 0) & (w > 0) & (h <= height) & (w <= width)
    which = fits.argmax(axis=1)
    rows = np.arange(len(keys))
    return h[rows, which], w[rows, which], fits[rows, which]


def _symmetric(value: Any, name: str, what: str) -> tuple[float, float]:
    """A range (-value, value) from a number, or the pair itself."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise expected(name, f"{what} of 0 or more, or a pair", value)
        return -float(value), float(value)
    low, high = value
    return float(low), float(high)


class RandomAffine(RandomTransform):
    """Rotate, move, scale and shear about the centre.

    Args:
        degrees: Range of the angle, counter-clockwise in degrees, or its bound.
        translate: Largest shifts (horizontal, vertical) as parts of width and height.
        scale: Range of the scale.
        shear: Bound or range of the shear along x in degrees; with four numbers also along y.
        interpolation: "nearest" or "bilinear".
        fill: Value outside of the image, or one for each channel.
        center: (x, y) in pixels; None: the middle.
    """

    def __init__(
        self,
        degrees: Any,
        translate: tuple[float, float] | None = None,
        scale: tuple[float, float] | None = None,
        shear: Any = None,
        interpolation: Any = "nearest",
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        name = type(self).__name__
        self.degrees = _symmetric(degrees, name, "degrees")
        if translate is not None and any(not 0 <= t <= 1 for t in translate):
            raise expected(name, "translate in [0, 1]", translate)
        if scale is not None and min(scale) <= 0:
            raise expected(name, "scale above 0", scale)
        self.translate, self.scale = translate, scale
        four = shear is not None and not isinstance(shear, (int, float)) and len(shear) == 4
        self.shear = None if shear is None else (*shear,) if four else (*_symmetric(shear, name, "shear"), 0.0, 0.0)
        self.interpolation, self.fill, self.center = _interpolation(interpolation, name, MODES[:2]), fill, center

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        height, width = x.shape[2:]
        angle = np.radians(keys.uniform(*self.degrees))
        dx = dy = np.zeros(len(x))
        if self.translate is not None:
            dx, dy = (np.rint(keys.uniform(-t * s, t * s)) for t, s in zip(self.translate, (width, height), strict=True))
        factor = keys.uniform(*self.scale) if self.scale is not None else np.ones(len(x))
        sx = sy = np.zeros(len(x))
        if self.shear is not None:
            sx, sy = np.radians(keys.uniform(*self.shear[:2])), np.radians(keys.uniform(*self.shear[2:]))
        cx, cy = (width - 1) / 2, (height - 1) / 2
        if self.center is not None:
            cx, cy = self.center[0] - 0.5, self.center[1] - 0.5
        matrix = inverse_affine(-angle, factor, sx, sy)
        v, u = np.mgrid[0:height, 0:width]
        u = u - cx - dx[:, None, None]
        v = v - cy - dy[:, None, None]
        a, b, c, d = (m[:, None, None] for m in matrix)
        return sample(x, c * u + d * v + cy, a * u + b * v + cx, self.interpolation, _fill(self.fill, x.shape[1], type(self).__name__))


def inverse_affine(angle: np.ndarray, factor: np.ndarray, sx: np.ndarray, sy: np.ndarray) -> tuple[np.ndarray, ...]:
    """The four coefficients that lead from an output's offset (x, y) to the input's: the inverse of scale * rotation * shear."""
    a = np.cos(angle - sy) / np.cos(sy)
    b = -np.cos(angle - sy) * np.tan(sx) / np.cos(sy) - np.sin(angle)
    c = np.sin(angle - sy) / np.cos(sy)
    d = -np.sin(angle - sy) * np.tan(sx) / np.cos(sy) + np.cos(angle)
    return d / factor, -b / factor, -c / factor, a / factor


class RandomRotation(RandomAffine):
    """Turn by a random angle.

    Args:
        degrees: Range of the angle, counter-clockwise in degrees, or its bound.
        interpolation: "nearest" or "bilinear".
        center: (x, y) in pixels; None: the middle.
        fill: Value outside of the image, or one for each channel.
    """

    def __init__(self, degrees: Any, interpolation: Any = "nearest", center: Sequence[float] | None = None, fill: Any = 0) -> None:
        super().__init__(degrees, interpolation=interpolation, fill=fill, center=center)
