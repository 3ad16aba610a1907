"""New tensors: from data, filled with a number, or in a sequence."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._help import sizes
from ._space import public
from .errors import expected
from .primitive import cast

Tensor = core.Tensor


def finished(t, requires_grad):
    """The last step of everything that makes a tensor."""
    if requires_grad:
        t.requires_grad = True
    return t


def shape_of(name, size, named):
    """The sizes, given one by one, as a sequence, or as `size=`, for which a function that takes them one by one has no parameter."""
    if named:
        if size or set(named) != {"size"}:
            raise TypeError(f"{name}: expected sizes once and no argument {', '.join(named)}")
        return sizes(name, named["size"])
    return sizes(name, size[0] if len(size) == 1 and not hasattr(size[0], "__index__") else size)


def empty_as(input, dtype, device, memory_format=None):
    """Memory like that of `input`: its shape and, where no other is asked for, its order of dimensions."""
    core.as_device(device)
    if memory_format is None or "preserve" in str(memory_format):
        return core.make_empty_like(input, dtype)
    last = memory_format if "channels_last" in str(memory_format) else None
    return core.make_empty(input.shape, input.dtype if dtype is None else dtype, device, last)


def number_type(*values):
    """The dtype that PyTorch gives to these Python numbers."""
    values = [v.item() if isinstance(v, Tensor) else v for v in values]
    if all(isinstance(v, (bool, np.bool_)) for v in values):
        return core.bool_
    if any(isinstance(v, (complex, np.complexfloating)) for v in values):
        return core.as_dtype(complex)
    return core.int64 if all(isinstance(v, (int, np.integer)) for v in values) else core.get_default_dtype()


def dtype_for(name, dtype, out):
    """The dtype to compute in: that of `out`, where there is one."""
    if out is None:
        return dtype
    if dtype is not None and core.as_dtype(dtype) is not out.dtype:
        raise expected(name, f"dtype to be that of out, {out.dtype.name}", core.as_dtype(dtype).name, error=RuntimeError)
    return out.dtype


def into(out, t):
    """The result, or `out` with the result in it."""
    return t if out is None else out.copy_(t) if tuple(out.shape) == tuple(t.shape) else core.init_tensor(out, cast(t, out.dtype), False)


@public("torch")
def empty(*size, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None, **named):
    """Make a tensor whose elements are whatever the memory held.

    Args:
        size: Sizes, one by one or as a sequence.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.
        memory_format: channels_last for 4-D tensors; None means row-major.
        named: `size` by name.

    Shape:
        result: size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: a size is negative.

    Example:
        >>> empty(2, 3).shape
        torch.Size([2, 3])
    """
    dtype = dtype_for("empty", dtype, out)
    return into(out, finished(core.make_empty(shape_of("empty", size, named), dtype, device, memory_format), requires_grad))


@public("torch")
def zeros(*size, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, **named):
    """Make a tensor of zeros.

    Args:
        size: Sizes, one by one or as a sequence.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.
        named: `size` by name.

    Shape:
        result: size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: a size is negative.

    Example:
        >>> zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    dtype = dtype_for("zeros", dtype, out)
    return into(out, finished(core.fill(core.make_empty(shape_of("zeros", size, named), dtype, device, False), 0), requires_grad))


@public("torch")
def ones(*size, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, **named):
    """Make a tensor of ones.

    Args:
        size: Sizes, one by one or as a sequence.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.
        named: `size` by name.

    Shape:
        result: size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: a size is negative.

    Example:
        >>> ones(2, 3)
        tensor([[1., 1., 1.],
                [1., 1., 1.]])
    """
    dtype = dtype_for("ones", dtype, out)
    return into(out, finished(core.fill(core.make_empty(shape_of("ones", size, named), dtype, device, False), 1), requires_grad))


@public("torch")
def full(size, fill_value, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make a tensor full of a number.

    Args:
        size: Sizes.
        fill_value: The number.
        out: A tensor to write into.
        dtype: The dtype; None means int64, bool or the default dtype, after the number.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: a size is negative.

    Example:
        >>> full((2,), 7)
        tensor([7, 7])
    """
    dtype = dtype_for("full", dtype, out)
    dtype = number_type(fill_value) if dtype is None else dtype
    return into(out, finished(core.fill(core.make_empty(sizes("full", size), dtype, device), fill_value), requires_grad))


@public("torch")
def empty_like(input, *, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False):
    """Make a tensor whose elements are whatever the memory held, of the shape of another.

    Args:
        input: Tensor whose shape is taken.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        memory_format: channels_last for 4-D tensors, or contiguous_format; None means the order of `input`, without gaps.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor.

    Example:
        >>> empty_like(tensor([1, 2])).shape
        torch.Size([2])
    """
    return finished(empty_as(input, dtype, device, memory_format), requires_grad)


@public("torch")
def zeros_like(input, *, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False):
    """Make a tensor of zeros, of the shape of another.

    Args:
        input: Tensor whose shape is taken.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        memory_format: channels_last for 4-D tensors, or contiguous_format; None means the order of `input`, without gaps.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor.

    Example:
        >>> zeros_like(tensor([1, 2]))
        tensor([0, 0])
    """
    return finished(core.fill(empty_as(input, dtype, device, memory_format), 0), requires_grad)


@public("torch")
def ones_like(input, *, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False):
    """Make a tensor of ones, of the shape of another.

    Args:
        input: Tensor whose shape is taken.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        memory_format: channels_last for 4-D tensors, or contiguous_format; None means the order of `input`, without gaps.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor.

    Example:
        >>> ones_like(tensor([1, 2]))
        tensor([1, 1])
    """
    return finished(core.fill(empty_as(input, dtype, device, memory_format), 1), requires_grad)


@public("torch")
def full_like(input, fill_value, *, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, pin_memory=False):
    """Make a tensor full of a number, of the shape of another.

    Args:
        input: Tensor whose shape is taken.
        fill_value: The number.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        memory_format: channels_last for 4-D tensors, or contiguous_format; None means the order of `input`, without gaps.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor.

    Example:
        >>> full_like(tensor([1, 2]), 5)
        tensor([5, 5])
    """
    return finished(core.fill(empty_as(input, dtype, device, memory_format), fill_value), requires_grad)


@public(methods=("new_empty",))
def new_empty(input, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False, **named):
    """Make a tensor whose elements are whatever the memory held, of the dtype of `input`.

    Args:
        input: Tensor whose dtype is taken.
        size: Sizes, one by one or as a sequence.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.
        named: `size` by name.

    Shape:
        input: any; result: size.

    Returns:
        Tensor.
    """
    return finished(core.make_empty(shape_of("new_empty", size, named), dtype or input.dtype, device), requires_grad)


@public(methods=("new_zeros",))
def new_zeros(input, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False, **named):
    """Make a tensor of zeros, of the dtype of `input`.

    Args:
        input: Tensor whose dtype is taken.
        size: Sizes, one by one or as a sequence.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.
        named: `size` by name.

    Shape:
        input: any; result: size.

    Returns:
        Tensor.
    """
    return finished(core.fill(core.make_empty(shape_of("new_zeros", size, named), dtype or input.dtype, device), 0), requires_grad)


@public(methods=("new_ones",))
def new_ones(input, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False, **named):
    """Make a tensor of ones, of the dtype of `input`.

    Args:
        input: Tensor whose dtype is taken.
        size: Sizes, one by one or as a sequence.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.
        named: `size` by name.

    Shape:
        input: any; result: size.

    Returns:
        Tensor.
    """
    return finished(core.fill(core.make_empty(shape_of("new_ones", size, named), dtype or input.dtype, device), 1), requires_grad)


@public(methods=("new_full",))
def new_full(input, size, fill_value, *, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False):
    """Make a tensor full of a number, of the dtype of `input`.

    Args:
        input: Tensor whose dtype is taken.
        size: Sizes.
        fill_value: The number.
        dtype: The dtype; None means that of `input`.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: any; result: size.

    Returns:
        Tensor.
    """
    return finished(core.fill(core.make_empty(sizes("new_full", size), dtype or input.dtype, device), fill_value), requires_grad)
