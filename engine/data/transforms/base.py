"""How a transform sees images: always as a batch (N, C, H, W) of ndarrays, whatever came in.

A single image is a batch of one, so each transform is written once, vectorised over samples, and draws the same numbers for a sample
alone and in a batch (`DataLoader` with a dataset that defines `__getbatch__`). In come Tensors (C, H, W), ndarrays (H, W, C), (C, H, W) or
(H, W), PIL images, and batches (N, C, H, W) of either kind; the result is of the same kind and layout, an ndarray for a PIL image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import expected
from ...random_keys import Keys
from ..border import Tensor, to_array, to_tensor
from ..context import transform_keys

_CHANNELS = (1, 3, 4)


def enter(image: Any, name: str) -> tuple[np.ndarray, Callable[[np.ndarray], Any]]:
    """The image or images as (N, C, H, W), and what makes the result of the input's kind from that."""
    if isinstance(image, Tensor):
        x = to_array(image)
        finish: Callable[[np.ndarray], Any] = to_tensor
        channels_last = False
    else:
        x = np.asarray(image)
        finish = lambda array: array  # noqa: E731
        channels_last = x.ndim == 3 and (x.shape[2] in _CHANNELS or x.shape[0] not in _CHANNELS)
    if x.dtype.kind not in "uifb" or not 2 <= x.ndim <= 4:
        raise expected(name, "an image (C, H, W), an ndarray (H, W, C) or a batch (N, C, H, W)", image, error=TypeError)
    if x.ndim == 4:
        return x, finish
    if x.ndim == 2:
        return x[None, None], lambda array: finish(array[0, 0] if array.shape[1] == 1 else array[0])
    if channels_last:
        return x.transpose(2, 0, 1)[None], lambda array: finish(array[0].transpose(1, 2, 0))
    return x[None], lambda array: finish(array[0])


class Transform:
    """Base class: subclasses define `apply`."""

    def __call__(self, image: Any) -> Any:
        x, leave = enter(image, type(self).__name__)
        return leave(self.apply(x))

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Transform a batch (N, C, H, W). What comes in is not changed."""
        raise NotImplementedError

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if not k.startswith("_"))
        return f"{type(self).__name__}({shown})"


class RandomTransform(Transform):
    """Base class of what draws: subclasses define `random(x, keys)`, which draws for each image from its own stream."""

    def apply(self, x: np.ndarray) -> np.ndarray:
        return self.random(x, transform_keys(len(x)))

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        """Transform a batch; draws have one row for each image."""
        raise NotImplementedError


def size_pair(size: Any, name: str) -> tuple[int, int]:
    """(height, width) from an int or a pair."""
    pair = (size, size) if isinstance(size, (int, np.integer)) else tuple(size)
    if len(pair) == 1:
        pair *= 2
    if len(pair) != 2 or any(s <= 0 for s in pair):
        raise expected(name, "size to be one or two ints above 0", size)
    return int(pair[0]), int(pair[1])


def probability(p: float, name: str) -> float:
    """A probability, checked."""
    if not 0 <= p <= 1:
        raise expected(name, "p in [0, 1]", p)
    return p


def like(values: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Floats in `dtype`: rounded and clipped to its range where it is an integer's."""
    if dtype.kind in "ui":
        info = np.iinfo(dtype)
        return np.clip(np.rint(values), info.min, info.max).astype(dtype)
    return values.astype(dtype, copy=False)


def brightest(dtype: np.dtype[Any]) -> float:
    """The value of white: 1 for floats, the largest value for integers."""
    return float(np.iinfo(dtype).max) if dtype.kind in "ui" else 1.0
