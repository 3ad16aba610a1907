"""Other dtypes and devices, and values written in place."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._help import tensors
from ._space import public
from .errors import expected
from .primitive import cast, contiguous

Tensor = core.Tensor


def _converted(name: str, dtype: core.dtype) -> None:
    def convert(input, memory_format=None):
        return cast(input, dtype) if memory_format is None else contiguous(cast(input, dtype), memory_format)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"""Convert to {dtype.name}: the tensor itself where it has that dtype.

    Args:
        input: Tensor.
        memory_format: None, or channels_last for 4-D tensors.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of {dtype.name}.
    """
    core.add_method(name, convert)


for _name, _dtype in {
    "float": core.float32, "double": core.float64, "half": core.float16, "bfloat16": core.bfloat16, "int": core.int32, "long": core.int64,
    "short": core.int16, "char": core.int8, "byte": core.uint8, "bool": core.bool_, "cfloat": core.complex64, "cdouble": core.complex128,
}.items():  # fmt: skip
    _converted(_name, _dtype)


@public(methods=("to",))
def to(input, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None, other=None):
    """Convert to a dtype, a device or both: the tensor itself where nothing changes.

    Args:
        input: Tensor.
        args: A dtype, a device, a device and a dtype, or a tensor that has both; then `non_blocking` and `copy`.
        dtype: The dtype of the result.
        device: The device of the result.
        non_blocking: Accepted for PyTorch's sake.
        copy: Copy even where nothing changes.
        memory_format: None, or channels_last for 4-D tensors.
        other: A tensor whose dtype and device are taken.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype and on the device.

    Raises:
        RuntimeError: the device does not exist here.
        TypeError: an argument is neither a dtype, a device nor a tensor.

    Example:
        >>> tensor([1.5]).to(int64)
        tensor([1])
    """
    flags = []
    for a in args:
        if isinstance(a, Tensor):
            other = a
        elif isinstance(a, bool):
            flags.append(a)
        elif isinstance(a, core.dtype):
            dtype = a
        elif isinstance(a, (str, core.device)):
            device = a
        elif a is not None:
            dtype = _read_dtype(a)
    if len(flags) > 1:
        copy = flags[1]
    if dtype is not None and not isinstance(dtype, core.dtype):
        dtype = _read_dtype(dtype)
    if other is not None:
        dtype, device = other.dtype, other.device
    if device is not None:
        core.as_device(device)
    result = input if dtype is None else cast(input, dtype)
    if memory_format is not None and "preserve" not in str(memory_format):
        result = contiguous(result, memory_format)
    return result.clone() if copy and result is input else result


def _read_dtype(value):
    try:
        return core.as_dtype(value)
    except TypeError:
        raise expected("to", "a dtype, a device or a tensor", value, error=TypeError) from None


@public(methods=("type_as",))
def type_as(input, other):
    """Convert to the dtype of another tensor.

    Args:
        input: Tensor.
        other: Tensor whose dtype is taken.

    Shape:
        input, other: (*); result: that of input.

    Returns:
        Tensor of the dtype of `other`.

    Example:
        >>> tensor([1.5]).type_as(tensor([1]))
        tensor([1])
    """
    tensors("type_as", input=input, other=other)
    return cast(input, other.dtype)


@public(methods=("type",))
def type_of(input, dtype=None, non_blocking=False):
    """Tell PyTorch's name of the tensor's type, or convert to a dtype.

    Args:
        input: Tensor.
        dtype: The dtype, the name of a type, or a class as FloatTensor; None asks for the name.
        non_blocking: Accepted for PyTorch's sake.

    Shape:
        input: (*); result: (*).

    Returns:
        The name, or a tensor.

    Example:
        >>> tensor([1.5]).type()
        'torch.FloatTensor'
    """
    if dtype is None:
        return f"torch.{_TYPE_NAMES[input.dtype.name]}Tensor"
    if isinstance(dtype, str):
        if dtype not in _NAMED_TYPES:
            raise expected("type", "a name such as torch.FloatTensor", dtype)
        dtype = _NAMED_TYPES[dtype]
    return cast(input, getattr(dtype, "dtype", dtype))


_TYPE_NAMES = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long", "float16": "Half",
    "bfloat16": "BFloat16", "float32": "Float", "float64": "Double", "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip
_NAMED_TYPES = {f"torch.{name}Tensor": getattr(core, dtype + "_" * (dtype == "bool")) for dtype, name in _TYPE_NAMES.items()}


@public("torch", methods=("fill_",))
def fill_(input, value):
    """Set every element to a number.

    Args:
        input: Tensor that is written.
        value: The number, or a tensor without dimensions.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Raises:
        RuntimeError: `value` has dimensions.

    Example:
        >>> tensor([1.0, 2.0]).fill_(5)
        tensor([5., 5.])
    """
    if isinstance(value, Tensor) and value.ndim:
        raise expected("fill_", "value to be a number or a tensor without dimensions", value, "use copy_()", RuntimeError)
    return input.copy_(value) if input.requires_grad or isinstance(value, Tensor) else core.fill(input, value, True)


@public("torch", methods=("zero_",))
def zero_(input):
    """Set every element to 0.

    Args:
        input: Tensor that is written.

    Shape:
        input: (*); result: (*).

    Returns:
        `input`.

    Example:
        >>> tensor([1.0, 2.0]).zero_()
        tensor([0., 0.])
    """
    return fill_(input, 0)
