"""Change of dtype and device of a whole Module."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from .parameter import UninitializedTensorMixin

T = TypeVar("T", bound="Conversion")


class Conversion:
    """The part of Module that replaces the memory of its tensors."""

    __slots__ = ()
    if TYPE_CHECKING:
        modules: Any

    def _apply(self: T, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> T:
        """Replace the memory of every parameter, gradient and buffer by what `fn` makes of it; the objects stay the same."""
        both: Any = self.modules() if recurse else (self,)
        for module in both:
            for parameter in module._parameters.values():
                if parameter is not None:
                    grad = parameter.grad
                    with core.no_grad():
                        parameter.data = fn(parameter.data)
                        parameter.grad = None if grad is None else fn(grad)
            for name, buffer in module._buffers.items():
                if buffer is None:
                    continue
                module.__dict__[name] = fn(buffer)
                if isinstance(buffer, UninitializedTensorMixin):  # stays one
                    kept: Any = buffer
                    kept.data = module.__dict__[name]
                    module.__dict__[name] = kept
        return self

    def to(self: T, *args: Any, **kwargs: Any) -> T:
        """Convert floating parameters and buffers to a dtype, or move all to a device, in place.

        Called as `to(dtype)`, `to(device)`, `to(device, dtype)` or `to(tensor)`, which means the dtype and device of that tensor.

        Raises:
            TypeError: The dtype is not a floating one.
        """
        dtype, device, options = _target(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise expected("Module.to", "a floating dtype", str(dtype), error=TypeError)

        def convert(tensor: Tensor) -> Tensor:
            wanted = dtype if tensor.is_floating_point() or tensor.is_complex() else None
            how = options if tensor.ndim in (4, 5) else {k: v for k, v in options.items() if k != "memory_format"}
            if (wanted is None or wanted == tensor.dtype) and device is None and not how:
                return tensor
            return tensor.to(device=device or tensor.device, dtype=wanted or tensor.dtype, **how)

        return self._apply(convert)

    def _cast(self: T, dtype: Any) -> T:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def float(self: T) -> T:
        """Floating parameters and buffers to float32."""
        return self._cast(core.float32)

    def double(self: T) -> T:
        """Floating parameters and buffers to float64."""
        return self._cast(core.float64)

    def half(self: T) -> T:
        """Floating parameters and buffers to float16."""
        return self._cast(core.float16)

    def bfloat16(self: T) -> T:
        """Floating parameters and buffers to bfloat16."""
        return self._cast(core.bfloat16)

    def type(self: T, dst_type: Any) -> T:
        """All parameters and buffers to `dst_type`."""
        return self._apply(lambda t: t.type(dst_type))

    def to_empty(self: T, *, device: Any, recurse: bool = True) -> T:
        """Move to a device without the values: parameters and buffers are new memory there, to be filled."""
        return self._apply(lambda t: core.make_empty(tuple(t.shape), t.dtype, device), recurse)

    def share_memory(self: T) -> T:
        """The module itself: what processes share is said where they are started."""
        return self._apply(lambda t: t.share_memory_())

    def cpu(self: T) -> T:
        """To the CPU's memory."""
        return self.to(device="cpu")

    def cuda(self: T, device: Any = None) -> T:
        """To a GPU's memory."""
        return self.to(device="cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device)


def _target(*args: Any, **kwargs: Any) -> tuple[Any, Any, dict[str, Any]]:
    """dtype, device and the other options of a call of `to`."""
    dtype, device = kwargs.pop("dtype", None), kwargs.pop("device", None)
    tensor = kwargs.pop("tensor", None)
    options = {k: v for k, v in kwargs.items() if v}
    for value in args:
        if isinstance(value, Tensor):
            tensor = value
        elif isinstance(value, core.dtype):
            dtype = value
        elif isinstance(value, bool):
            options |= {"non_blocking": True} if value else {}
        elif value is not None:
            device = value
    if tensor is not None:
        dtype, device = tensor.dtype, tensor.device
    return dtype, device, options
