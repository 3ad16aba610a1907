"""Operations with a derivative of the user's own."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import ref

from workbench.ext.core import _core

from ..ops.errors import expected
from . import batching, forward_ad

Tensor = _core.Tensor


class _Saved:
    """A tensor kept for backward: an output without its history, which is found again through the node, so that no cycle keeps it alive."""

    __slots__ = ("packed", "place", "value", "version")

    def __init__(self, value: Tensor, place: int | None) -> None:
        self.place = place
        self.packed = _core.pack_saved(value.detach() if place is not None else value)
        self.value = None if self.packed is not None else value.detach() if place is not None else value
        self.version = value._version


class FunctionCtx:
    """What forward leaves for backward: `ctx`. Any attribute may be set on it."""

    def __init__(self, function: type[Function], need: tuple[bool, ...]) -> None:
        self.function = function
        self.name = f"{function.__name__}Backward"
        self.needs_input_grad = need
        self.materialize_grads = True
        self.to_save: tuple[Tensor | None, ...] = ()
        self.saved_for_forward: tuple[Tensor | None, ...] = ()
        self.dirty_tensors: tuple[Tensor, ...] = ()
        self.non_differentiable: tuple[Tensor, ...] = ()
        self._kept: tuple[_Saved | None, ...] | None = None
        self._released = False
        self._node: Callable[[], Any] = lambda: None
        self._like: list[tuple[tuple[int, ...], Any]] = []
        self._edges: list[int] = []
        self._shapes: list[tuple[int, ...]] = []

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for backward; a change in place in between is noticed."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise expected(
                    "save_for_backward", "Tensors or None", type(t).__name__, "keep other values as attributes of ctx", TypeError
                )
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for jvp: they are `ctx.saved_tensors` there."""
        self.saved_for_forward = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        if self._released:
            raise expected(
                "backward",
                "a graph that still holds what it saved",
                f"{self.name} whose saved tensors are freed",
                "pass retain_graph=True to the first backward",
                RuntimeError,
            )
        if self._kept is None:
            return self.to_save or self.saved_for_forward
        return tuple(self._restore(s) for s in self._kept)

    def _restore(self, saved: _Saved | None) -> Tensor | None:
        if saved is None:
            return None
        value: Any = saved.value if saved.packed is None else _core.unpack_saved(saved.packed)
        if saved.packed is None and value._version != saved.version:
            raise expected(
                "backward",
                f"tensors saved by {self.function.__name__} unchanged",
                f"one that was changed in place afterwards (version {value._version}, saved at {saved.version})",
                error=RuntimeError,
            )
        node = None if saved.place is None else self._node()
        return value if saved.place is None or node is None else _core.with_history(value, node, saved.place)

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs forward has written in place; they must be returned."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for outputs that have no gradient."""
        self.materialize_grads = bool(value)

    def release(self) -> None:
        """Forget what was saved: a backward without retain_graph is over."""
        self._released = self._released or bool(self._kept)
        self._kept = ()

    def record(self, args: tuple[Any, ...], outputs: list[Any]) -> list[Any]:
        """Attach a node to the outputs, and keep what was saved in a way that does not keep the outputs alive."""
        inputs = [a for a in args if isinstance(a, Tensor)]
        for t in self.dirty_tensors:
            if not any(t is o for o in outputs):
                raise expected(self.function.__name__, "every input marked dirty to be returned", "one that is not", error=RuntimeError)
        given = list(outputs)
        constant = {id(t) for t in self.non_differentiable}
        outputs = _core.record_function(self, inputs, outputs, [id(t) for t in self.dirty_tensors], constant)
        self._edges = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        self._shapes = [tuple(t.shape) for t in inputs]
        self._like = [(tuple(t.shape), t.dtype) if isinstance(t, Tensor) else ((), None) for t in outputs]
        node = next((t.grad_fn for t in outputs if isinstance(t, Tensor) and t.grad_fn is not None), None)
        if node is not None:
            self._node = ref(node)
        places = {id(o): i for i, o in enumerate(given) if isinstance(o, Tensor) and o.requires_grad and not any(o is x for x in inputs)}
        places.update({id(o): i for i, o in enumerate(given) if any(o is t for t in self.dirty_tensors)})
        self._kept = tuple(None if t is None else _Saved(t, places.get(id(t))) for t in self.to_save)
        self.to_save = self.dirty_tensors = self.non_differentiable = ()
        return outputs

    def __call__(self, grads: list[Tensor | None], need: tuple[bool, ...]) -> list[Tensor | None]:
        if self.materialize_grads:
            grads = [
                _core.fill(_core.make_empty(shape, dtype), 0) if g is None and dtype is not None else g
                for g, (shape, dtype) in zip(grads, self._like)
            ]
        found = self.function._derivative()(self, *grads)
        if not isinstance(found, tuple):
            found = tuple(found) if isinstance(found, list) else (found,)
        n = len(self.needs_input_grad)
        if len(found) < n or any(g is not None for g in found[n:]):
            raise expected(
                f"{self.function.__name__}.backward",
                f"{n} gradients",
                f"{len(found)}",
                "return one for each argument of forward, None where there is none",
                RuntimeError,
            )
        for i in range(n):
            if found[i] is not None and i not in self._edges:
                who = f"{self.function.__name__}.backward"
                raise expected(who, f"None as gradient {i}, as that argument is no Tensor", type(found[i]).__name__, error=RuntimeError)
        return [self._checked(i, found[i], shape) for i, shape in zip(self._edges, self._shapes)]

    def _checked(self, i: int, g: Any, shape: tuple[int, ...]) -> Tensor | None:
        if g is None or not self.needs_input_grad[i]:
            return None
        name = f"{self.function.__name__}.backward"
        if not isinstance(g, Tensor):
            raise expected(name, f"gradient {i} to be a Tensor or None", type(g).__name__, error=TypeError)
        if tuple(g.shape) == shape:
            return g
        lead = g.ndim - len(shape)
        if lead < 0 or any(a not in (1, b) for a, b in zip(shape, tuple(g.shape)[lead:])):
            raise expected(name, f"gradient {i} of shape {shape}", f"{tuple(g.shape)}", error=RuntimeError)
        dims = [*range(lead), *(lead + k for k, a in enumerate(shape) if a == 1 and g.shape[lead + k] != 1)]
        return g.sum(dims, keepdim=True).reshape(shape)


class Function:
    """An operation with its own derivative: subclass it with static methods `forward(ctx, ...)` and `backward(ctx, *grads)` (or `vjp`),
    and call `Subclass.apply(...)`. `setup_context(ctx, inputs, output)` may take the place of `ctx` in forward.

    `jvp(ctx, *tangents)` is what `forward_ad` uses. `vmap(info, in_dims, *args)` is what `func.vmap` uses, with whole batches; it returns
    the output and its out_dims. Without one the function runs for each element (`generate_vmap_rule` or not).

    Example:
        >>> class Double(Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         return g * 2
        >>> Double.apply(tensor([1.0], requires_grad=True)).backward()
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(f"{type(self).__name__}: expected not to be instantiated; call {type(self).__name__}.apply", DeprecationWarning, 2)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise expected("Function", "static methods and a call of apply", "a call of an instance", error=RuntimeError)

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result. The first argument is ctx, unless there is a setup_context."""
        raise NotImplementedError("Function: expected a subclass with a static method forward, got none")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments of forward, given those of its outputs."""
        raise NotImplementedError("Function: expected a subclass with a static method backward, got none")

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs, given those of the arguments of forward."""
        raise NotImplementedError("Function: expected a subclass with a static method jvp, got none")

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        """The output of a batch and where its dimension of the batch is, given where that of each argument is (None: it has none)."""
        raise NotImplementedError("Function: expected a subclass with a static method vmap, got none")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep what backward needs, where forward does not take ctx."""
        raise NotImplementedError("Function: expected a subclass with a static method setup_context, got none")

    @classmethod
    def _derivative(cls) -> Any:
        if cls.vjp is Function.vjp:
            return cls.backward
        if cls.backward is not Function.backward:
            raise expected(cls.__name__, "a backward or a vjp", "both, which mean the same", error=RuntimeError)
        return cls.vjp

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record the operation."""
        if batching.active():
            from .batching_function import apply_function, is_batched

            if is_batched(args):
                return apply_function(cls, args, kwargs)
        if forward_ad.is_dual(args):
            return forward_ad.apply_function(cls, args, kwargs)
        return cls._apply(args, kwargs)[0]

    @classmethod
    def _apply(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, FunctionCtx]:
        need = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        ctx = FunctionCtx(cls, need)
        with _core.no_grad():
            if cls.setup_context is not Function.setup_context:
                output = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args, **kwargs)
        single = isinstance(output, Tensor)
        if not single and not isinstance(output, (tuple, list)):
            return output, ctx
        outputs = [output] if single else list(output)
        if any(need) and _core.is_grad_enabled():
            outputs = ctx.record(args, outputs)
        return (outputs[0] if single else tuple(outputs)), ctx


def once_differentiable(fn: Any) -> Any:
    """Decorate a backward that does not record its own operations: differentiating it again raises."""

    @wraps(fn)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        with _core.no_grad():
            found = fn(ctx, *grads)
        if not _core.is_grad_enabled() or not any(isinstance(g, Tensor) and g.requires_grad for g in grads):
            return found
        outputs = found if isinstance(found, tuple) else (found,)
        given = [x for x in grads if isinstance(x, Tensor)]
        outputs = tuple(_Once.apply(g, *given) if isinstance(g, Tensor) else g for g in outputs)
        return outputs if isinstance(found, tuple) else outputs[0]

    return wrapper


class _Once(Function):
    @staticmethod
    def forward(ctx, value, *grads):
        return value.clone()

    @staticmethod
    def backward(ctx, *grads):
        raise expected(
            "backward", "a derivative that can be differentiated again", "one marked with once_differentiable", error=RuntimeError
        )


class NestedIOFunction(Function):
    """An old kind of Function, whose arguments were nested lists of tensors: derive from Function, with each tensor as an argument."""

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Refused."""
        raise expected("NestedIOFunction", "a subclass of Function", "one of NestedIOFunction", error=RuntimeError)
