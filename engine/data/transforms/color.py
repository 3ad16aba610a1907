"""What values pixels have: conversion, normalisation, colours, erasing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import expected
from ...random_keys import Keys
from ..border import Tensor, to_tensor
from .base import RandomTransform, Transform, brightest, enter, like, probability
from .geometry import draw_windows


class ToTensor:
    """Make a tensor (C, H, W), or (N, C, H, W) of a batch: uint8 becomes float32 in [0, 1], floats stay as they are."""

    def __call__(self, image: Any) -> Any:
        x, _ = enter(image, "ToTensor")
        x = x if getattr(image, "ndim", 3) == 4 else x[0]
        if x.dtype == np.uint8:
            return to_tensor(np.multiply(x, np.float32(1 / 255), dtype=np.float32, order="C"))
        return to_tensor(np.array(x, np.float32 if x.dtype == np.float64 and not isinstance(image, Tensor) else x.dtype, order="C"))

    def __repr__(self) -> str:
        return "ToTensor()"


class Normalize(Transform):
    """Subtract `mean` and divide by `std`, for each channel; for floats.

    Args:
        mean: One number for each channel, or one for all.
        std: Likewise; not 0.
        inplace: Write into the input.
    """

    def __init__(self, mean: Sequence[float] | float, std: Sequence[float] | float, inplace: bool = False) -> None:
        self.mean, self.std, self.inplace = mean, std, inplace
        self._mean, self._std = (np.atleast_1d(np.asarray(v, np.float64))[:, None, None] for v in (mean, std))
        if (self._std == 0).any():
            raise expected("Normalize", "std other than 0", std)

    def apply(self, x: np.ndarray) -> np.ndarray:
        if x.dtype.kind != "f":
            raise expected("Normalize", "floating images", f"dtype {x.dtype}", "put ToTensor() before it", TypeError)
        if any(len(v) not in (1, x.shape[1]) for v in (self._mean, self._std)):
            raise expected("Normalize", f"mean and std of 1 or {x.shape[1]} channels", f"{len(self._mean)} and {len(self._std)}")
        out = np.subtract(x, self._mean.astype(x.dtype), out=x if self.inplace else None)
        return np.divide(out, self._std.astype(x.dtype), out=out)


class ConvertImageDtype(Transform):
    """Change the dtype and with it the range of values: floats are in [0, 1], integers from 0 to their largest.

    Args:
        dtype: The engine's or NumPy's dtype, or its name.
    """

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self._to = np.dtype(str(dtype).rsplit(".", 1)[-1] if type(dtype).__module__ != "numpy" and not isinstance(dtype, type) else dtype)

    def apply(self, x: np.ndarray) -> np.ndarray:
        to, source = self._to, x.dtype
        if source == to:
            return x
        if source.kind == "f" and to.kind in "ui":
            return np.floor(np.clip(x.astype(np.float64), 0, 1) * (brightest(to) + 1 - 1e-3)).astype(to)
        if source.kind in "ui" and to.kind == "f":
            return np.divide(x, brightest(source), dtype=to if to.itemsize > 2 else np.float32).astype(to, copy=False)
        if source.kind == to.kind == "f":
            return x.astype(to)
        shift = 8 * (to.itemsize - source.itemsize) + (source.kind == "i") - (to.kind == "i")
        return x.astype(to) << shift if shift >= 0 else (x >> -shift).astype(to)


def _grey(x: np.ndarray) -> np.ndarray:
    """Brightness (N, 1, H, W) of RGB images, by ITU-R 601."""
    if x.shape[1] not in (1, 3):
        raise expected("Grayscale", "1 or 3 channels", f"{x.shape[1]}")
    if x.shape[1] == 1:
        return x
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    grey = np.einsum("nchw,c->nhw", x.astype(kind, copy=False), np.array([0.2989, 0.587, 0.114], kind))[:, None]
    return np.floor(grey).astype(x.dtype) if x.dtype.kind != "f" else grey


class Grayscale(Transform):
    """Take the colour away.

    Args:
        num_output_channels: 1 or 3 (equal) channels.
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        if num_output_channels not in (1, 3):
            raise expected("Grayscale", "num_output_channels to be 1 or 3", num_output_channels)
        self.num_output_channels = num_output_channels

    def apply(self, x: np.ndarray) -> np.ndarray:
        return np.repeat(_grey(x), self.num_output_channels, axis=1)


class RandomGrayscale(RandomTransform):
    """Take the colour away with probability `p`; the number of channels stays."""

    def __init__(self, p: float = 0.1) -> None:
        self.p = probability(p, "RandomGrayscale")

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        return np.where((keys.uniform() < self.p)[:, None, None, None], _grey(x), x)


class ColorJitter(RandomTransform):
    """Change brightness, contrast, saturation and hue at random, in random order.

    Args:
        brightness: Range of the factor, or b for [max(0, 1 - b), 1 + b].
        contrast: Likewise.
        saturation: Likewise; RGB only.
        hue: Range of the turn of the colour circle within [-0.5, 0.5], or its bound; RGB only.
    """

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        self.brightness, self.contrast = self._range(brightness, "brightness"), self._range(contrast, "contrast")
        self.saturation, self.hue = self._range(saturation, "saturation"), self._range(hue, "hue")

    @staticmethod
    def _range(value: Any, what: str) -> tuple[float, float] | None:
        centre, low, high = (0.0, -0.5, 0.5) if what == "hue" else (1.0, 0.0, float("inf"))
        if isinstance(value, (int, float)):
            if value < 0:
                raise expected("ColorJitter", f"{what} of 0 or more, or a pair", value)
            pair: tuple[float, ...] = (-float(value), float(value)) if what == "hue" else (max(low, centre - value), centre + value)
        else:
            pair = tuple(float(v) for v in value)
        if len(pair) != 2 or not low <= pair[0] <= pair[1] <= high:
            raise expected("ColorJitter", f"{what} within [{low}, {high}]", value)
        return None if pair == (centre, centre) else (pair[0], pair[1])

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        order = np.argsort(keys.uniform(size=4), axis=1, kind="stable")
        steps = (self.brightness, self.contrast, self.saturation, self.hue)
        factors = [keys.uniform(*step) if step else None for step in steps]
        white, dtype = brightest(x.dtype), x.dtype
        x = x.astype(dtype if dtype.kind == "f" else np.float32)
        for place in range(4):
            for which, factor in enumerate(factors):
                if factor is None:
                    continue
                rows = np.flatnonzero(order[:, place] == which)
                if len(rows):
                    x[rows] = self._step(which, x[rows], factor[rows].astype(x.dtype)[:, None, None, None], white)
        return like(x, dtype)

    @staticmethod
    def _step(which: int, x: np.ndarray, factor: np.ndarray, white: float) -> np.ndarray:
        if which == 3:
            return _turn_hue(x / white, factor) * white if x.shape[1] == 3 else x
        other = np.zeros_like(x[:1]) if which == 0 else _grey(x)
        if which == 1:
            other = other.mean(axis=(1, 2, 3), keepdims=True)
        return np.clip(factor * x + (1 - factor) * other, 0, white)


def _turn_hue(x: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """RGB in [0, 1] with its hue turned, by way of HSV."""
    high, low = x.max(axis=1), x.min(axis=1)
    spread = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        r, g, b = ((high - x[:, c]) / spread for c in range(3))
        hue = np.where(x[:, 0] == high, b - g, np.where(x[:, 1] == high, 2 + r - b, 4 + g - r)) / 6
    hue = (np.where(spread == 0, 0, hue) + turn[:, 0]) % 1.0
    six = hue[:, None] * 6
    # each channel is `high` but for a dip of depth `spread`, a third of the circle wide, around its complement
    distance = np.abs((six - np.array([3, 5, 1], x.dtype)[:, None, None] + 3) % 6 - 3)
    return high[:, None] - spread[:, None] * np.clip(2 - distance, 0, 1)


class RandomErasing(RandomTransform):
    """Overwrite a random window with probability `p`.

    Args:
        p: Probability.
        scale: Range of the window's area, as a part of the image's.
        ratio: Range of its height by its width; drawn evenly in the logarithm.
        value: What to write: a number, one for each channel, or "random" for normally distributed values.
        inplace: Write into the input.

    References:
        Zhong et al. (2017), arXiv:1708.04896.
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: tuple[float, float] = (0.02, 0.33),
        ratio: tuple[float, float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        if not 0 <= scale[0] <= scale[1] <= 1:
            raise expected("RandomErasing", "scale within [0, 1]", scale)
        if isinstance(value, str) and value != "random":
            raise expected("RandomErasing", 'value to be a number, numbers or "random"', value)
        self.p, self.scale, self.ratio, self.value, self.inplace = probability(p, "RandomErasing"), scale, ratio, value, inplace

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        height, width = x.shape[2:]
        chosen = keys.uniform() < self.p
        h, w, found = draw_windows(keys, height, width, self.scale, self.ratio, wide=False)
        found &= (h < height) & (w < width)
        top = np.floor(keys.uniform() * (height - h + 1)).astype(int)
        left = np.floor(keys.uniform() * (width - w + 1)).astype(int)
        out = x if self.inplace else x.copy()
        for i in np.flatnonzero(chosen & found):
            window = out[i, :, top[i] : top[i] + h[i], left[i] : left[i] + w[i]]
            if isinstance(self.value, str):
                window[:] = like(keys[int(i)].normal(size=window.shape), x.dtype)
            else:
                window[:] = np.reshape(self.value, (-1, 1, 1))
        return out
