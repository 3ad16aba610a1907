"""Compute again in backward what forward did not keep."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

from workbench.ext.core import _core

from ..autograd.function import Function
from ..autograd.graph import saved_tensors_hooks
from ..errors import expected
from ..ops.generator import get_rng_state, set_rng_state
from ..pytree import tree_map
from ._device import DefaultDeviceType, get_device_states, set_device_states
from ._selective import SAC_IGNORED_OPS, CheckpointPolicy, SelectiveCheckpointContext, create_selective_checkpoint_contexts

Tensor = _core.Tensor
Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]


__all__ = [
    "SAC_IGNORED_OPS", "CheckpointError", "CheckpointFunction", "CheckpointPolicy", "DefaultDeviceType", "GraphExecGroup",
    "SelectiveCheckpointContext", "check_backward_validity", "checkpoint", "checkpoint_sequential",
    "create_selective_checkpoint_contexts", "detach_variable", "get_device_states", "noop_context_fn", "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop", "set_device_states",
]  # fmt: skip


class CheckpointError(RuntimeError):
    """What was computed again is not what was computed first."""


def noop_context_fn() -> Contexts:
    """Two contexts that do nothing: the default of context_fn."""
    return nullcontext(), nullcontext()


_early_stop: list[bool] = []


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Within this block, say for all checkpoints whether recomputation stops as soon as everything needed is there."""
    _early_stop.append(enable)
    try:
        yield
    finally:
        _early_stop.pop()


_debug: list[bool | None] = []


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Within this block, say for all checkpoints whether errors name the operations of both runs."""
    _debug.append(enabled)
    try:
        yield
    finally:
        _debug.pop()


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs, tensors without their history but still requiring grad where they did."""
    if not isinstance(inputs, tuple):
        raise expected("detach_variable", "a tuple of tensors", type(inputs).__name__, error=RuntimeError)
    return tuple(x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in inputs)


def check_backward_validity(inputs: Any) -> None:
    """Warn where none of the inputs requires grad, as nothing is then differentiated by a reentrant checkpoint."""
    if not any(isinstance(x, Tensor) and x.requires_grad for x in inputs):
        warnings.warn("checkpoint: expected an input that requires grad, got none; gradients will be None", stacklevel=3)


class CheckpointFunction(Function):
    """A checkpoint as one operation: its backward runs the function again, and a backward of its own through it."""

    @staticmethod
    def forward(ctx, run_function, preserve_rng_state, *args):
        check_backward_validity(args)
        ctx.run_function, ctx.preserve = run_function, preserve_rng_state
        ctx.random = get_rng_state() if preserve_rng_state else None
        ctx.places = [i for i, x in enumerate(args) if isinstance(x, Tensor)]
        ctx.args = [None if isinstance(x, Tensor) else x for x in args]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        return run_function(*args)

    @staticmethod
    def backward(ctx, *grads):
        if _core.is_capturing():
            raise expected(
                "checkpoint", "a backward into leaves", "autograd.grad, or inputs=", "say use_reentrant=False for those", RuntimeError
            )
        if _core.is_grad_enabled():
            raise expected(
                "checkpoint",
                "a backward without create_graph",
                "one that records",
                "say use_reentrant=False to differentiate again",
                RuntimeError,
            )
        args = list(ctx.args)
        for i, x in zip(ctx.places, ctx.saved_tensors):
            args[i] = x
        given = detach_variable(tuple(args))
        now = get_rng_state()
        if ctx.preserve:
            set_rng_state(ctx.random)
        try:
            with _core.enable_grad():
                outputs = ctx.run_function(*given)
        finally:
            if ctx.preserve:
                set_rng_state(now)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [(o, g) for o, g in zip(outputs, grads) if isinstance(o, Tensor) and o.requires_grad]
        if not pairs:
            raise expected("checkpoint", "an output that requires grad", "none", error=RuntimeError)
        _core.backward([o for o, _ in pairs], [g for _, g in pairs], False, False)
        return (None, None, *(x.grad if isinstance(x, Tensor) else None for x in given))


class _Place:
    """Stands in the graph for a tensor that was not kept."""

    __slots__ = ("__weakref__", "index")

    def __init__(self, index: int) -> None:
        self.index = index


class _Stop(Exception):  # noqa: N818 - not an error: everything needed has been computed
    pass


class _Frame:
    """One call of a checkpointed function: what it would have saved, in order, and how to compute it."""

    def __init__(self, run: Callable[[], Any], early_stop: bool, describe: Callable[[Tensor], Any], debug: bool) -> None:
        self.run, self.early_stop, self.describe = run, early_stop, describe
        self.places: list[ReferenceType[_Place]] = []
        self.metadata: list[Any] = []
        self.again: dict[Any, WeakKeyDictionary[_Place, Tensor]] = {}  # by backward run, or by group of them
        self.done = False
        self.log: list[str] | None = [] if debug else None

    def pack(self, t: Tensor) -> _Place:
        place = _Place(len(self.places))
        self.places.append(ref(place))
        self.metadata.append(self.describe(t))
        return place

    def unpack(self, place: _Place) -> Tensor:
        group = GraphExecGroup.current
        run: Any = _core.current_run() if group is None else group
        values = self.again.get(run)
        if values is None or place not in values:
            values = self.again[run] = WeakKeyDictionary()
            self.recompute(values)
            if group is not None:
                group.frames.append(self)
            elif run:
                _core.queue_callback(lambda: self.again.pop(run, None))
            else:
                del self.again[run]
        if place not in values:
            raise CheckpointError(
                f"checkpoint: expected {len(self.places)} saved tensors when the function runs again, got fewer; "
                "it must compute the same each time"
            )
        return values[place]

    def recompute(self, values: WeakKeyDictionary[_Place, Tensor]) -> None:
        """Run the function again and put what it saves into `values`."""
        wanted = sum(p() is not None for p in self.places)
        count = 0

        def pack(t: Tensor) -> Tensor:
            nonlocal count
            i, count = count, count + 1
            if i >= len(self.places):
                raise CheckpointError(
                    f"checkpoint: expected {len(self.places)} saved tensors when the function runs again, got more; "
                    "it must compute the same each time" + self.said()
                )
            found = self.describe(t)
            if found != self.metadata[i]:
                raise CheckpointError(
                    f"checkpoint: expected saved tensor {i} with {self.metadata[i]} when the function runs again, got {found}; "
                    "it must compute the same each time" + self.said()
                )
            place = self.places[i]()
            if place is not None:
                values[place] = t.detach()
            if self.early_stop and len(values) == wanted:
                raise _Stop
            return t

        try:
            with saved_tensors_hooks(pack, lambda t: t), _core.enable_grad():
                self.run()
        except _Stop:
            return
        if count != len(self.places) and not self.early_stop:
            raise CheckpointError(
                f"checkpoint: expected {len(self.places)} saved tensors when the function runs again, got {count}; "
                "it must compute the same each time" + self.said()
            )

    def said(self) -> str:
        return "" if self.log is None else "\nforward ran: " + ", ".join(self.log)


class GraphExecGroup:
    """Within this block, several calls of backward compute a checkpointed function again only once, together."""

    current: GraphExecGroup | None = None

    def __init__(self) -> None:
        self.frames: list[_Frame] = []

    def __enter__(self) -> None:
        if GraphExecGroup.current is not None:
            raise expected("GraphExecGroup", "groups that are not nested", "one within another", error=RuntimeError)
        GraphExecGroup.current = self

    def __exit__(self, *exc: object) -> None:
        GraphExecGroup.current = None
        for frame in self.frames:
            frame.again.pop(self, None)
        self.frames.clear()


def _shape_dtype(t: Tensor) -> Any:
    return {"shape": tuple(t.shape), "dtype": t.dtype, "device": str(t.device)}


_DESCRIBE: dict[str, Callable[[Tensor], Any]] = {"default": _shape_dtype, "none": lambda _: None}


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Call a function without keeping what its backward needs; backward calls it again to get that.

    It trades time for memory. Random numbers are the same in both calls, as the state of the generator is put back.

    Args:
        function: Computes the same from the same arguments each time.
        args: Its positional arguments.
        use_reentrant: True: one operation whose backward runs another backward; the function is run without recording, tensors in nested
            arguments are not seen, an argument must require grad. False (the default): what is saved is replaced, operation by
            operation; higher derivatives, `autograd.grad` and keyword arguments work.
        context_fn: Gives two context managers, for the first call and for the one in backward. Not with use_reentrant=True.
        determinism_check: "default" compares shapes and dtypes of what is saved, "none" nothing. Not with use_reentrant=True.
        debug: Whether an error names the operations that ran first.
        early_stop: Whether to stop the second call once everything needed is there.
        kwargs: Keyword arguments of function, and preserve_rng_state (default True): whether to put the random state back.

    Returns:
        What the function returns.

    Raises:
        ValueError: an argument that use_reentrant=True does not have, or an unknown determinism_check.
        CheckpointError: from backward, where the function did not compute the same again.

    References:
        Chen, Xu, Zhang and Guestrin (2016), arXiv:1604.06174.

    Example:
        >>> x = tensor([2.0], requires_grad=True)
        >>> checkpoint(lambda t: t * t * t, x).backward()
        >>> x.grad
        tensor([12.])
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise expected("checkpoint", "no keyword arguments with use_reentrant=True", f"{sorted(kwargs)}")
        if context_fn is not noop_context_fn or debug:
            raise expected("checkpoint", "neither context_fn nor debug with use_reentrant=True", "one", "say use_reentrant=False")
        return CheckpointFunction.apply(function, preserve, *args)
    if determinism_check not in _DESCRIBE:
        raise expected("checkpoint", f"determinism_check to be one of {sorted(_DESCRIBE)}", determinism_check)
    first, second = context_fn()
    debug = next((d for d in reversed(_debug) if d is not None), debug)
    stop = _early_stop[-1] if _early_stop else early_stop
    random = get_rng_state() if preserve else None
    if not _core.is_grad_enabled():
        return function(*args, **kwargs)
    held_args, held_kwargs = tree_map(_hold, (args, kwargs))  # in a checkpoint around this one, they are computed again too

    def again() -> None:
        now = get_rng_state()
        if random is not None:
            set_rng_state(random)
        try:
            with second:
                given, named = tree_map(_take, (held_args, held_kwargs))
                function(*given, **named)
        finally:
            if random is not None:
                set_rng_state(now)

    frame = _Frame(again, stop, _DESCRIBE[determinism_check], debug)
    with saved_tensors_hooks(frame.pack, frame.unpack), first, _logging(frame):
        return function(*args, **kwargs)


class _Held:
    """An argument that a checkpoint further out keeps or computes."""

    __slots__ = ("packed",)

    def __init__(self, packed: Any) -> None:
        self.packed = packed


def _hold(x: Any) -> Any:
    packed = _core.pack_saved(x) if isinstance(x, Tensor) else None
    return x if packed is None else _Held(packed)


def _take(x: Any) -> Any:
    return _core.unpack_saved(x.packed) if isinstance(x, _Held) else x


@contextmanager
def _logging(frame: _Frame) -> Iterator[None]:
    log = frame.log
    if log is None:
        yield
        return

    def note(op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        log.append(op.name)
        return proceed(*args)

    with _core.intercept(note):
        yield


def checkpoint_sequential(functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """Call functions one after the other, all but the last segment of them checkpointed.

    Args:
        functions: A Sequential or a list of functions of one argument.
        segments: Into how many parts to cut the list.
        input: What the first takes.
        use_reentrant: As for `checkpoint`.
        kwargs: preserve_rng_state, as for `checkpoint`.

    Returns:
        What the last returns.

    Raises:
        ValueError: other keyword arguments.
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise expected("checkpoint_sequential", "no keyword argument but preserve_rng_state", f"{sorted(kwargs)}")
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def run(start: int, end: int) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for step in steps[start:end]:
                x = step(x)
            return x

        return forward

    size = len(steps) // segments
    end = 0
    for start in range(0, size * (segments - 1), size or 1):
        end = start + size
        input = checkpoint(run(start, end), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return run(end, len(steps))(input)
