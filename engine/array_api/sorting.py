"""Sorting functions. Both always are stable: what is equal stays in order."""

from __future__ import annotations

from workbench.ext.core._core import Tensor

from ._ops import torch


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The places of the elements in ascending (or descending) order along an axis."""
    return torch.argsort(x, dim=axis, descending=descending, stable=True)


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The elements in ascending (or descending) order along an axis."""
    return torch.sort(x, dim=axis, descending=descending, stable=True)[0]


__all__ = ["argsort", "sort"]
