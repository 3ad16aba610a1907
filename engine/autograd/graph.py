"""The recorded graph: its nodes, what they save, and hooks on them."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakSet

from workbench.ext.core import _core

from ..ops.errors import expected

Tensor = _core.Tensor


class Node(abc.ABC):  # noqa: B024 - what isinstance() asks for; the nodes themselves are native
    """A recorded operation, as found in `tensor.grad_fn`.

    It has `name()`, `next_functions`, `metadata` (a dictionary for your own use), `register_hook`, `register_prehook`, and can be called
    with the gradients of its outputs.
    """


Node.register(_core.Node)
Node.register(_core.AccumulateGrad)


class GradientEdge(NamedTuple):
    """An output of a node, in the place of a tensor for `autograd.grad` and `backward`."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of a tensor arrives, without the tensor itself.

    Raises:
        RuntimeError: the tensor does not require grad.
    """
    return GradientEdge(*_core.gradient_node(tensor))


def as_tensor(x: Any, like: Tensor | None = None) -> Any:
    """A tensor in the place of a GradientEdge, with the values of `like` (one element where there is none); anything else as it is."""
    if not isinstance(x, GradientEdge):
        return x
    if isinstance(x.node, _core.AccumulateGrad):
        return x.node.variable
    values = _core.fill(_core.make_empty((), _core.get_default_dtype()), 0) if like is None else like
    return _core.with_history(values, x.node, x.output_nr)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Say that the memory of tensors was written in a way that the engine did not see: saved ones are then refused by backward."""
    for t in [tensor] if isinstance(tensor, Tensor) else tensor:
        _core.increment_version(t)


_disabled: list[str] = []


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """Within this block, let `pack_hook(tensor)` decide what is kept of each tensor that is saved for backward.

    Args:
        pack_hook: Gets the tensor, returns anything.
        unpack_hook: Gets what pack_hook returned, returns a tensor of the same values, shape and dtype.

    Example:
        >>> x = tensor([2.0], requires_grad=True)
        >>> with saved_tensors_hooks(lambda t: t.numpy(force=True), from_numpy):
        ...     y = x * x
        >>> y.backward()
        >>> x.grad
        tensor([4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook
        self._before: list[Any] = []

    def __enter__(self) -> None:
        if _disabled:
            raise RuntimeError(_disabled[-1])
        self._before.append(_core.set_saving(self.pack_hook, self.unpack_hook))

    def __exit__(self, *args: object) -> None:
        _core.set_saving(*self._before.pop())


class save_on_cpu(saved_tensors_hooks):  # noqa: N801 - PyTorch's name
    """Within this block, keep tensors saved for backward on the CPU. They are there anyway, so none is copied.

    Args:
        pin_memory: Accepted for PyTorch's sake.
        device_type: Accepted for PyTorch's sake.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda t: (t.device, t.cpu()), lambda packed: packed[1].to(packed[0]))


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Within this block, saved_tensors_hooks raises RuntimeError with this message."""
    pack, unpack = _core.set_saving(None, None)
    if pack is not None:
        _core.set_saving(pack, unpack)
        raise RuntimeError(error_message)
    _disabled.append(error_message)
    try:
        yield
    finally:
        _disabled.pop()


class _Kept:
    """A saved tensor that is copied when its memory is about to be written."""

    __slots__ = ("__weakref__", "value")

    def __init__(self, value: Tensor) -> None:
        self.value = value


class _AllowMutation:
    """The tensors saved within a block, by where their memory begins."""

    current: _AllowMutation | None = None

    def __init__(self) -> None:
        self.kept: dict[int, WeakSet[_Kept]] = {}
        self.period = 0  # what was saved in an earlier one is forgotten

    @staticmethod
    def place(t: Tensor) -> int:
        return int(t.data_ptr() - t.storage_offset() * t.element_size())

    def pack(self, t: Tensor) -> tuple[_Kept, int]:
        kept = _Kept(t)
        self.kept.setdefault(self.place(t), WeakSet()).add(kept)
        return kept, self.period

    def unpack(self, packed: tuple[_Kept, int]) -> Tensor:
        kept, period = packed
        if _AllowMutation.current is not self or period != self.period:
            raise expected(
                "allow_mutation_on_saved_tensors", "a backward within the block, and before clear()", "one outside", error=AssertionError
            )
        return kept.value

    def intercept(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        if op.name.endswith("_") and args and isinstance(args[0], Tensor):
            for kept in self.kept.pop(self.place(args[0]), ()):
                with _core.no_grad():
                    kept.value = kept.value.clone()
        return proceed(*args)

    def clear(self) -> None:
        """Forget what was saved."""
        self.period += 1
        self.kept.clear()


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_AllowMutation]:
    """Within this block, a tensor saved for backward may be changed in place: it is copied before. Backward belongs into the block too.

    Raises:
        RuntimeError: a block within another.
        AssertionError: from backward, outside of the block.

    Example:
        >>> x = tensor([2.0], requires_grad=True)
        >>> with allow_mutation_on_saved_tensors():
        ...     y = x * 1
        ...     z = y * y
        ...     _ = y.zero_()
        ...     z.backward()
        >>> x.grad
        tensor([4.])
    """
    if _AllowMutation.current is not None:
        raise expected("allow_mutation_on_saved_tensors", "blocks that are not nested", "one within another", error=RuntimeError)
    allow = _AllowMutation()
    with saved_tensors_hooks(allow.pack, allow.unpack), _core.intercept(allow.intercept):
        _AllowMutation.current = allow
        try:
            yield allow
        finally:
            _AllowMutation.current = None
            allow.clear()


class _MultiHook:
    """Gradients of several tensors, collected within one backward."""

    def __init__(self, n: int, fn: Callable[[Sequence[Tensor | None]], None]) -> None:
        self.n, self.fn = n, fn
        self.run = 0
        self.grads: list[Tensor | None] = []
        self.missing = 0

    def __call__(self, i: int, grad: Tensor) -> None:
        run = _core.current_run()
        if run != self.run:
            self.run, self.grads, self.missing = run, [None] * self.n, self.n
            _core.queue_callback(lambda: self.finish(run))
        if self.grads[i] is None:
            self.missing -= 1
        self.grads[i] = grad
        if not self.missing:
            self.finish(run)

    def finish(self, run: int) -> None:
        if run == self.run:
            grads, self.run, self.grads = self.grads, 0, []
            self.fn(grads)


class _Handles:
    """Hooks that are removed together."""

    def __init__(self, handles: Sequence[Any]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> _Handles:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all") -> _Handles:
    """Call `fn` once in each backward, with the gradients of several tensors.

    Args:
        tensors: Tensors that require grad.
        fn: With mode "all" it gets a list with a gradient for each tensor, None for those that this backward does not come to; with "any"
            it gets the first gradient that is computed.
        mode: "all" or "any".

    Returns:
        A handle; remove() takes the hooks away.

    Raises:
        ValueError: another mode.
        RuntimeError: a tensor does not require grad.
    """
    if mode not in ("all", "any"):
        raise expected("register_multi_grad_hook", 'mode to be "all" or "any"', mode)
    if mode == "all":
        collected = _MultiHook(len(tensors), fn)
        return _Handles([t.register_hook(partial(collected, i)) for i, t in enumerate(tensors)])
    last = [0]

    def first(grad: Tensor) -> None:
        if last[0] != _core.current_run():
            last[0] = _core.current_run()
            fn(grad)

    return _Handles([t.register_hook(first) for t in tensors])


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """Accepted for PyTorch's sake: gradients are accumulated in the order of the program, there are no streams that could differ."""


def set_override_stale_capture_stream(enabled: bool) -> None:
    """Accepted for PyTorch's sake: no streams are captured."""


@contextmanager
def region_activation_memory_budget(budget: float) -> Iterator[None]:
    """How much of the activations a compiler may keep of what is called within this block; nothing is compiled, all are kept.

    Args:
        budget: A ratio from 0 to 1. To keep less, call `utils.checkpoint.checkpoint`.

    Raises:
        TypeError: the budget is no number.
        ValueError: it is not in [0, 1].
    """
    if not isinstance(budget, (int, float)):
        raise expected("region_activation_memory_budget", "a number", type(budget).__name__, error=TypeError)
    if not 0 <= budget <= 1:
        raise expected("region_activation_memory_budget", "a ratio in [0, 1]", budget)
    yield
