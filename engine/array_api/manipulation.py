"""Manipulation functions: the elements of tensors in other shapes and orders."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ext.core._core import Tensor

from ..errors import expected
from ._operands import axes_of, promoted
from ._ops import torch


def concat(arrays: Sequence[Tensor], /, *, axis: int | None = 0) -> Tensor:
    """Tensors behind one another along an axis; None: all their elements, one after the other."""
    tensors = promoted("concat", *arrays)
    return torch.cat([x.reshape(-1) for x in tensors]) if axis is None else torch.cat(tensors, dim=axis)


def expand_dims(x: Tensor, /, axis: int) -> Tensor:
    """A view with a dimension of size 1 more, at the place `axis` of the result."""
    if not -x.ndim - 1 <= axis <= x.ndim:
        raise expected("expand_dims", f"axis from {-x.ndim - 1} to {x.ndim}", str(axis), error=IndexError)
    return torch.unsqueeze(x, axis)


def flip(x: Tensor, /, *, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """The elements in reverse order along some axes; None means all."""
    return torch.flip(x, axes_of("flip", axis, x.ndim))


def moveaxis(x: Tensor, source: int | tuple[int, ...], destination: int | tuple[int, ...], /) -> Tensor:
    """A view with some axes at other places; the rest stay in order."""
    return torch.movedim(x, source, destination)


def permute_dims(x: Tensor, /, axes: tuple[int, ...]) -> Tensor:
    """A view with the axes in another order."""
    return torch.permute(x, tuple(axes))


def repeat(x: Tensor, repeats: int | Tensor, /, *, axis: int | None = None) -> Tensor:
    """Each element along an axis several times; None: of all elements, in one dimension.

    Args:
        x: The tensor.
        repeats: How many times; a tensor of one dimension says it for each element.
        axis: The axis.

    Example:
        >>> repeat(tensor([1, 2]), tensor([2, 1]))
        tensor([1, 1, 2])
    """
    counts = repeats.to(torch.arange(0).dtype) if isinstance(repeats, Tensor) else repeats
    return torch.repeat_interleave(x, counts, dim=axis)


def reshape(x: Tensor, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Tensor:
    """The elements in another shape, in row-major order.

    Args:
        x: The tensor.
        shape: The shape; one size may be -1, and follows from the others.
        copy: True: always copy; False: never; None: where there is no other way.

    Raises:
        ValueError: `copy` is False and the strides of x do not allow it.
    """
    if copy is False:
        try:
            return x.view(tuple(shape))
        except RuntimeError as why:
            raise expected("reshape", "strides that this shape can be read with, as copy is False", x, "leave copy away") from why
    return torch.reshape(x.clone() if copy else x, tuple(shape))


def roll(x: Tensor, /, shift: int | tuple[int, ...], *, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """The elements moved along axes, those from the end to the front; None: through all elements in row-major order."""
    if axis is None:
        return torch.roll(x, shift)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return torch.roll(x, (shift,) * len(axes) if isinstance(shift, int) else tuple(shift), axes)


def squeeze(x: Tensor, /, axis: int | tuple[int, ...]) -> Tensor:
    """A view without some dimensions of size 1.

    Raises:
        ValueError: A dimension has another size.
        IndexError: There is no such dimension.
    """
    axes = axes_of("squeeze", axis, x.ndim)
    for a in axes:
        if x.shape[a] != 1:
            raise expected("squeeze", f"x of size 1 along axis {a}", x)
    return x.reshape([size for a, size in enumerate(x.shape) if a not in axes])


def stack(arrays: Sequence[Tensor], /, *, axis: int = 0) -> Tensor:
    """Tensors of one shape side by side, along a new axis."""
    return torch.stack(promoted("stack", *arrays), dim=axis)


def tile(x: Tensor, repetitions: tuple[int, ...], /) -> Tensor:
    """The whole tensor several times along its axes, the last of which the last repetition is for."""
    return torch.tile(x, tuple(repetitions))


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The parts of a tensor along an axis, as views without it."""
    return tuple(torch.unbind(x, *axes_of("unstack", axis, x.ndim)))


__all__ = [
    "concat", "expand_dims", "flip", "moveaxis", "permute_dims", "repeat", "reshape", "roll", "squeeze", "stack", "tile", "unstack",
]  # fmt: skip
