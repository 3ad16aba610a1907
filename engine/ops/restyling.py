"""Shapes changed in place: the tensor itself becomes another view of its memory, or gets more of it."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._help import product, row_major, sizes, tensors
from ._space import public
from .casting import fill_
from .errors import expected
from .primitive import restride
from .slices import strided_place

Tensor = core.Tensor

_restride_ = core.define_inplace(restride)


@public("torch", methods=("as_strided_",))
def as_strided_(input, size, stride, storage_offset=None):
    """In-place form of `as_strided`: the tensor itself shows its memory with other strides."""
    size, stride, start = strided_place("as_strided_", input, size, stride, storage_offset)
    return _restride_(input, size, stride, start, tuple(input.stride()))


@public(methods=("resize_",))
def resize_(input, *size, memory_format=None):
    """Give a tensor another shape, row by row over its memory, which grows where it is too small.

    Args:
        input: Tensor that is changed; it must not require grad.
        size: Sizes, one by one or as a sequence.
        memory_format: channels_last for 4-D tensors; None means row-major.

    Shape:
        input: any; result: size. Elements that were not there before are whatever the memory held.

    Returns:
        `input`.

    Raises:
        RuntimeError: `input` requires grad, or a size is negative.

    Example:
        >>> tensor([1, 2, 3, 4]).resize_(2, 1)
        tensor([[1],
                [2]])
    """
    shape = sizes("resize_", size[0] if len(size) == 1 and not hasattr(size[0], "__index__") else size)
    if input.requires_grad:
        raise expected("resize_", "a tensor that does not require grad", input, "use reshape()", RuntimeError)
    if tuple(input.shape) == shape and memory_format is None:
        return input
    strides = row_major(shape)
    if "channels_last" in str(memory_format):
        _, c, h, w = shape
        strides = (c * h * w, 1, w * c, c)
    room = input.untyped_storage().nbytes() // input.itemsize
    start = input.storage_offset()
    if start + product(shape) > room:
        larger = core.make_empty((start + product(shape),), input.dtype, input.device)
        if room:
            larger[:room] = restride(input.detach(), (room,), (1,), -start, tuple(input.stride()))
        core.init_tensor(input, larger[start:], False)
    return _restride_(input, shape, strides, 0, tuple(input.stride()))


@public("torch", methods=("resize_as_",))
def resize_as_(input, the_template, *, memory_format=None):
    """Give a tensor the shape of another one, as `resize_` does.

    Args:
        input: Tensor that is changed; it must not require grad.
        the_template: Tensor whose shape is taken.
        memory_format: channels_last for 4-D tensors; None means row-major.

    Shape:
        input: any; the_template: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: `input` requires grad.
    """
    tensors("resize_as_", input=input, the_template=the_template)
    return resize_(input, tuple(the_template.shape), memory_format=memory_format)


@public(methods=("resize",))
def resize(input, *size):
    """The older name of `reshape`, of which PyTorch warns."""
    _warn("resize", "reshape")
    return input.reshape(*size)


@public(methods=("resize_as",))
def resize_as(input, tensor):
    """The older name of `reshape_as`, of which PyTorch warns."""
    _warn("resize_as", "reshape_as")
    return input.reshape(tuple(tensor.shape))


def _warn(name, then):
    from warnings import warn

    warn(f"{name}: the form that is not in place is deprecated; use {then}", stacklevel=3)


@public(methods=("fill_diagonal_",))
def fill_diagonal_(input, fill_value, wrap=False):
    """Set the main diagonal to a number.

    Args:
        input: Tensor of 2 or more dimensions that is written; of more than 2, all sizes are equal.
        fill_value: The number.
        wrap: Begin the diagonal anew below a tall matrix, with one row between.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: there are fewer than 2 dimensions, or sizes of more than 2 differ.

    Example:
        >>> zeros(2, 2).fill_diagonal_(5)
        tensor([[5., 0.],
                [0., 5.]])
    """
    if input.ndim < 2:
        raise expected("fill_diagonal_", "input of 2 or more dimensions", input, error=RuntimeError)
    if input.ndim > 2 and len(set(input.shape)) > 1:
        raise expected("fill_diagonal_", "dimensions of equal size", input, error=RuntimeError)
    with core.no_grad() if not input.requires_grad else core.enable_grad():
        step, height, width = sum(input.stride()), input.shape[0], input.shape[1]
        length = min(input.shape)
        fill_(restride(input, (length,), (step,), 0, tuple(input.stride())), fill_value)
        if wrap and input.ndim == 2 and height > width + 1:
            for top in range(width + 1, height, width + 1):
                rest = min(width, height - top)
                fill_(restride(input, (rest,), (step,), top * input.stride()[0], tuple(input.stride())), fill_value)
    return input


@public("torch")
def detach(input):
    """A tensor that shares the memory of `input` and has no history."""
    return input.detach()
