"""The tensors that a Module registers when they are assigned to it: parameters, which are trained, and buffers, which are not."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.errors import expected


def empty(shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> Tensor:
    """Memory for a parameter, to be initialised."""
    return core.make_empty(shape, dtype, device)


def _alias(cls: type, data: Tensor | None, requires_grad: bool) -> Any:
    made = core.Tensor.__new__(cls)
    if data is None:
        data = empty((0,))
    elif not isinstance(data, Tensor):
        raise expected(cls.__name__, "data to be a Tensor", data, "make one with tensor(data)", error=TypeError)
    return core.init_tensor(made, data, requires_grad)


class Parameter(core.Tensor):
    """A tensor that a Module trains: assigning it to an attribute of a Module registers it.

    Args:
        data: The values; the parameter shares their memory. None makes an empty one.
        requires_grad: Whether `backward` fills its `grad`.

    Raises:
        TypeError: `data` is not a Tensor.

    Example:
        >>> Parameter(zeros(2)).requires_grad
        True
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        return _alias(cls, data, requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """A parameter of its own with equal values, without gradient."""
        made = super().__deepcopy__(memo)
        made.grad = None
        return made

    def __repr__(self) -> str:
        return "Parameter containing:\n" + repr(self.data.requires_grad_(self.requires_grad))


class Buffer(core.Tensor):
    """A tensor that belongs to a Module's state but is not trained, as running statistics are.

    Args:
        data: The values; the buffer shares their memory.
        persistent: Whether `state_dict` holds it.

    Raises:
        TypeError: `data` is not a Tensor.
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        made = _alias(cls, data, False)
        made.persistent = persistent
        return made


core.set_parameter_type(Parameter)
