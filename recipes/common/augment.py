"""Augmentation of images beyond what `engine.data.transforms` has under torchvision's names."""

from __future__ import annotations

import math

import numpy as np

from workbench.engine.data.transforms import RandomTransform
from workbench.engine.random_keys import Keys


class SubpixelShift(RandomTransform):
    """Move each image by a random part of a few pixels, up or down and left or right, with bilinear interpolation; black comes in.

    On images of a few pixels a whole pixel is a long way: fractions give more different images than whole steps, and milder ones.

    Args:
        pixels: Largest distance along each axis, > 0.
    """

    def __init__(self, pixels: float) -> None:
        if not pixels > 0:
            raise ValueError(f"SubpixelShift: expected pixels above 0, got {pixels}")
        self.pixels = pixels

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        """Shift a batch of floating images; one row of draws for each."""
        if x.dtype.kind != "f":
            raise TypeError(f"SubpixelShift: expected floating images, got {x.dtype}; put ToTensor() before it")
        n, _, height, width = x.shape
        reach = math.ceil(self.pixels)
        padded = np.pad(x, ((0, 0), (0, 0), (reach, reach + 1), (reach, reach + 1)))
        down, across = (keys.uniform(-self.pixels, self.pixels) + reach for _ in range(2))
        top, left = np.floor(down).astype(np.int64), np.floor(across).astype(np.int64)
        v, u = ((place - start).astype(x.dtype)[:, None, None, None] for place, start in ((down, top), (across, left)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (height + 1, width + 1), axis=(2, 3))
        corners = windows[np.arange(n), :, top, left]
        rows = corners[:, :, :-1] * (1 - v) + corners[:, :, 1:] * v
        return rows[..., :-1] * (1 - u) + rows[..., 1:] * u
