"""Questions about values: whether something is a tensor, of what kind, and how large."""

from __future__ import annotations

from workbench.ext.core import _core

Tensor = _core.Tensor


def is_tensor(obj: object) -> bool:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def _asked(name: str, input: object) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}: expected input to be a Tensor, got {type(input).__name__}")
    return input


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype of `input` is floating."""
    return bool(_asked("is_floating_point", input).is_floating_point())


def is_complex(input: Tensor) -> bool:
    """Whether the dtype of `input` is complex."""
    return bool(_asked("is_complex", input).is_complex())


def is_inference(input: Tensor) -> bool:
    """Whether the memory of `input` was made in inference mode."""
    return bool(_asked("is_inference", input).is_inference())


def is_signed(input: Tensor) -> bool:
    """Whether the dtype of `input` holds negative numbers."""
    return bool(_asked("is_signed", input).is_signed())


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape."""
    return tuple(_asked("is_same_size", input).shape) == tuple(_asked("is_same_size", other).shape)


def numel(input: Tensor) -> int:
    """The number of elements of `input`."""
    return int(_asked("numel", input).numel())


def get_device(input: Tensor) -> int:
    """The number of the device that `input` lives on; -1 for the CPU."""
    return int(_asked("get_device", input).get_device())


def can_cast(from_: _core.dtype, to: _core.dtype) -> bool:
    """Whether a result of one dtype may be written into another: the kind (bool, integer, floating, complex) must not become lower.

    Example:
        >>> can_cast(float32, int64)
        False
    """
    for d in (from_, to):
        if not isinstance(d, _core.dtype):
            raise TypeError(f"can_cast: expected two dtypes, got {type(d).__name__}")
    kinds = [3 if d.is_complex else 2 if d.is_floating_point else 0 if d is _core.bool_ else 1 for d in (from_, to)]
    return kinds[0] <= kinds[1]


def result_type(tensor: Tensor | float, other: Tensor | float) -> _core.dtype:
    """The dtype that an operation on two tensors or numbers computes in.

    A tensor without dimensions counts as a number does: by its kind (bool, integer, floating, complex) alone.

    Raises:
        TypeError: an argument is neither a tensor nor a number.

    Example:
        >>> result_type(tensor([1, 2], dtype=int8), 1.0)
        torch.float32
    """
    for value in (tensor, other):
        if not isinstance(value, (Tensor, bool, int, float, complex)):
            raise TypeError(f"result_type: expected tensors and numbers, got {type(value).__name__}")
    return _core.result_type(tensor, other)


def typename(obj: object) -> str:
    """The name of the type of `obj`, with its module.

    Example:
        >>> typename(zeros(2))
        'torch.FloatTensor'
    """
    if isinstance(obj, Tensor):
        return str(obj.type())
    kind = obj if isinstance(obj, type) else type(obj)
    name = getattr(obj, "__qualname__", kind.__qualname__)
    module = getattr(obj, "__module__", kind.__module__)
    return name if module in (None, "builtins", "__builtin__") else f"{module}.{name}"


__all__ = [
    "can_cast", "get_device", "is_complex", "is_floating_point", "is_inference", "is_same_size", "is_signed", "is_tensor", "numel",
    "result_type", "typename",
]  # fmt: skip
