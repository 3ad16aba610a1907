"""Hooks of a Module: functions called before and after its forward, and with the gradients of its backward."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.errors import expected

Hook = Callable[..., Any]


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook out again; as a context manager it does so at the end."""

    _next = 0

    def __init__(self, hooks: dict[int, Any], then: Callable[[], None] | None = None) -> None:
        self.id = RemovableHandle._next
        RemovableHandle._next += 1
        self._hooks = weakref.ref(hooks) if isinstance(hooks, OrderedDict) else lambda: hooks
        self._then = then

    def remove(self) -> None:
        hooks = self._hooks()
        if hooks is not None and hooks.pop(self.id, None) is not None and self._then:
            self._then()

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class _Entry:
    """One forward hook and how it wants to be called."""

    __slots__ = ("always", "hook", "kwargs")

    def __init__(self, hook: Hook, kwargs: bool = False, always: bool = False) -> None:
        self.hook, self.kwargs, self.always = hook, kwargs, always


class Hooks:
    """Registration and calling of hooks; the part of Module that costs nothing while there is none.

    The dictionaries are made when first asked for. From then on `_has_hooks` sends each call through `_call_with_hooks`.
    """

    __slots__ = ()

    def _table(self, name: str) -> OrderedDict[int, Any]:
        table = self.__dict__.get(name)
        if table is None:
            table = self.__dict__[name] = OrderedDict()
        self._has_hooks = True
        return table

    @property
    def _forward_pre_hooks(self) -> OrderedDict[int, Any]:
        return self._table("_pre_hooks")

    @property
    def _forward_hooks(self) -> OrderedDict[int, Any]:
        return self._table("_post_hooks")

    @property
    def _backward_pre_hooks(self) -> OrderedDict[int, Any]:
        return self._table("_grad_pre_hooks")

    @property
    def _backward_hooks(self) -> OrderedDict[int, Any]:
        return self._table("_grad_hooks")

    def _add_hook(self, table: OrderedDict[int, Any], entry: _Entry, prepend: bool) -> RemovableHandle:
        handle = RemovableHandle(table)
        table[handle.id] = entry
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
        return self._add_hook(self._forward_pre_hooks, _Entry(hook, with_kwargs), prepend)

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
        return self._add_hook(self._forward_hooks, _Entry(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the outputs are known; a returned tuple replaces them."""
        return self._add_hook(self._backward_pre_hooks, _Entry(hook), prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known; a returned tuple replaces grad_input.

        The inputs and outputs that take part are the tensors among the positional arguments and in the result, a tensor or a tuple.
        They must not be changed in place while such a hook is registered.
        """
        return self._add_hook(self._backward_hooks, _Entry(hook), prepend)

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """PyTorch's deprecated form; its gradients were those of the last op only. Here it is `register_full_backward_hook`."""
        return self.register_full_backward_hook(hook)

    # -- calling ---------------------------------------------------------------------------------------------------------------

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        own = self.__dict__
        pre, post, grad_pre, grad_post = (own.get(k) for k in ("_pre_hooks", "_post_hooks", "_grad_pre_hooks", "_grad_hooks"))
        if not (pre or post or grad_pre or grad_post):
            self._has_hooks = False
            return self.forward(*args, **kwargs)
        output, done = None, set()
        try:
            for entry in tuple((pre or {}).values()):
                args, kwargs = self._run_pre_hook(entry, args, kwargs)
            gate = _BackwardHooks(self, grad_pre, grad_post) if grad_pre or grad_post else None
            if gate:
                args = gate.enter(args)
            output = self.forward(*args, **kwargs)
            for key, entry in tuple((post or {}).items()):
                done.add(key)
                output = self._run_post_hook(entry, args, kwargs, output)
            return gate.leave(output) if gate else output
        except Exception:
            for key, entry in tuple((post or {}).items()):
                if entry.always and key not in done:
                    try:
                        output = self._run_post_hook(entry, args, kwargs, output)
                    except Exception as later:  # the first error is the one to report
                        import warnings

                        warnings.warn(f"forward hook with always_call raised {later!r} while another error was handled", stacklevel=2)
            raise

    def _run_pre_hook(self, entry: _Entry, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if not entry.kwargs:
            result = entry.hook(self, args)
            if result is None:
                return args, kwargs
            return (result if isinstance(result, tuple) else (result,)), kwargs
        result = entry.hook(self, args, kwargs)
        if result is None:
            return args, kwargs
        if not (isinstance(result, tuple) and len(result) == 2):
            raise expected(
                "register_forward_pre_hook", "a hook with with_kwargs to return None or (args, kwargs)", result, error=RuntimeError
            )
        return result

    def _run_post_hook(self, entry: _Entry, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        result = entry.hook(self, args, kwargs, output) if entry.kwargs else entry.hook(self, args, output)
        return output if result is None else result


class _BackwardHooks:
    """One call of a module with backward hooks: two gates on the tape, at the inputs and at the outputs."""

    def __init__(self, module: Any, pre: OrderedDict[int, Any] | None, post: OrderedDict[int, Any] | None) -> None:
        self.module, self.pre, self.post = module, tuple((pre or {}).values()), tuple((post or {}).values())
        self.grad_output: tuple[Any, ...] | None = None
        self.n_inputs = 0
        self.gated_input = False

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.n_inputs = len(args)
        args, self.gated_input = _through(args, self._at_inputs)
        return args

    def leave(self, output: Any) -> Any:
        single = isinstance(output, Tensor)
        if not single and not isinstance(output, (tuple, list)):
            return output
        outputs, _ = _through((output,) if single else tuple(output), self._at_outputs)
        if single:
            return outputs[0]
        return type(output)(*outputs) if hasattr(output, "_fields") else type(output)(outputs)

    def _at_outputs(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for entry in self.pre:
            grads = _replaced(entry.hook(self.module, grads), grads, "backward pre-hook")
        self.grad_output = grads
        if not self.gated_input:  # no input needs a gradient: nothing will come back to the other gate
            self._run((None,) * self.n_inputs)
        return grads

    def _at_inputs(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        return self._run(grads)

    def _run(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for entry in self.post:
            grads = _replaced(entry.hook(self.module, grads, self.grad_output), grads, "backward hook")
        return grads


def _replaced(result: Any, grads: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    if result is None:
        return grads
    result = result if isinstance(result, tuple) else (result,)
    if len(result) != len(grads):
        raise expected(what, f"None or {len(grads)} gradients to be returned", f"{len(result)}", error=RuntimeError)
    return result


def _through(values: tuple[Any, ...], on_backward: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> tuple[tuple[Any, ...], bool]:
    """The values with their tensors behind an identity whose backward calls `on_backward` with a gradient (or None) for each value."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
    if not any(values[i].requires_grad for i in places):
        return values, False

    def gradients(grads: tuple[Any, ...]) -> tuple[Any, ...]:
        full: list[Any] = [None] * len(values)
        for i, grad in zip(places, grads, strict=True):
            full[i] = grad
        full = list(on_backward(tuple(full)))
        return tuple(full[i] for i in places)

    gated = _gate().apply(gradients, *(values[i] for i in places))
    result = list(values)
    for i, tensor in zip(places, gated if isinstance(gated, tuple) else (gated,), strict=True):
        result[i] = tensor
    return tuple(result), True


_gate_class: Any = None


def _gate() -> Any:
    """The identity with a callback; made at first use, because autograd stands beside nn, not below it."""
    global _gate_class
    if _gate_class is None:
        from ..autograd import Function

        class Gate(Function):
            @staticmethod
            def forward(ctx: Any, gradients: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
                ctx.gradients = gradients
                ctx.set_materialize_grads(False)
                return tuple(t.view_as(t) for t in tensors)

            @staticmethod
            def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
                return None, *ctx.gradients(grads)

        _gate_class = Gate
    return _gate_class
