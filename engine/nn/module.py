"""Module: what has parameters, buffers and children, and a forward.

Parameters, buffers and children lie in the instance's `__dict__`, so reading one is an ordinary attribute access; `_names` of the
native base says which attributes they are. `_parameters`, `_buffers` and `_modules` are views over the two.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, TypeVar

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from . import _global_hooks as everywhere
from ._conversion import Conversion
from ._global_hooks import (  # noqa: F401  (PyTorch has them here)
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from ._hooks import Hooks
from ._state import State
from ._tree import Tree
from .parameter import Buffer, Parameter

PARAMETER, BUFFER, MODULE = "parameter", "buffer", "module"
_WANTED = {PARAMETER: "a Parameter", BUFFER: "a Tensor", MODULE: "a Module"}
_REGISTRATION = {PARAMETER: everywhere.PARAMETER, BUFFER: everywhere.BUFFER, MODULE: everywhere.MODULE}
T = TypeVar("T", bound="Module")


class _View(MutableMapping[str, Any]):
    """The registered attributes of one kind, in the order of their registration; writes go through to the module."""

    __slots__ = ("_kind", "_module")

    def __init__(self, module: Module, kind: str) -> None:
        self._module, self._kind = module, kind

    def __getitem__(self, name: str) -> Any:
        if self._module._names.get(name) != self._kind:
            raise KeyError(name)
        return self._module.__dict__[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._module._names[name] = self._kind
        self._module.__dict__[name] = value

    def __delitem__(self, name: str) -> None:
        self[name]
        delattr(self._module, name)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, kind in self._module._names.items() if kind == self._kind])

    def __len__(self) -> int:
        return sum(kind == self._kind for kind in self._module._names.values())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._module._names.get(name) == self._kind

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self))

    def __repr__(self) -> str:
        return repr(dict(self))

    def items(self) -> Any:
        return dict(super().items()).items()  # which can be gone through backwards, as a dict's can

    def values(self) -> Any:
        return dict(super().items()).values()

    def copy(self) -> dict[str, Any]:
        return dict(self)


def _rebuild(cls: type[T], names: dict[str, str], has_hooks: bool) -> T:
    made = cls.__new__(cls)
    made._names.update(names)
    made._has_hooks = has_hooks
    return made


class Module(Hooks, State, Tree, Conversion, core.ModuleCore):
    """Base class of all layers and networks.

    A subclass makes its parameters and children in `__init__`, after `super().__init__()`, by assigning them to attributes, and
    computes in `forward`. Calling the module calls `forward`, and the hooks around it.

    Example:
        >>> class Net(Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = Linear(4, 8)
        ...         self.out = Linear(8, 2)
        ...
        ...     def forward(self, x):
        ...         return self.out(self.hidden(x).relu())
        >>> Net()(zeros(3, 4)).shape
        torch.Size([3, 2])
    """

    training: bool = True
    dump_patches: bool = False  # PyTorch has both
    call_super_init: bool = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        core.module_subclass(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if self.call_super_init:  # the other bases of a class of several, in PyTorch's way
            super().__init__(*args, **kwargs)
        elif args or kwargs:
            given = ", ".join([*map(repr, args), *kwargs])
            raise TypeError(f"{type(self).__name__}.__init__() got arguments that it does not take: {given}")

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # -- registration ----------------------------------------------------------------------------------------------------------

    @property
    def _parameters(self) -> MutableMapping[str, Parameter | None]:
        return _View(self, PARAMETER)

    @property
    def _buffers(self) -> MutableMapping[str, Tensor | None]:
        return _View(self, BUFFER)

    @property
    def _modules(self) -> MutableMapping[str, Any]:
        return _View(self, MODULE)

    @property
    def _non_persistent_buffers_set(self) -> set[str]:
        return self.__dict__.setdefault("_transient", set())

    def _register(self, name: str, value: Any) -> None:
        """What `__setattr__` calls for a Tensor, a Module, or a name that is registered already."""
        kind = self._names.get(name)
        new = next((k for c, k in ((Parameter, PARAMETER), (Module, MODULE), (Buffer, BUFFER)) if isinstance(value, c)), None)
        if kind is None:
            descriptor: Any = getattr(type(self), name, None)
            if hasattr(type(descriptor), "__set__"):  # a property would hide what is registered
                descriptor.__set__(self, value)
                return
            if new is None:
                self.__dict__[name] = value
                return
        elif new is None:
            if value is not None and not (kind == BUFFER and isinstance(value, Tensor)):
                hint = "; change its values with copy_, or assign nn.Parameter(...)" if isinstance(value, Tensor) else ""
                raise TypeError(f"cannot assign '{type(value).__name__}' as {kind} '{name}' ({_WANTED[kind]} or None expected){hint}")
            self.__dict__[name] = value
            return
        if new != kind:
            self._names.pop(name, None)
            self.__dict__.pop(name, None)
        if new == PARAMETER:
            self.register_parameter(name, value)
        elif new == BUFFER:
            self.register_buffer(name, value, value.persistent)
        else:
            self._names[name] = MODULE
            self.__dict__[name] = everywhere.registered(everywhere.MODULE, self, name, value)

    def _add(self, kind: str, name: str, value: Any, wanted: type) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string, got {type(name).__name__}")
        if "." in name or not name:
            wrong = 'contain "."' if name else "be empty string"
            raise KeyError(f"{kind} name can't {wrong}, got {name!r}")
        if self._names.get(name) != kind and (name in self.__dict__ or getattr(type(self), name, None) is not None):
            raise KeyError(f"attribute '{name}' already exists; choose another name for the {kind}")
        if value is not None and not isinstance(value, wanted):
            raise TypeError(f"cannot assign '{type(value).__name__}' object to {kind} '{name}' ({_WANTED[kind]} or None expected)")
        self._names[name] = kind
        if value is not None or kind != PARAMETER:
            value = everywhere.registered(_REGISTRATION[kind], self, name, value)
        self.__dict__[name] = value

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` the parameter `name`; None reserves the name without a parameter.

        Raises:
            TypeError: `param` is not a Parameter.
            KeyError: The name is empty, has a dot, or belongs to something else.
            ValueError: `param` is the result of a computation rather than a leaf.
        """
        if isinstance(param, Parameter) and param.grad_fn is not None:
            raise expected("register_parameter", f"{name} to be a leaf", "the result of a computation", "use nn.Parameter(x.detach())")
        self._add(PARAMETER, name, param, Parameter)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor` the buffer `name`: state that is not trained.

        Args:
            name: The attribute's name.
            tensor: The values, or None.
            persistent: Whether `state_dict` holds it.

        Raises:
            TypeError: `tensor` is not a Tensor.
            KeyError: The name is empty, has a dot, or belongs to something else.
        """
        self._add(BUFFER, name, tensor, Tensor)
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Make `module` the child `name`.

        Raises:
            TypeError: `module` is not a Module.
            KeyError: The name is empty, has a dot, or belongs to something else.
        """
        self._add(MODULE, name, module, Module)

    add_module = register_module

    __setattr__ = core.ModuleCore._set_attribute

    def __delattr__(self, name: str) -> None:
        if self._names.pop(name, None) is not None:
            self._non_persistent_buffers_set.discard(name)
            del self.__dict__[name]
        else:
            super().__delattr__(name)

    def __getattr__(self, name: str) -> Any:
        """Reached where ordinary lookup found nothing, or called by hand, as in PyTorch, for what is registered."""
        if name in self._names and name in self.__dict__:
            return self.__dict__[name]
        near = [] if name.startswith("__") else difflib.get_close_matches(name, dir(self), 1, 0.7)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'{hint}", name=name, obj=self)

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name[0].isdigit())

    # -- changing the whole ----------------------------------------------------------------------------------------------------

    def apply(self: T, fn: Callable[[Module], None]) -> T:
        """Call `fn` with every module below and then this one, as for initialisation."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self: T, mode: bool = True) -> T:
        """Set `training` here and below: dropout drops and batch norm uses the batch's statistics."""
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, got {type(mode).__name__}")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self: T) -> T:
        """The same as `train(False)`."""
        return self.train(False)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: what PyTorch compiles runs here as it is."""

    def requires_grad_(self: T, requires_grad: bool = True) -> T:
        """Switch training of all parameters on or off."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or fill them with zeros."""
        for parameter in self.parameters():
            grad = parameter.grad
            if grad is not None and set_to_none:
                parameter.grad = None
            elif grad is not None:
                parameter.grad = grad.detach().zero_()

    # -- copies and text -------------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (self.__class__, dict(self._names), self._has_hooks), self.__getstate__()

    def extra_repr(self) -> str:
        """What stands in the parentheses of `repr`, for a subclass to define."""
        return ""

    def _get_name(self) -> str:
        return self.__class__.__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"


core.module_subclass(Module)
