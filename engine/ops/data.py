"""New tensors from data."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._space import public
from .creation import finished
from .errors import expected
from .primitive import cast

Tensor = core.Tensor


def _plain(data):
    """Data without tensors in it, as NumPy understands it."""
    if isinstance(data, Tensor):
        return data.detach().numpy() if data.dtype is not core.bfloat16 else data.detach().float().numpy()
    if isinstance(data, (list, tuple, range)):
        return [_plain(x) for x in data] if _holds_tensors(data) else data
    return data


def _holds_tensors(data):
    while isinstance(data, (list, tuple)) and data:
        if any(isinstance(x, Tensor) for x in data):
            return True
        data = data[0]
    return False


def _array(data):
    """An array with memory of its own, of the dtype that PyTorch gives to the data."""
    plain = _plain(data)
    try:
        array = np.array(plain)
    except ValueError as e:
        raise expected("tensor", "nested sequences of equal lengths", str(e)) from None
    if array.dtype == object or array.dtype.kind in "USOmM":
        raise expected("tensor", "numbers, sequences of them, an array or a tensor", data, error=TypeError)
    typed = isinstance(plain, (np.ndarray, np.generic)) or _holds_tensors(data)
    if not typed and array.dtype.kind == "c":
        return array.astype(core.as_dtype(complex).numpy)
    if not typed and (array.dtype.kind == "f" or not array.size):
        return array.astype(core.get_default_dtype().numpy or np.float32)
    return array


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
        ValueError: nested sequences differ in length.
        TypeError: the data are not numbers.

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
    if wanted is not None and wanted.numpy is not None and not isinstance(data, (np.ndarray, np.generic)):
        made = _exact(data, wanted)
    else:
        made = core.from_numpy(_array(data))
        made = made if wanted is None else cast(made, wanted)
    return finished(made, requires_grad)


def _exact(data, dtype):
    """Python numbers straight to the dtype that is asked for, so that large ones keep their digits."""
    try:
        array = np.array(_plain(data))
    except ValueError:
        return cast(core.from_numpy(_array(data)), dtype)
    if array.dtype.kind == "c" and not dtype.is_complex and not isinstance(data, Tensor):
        raise expected("tensor", f"real numbers for {dtype}", data, "ask for a complex dtype", TypeError)
    try:
        if array.dtype.kind == "f" and not dtype.is_floating_point and not dtype.is_complex and dtype is not core.bool_:
            array = np.trunc(array)
        return core.from_numpy(array.astype(dtype.numpy))
    except (ValueError, TypeError):
        return cast(core.from_numpy(_array(data)), dtype)


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
        data = core.from_numpy(data)
    if not isinstance(data, Tensor):
        return tensor(data, dtype=dtype)
    return data if dtype is None else cast(data, dtype)


@public("torch")
def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """Make a tensor from data; `copy` says whether memory may be shared.

    Args:
        obj: A tensor, an ndarray, something with DLPack, or whatever `tensor` takes.
        dtype: The dtype; None means that of the data.
        device: The device; None means cpu.
        copy: True always copies, None where it must; False is None without the choice.
        requires_grad: Whether operations on the result are recorded.

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
    if copy:
        return tensor(obj, dtype=dtype, device=device, requires_grad=requires_grad)
    if not isinstance(obj, (Tensor, np.ndarray)) and hasattr(obj, "__dlpack__"):
        obj = np.from_dlpack(obj)
    made = as_tensor(obj, dtype, device)
    if copy is False and not isinstance(obj, (Tensor, np.ndarray)):
        raise expected("asarray", "data whose memory can be shared", obj, "leave copy away")
    return finished(made, True) if requires_grad else made


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

    Example:
        >>> from_numpy(numpy.array([1, 2]))
        tensor([1, 2])
    """
    return core.from_numpy(ndarray)


@public("torch")
def from_dlpack(ext_tensor):
    """Make a tensor over the memory of another library's.

    Args:
        ext_tensor: An object with `__dlpack__`.

    Shape:
        result: that of the object.

    Returns:
        Tensor that shares memory.
    """
    return ext_tensor.detach() if isinstance(ext_tensor, Tensor) else core.from_numpy(np.from_dlpack(ext_tensor))


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
