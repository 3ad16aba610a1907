"""What a profiler writes down: each op that passes the funnel, each node of a backward pass, and what a program marks itself.

Nothing of this runs while no profiler does. While one does, every op takes the way through Python that interceptors take, fused
backward kernels that have no op of their own included: times are those of the profiled program, which is slower than the plain one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from threading import get_native_id, local
from time import perf_counter_ns
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..flops import FORMULAS
from .events import FunctionEvent

RECORDERS: list[Recorder] = []  # those that run
_HERE = __name__.rpartition(".profiler")[0].replace(".", "/")  # frames of the engine itself are left out of stacks


def shapes(value: Any) -> Any:
    """Sizes of tensors, also within lists; [] for what is no tensor."""
    if isinstance(value, Tensor):
        return list(value.shape)
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        return [shapes(v) for v in value]
    return []


def stack() -> list[str]:
    """Where the program is, innermost first."""
    frame, found = sys._getframe(2), []
    at: Any = frame
    while at is not None:
        name = at.f_code.co_filename
        if _HERE not in name.replace("\\", "/"):
            found.append(f"{name}({at.f_lineno}): {at.f_code.co_name}")
        at = at.f_back
    return found


class Recorder:
    """Events of one stretch of time.

    Args:
        record_shapes: Keep the sizes of inputs.
        profile_memory: Keep what each op took and gave back of the allocator's memory.
        with_stack: Keep where each op was called.
        with_flops: Count floating-point operations.
    """

    def __init__(
        self, record_shapes: bool = False, profile_memory: bool = False, with_stack: bool = False, with_flops: bool = False
    ) -> None:
        self.record_shapes, self.profile_memory, self.with_stack, self.with_flops = record_shapes, profile_memory, with_stack, with_flops
        self.events: list[FunctionEvent] = []
        self.open = local()
        self.block = core.intercept(self.around)

    def start(self) -> None:
        """Look from here on."""
        self.started_ns = perf_counter_ns()
        RECORDERS.append(self)
        self.block.__enter__()

    def stop(self) -> None:
        """Look no longer; what is still open ends here."""
        self.block.__exit__(None, None, None)
        RECORDERS.remove(self)
        while self.within():
            self.end(self.within()[-1])
        self.stopped_ns = perf_counter_ns()

    def within(self) -> list[FunctionEvent]:
        """The events of this thread that have not ended, innermost last."""
        try:
            return self.open.events
        except AttributeError:
            self.open.events = []
            return self.open.events

    def begin(self, name: str, kind: str = "cpu_op", args: Any = None) -> FunctionEvent:
        """An event starts."""
        within = self.within()
        event = FunctionEvent(len(self.events), name, kind, get_native_id(), within[-1] if within else None)
        self.events.append(event)
        if self.record_shapes and args is not None:
            event.input_shapes = [shapes(a) for a in args]
        if self.with_stack:
            event.stack = stack()
        if self.profile_memory:
            event.memory_before = core.memory()["used"]
        within.append(event)
        event.start_ns = perf_counter_ns()
        return event

    def end(self, event: FunctionEvent) -> None:
        """An event ends, and whatever it left open."""
        now = perf_counter_ns()
        within = self.within()
        while within:
            inner = within.pop()
            inner.end_ns = now
            if self.profile_memory:
                inner.cpu_memory_usage = core.memory()["used"] - inner.memory_before
            if inner is event:
                return

    def around(self, op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        """The interceptor."""
        event = self.begin(f"aten::{op.name}", args=args)
        try:
            result = proceed(*args)
        finally:
            self.end(event)
        if self.with_flops and op.name in FORMULAS:
            event.flops = FORMULAS[op.name](args, result)
        for r in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(r, Tensor) and r.grad_fn is not None:
                self.watch(r.grad_fn)
        return result

    def watch(self, node: Any) -> None:
        """Let a node of the graph say when its derivative runs."""
        if not hasattr(node, "register_prehook") or node.metadata.get(self) is not None:
            return
        name = node.name() if callable(node.name) else node.name
        node.metadata[self] = name

        def before(grads: Any) -> None:
            if self in RECORDERS:
                self.begin(f"autograd::engine::evaluate_function: {name}", args=grads)
                self.begin(name, args=grads)

        def after(grad_inputs: Any, grad_outputs: Any) -> None:
            for event in reversed(self.within()):
                if event.name.endswith(f": {name}"):
                    self.end(event)
                    return

        node.register_prehook(before)
        node.register_hook(after)


class record_function:  # noqa: N801 - PyTorch's name
    """A mark of the program's own: a block (or decorated function) by a name, in every profile that runs.

    Args:
        name: Its name.
        args: Said with it in traces.

    Raises:
        TypeError: `name` is no str.

    Example:
        >>> with torch.profiler.profile() as p, record_function("mine"):
        ...     _ = ones(3) + 1
        >>> "mine" in [event.key for event in p.key_averages()]
        True
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"record_function: expected name to be a str, got {type(name).__name__}")
        self.name, self.args = name, args
        self.run_callbacks_on_exit = False
        self._entered: list[list[tuple[Recorder, FunctionEvent]]] = []

    def __enter__(self) -> record_function:
        self._entered.append([(r, r.begin(self.name, "user_annotation")) for r in RECORDERS])
        return self

    def __exit__(self, *exc: object) -> None:
        for recorder, event in self._entered.pop():
            if event in recorder.within():
                recorder.end(event)

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(f)
        def within(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name, self.args):
                return f(*args, **kwargs)

        return within
