"""Hooks of every module: PyTorch's `nn.modules.module.register_module_*`.

While there are any, calls of all modules take the long way: the class Module then has a `__call__` of its own, which the native call of
`ModuleCore` gives way to. Nothing is asked at a call while there are none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from workbench.ext.core import _core as core

from ..ops.errors import expected
from ._handle import RemovableHandle

Hook = Callable[..., Any]
FORWARD_PRE: OrderedDict[int, Hook] = OrderedDict()
FORWARD: OrderedDict[int, Hook] = OrderedDict()
FORWARD_WITH_KWARGS: OrderedDict[int, bool] = OrderedDict()
FORWARD_ALWAYS: OrderedDict[int, bool] = OrderedDict()
BACKWARD_PRE: OrderedDict[int, Hook] = OrderedDict()
BACKWARD: OrderedDict[int, Hook] = OrderedDict()
BACKWARD_OLDER: OrderedDict[int, Hook] = OrderedDict()
PARAMETER: OrderedDict[int, Hook] = OrderedDict()
BUFFER: OrderedDict[int, Hook] = OrderedDict()
MODULE: OrderedDict[int, Hook] = OrderedDict()
_CALLS = (FORWARD_PRE, FORWARD, BACKWARD_PRE, BACKWARD, BACKWARD_OLDER)


def registered(hooks: OrderedDict[int, Hook], module: Any, name: str, value: Any) -> Any:
    """What is to be registered after the hooks of registration have seen it."""
    for hook in tuple(hooks.values()):
        result = hook(module, name, value)
        if result is not None:
            value = result
    return value


def _classes(cls: type) -> list[type]:
    below: list[type] = cls.__subclasses__()
    return [cls, *(c for sub in below for c in _classes(sub))]


def _route() -> None:
    """Send the calls of all modules the long way, or no longer."""
    from .module import Module

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._call_with_hooks(args, kwargs)

    if any(_CALLS):
        Module.__call__ = call  # type: ignore[method-assign]
    elif "__call__" in vars(Module):
        del Module.__call__
        for cls in _classes(Module):
            core.module_subclass(cls)


def _add(table: OrderedDict[int, Hook], hook: Hook, *also: OrderedDict[int, bool]) -> RemovableHandle:
    handle = RemovableHandle(table, also, _route if any(table is t for t in _CALLS) else None)
    table[handle.id] = hook
    for flags in also:
        flags[handle.id] = True
    if handle._then:
        _route()
    return handle


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module; what it returns, if not None, replaces the arguments."""
    return _add(FORWARD_PRE, hook)


def register_module_forward_hook(hook: Hook, *, with_kwargs: bool = False, always_call: bool = False) -> RemovableHandle:
    """Call `hook(module, args, output)` after the forward of every module; what it returns, if not None, replaces the output.

    Args:
        hook: The function; with `with_kwargs` it is called as `hook(module, args, kwargs, output)`.
        with_kwargs: Give the keyword arguments as well.
        always_call: Call it also where forward or another hook raised.
    """
    flags = [table for table, wanted in ((FORWARD_WITH_KWARGS, with_kwargs), (FORWARD_ALWAYS, always_call)) if wanted]
    return _add(FORWARD, hook, *flags)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_output)` in the backward of every module; what it returns, if not None, replaces grad_output."""
    return _add(BACKWARD_PRE, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` in the backward of every module; a returned tuple replaces grad_input.

    Raises:
        RuntimeError: there are hooks of the older form.
    """
    _one_form(BACKWARD_OLDER)
    return _add(BACKWARD, hook)


def register_module_backward_hook(hook: Hook) -> RemovableHandle:
    """PyTorch's older form: the gradients are those of the last op of each module.

    Raises:
        RuntimeError: there are full hooks.
    """
    _one_form(BACKWARD)
    return _add(BACKWARD_OLDER, hook)


def _one_form(other: OrderedDict[int, Hook]) -> None:
    if other:
        raise expected("register_module_backward_hook", "hooks of one form", "full ones and older ones", "use full ones", RuntimeError)


def register_module_parameter_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, param)` where a parameter is registered; what it returns, if not None, takes its place."""
    return _add(PARAMETER, hook)


def register_module_buffer_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, buffer)` where a buffer is registered; what it returns, if not None, takes its place."""
    return _add(BUFFER, hook)


def register_module_module_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, submodule)` where a child is registered; what it returns, if not None, takes its place."""
    return _add(MODULE, hook)
