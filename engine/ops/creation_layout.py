"""New tensors whose strides are said, over the memory of others, or of a range with both ends."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._help import product, sizes
from ._space import public
from .creation import dtype_for, finished, into
from .errors import expected
from .primitive import restride

Tensor = core.Tensor


@public("torch")
def empty_strided(size, stride, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make a tensor with the strides given, whose elements are whatever the memory held.

    Args:
        size: Sizes.
        stride: Strides in elements, >= 0.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: size.

    Returns:
        Tensor.

    Raises:
        RuntimeError: a size or a stride is negative, or there are not as many of both.

    Example:
        >>> empty_strided((2, 3), (1, 2)).stride()
        (1, 2)
    """
    size, stride = sizes("empty_strided", size), sizes("empty_strided", stride, "stride")
    if len(size) != len(stride):
        raise expected("empty_strided", "as many strides as sizes", f"{stride} for {size}", error=RuntimeError)
    reach = 0 if 0 in size else 1 + sum((n - 1) * k for n, k in zip(size, stride, strict=True))
    memory = core.make_empty((reach,), dtype, device)
    return finished(core.init_tensor(memory, restride(memory, size, stride, 0, (1,)), False), requires_grad)


@public("torch")
def empty_permuted(size, physical_layout, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make a tensor without gaps whose dimensions lie in memory in the order given, from the farthest to the closest.

    Args:
        size: Sizes.
        physical_layout: The dimensions, each once, that with the largest stride first.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: size.

    Returns:
        Tensor; its elements are whatever the memory held.

    Raises:
        RuntimeError: `physical_layout` is no order of the dimensions.

    Example:
        >>> empty_permuted((2, 3, 5), (0, 2, 1)).stride()
        (15, 1, 3)
    """
    size, order = sizes("empty_permuted", size), tuple(physical_layout)
    if sorted(order) != list(range(len(size))):
        raise expected("empty_permuted", f"physical_layout of each of {len(size)} dimensions once", order, error=RuntimeError)
    stride = [product([max(size[d], 1) for d in order[order.index(i) + 1 :]]) for i in range(len(size))]
    return empty_strided(size, stride, dtype=dtype, device=device, requires_grad=requires_grad)


@public(methods=("new_empty_strided",))
def new_empty_strided(input, size, stride, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False):
    """`empty_strided` of the dtype of `input`."""
    return empty_strided(size, stride, dtype=input.dtype if dtype is None else dtype, device=device, requires_grad=requires_grad)


@public("torch")
def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """Make a tensor of one dimension over the memory of an object that offers it.

    Args:
        buffer: An object with Python's buffer protocol, as bytearray or array.array.
        dtype: The dtype that the bytes are read as.
        count: Number of elements; -1 means all.
        offset: Number of bytes that are passed over.
        requires_grad: Whether operations on the result are recorded.

    Shape:
        result: (count).

    Returns:
        Tensor that shares memory with `buffer`.

    Raises:
        ValueError: the object offers no memory, or less than is asked for, or no whole number of elements.

    Example:
        >>> frombuffer(bytearray([1, 2, 3]), dtype=uint8)
        tensor([1, 2, 3], dtype=torch.uint8)
    """
    try:
        memory = memoryview(buffer)
    except TypeError:
        raise expected("frombuffer", "an object with the buffer protocol", type(buffer).__name__) from None
    dtype = core.as_dtype(dtype)
    n, size = memory.nbytes, dtype.itemsize
    if not n or not count:
        raise expected("frombuffer", "a buffer and a count that are not 0", f"{n} bytes and {count}")
    if not 0 <= offset < n:
        raise expected("frombuffer", f"offset in [0, {n - 1}]", offset)
    if count < 0 and (n - offset) % size:
        raise expected("frombuffer", f"a multiple of {size} bytes", f"{n} after {offset}")
    if count > 0 and offset + count * size > n:
        raise expected("frombuffer", f"count of at most {(n - offset) // size}", count)
    length = count if count > 0 else (n - offset) // size
    words = core.from_numpy(np.frombuffer(buffer, np.uint8, length * size, offset))
    return finished(words.view(dtype), requires_grad)


@public("torch", name="range")
def closed_range(start, end, step=1, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Count from a number to another one, which is among them: the older form of `arange`, of which PyTorch warns.

    Args:
        start: First number.
        end: Bound of the last number.
        step: Distance of neighbours, not 0.
        out: A tensor to write into.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: (floor((end - start) / step) + 1).

    Returns:
        Tensor.

    Raises:
        RuntimeError: `step` is 0, or leads away from `end`.
    """
    from warnings import warn

    warn("range: this form, which holds its end, is deprecated; use arange", stacklevel=2)
    if not all(-float("inf") < v < float("inf") for v in (start, end)):
        raise expected("range", "finite bounds", f"{start} and {end}", error=RuntimeError)
    if step == 0 or (end - start) / step < 0:
        raise expected("range", "a step from start to end", f"{step} from {start} to {end}", error=RuntimeError)
    n = int((end - start) / step) + 1
    dtype = dtype_for("range", dtype, out)
    dtype = core.get_default_dtype() if dtype is None else core.as_dtype(dtype)
    found = core.from_numpy((start + np.arange(n) * step).astype(np.float64)).to(dtype)
    return into(out, finished(found, requires_grad))
