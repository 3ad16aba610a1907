"""Compute a parameter from others each time it is read: PyTorch's `nn.utils.parametrize`.

A module with a parametrization becomes an instance of a class made for it, in which the name is a property; the tensors that it is computed
from are in `module.parametrizations[name]`, as `original` (or `original0`, `original1`, ...).

References:
    Lezcano-Casado (2019), "Trivializations for gradient-based optimization on manifolds" (the way of thinking).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...errors import expected
from ..container import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

_cached = 0  # how many `cached()` blocks are open
_cache: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """In this block a parametrized tensor is computed once, however often it is read."""
    global _cached
    _cached += 1
    try:
        yield
    finally:
        _cached -= 1
        if not _cached:
            _cache.clear()


def _kept(value: Tensor, original: Tensor) -> Tensor:
    """What is stored: a parameter where the tensor was one, else a tensor (a buffer)."""
    return Parameter(value, original.requires_grad) if isinstance(original, Parameter) else value


def _inverted(module: Module, value: Any) -> Any:
    """What the parametrization makes `value` of; `value` itself where it has no way back, or none with its options."""
    if not hasattr(module, "right_inverse"):
        return value
    try:
        return module.right_inverse(value)
    except NotImplementedError:
        return value


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, first applied first, and what they start from.

    Args:
        modules: The parametrizations.
        original: The tensor as it was; the last parametrization's `right_inverse` is asked first what to start from.
        unsafe: Do not check that shapes and dtypes stay as they are.

    Attributes:
        original: What the first parametrization gets; `original0`, `original1`, ... where `right_inverse` returned several.
    """

    original: Tensor

    def __init__(self, modules: Sequence[Module], original: Tensor | Parameter, unsafe: bool = False) -> None:
        if not modules:
            raise expected("ParametrizationList", "one or more parametrizations", "none")
        super().__init__(modules)
        self.unsafe = unsafe
        start: Any = original
        with core.no_grad():
            for module in reversed(self):
                start = _inverted(module, start)
        self.is_tensor = isinstance(start, Tensor)
        self.ntensors = 1 if self.is_tensor else len(start)
        if self.is_tensor:
            if start.dtype is not original.dtype and not unsafe:
                raise expected("right_inverse", f"a tensor of dtype {original.dtype.name}", start, "or unsafe=True")
            self._keep("original", start, original)
        else:
            for i, part in enumerate(start):
                if not isinstance(part, Tensor):
                    raise expected("right_inverse", "a Tensor or a sequence of Tensors", part)
                self._keep(f"original{i}", part, original)
        if not unsafe:
            self._check(original)

    def _keep(self, name: str, value: Tensor, original: Tensor) -> None:
        value = value.detach()
        if isinstance(original, Parameter):
            self.register_parameter(name, original if value is original else Parameter(value.clone(), original.requires_grad))
        else:
            self.register_buffer(name, value.clone())

    def _check(self, original: Tensor) -> None:
        with core.no_grad():
            made = self()
        if not isinstance(made, Tensor):
            raise expected("register_parametrization", "a parametrization that returns a Tensor", made)
        if made.dtype is not original.dtype:
            raise expected("register_parametrization", f"a result of dtype {original.dtype.name}", made, "or unsafe=True")
        if tuple(made.shape) != tuple(original.shape):
            raise expected("register_parametrization", f"a result of shape {tuple(original.shape)}", made, "or unsafe=True")

    def originals(self) -> list[Tensor]:
        """The tensors that the first parametrization gets."""
        return [self.original] if self.is_tensor else [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the result becomes `value`, as far as the parametrizations can.

        Raises:
            RuntimeError: a parametrization has no `right_inverse`.
            ValueError: it returns something of another kind than at first.
        """
        start: Any = value
        with core.no_grad():
            for module in reversed(self):
                if not hasattr(module, "right_inverse"):
                    raise expected(
                        "parametrize",
                        f"right_inverse of {type(module).__name__}",
                        "none",
                        "define it to assign to this tensor",
                        RuntimeError,
                    )
                start = module.right_inverse(start)
            parts = [start] if self.is_tensor else list(start)
            if len(parts) != self.ntensors or not all(isinstance(part, Tensor) for part in parts):
                raise expected("right_inverse", f"{self.ntensors} Tensors", start)
            for mine, part in zip(self.originals(), parts, strict=True):
                if mine.dtype is not part.dtype:
                    raise expected("right_inverse", f"a tensor of dtype {mine.dtype.name}", part)
                mine.data = part.detach().clone()

    def forward(self) -> Tensor:
        value = self[0](*self.originals())
        for i in range(1, len(self)):
            value = self[i](value)
        return value


def _property(name: str) -> property:
    def get(module: Any) -> Tensor:
        if not _cached:
            return module.parametrizations[name]()
        key = (id(module), name)
        if key not in _cache:
            _cache[key] = module.parametrizations[name]()
        return _cache[key]

    def put(module: Any, value: Tensor) -> None:
        module.parametrizations[name].right_inverse(value)

    return property(get, put)


def _own_class(module: Module) -> None:
    """Give a module a class of its own, in which names can be properties."""
    kind = type(module)

    def refuse(self: Any, protocol: Any) -> Any:
        raise expected("pickle", "a module without parametrizations", type(self).__name__, "save its state_dict()", RuntimeError)

    def copy(self: Any, memo: dict[int, Any]) -> Any:
        made = memo.get(id(self))
        if made is None:
            made = memo[id(self)] = kind.__new__(kind)
            made._names.update(self._names)
            made._has_hooks = self._has_hooks
            made.__dict__.update(deepcopy(self.__dict__, memo))
            _own_class(made)
            for name in self.parametrizations:
                setattr(type(made), name, _property(name))
        return made

    module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), {"__reduce_ex__": refuse, "__deepcopy__": copy, "_plain": kind})
    module._names = dict(module._names) if not isinstance(module._names, dict) else module._names


def register_parametrization(module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> Module:
    """Let `module.<tensor_name>` be `parametrization(original)`; several are applied one after the other.

    The parametrization may have a `right_inverse(value)`, which returns what to start from (a tensor or several) so that the result is
    `value`: it is asked when the parametrization is registered and when the tensor is assigned to.

    Args:
        module: The module.
        tensor_name: Name of a parameter or buffer of it.
        parametrization: A module from tensor to tensor.
        unsafe: Let it change shape or dtype.

    Returns:
        `module`.

    Raises:
        ValueError: there is no such tensor, or shape or dtype would change.

    Example:
        >>> class Symmetric(Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).mT
        >>> m = register_parametrization(Linear(3, 3), "weight", Symmetric())
        >>> bool((m.weight == m.weight.mT).all())
        True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        known = module.parametrizations[tensor_name]
        if not unsafe:
            with core.no_grad():
                before = getattr(module, tensor_name)
                after = parametrization(before)
                if not isinstance(after, Tensor) or after.dtype is not before.dtype or tuple(after.shape) != tuple(before.shape):
                    raise expected(
                        "register_parametrization", f"a result of shape {tuple(before.shape)} and dtype {before.dtype.name}", after,
                        "or unsafe=True",
                    )  # fmt: skip
                if hasattr(parametrization, "right_inverse"):
                    _check_inverse(parametrization.right_inverse(before), before)
        known.append(parametrization)
        known.unsafe = known.unsafe or unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise expected("register_parametrization", f"a module with a parameter or buffer {tensor_name!r}", type(module).__name__)
    original = getattr(module, tensor_name)
    made = ParametrizationList([parametrization], original, unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _own_class(module)
        whole: Any = module
        whole.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _property(tensor_name))
    module.parametrizations[tensor_name] = made
    return module


def _check_inverse(start: Any, before: Tensor) -> None:
    if not isinstance(start, Tensor) or start.dtype is not before.dtype or tuple(start.shape) != tuple(before.shape):
        raise expected("right_inverse", f"a tensor of shape {tuple(before.shape)} and dtype {before.dtype.name}", start)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or one for a tensor."""
    found = module.__dict__.get("parametrizations")
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Take the parametrizations of a tensor away.

    Args:
        module: The module.
        tensor_name: Name of the tensor.
        leave_parametrized: Keep the present result; otherwise the original (if it is one tensor).

    Returns:
        `module`.

    Raises:
        ValueError: the tensor has none, or there are several originals and `leave_parametrized` is False.
    """
    if not is_parametrized(module, tensor_name):
        raise expected("remove_parametrizations", f"a parametrization of {tensor_name!r}", type(module).__name__)
    known = module.parametrizations[tensor_name]
    if not known.is_tensor and not leave_parametrized:
        raise expected("remove_parametrizations", "leave_parametrized=True where there are several originals", "False")
    original = known.originals()[0]
    if leave_parametrized:
        with core.no_grad():
            value = getattr(module, tensor_name).detach()
        original = _kept(value.clone(), original) if not known.is_tensor or value.shape != original.shape else _written(original, value)
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if isinstance(original, Parameter):
        module.register_parameter(tensor_name, original)
    else:
        module.register_buffer(tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type_before_parametrizations(module)
    return module


def _written(original: Tensor, value: Tensor) -> Tensor:
    """The original itself with other values, so that an optimizer goes on with it."""
    original.data = value.clone()
    return original


def type_before_parametrizations(module: Module) -> type:
    """The class that a module had before it was parametrized."""
    return getattr(type(module), "_plain", type(module))


def transfer_parametrizations_and_params(from_module: Module, to_module: Module, tensor_name: str | None = None) -> Module:
    """Give a module the parametrizations of another, and the values of what they start from.

    Args:
        from_module: A parametrized module.
        to_module: One with tensors of the same names, or without them.
        tensor_name: Only this one.

    Returns:
        `to_module`.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        known = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            with core.no_grad():
                value = getattr(from_module, name).detach().clone()
            to_module.register_parameter(name, Parameter(value))
        for module in known:
            register_parametrization(to_module, name, module)
        with core.no_grad():
            for mine, other in zip(to_module.parametrizations[name].originals(), known.originals(), strict=True):
                mine.data = other.detach().clone()
    return to_module


__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "transfer_parametrizations_and_params", "type_before_parametrizations",
]  # fmt: skip
