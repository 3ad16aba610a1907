"""Hooks of a Module: functions called before and after its forward, and with the gradients of its backward."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..ops.errors import expected
from . import _global_hooks as everywhere
from ._backward_hooks import BackwardHooks, hang_on_node
from ._handle import RemovableHandle

Hook = Callable[..., Any]
NONE: dict[int, Any] = {}


def _kept(name: str) -> Any:
    """A table of hooks by their ids, made when it is first asked for: `module._forward_hooks` and its like, as in PyTorch."""

    def get(module: Any) -> OrderedDict[int, Any]:
        module._has_hooks = True  # whoever asks may put something in
        table = module.__dict__.get(name)
        if table is None:
            table = module.__dict__[name] = OrderedDict()
        return table

    def put(module: Any, table: OrderedDict[int, Any]) -> None:
        module._has_hooks = True
        module.__dict__[name] = table

    return property(get, put)


class Hooks:
    """Registration and calling of hooks; the part of Module that costs nothing while there is none.

    The tables are made when first asked for. From then on `_has_hooks` sends each call through `_call_with_hooks`.
    """

    __slots__ = ()
    _forward_pre_hooks = _kept("_forward_pre_hooks")
    _forward_pre_hooks_with_kwargs = _kept("_forward_pre_hooks_with_kwargs")
    _forward_hooks = _kept("_forward_hooks")
    _forward_hooks_with_kwargs = _kept("_forward_hooks_with_kwargs")
    _forward_hooks_always_called = _kept("_forward_hooks_always_called")
    _backward_pre_hooks = _kept("_backward_pre_hooks")
    _backward_hooks = _kept("_backward_hooks")
    _is_full_backward_hook: bool | None = None

    def _add_hook(self, table: OrderedDict[int, Any], hook: Hook, prepend: bool, *also: OrderedDict[int, bool]) -> RemovableHandle:
        handle = RemovableHandle(table, also)
        table[handle.id] = hook
        for flags in also:
            flags[handle.id] = True
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle

    def register_forward_pre_hook(self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False) -> RemovableHandle:
        """Call `hook(module, args)` before each forward; what it returns replaces the arguments (a single value is wrapped in a tuple).

        Args:
            hook: The function; with `with_kwargs` it is called as `hook(module, args, kwargs)` and returns None or both.
            prepend: Put it before the hooks registered so far.
            with_kwargs: Give and take the keyword arguments as well.
        """
        flags = [self._forward_pre_hooks_with_kwargs] if with_kwargs else []
        return self._add_hook(self._forward_pre_hooks, hook, prepend, *flags)

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after each forward; what it returns, if not None, replaces the output.

        Args:
            hook: The function; with `with_kwargs` it is called as `hook(module, args, kwargs, output)`.
            prepend: Put it before the hooks registered so far.
            with_kwargs: Give the keyword arguments as well.
            always_call: Call it also where forward or another hook raised, with None as output if there is none.
        """
        flags = [self._forward_hooks_with_kwargs] if with_kwargs else []
        flags += [self._forward_hooks_always_called] if always_call else []
        return self._add_hook(self._forward_hooks, hook, prepend, *flags)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the outputs are known; a returned tuple replaces them."""
        return self._add_hook(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known; a returned tuple replaces grad_input.

        The inputs and outputs that take part are the tensors among the positional arguments and in the result, a tensor or a tuple.
        They must not be changed in place while such a hook is registered.

        Raises:
            RuntimeError: The module has hooks of the older form.
        """
        self._one_form(True)
        return self._add_hook(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """PyTorch's older form: `hook(module, grad_input, grad_output)` with the gradients of the last op of the module.

        Raises:
            RuntimeError: The module has full hooks.
        """
        self._one_form(False)
        return self._add_hook(self._backward_hooks, hook, False)

    def _one_form(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            what = "backward hooks of one form on a module"
            raise expected("register_backward_hook", what, "full ones and older ones", "use register_full_backward_hook", RuntimeError)
        self._is_full_backward_hook = full  # type: ignore[misc]  # a Module has a dict

    # -- calling ---------------------------------------------------------------------------------------------------------------

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        own = self.__dict__
        pre = (*everywhere.FORWARD_PRE.items(), *own.get("_forward_pre_hooks", NONE).items())
        post = (*everywhere.FORWARD.items(), *own.get("_forward_hooks", NONE).items())
        backward = tuple(own.get("_backward_hooks", NONE).values())
        full, older = (backward, ()) if self._is_full_backward_hook else ((), backward)
        full, older = (*everywhere.BACKWARD.values(), *full), (*everywhere.BACKWARD_OLDER.values(), *older)
        before = (*everywhere.BACKWARD_PRE.values(), *own.get("_backward_pre_hooks", NONE).values())
        if not (pre or post or full or older or before):
            self._has_hooks = False  # type: ignore[misc]
            return self.forward(*args, **kwargs)  # type: ignore[attr-defined]
        output, done = None, set()
        try:
            for key, hook in pre:
                args, kwargs = self._run_pre_hook(key, hook, args, kwargs)
            gate = BackwardHooks(self, before, full) if before or full else None
            if gate:
                args = gate.enter(args)
            output = self.forward(*args, **kwargs)  # type: ignore[attr-defined]
            for key, hook in post:
                done.add(key)
                output = self._run_post_hook(key, hook, args, kwargs, output)
            if gate:
                output = gate.leave(output)
        except Exception:
            self._call_always(post, done, args, kwargs, output)
            raise
        if older:
            hang_on_node(self, older, args, output)
        return output

    def _call_always(self, post: tuple[Any, ...], done: set[int], args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """The hooks that are called after an error too, as far as they have not been."""
        always = self.__dict__.get("_forward_hooks_always_called", NONE)
        for key, hook in post:
            if key in done or not (key in always or key in everywhere.FORWARD_ALWAYS):
                continue
            try:
                output = self._run_post_hook(key, hook, args, kwargs, output)
            except Exception as later:  # the first error is the one to report
                import warnings

                warnings.warn(f"forward hook with always_call raised {later!r} while another error was handled", stacklevel=4)

    def _run_pre_hook(self, key: int, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if key not in self.__dict__.get("_forward_pre_hooks_with_kwargs", NONE):
            result = hook(self, args)
            if result is None:
                return args, kwargs
            return (result if isinstance(result, tuple) else (result,)), kwargs
        result = hook(self, args, kwargs)
        if result is None:
            return args, kwargs
        if not (isinstance(result, tuple) and len(result) == 2):
            what = "a hook with with_kwargs to return None or (args, kwargs)"
            raise expected("register_forward_pre_hook", what, result, error=RuntimeError)
        return result

    def _run_post_hook(self, key: int, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        with_kwargs = key in self.__dict__.get("_forward_hooks_with_kwargs", NONE) or key in everywhere.FORWARD_WITH_KWARGS
        result = hook(self, args, kwargs, output) if with_kwargs else hook(self, args, output)
        return output if result is None else result
