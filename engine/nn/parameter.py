"""The tensors that a Module registers when they are assigned to it: parameters, which are trained, and buffers, which are not; and those
of lazy layers, which have no shape yet."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.errors import expected


def empty(shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> Tensor:
    """Memory for a parameter, to be initialised."""
    return core.make_empty(shape, dtype, device)


def _alias(cls: type, data: Tensor | None, requires_grad: bool) -> Any:
    made: Any = core.Tensor.__new__(cls)
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


class UninitializedTensorMixin:
    """A tensor without a shape, which `materialize` gives one and turns into an ordinary one."""

    cls_to_become: Any = None

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Take memory of this shape, which is not filled yet, and become an ordinary parameter or buffer.

        Args:
            shape: The sizes.
            device: Where; None means where it was to be.
            dtype: Of what; None means what it was to be.
        """
        tensor: Any = self
        with core.no_grad():
            tensor.data = empty(tuple(shape), device=device or tensor.device, dtype=dtype or tensor.dtype)
        tensor.__class__ = self.cls_to_become

    @property
    def shape(self) -> Any:
        """Raises: there is none."""
        what = "a shape that is known"
        raise expected(type(self).__name__, what, "none", "call materialize, or the module with an input", RuntimeError)

    def size(self, dim: int | None = None) -> Any:
        """Raises: there is none."""
        return self.shape

    def share_memory_(self) -> Any:
        """Raises: there is no memory."""
        return self.shape

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        tensor: Any = self
        return _rebuild, (type(self), tensor.requires_grad, str(tensor.device), tensor.dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        tensor: Any = self
        made = _rebuild(type(self), tensor.requires_grad, tensor.device, tensor.dtype)
        memo[id(self)] = made
        return made


def _rebuild(cls: Any, requires_grad: bool, device: Any, dtype: Any) -> Any:
    return cls(requires_grad=requires_grad, device=device, dtype=dtype)


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]  # a size that only raises
    """A parameter whose shape is not known yet.

    Args:
        requires_grad: Whether `backward` fills its `grad`.
        device: Where it will lie.
        dtype: What it will hold.

    Example:
        >>> p = UninitializedParameter()
        >>> p.materialize((2, 3))
        >>> type(p).__name__, p.numel()
        ('Parameter', 6)
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> UninitializedParameter:
        return Parameter.__new__(cls, empty((0,), device=device, dtype=dtype), requires_grad)  # type: ignore[return-value]


class UninitializedBuffer(UninitializedTensorMixin, Buffer):  # type: ignore[misc]  # a size that only raises
    """A buffer whose shape is not known yet.

    Args:
        requires_grad: Must be False.
        device: Where it will lie.
        dtype: What it will hold.
        persistent: Whether `state_dict` holds it.
    """

    cls_to_become = Buffer

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True) -> UninitializedBuffer:
        return Buffer.__new__(cls, empty((0,), device=device, dtype=dtype), persistent=persistent)  # type: ignore[return-value]


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer has no shape yet."""
    return isinstance(param, UninitializedTensorMixin)


core.set_parameter_type(Parameter)
