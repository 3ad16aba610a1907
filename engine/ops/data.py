"""New tensors from data."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._space import public
from .creation import finished
from .creation_layout import frombuffer
from .errors import expected
from .primitive import cast
from .unpacking import unpacked

Tensor = core.Tensor


def _shared(array):
    """A tensor over the memory of an array, which is not copied unseen."""
    if any(n < 0 for n in array.strides) or not array.dtype.isnative:
        got = f"strides {array.strides} and {array.dtype}"
        raise expected("from_numpy", "an array without negative strides, in this machine's byte order", got, "copy it first")
    return core.from_numpy(array)


@public("torch")
def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """Make a tensor from data, which is copied.

    Args:
        data: A number, nested sequences, an ndarray or a tensor.
        dtype: The dtype; None means that of the data, and the default dtype for Python floats.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: that of the data.

    Returns:
        Tensor.

    Raises:
        ValueError: nested sequences differ in length, a tensor among numbers has several elements, or an array has negative strides.
        TypeError: numbers stand beside sequences, or are complex and `dtype` is not.
        RuntimeError: the data are not numbers, or do not fit `dtype`.

    Example:
        >>> tensor([[1, 2], [3, 4]])
        tensor([[1, 2],
                [3, 4]])
    """
    core.as_device(device)
    if isinstance(data, Tensor):
        made = data.detach().clone()
        return finished(made if dtype is None else cast(made, dtype), requires_grad)
    wanted = None if dtype is None else core.as_dtype(dtype)
    if not isinstance(data, np.ndarray) and hasattr(data, "__array__") and not isinstance(data, np.generic):
        data = np.asarray(data)
    if isinstance(data, np.ndarray):
        made = _shared(data).clone()
    else:
        made = core.from_numpy(unpacked(data, wanted))
        wanted = wanted or (core.get_default_dtype() if made.dtype is core.float32 else None)
    return finished(made if wanted is None else cast(made, wanted), requires_grad)


@public("torch")
def as_tensor(data, dtype=None, device=None):
    """Make a tensor from data, sharing memory where that is possible.

    Args:
        data: A tensor, an ndarray, or whatever `tensor` takes.
        dtype: The dtype; None means that of the data.
        device: The device; None means cpu.

    Shape:
        result: that of the data.

    Returns:
        Tensor; the data itself if it is a tensor of that dtype.

    Example:
        >>> as_tensor([1, 2])
        tensor([1, 2])
    """
    core.as_device(device)
    if isinstance(data, np.ndarray):
        data = _shared(data)
    if not isinstance(data, Tensor):
        return tensor(data, dtype=dtype)
    return data if dtype is None else cast(data, dtype)


def _is_buffer(obj):
    try:
        memoryview(obj)
    except TypeError:
        return False
    return True


@public("torch")
def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=None):
    """Make a tensor from data; `copy` says whether memory may be shared.

    Args:
        obj: A tensor, an ndarray, something with DLPack, a buffer, whose bytes are read as `dtype`, or whatever `tensor` takes.
        dtype: The dtype; None means that of the data.
        device: The device; None means cpu.
        copy: True always copies, None where it must; False is None without the choice.
        requires_grad: Whether operations on the result are recorded; None means as on `obj`.

    Shape:
        result: that of the data.

    Returns:
        Tensor.

    Raises:
        ValueError: `copy` is False and a copy is needed.

    Example:
        >>> asarray([1, 2])
        tensor([1, 2])
    """
    if not isinstance(obj, (Tensor, np.ndarray, np.generic)) and _is_buffer(obj):
        obj = frombuffer(obj, dtype=dtype or core.get_default_dtype())
    if copy:
        return tensor(obj, dtype=dtype, device=device, requires_grad=bool(requires_grad))
    if not isinstance(obj, (Tensor, np.ndarray)) and hasattr(obj, "__dlpack__"):
        obj = np.from_dlpack(obj)
    made = as_tensor(obj, dtype, device)
    if copy is False and not (isinstance(obj, (Tensor, np.ndarray)) and made.data_ptr() == as_tensor(obj).data_ptr()):
        raise expected("asarray", "data whose memory can be shared", obj, "leave copy away")
    if requires_grad is None or made.requires_grad == requires_grad:
        return made
    return finished(made, True) if requires_grad else made.detach()


@public("torch")
def from_numpy(ndarray):
    """Make a tensor over the memory of an array.

    Args:
        ndarray: The array; what is written into one shows in the other.

    Shape:
        result: that of the array.

    Returns:
        Tensor of the dtype of the array.

    Raises:
        TypeError: `ndarray` is no array, or there is no dtype for its own.
        ValueError: its strides are negative, or its numbers are in the byte order of another machine.

    Example:
        >>> from_numpy(numpy.array([1, 2]))
        tensor([1, 2])
    """
    return _shared(ndarray) if isinstance(ndarray, np.ndarray) else core.from_numpy(ndarray)


@public("torch")
def scalar_tensor(s, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Make a tensor without dimensions from a number.

    Args:
        s: The number.
        dtype: The dtype; None means the default dtype.
        layout: Accepted for PyTorch's sake.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        result: ().

    Returns:
        Tensor.
    """
    dtype = core.get_default_dtype() if dtype is None else dtype
    return finished(core.fill(core.make_empty((), dtype, device), s), requires_grad)


@public(methods=("new_tensor",))
def new_tensor(input, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """Make a tensor from data, of the dtype of `input`.

    Args:
        input: Tensor whose dtype is taken.
        data: A number, nested sequences, an ndarray or a tensor.
        dtype: The dtype; None means that of `input`.
        device: The device; None means cpu.
        requires_grad: Whether operations on the result are recorded.
        pin_memory: Accepted for PyTorch's sake.

    Shape:
        input: any; result: that of the data.

    Returns:
        Tensor.
    """
    return tensor(data, dtype=input.dtype if dtype is None else dtype, device=device, requires_grad=requires_grad)
