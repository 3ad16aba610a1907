"""Operations with a derivative of the user's own."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core

from ..ops.errors import expected

Tensor = _core.Tensor


class _Context:
    """What forward leaves for backward: `ctx`."""

    def __init__(self, function: type[Function], need: tuple[bool, ...]) -> None:
        self.function = function
        self.name = f"{function.__name__}Backward"
        self.needs_input_grad = need
        self.materialize = True
        self._saved: tuple[Tensor | None, ...] = ()
        self._versions: tuple[int, ...] = ()
        self._outputs: list[Tensor] = []
        self._like: list[tuple[tuple[int, ...], Any]] = []
        self._released = False
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: set[int] = set()
        self._edges: list[int] = []

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward; a change in place in between is noticed."""
        self._saved = tensors
        self._versions = tuple(0 if t is None else t._version for t in tensors)

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
        for t, v in zip(self._saved, self._versions):
            if t is not None and t._version != v:
                raise expected(
                    "backward",
                    f"tensors saved by {self.function.__name__} unchanged",
                    f"one changed in place (version {t._version}, saved at {v})",
                    error=RuntimeError,
                )
        return self._saved

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward has written in place."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._constant = {id(t) for t in tensors}

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for outputs that have no gradient."""
        self.materialize = bool(value)

    def release(self) -> None:
        self._saved, self._released = (), bool(self._saved)

    def __call__(self, grads: list[Tensor | None], need: tuple[bool, ...]) -> list[Tensor | None]:
        if self.materialize:
            grads = [g if g is not None else _core.fill(_core.make_empty(shape, dtype), 0) for g, (shape, dtype) in zip(grads, self._like)]
        found = self.function.backward(self, *grads)
        if not isinstance(found, tuple):
            found = (found,)
        n = len(self.needs_input_grad)
        if len(found) < n or any(g is not None for g in found[n:]):
            raise expected(
                f"{self.function.__name__}.backward",
                f"{n} gradients",
                f"{len(found)}",
                "return one for each argument of forward, None where there is none",
                RuntimeError,
            )
        return [found[i] for i in self._edges]


class Function:
    """An operation with its own derivative: subclass it with static methods `forward(ctx, ...)` and `backward(ctx, *grads)`, and call
    `Subclass.apply(...)`. `setup_context(ctx, inputs, output)` may take the place of `ctx` in forward.

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

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("Function: expected a subclass with a static method forward, got none")

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise NotImplementedError("Function: expected a subclass with a static method backward, got none")

    vjp = backward

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        raise NotImplementedError("Function: expected a subclass with a static method setup_context, got none")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record the operation."""
        need = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        ctx = _Context(cls, need)
        separate = cls.setup_context is not Function.setup_context
        with _core.no_grad():
            if separate:
                output = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args, **kwargs)
        single = isinstance(output, Tensor)
        outputs = [output] if single else list(output) if isinstance(output, (tuple, list)) else None
        if outputs is None:
            return output
        if any(need) and _core.is_grad_enabled():
            outputs = _core.record_function(
                ctx, [a for a in args if isinstance(a, Tensor)], outputs, [id(t) for t in ctx._dirty], ctx._constant
            )
            ctx._edges = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
            ctx._like = [(tuple(t.shape), t.dtype) if isinstance(t, Tensor) else ((), None) for t in outputs]
        return outputs[0] if single else tuple(outputs)


def once_differentiable(backward: Any) -> Any:
    """Decorate a backward that does not record its own operations: differentiating it again raises."""
    from functools import wraps

    @wraps(backward)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        with _core.no_grad():
            found = backward(ctx, *grads)
        if any(isinstance(g, Tensor) and g.requires_grad for g in grads):
            outputs = found if isinstance(found, tuple) else (found,)
            outputs = tuple(_Once.apply(g, *[x for x in grads if isinstance(x, Tensor)]) if isinstance(g, Tensor) else g for g in outputs)
            return outputs if isinstance(found, tuple) else outputs[0]
        return found

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
