"""The backward hooks of one call of a module: two gates on the tape, at its inputs and at its outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.errors import expected

Hook = Callable[..., Any]


class BackwardHooks:
    """The gates of one call.

    Args:
        module: The module that is called.
        pre: Hooks that get the gradients of the outputs.
        post: Hooks that get those of the inputs beside them.
    """

    def __init__(self, module: Any, pre: tuple[Hook, ...], post: tuple[Hook, ...]) -> None:
        self.module, self.pre, self.post = module, pre, post
        self.grad_output: tuple[Any, ...] | None = None
        self.n_inputs = 0
        self.gated_input = False

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of the call, behind a gate."""
        self.n_inputs = len(args)
        args, self.gated_input = _through(args, self._run)
        return args

    def leave(self, output: Any) -> Any:
        """The result of the call, a tensor or a tuple with tensors, behind a gate."""
        if not isinstance(output, (Tensor, tuple)):
            import warnings

            what = type(output).__name__
            warnings.warn(f"backward hooks are called for a module that returns a Tensor or a tuple of them, not {what}", stacklevel=4)
            return output
        single = isinstance(output, Tensor)
        outputs, _ = _through((output,) if single else tuple(output), self._at_outputs)
        if single:
            return outputs[0]
        return type(output)(*outputs) if hasattr(output, "_fields") else outputs

    def _at_outputs(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.pre:
            grads = _replaced(hook(self.module, grads), grads, "backward pre-hook")
        self.grad_output = grads
        if not self.gated_input and self.post:  # no input needs a gradient: nothing will come back to the other gate
            nothing = (None,) * self.n_inputs
            if any(g is not None for g in self._run(nothing)):
                what = "a hook of a module whose inputs need no gradient to return None"
                raise expected("backward hook", what, "gradients", error=RuntimeError)
        return grads

    def _run(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.post:
            grads = _replaced(hook(self.module, grads, self.grad_output), grads, "backward hook")
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


def hang_on_node(module: Any, hooks: tuple[Hook, ...], args: tuple[Any, ...], result: Any) -> None:
    """PyTorch's older backward hooks: on the last op's node, so that they see what goes into and comes out of that op alone."""
    last = result
    while not isinstance(last, Tensor):
        if not isinstance(last, (dict, tuple, list)) or not last:
            return
        last = next(iter(last.values())) if isinstance(last, dict) else last[0]
    node = last.grad_fn
    if node is None:
        return
    for hook in hooks:
        node.register_hook(lambda grad_input, grad_output, hook=hook: hook(module, grad_input, grad_output))
    missing = _missing(node, args, result)
    if missing:
        import warnings

        then = "use register_full_backward_hook"
        warnings.warn(f"backward hook: {missing} are not all that the hook sees or misses; {then}", FutureWarning, stacklevel=4)


def _missing(node: Any, args: tuple[Any, ...], result: Any) -> str:
    """What such a hook does not see of a module, "" if it sees everything."""
    outputs = result if isinstance(result, tuple) else (result,)
    if not all(isinstance(t, Tensor) for t in outputs) or {t.grad_fn for t in outputs} - {None} != {node}:
        return "the gradients of the outputs"
    inputs = {t.grad_fn for t in args if isinstance(t, Tensor)} - {None}
    if len(args) != sum(isinstance(t, Tensor) for t in args) or inputs != {entry[0] for entry in node.next_functions}:
        return "the gradients of the inputs"
    return ""
