"""Transforms made of transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import expected
from ...random_keys import Keys
from ..border import Tensor, to_array
from ..context import use_key
from .base import RandomTransform, probability


class Compose:
    """Do one transform after the other.

    Example:
        >>> crop_and_flip = Compose([RandomCrop(32, padding=4), RandomHorizontalFlip(), ToTensor()])
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image

    def __repr__(self) -> str:
        return "Compose(\n" + "".join(f"    {t}\n" for t in self.transforms) + ")"


class Lambda:
    """A function as a transform."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise expected("Lambda", "a function", lambd, error=TypeError)
        self.lambd = lambd

    def __call__(self, image: Any) -> Any:
        return self.lambd(image)

    def __repr__(self) -> str:
        return "Lambda()"


def _apply_to(rows: np.ndarray, x: np.ndarray, transforms: Sequence[Callable[[Any], Any]], keys: Keys) -> np.ndarray:
    """Images with some of them transformed; the transforms draw from those images' streams."""
    if not len(rows):
        return x
    with use_key(keys.fold(0).take(rows)):
        changed = Compose(transforms)(x[rows])
    if isinstance(changed, Tensor):
        changed = to_array(changed)
    if len(rows) == len(x):
        return changed
    if changed.shape[1:] != x.shape[1:]:
        raise expected("RandomApply", "transforms that keep the shape in a batch", f"{x.shape[1:]} and {changed.shape[1:]}")
    out = x.astype(changed.dtype)
    out[rows] = changed
    return out


class RandomApply(RandomTransform):
    """Do all of some transforms with probability `p`, or none."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: float = 0.5) -> None:
        self.transforms, self.p = transforms, probability(p, "RandomApply")

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        return _apply_to(np.flatnonzero(keys.uniform() < self.p), x, self.transforms, keys)


class RandomChoice(RandomTransform):
    """Do one of some transforms, drawn evenly or by weights `p`."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None) -> None:
        if p is not None and len(p) != len(transforms):
            raise expected("RandomChoice", f"p of {len(transforms)} weights", p)
        self.transforms, self.p = transforms, p

    def random(self, x: np.ndarray, keys: Keys) -> np.ndarray:
        weights = np.cumsum(np.ones(len(self.transforms)) if self.p is None else np.asarray(self.p, np.float64))
        chosen = np.searchsorted(weights, keys.uniform() * weights[-1], side="right")
        for n, transform in enumerate(self.transforms):
            x = _apply_to(np.flatnonzero(chosen == n), x, [transform], keys)
        return x
