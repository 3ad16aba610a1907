"""The profiler: what ran, how long, with which sizes, memory and operations."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path
from typing import Any

from ..errors import expected
from . import trace
from .events import EventList
from .recorder import Recorder, record_function
from .schedule import ProfilerAction


class ProfilerActivity(Enum):
    """What is looked at; on this machine, the CPU."""

    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3
    HPU = 4
    PrivateUse1 = 5


def supported_activities() -> set[ProfilerActivity]:
    """What can be looked at here: the CPU."""
    return {ProfilerActivity.CPU}


def kineto_available() -> bool:
    """True: traces can be written."""
    return True


def _always(step: int) -> ProfilerAction:
    return ProfilerAction.RECORD


class profile:  # noqa: N801 - PyTorch's name
    """Watch what runs in a block: every op, every node of a backward pass, and the program's own marks.

    Costs nothing outside of such a block. Within, ops go through Python, and backward passes take the derivative as it is written in ops
    rather than fused kernels, so small ops look more expensive than they are.

    Args:
        activities: Kinds of device; the CPU is looked at whatever they are, others are not there.
        schedule: What to do at each `step()`, as from `schedule(...)`; None records from start to stop.
        on_trace_ready: Called with this profiler when a stretch has been recorded.
        record_shapes: Keep the sizes of inputs.
        profile_memory: Keep what ops took of the allocator's memory and gave back.
        with_stack: Keep where in the program each op was called.
        with_flops: Count the operations of matrix products, convolutions and attention.
        with_modules: Accepted for PyTorch's sake.
        experimental_config: Accepted for PyTorch's sake.
        execution_trace_observer: Accepted for PyTorch's sake.
        acc_events: Keep the events of all stretches, not of the last one alone.
        use_cuda: Accepted for PyTorch's sake.
        custom_trace_id_callback: Gives the name that `get_trace_id` returns.
        post_processing_timeout_s: Accepted for PyTorch's sake.

    Example:
        >>> with profile(record_shapes=True) as p:
        ...     _ = ones(2, 3) @ ones(3, 4)
        >>> [e.input_shapes for e in p.events() if e.name == "aten::matmul"]
        [[[2, 3], [3, 4]]]
    """

    def __init__(
        self,
        *,
        activities: Iterable[Any] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None,
    ) -> None:
        self.activities = set(activities) if activities else supported_activities()
        self.schedule = _always if schedule is None else schedule
        self._by_steps = schedule is not None
        self.on_trace_ready = on_trace_ready
        self.record_shapes, self.profile_memory, self.with_stack, self.with_flops = record_shapes, profile_memory, with_stack, with_flops
        self.with_modules, self.acc_events = with_modules, acc_events
        self.custom_trace_id_callback = custom_trace_id_callback
        self.step_num = 0
        self.current_action = ProfilerAction.NONE
        self._recorder: Recorder | None = None
        self._events: EventList | None = None
        self._metadata: dict[str, Any] = {}
        self._mark: record_function | None = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin, with what the schedule says of step 0."""
        self._act(ProfilerAction.NONE, self.schedule(self.step_num))
        self._mark_step()

    def stop(self) -> None:
        """End; what was being recorded is ready now."""
        self._unmark()
        self._act(self.current_action, None)

    def step(self) -> None:
        """Say that a step of the program is over and the next one begins."""
        self._unmark()
        self.step_num += 1
        self._act(self.current_action, self.schedule(self.step_num))
        self._mark_step()

    def _mark_step(self) -> None:
        if self._by_steps and self._recorder is not None:
            self._mark = record_function(f"ProfilerStep#{self.step_num}")
            self._mark.__enter__()

    def _unmark(self) -> None:
        if self._mark is not None:
            self._mark.__exit__(None, None, None)
            self._mark = None

    def _act(self, before: ProfilerAction, now: ProfilerAction | None) -> None:
        """Go from what was done during a step to what is done during the next; None ends it all."""
        recorded = before in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        if before is ProfilerAction.RECORD_AND_SAVE or (recorded and now in (None, ProfilerAction.NONE, ProfilerAction.WARMUP)):
            self.stop_trace()
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)
            recorded = False
        if now in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE) and not recorded:
            self.start_trace()
        self.current_action = ProfilerAction.NONE if now is None else now

    def prepare_trace(self) -> None:
        """There is nothing to prepare."""

    def start_trace(self) -> None:
        """Record from here on."""
        self._recorder = Recorder(self.record_shapes, self.profile_memory, self.with_stack, self.with_flops)
        self._recorder.start()

    def stop_trace(self) -> None:
        """Record no longer; `events()` are those recorded."""
        if self._recorder is None:
            raise expected("stop_trace", "a trace that was started", "none", error=AssertionError)
        self._recorder.stop()
        earlier = self._events if self.acc_events and self._events is not None else []
        self._events = EventList([*earlier, *self._recorder.events], profile_memory=self.profile_memory, with_flops=self.with_flops)
        self._recorder = None

    def toggle_collection_dynamic(self, enable: bool, activities: Iterable[Any]) -> None:
        """Stop looking, or look again, in the middle of a trace."""
        if self._recorder is not None:
            if enable:
                self._recorder.block.__enter__()
            else:
                self._recorder.block.__exit__(None, None, None)

    def events(self) -> EventList:
        """All events, in the order in which they began.

        Raises:
            AssertionError: Nothing has been recorded yet.
        """
        if self._events is None:
            raise expected("profile", "a trace that has ended", "none", "stop the profiler, or look in on_trace_ready", AssertionError)
        return self._events

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """The events summed by name; see `EventList.key_averages`."""
        return self.events().key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def export_chrome_trace(self, path: str) -> None:
        """Write a file that chrome://tracing and Perfetto show; compressed where its name ends in .gz."""
        options = {"record_shapes": self.record_shapes, "profile_memory": self.profile_memory, "with_stack": self.with_stack}
        trace.write(path, self.events(), {**{k: 1 for k, on in options.items() if on}, **self._metadata})

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write the stacks with their times, for flame graphs."""
        self.events().export_stacks(path, metric)

    def add_metadata(self, key: str, value: str) -> None:
        """Say something in the trace, as text."""
        self._metadata[key] = value

    def add_metadata_json(self, key: str, value: str) -> None:
        """Say something in the trace, given as JSON."""
        self._metadata[key] = json.loads(value)

    preset_metadata_json = add_metadata_json

    def set_custom_trace_id_callback(self, callback: Callable[[], str]) -> None:
        """Let `callback` give the name that `get_trace_id` returns."""
        self.custom_trace_id_callback = callback

    def get_trace_id(self) -> str | None:
        """The name of the trace, where a callback gives one."""
        return self.custom_trace_id_callback() if self.custom_trace_id_callback is not None else None


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False, use_python_export: bool = False
) -> Callable[[profile], None]:
    """An `on_trace_ready` that writes traces into a folder, named as TensorBoard's profile page looks for them.

    Args:
        dir_name: The folder; made where it is not there.
        worker_name: Who it is; host name and process number by default.
        use_gzip: Write them compressed.
        use_python_export: Accepted for PyTorch's sake.
    """

    def write(p: profile) -> None:
        folder = Path(dir_name)
        folder.mkdir(parents=True, exist_ok=True)
        who = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        p.export_chrome_trace(str(folder / f"{who}.{time.time_ns()}.pt.trace.json{'.gz' if use_gzip else ''}"))

    return write


class ExecutionTraceObserver:
    """PyTorch's record of which op fed which; there is none here: the graph of `torch.onnx` says so.

    Raises:
        NotImplementedError: Always.
    """

    def __init__(self) -> None:
        raise NotImplementedError("ExecutionTraceObserver: expected a profile, got an execution trace; use profile(record_shapes=True)")
