"""Rearranging dimensions by a pattern of their names, as einops does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ext.core import _core

from ..errors import expected
from ..ops.pieces import stack

Tensor = _core.Tensor
Side = list[list[str]]  # for each dimension the axes that it is composed of
_REST = ["..."]  # stands, itself, for the dimensions that are not named; in parentheses an equal list stands for their product


def _side(text: str) -> Side:
    """One side of a pattern."""
    groups: Side = []
    inside: list[str] | None = None
    for word in text.replace("(", " ( ").replace(")", " ) ").replace("...", " ... ").split():
        if word == "(":
            if inside is not None:
                raise expected("rearrange", "parentheses of one level", text)
            inside = []
        elif word == ")":
            if inside is None:
                raise expected("rearrange", "balanced parentheses", text)
            groups.append(inside)
            inside = None
        else:
            if word.isdigit():
                if word != "1":
                    raise expected("rearrange", "unnamed axes of size 1 only", word)
                word = ""
            elif word != "..." and (not word.isidentifier() or word[0] == "_" or word[-1] == "_"):
                raise expected("rearrange", "axes named by identifiers without an underscore at their ends", word)
            names = [word] if word else []
            if inside is None:
                groups.append(_REST if word == "..." else names)
            else:
                inside += names
    if inside is not None:
        raise expected("rearrange", "balanced parentheses", text)
    named = [name for group in groups for name in group]
    if len(set(named)) != len(named):
        raise expected("rearrange", "each axis once on a side", text)
    return groups


def _sizes(group: list[str], size: int, known: dict[str, int]) -> list[int]:
    """The sizes of the axes that a dimension is composed of; one of them may be unknown."""
    product, unknown = 1, []
    for name in group:
        if name in known:
            product *= known[name]
        else:
            unknown.append(name)
    if len(unknown) > 1:
        raise expected("rearrange", f"the sizes of all but one of {group}", "fewer", f"say {unknown[0]}=...")
    if unknown:
        if not product or size % product:
            raise expected("rearrange", f"a dimension that is divisible by {product} for {group}", str(size))
        known[unknown[0]] = size // product
    elif product != size:
        raise expected("rearrange", f"a dimension of size {product} for {group}", str(size))
    return [known[name] for name in group]


def rearrange(tensor: Tensor | Sequence[Tensor], pattern: str, **axes_lengths: int) -> Tensor:
    """Permute, compose and split dimensions, and add or drop those of size 1, as a pattern says.

    Args:
        tensor: A tensor, or several of one shape, which are stacked in front.
        pattern: Names of the axes before and after "->"; in parentheses those that make up one dimension, "..." for all others.
        axes_lengths: Sizes of axes that cannot be told from the shape.

    Shape:
        tensor: as the left side says; result: as the right side says.

    Raises:
        ValueError: the pattern is malformed or does not fit the shape, or axes are on one side only.

    References:
        Rogozhnikov (2022), "Einops", ICLR.

    Example:
        >>> rearrange(tensor([[1, 2], [3, 4]]), "a b -> (b a)")
        tensor([1, 3, 2, 4])
    """
    x: Any = tensor if isinstance(tensor, Tensor) else stack(list(tensor))
    if pattern.count("->") != 1:
        raise expected("rearrange", 'one "->" in the pattern', pattern)
    left, right = (_side(text) for text in pattern.split("->"))
    if any("..." in group and group is not _REST for group in left):
        raise expected("rearrange", 'no "..." in parentheses on the left', pattern)
    names = {name for group in left for name in group}
    if names != {name for group in right for name in group}:
        raise expected("rearrange", "the same axes on both sides", pattern)
    if set(axes_lengths) - names:
        raise expected("rearrange", f"lengths of axes of the pattern {sorted(names)}", f"{sorted(axes_lengths)}")
    n_rest = x.ndim - (len(left) - any(g is _REST for g in left))
    if n_rest < 0 or (n_rest and not any(g is _REST for g in left)):
        raise expected("rearrange", f"a tensor of {len(left)} dimensions for {pattern!r}", x)
    rest = [f"{i} of the rest" for i in range(n_rest)]
    left = [group for g in left for group in ([[r] for r in rest] if g is _REST else [g])]
    right = [group for g in right for group in ([[r] for r in rest] if g is _REST else [g])]
    right = [[name for a in group for name in (rest if a == "..." else [a])] for group in right]
    known = dict(axes_lengths)
    fine = [s for group, size in zip(left, x.shape) for s in _sizes(group, size, known)]
    order = [name for group in left for name in group]
    moved = x.reshape(fine).permute([order.index(name) for group in right for name in group])
    shape = []
    for group in right:
        size = 1
        for name in group:
            size *= known[name]
        shape.append(size)
    return moved.reshape(shape)
