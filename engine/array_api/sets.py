"""Set functions: the different elements of a tensor, in ascending order. Each nan is one of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ._operands import promoted
from ._ops import torch


class UniqueAllResult(NamedTuple):
    """What `unique_all` returns."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` returns."""

    values: Tensor
    counts: Tensor


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` returns."""

    values: Tensor
    inverse_indices: Tensor


def _order(flat: Tensor) -> Tensor:
    """The places of the elements in ascending order; complex numbers by their real, then their imaginary part."""
    if not flat.is_complex():
        return torch.argsort(flat, stable=True)
    first = torch.argsort(torch.imag(flat), stable=True)
    return first[torch.argsort(torch.real(flat)[first], stable=True)]


def unique_all(x: Tensor, /) -> UniqueAllResult:
    """The different elements, where each comes first, which of them each element is, and how often it comes.

    Args:
        x: A tensor of any shape and dtype.

    Shape:
        values, indices, counts: (n,); inverse_indices: that of x

    Example:
        >>> unique_all(tensor([3, 1, 3])).counts
        tensor([1, 2])
    """
    flat = x.reshape(-1)
    order = _order(flat)
    ordered = flat[order]
    n = flat.shape[0]
    new = torch.cat([torch.ones(min(n, 1), dtype=core.bool_), ordered[1:] != ordered[:-1]])
    starts = torch.nonzero(new)[:, 0]
    inverse = torch.empty_like(order)
    inverse[order] = torch.cumsum(new, 0) - 1
    counts = torch.diff(starts, append=torch.tensor([n]))
    return UniqueAllResult(ordered[starts], order[starts], inverse.reshape(x.shape), counts)


def unique_counts(x: Tensor, /) -> UniqueCountsResult:
    """The different elements, and how often each comes."""
    found = unique_all(x)
    return UniqueCountsResult(found.values, found.counts)


def unique_inverse(x: Tensor, /) -> UniqueInverseResult:
    """The different elements, and which of them each element is."""
    found = unique_all(x)
    return UniqueInverseResult(found.values, found.inverse_indices)


def unique_values(x: Tensor, /) -> Tensor:
    """The different elements."""
    return unique_all(x).values


def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> Tensor:
    """Whether each element of x1 is one of x2; `invert`: whether it is none. (Of the edition after 2024.12.)"""
    return torch.isin(*promoted("isin", x1, x2), invert=invert)


__all__ = ["isin", "unique_all", "unique_counts", "unique_inverse", "unique_values"]
