"""Reading images between their pixels: resizing by weight matrices, and sampling at any coordinates."""

from __future__ import annotations

import numpy as np

from .base import like

MODES = ("nearest", "bilinear", "bicubic")


def _triangle(t: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1.0 - np.abs(t))


def _cubic(t: np.ndarray, a: float) -> np.ndarray:
    t = np.abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


def resize_matrix(n_in: int, n_out: int, mode: str, antialias: bool) -> np.ndarray:
    """The (n_out, n_in) weights that resample a line of n_in pixels; pixels are areas, corners are not aligned.

    With `antialias` the filter is as wide as a target pixel where that is larger than a source pixel, and cut at the border (as PIL
    does); without, the border's pixels are repeated.
    """
    scale = n_in / n_out
    if mode == "nearest":
        return np.eye(n_in)[np.minimum((np.arange(n_out) * scale).astype(int), n_in - 1)]
    wide = max(scale, 1.0) if antialias else 1.0
    a = -0.5 if antialias else -0.75
    filter_ = _triangle if mode == "bilinear" else lambda t: _cubic(t, a)
    reach = (1.0 if mode == "bilinear" else 2.0) * wide
    centre = (np.arange(n_out) + 0.5) * scale - 0.5
    if not antialias and mode == "bilinear":
        centre = np.maximum(centre, 0.0)
    weights = np.zeros((n_out, n_in))
    first = np.floor(centre - reach).astype(int)
    for step in range(int(np.ceil(2 * reach)) + 2):
        at = first + step
        w = filter_((at - centre) / wide)
        if antialias:
            w = np.where((at >= 0) & (at < n_in), w, 0.0)
        np.add.at(weights, (np.arange(n_out), np.clip(at, 0, n_in - 1)), w)
    return weights / weights.sum(axis=1, keepdims=True)


def resize(x: np.ndarray, size: tuple[int, int], mode: str, antialias: bool = True) -> np.ndarray:
    """Images (N, C, H, W) at another height and width."""
    if size == x.shape[2:]:
        return x
    if mode == "nearest":
        rows, columns = (np.minimum((np.arange(o) * (i / o)).astype(int), i - 1) for o, i in zip(size, x.shape[2:], strict=True))
        return x[:, :, rows[:, None], columns]
    kind = np.float64 if x.dtype == np.float64 else np.float32
    down = resize_matrix(x.shape[2], size[0], mode, antialias).astype(kind)
    across = resize_matrix(x.shape[3], size[1], mode, antialias).astype(kind)
    return like(down @ (x.astype(kind, copy=False) @ across.T), x.dtype)


def sample(x: np.ndarray, rows: np.ndarray, columns: np.ndarray, mode: str, fill: np.ndarray) -> np.ndarray:
    """The values of images (N, C, H, W) at coordinates (N, h, w) in pixels; `fill` (C, 1, 1) outside."""
    n = np.arange(len(x))[:, None, None]
    height, width = x.shape[2:]

    def at(r: np.ndarray, c: np.ndarray) -> np.ndarray:
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        values = x[n, :, np.clip(r, 0, height - 1), np.clip(c, 0, width - 1)].transpose(0, 3, 1, 2)
        return np.where(inside[:, None], values, fill)

    if mode == "nearest":
        return at(np.rint(rows).astype(int), np.rint(columns).astype(int)).astype(x.dtype, copy=False)
    r0, c0 = np.floor(rows).astype(int), np.floor(columns).astype(int)
    v, u = (rows - r0)[:, None], (columns - c0)[:, None]
    top = at(r0, c0) * (1 - u) + at(r0, c0 + 1) * u
    bottom = at(r0 + 1, c0) * (1 - u) + at(r0 + 1, c0 + 1) * u
    return like(top * (1 - v) + bottom * v, x.dtype)
