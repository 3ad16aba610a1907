"""Questions about values: whether something is a tensor, of what kind, and how large."""

from __future__ import annotations

from workbench.ext.core import _core

Tensor = _core.Tensor


def is_tensor(obj: object) -> bool:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: object) -> bool:
    """Whether `obj` is a storage: never, memory is no object of its own here."""
    return False


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype of `input` is floating."""
    return bool(input.is_floating_point())


def is_complex(input: Tensor) -> bool:
    """Whether the dtype of `input` is complex."""
    return bool(input.is_complex())


def is_inference(input: Tensor) -> bool:
    """Whether the memory of `input` was made in inference mode."""
    return bool(input.is_inference())


def is_signed(input: Tensor) -> bool:
    """Whether the dtype of `input` holds negative numbers."""
    return bool(input.is_signed())


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape."""
    return tuple(input.shape) == tuple(other.shape)


def numel(input: Tensor) -> int:
    """The number of elements of `input`."""
    return int(input.numel())


def get_device(input: Tensor) -> int:
    """The number of the device that `input` lives on; -1 for the CPU."""
    return int(input.get_device())


def can_cast(from_: _core.dtype, to: _core.dtype) -> bool:
    """Whether a result of one dtype may be written into another: the kind (bool, integer, floating, complex) must not become lower.

    Example:
        >>> can_cast(float32, int64)
        False
    """
    kinds = [3 if d.is_complex else 2 if d.is_floating_point else 0 if d is _core.bool_ else 1 for d in (from_, to)]
    return kinds[0] <= kinds[1]


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
    "can_cast", "get_device", "is_complex", "is_floating_point", "is_inference", "is_same_size", "is_signed", "is_storage", "is_tensor",
    "numel", "typename",
]  # fmt: skip
