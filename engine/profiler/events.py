"""Events of a profile, their sums by name, and the lists that print themselves as a table."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from ..errors import expected


class DeviceType(Enum):
    """Where something ran: on the CPU."""

    CPU = 0


def time_text(us: float) -> str:
    """Microseconds as a table shows them."""
    if us >= 1e6:
        return f"{us / 1e6:.3f}s"
    return f"{us / 1e3:.3f}ms" if us >= 1e3 else f"{us:.3f}us"


class Interval:
    """From when to when, in microseconds of the clock that all events share."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end

    def elapsed_us(self) -> float:
        """How long."""
        return self.end - self.start


class _Times:
    """What events and their sums have in common. All times are of the CPU, in microseconds."""

    cpu_time_total: float
    self_cpu_time_total: float
    count: int
    cpu_memory_usage: int
    device_time = device_time_total = self_device_time_total = cuda_time = cuda_time_total = self_cuda_time_total = 0.0
    device_memory_usage = self_device_memory_usage = self_cuda_memory_usage = 0
    device_type = DeviceType.CPU
    use_device = None
    is_async = is_remote = is_legacy = False
    node_id = -1

    @property
    def cpu_time(self) -> float:
        """The mean of a call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def cpu_time_str(self) -> str:
        return time_text(self.cpu_time)

    @property
    def cpu_time_total_str(self) -> str:
        return time_text(self.cpu_time_total)

    @property
    def self_cpu_time_total_str(self) -> str:
        return time_text(self.self_cpu_time_total)


class FunctionEvent(_Times):
    """One call.

    Args:
        id: Its number in the profile.
        name: What was called.
        kind: "cpu_op", or "user_annotation" for a mark of the program's own.
        thread: The system's number of the thread.
        cpu_parent: The event within which it ran, or None.
    """

    count = 1

    def __init__(self, id: int, name: str, kind: str, thread: int, cpu_parent: FunctionEvent | None) -> None:
        self.id, self.name, self.kind, self.thread, self.cpu_parent = id, name, kind, thread, cpu_parent
        self.start_ns = self.end_ns = 0
        self.cpu_children: list[FunctionEvent] = []
        self.input_shapes: list[Any] = []
        self.stack: list[str] = []
        self.flops = 0
        self.cpu_memory_usage = self.memory_before = 0
        if cpu_parent is not None:
            cpu_parent.cpu_children.append(self)

    @property
    def key(self) -> str:
        """The name, by which events are summed."""
        return self.name

    trace_name = key

    @property
    def is_user_annotation(self) -> bool:
        """Whether the program marked it."""
        return self.kind == "user_annotation"

    @property
    def time_range(self) -> Interval:
        """From when to when."""
        return Interval(self.start_ns / 1e3, self.end_ns / 1e3)

    @property
    def cpu_time_total(self) -> float:  # type: ignore[override]
        """How long, with all that ran within it."""
        return (self.end_ns - self.start_ns) / 1e3

    @property
    def self_cpu_time_total(self) -> float:  # type: ignore[override]
        """How long, without the events within it."""
        return self.cpu_time_total - sum(c.cpu_time_total for c in self.cpu_children)

    @property
    def self_cpu_memory_usage(self) -> int:
        """Bytes taken less bytes given back, without the events within it."""
        return self.cpu_memory_usage - sum(c.cpu_memory_usage for c in self.cpu_children)

    def __repr__(self) -> str:
        where = f"thread={self.thread} input_shapes={self.input_shapes}"
        return f"<FunctionEvent id={self.id} name={self.name} cpu_time={self.cpu_time_str} {where}>"


class FunctionEventAvg(_Times):
    """Calls of one name (and, where asked for, of the same shapes or from the same place), summed."""

    def __init__(self) -> None:
        self.key: Any = None
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.cpu_memory_usage = self.self_cpu_memory_usage = 0
        self.flops = 0
        self.input_shapes: list[Any] = []
        self.stack: list[str] = []
        self.cpu_children: list[Any] = []
        self.cpu_parent: Any = None
        self.is_user_annotation = False

    def add(self, other: Any) -> FunctionEventAvg:
        """Add an event, or another sum of the same name."""
        if self.key is None:
            self.key, self.input_shapes, self.stack = other.key, other.input_shapes, other.stack
            self.is_user_annotation = other.is_user_annotation
        self.cpu_time_total += other.cpu_time_total
        self.self_cpu_time_total += other.self_cpu_time_total
        self.cpu_memory_usage += other.cpu_memory_usage
        self.self_cpu_memory_usage += other.self_cpu_memory_usage
        self.count += other.count
        self.flops += other.flops
        return self

    __iadd__ = add

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} cpu_time={self.cpu_time_str} "
            f"input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage}>"
        )


class EventList(list[Any]):
    """Events or sums of events, with what a profile is asked for."""

    def __init__(self, *args: Any, profile_memory: bool = False, with_flops: bool = False, use_device: Any = None) -> None:
        super().__init__(*args)
        self._profile_memory, self._with_flops = profile_memory, with_flops

    def _like(self, events: Iterable[Any]) -> EventList:
        return EventList(events, profile_memory=self._profile_memory, with_flops=self._with_flops)

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, each moment counted once."""
        return sum(e.self_cpu_time_total for e in self)

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """Sums by name.

        Args:
            group_by_input_shape: Keep calls with other sizes apart; the profile needs `record_shapes`.
            group_by_stack_n: Keep calls apart whose innermost frames, so many, differ; the profile needs `with_stack`.
            group_by_overload_name: Accepted for PyTorch's sake: ops have no overloads here.
        """
        found: dict[Any, FunctionEventAvg] = {}
        for event in self:
            by = (event.key, str(event.input_shapes) if group_by_input_shape else "", tuple(event.stack[:group_by_stack_n]))
            found.setdefault(by, FunctionEventAvg()).add(event)
        for total in found.values():
            total.stack = total.stack[:group_by_stack_n]
            if not group_by_input_shape:
                total.input_shapes = []
        return self._like(found.values())

    def total_average(self) -> FunctionEventAvg:
        """One sum of all, named "Total"."""
        total = FunctionEventAvg()
        for event in self:
            total.add(event)
        total.key = "Total"
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """The events as text.

        Args:
            sort_by: An attribute of theirs, the largest first: "cpu_time", "cpu_time_total", "self_cpu_time_total", "cpu_memory_usage",
                "self_cpu_memory_usage", "count"; None leaves the order.
            row_limit: Rows at most; -1 for all.
            max_src_column_width: Of the place in the program, in characters.
            max_name_column_width: Of the name.
            max_shapes_column_width: Of the sizes.
            header: A line above.
            top_level_events_only: Leave out what ran within something else.
            time_unit: "s", "ms" or "us" for all times; by default each has the one that suits it.

        Raises:
            ValueError: `sort_by` is nothing that events have.
        """
        from .table import render

        return render(
            self,
            sort_by=sort_by,
            row_limit=row_limit,
            widths=(max_name_column_width, max_src_column_width, max_shapes_column_width),
            header=header,
            top_level_events_only=top_level_events_only,
            time_unit=time_unit,
            memory=self._profile_memory,
            flops=self._with_flops,
        )

    def __str__(self) -> str:
        return self.table()

    def export_chrome_trace(self, path: Any) -> None:
        """Write the events as a file that chrome://tracing and Perfetto show."""
        from .trace import write

        write(path, self)

    def supported_export_stacks_metrics(self) -> list[str]:
        """What `export_stacks` can weigh stacks by."""
        return ["self_cpu_time_total", "self_cuda_time_total", "self_xpu_time_total", "self_privateuse1_time_total"]

    def export_stacks(self, path: str, metric: str) -> None:
        """Write the stacks with their times, as flame graph tools read them: frames from the outermost, and whole microseconds.

        Raises:
            ValueError: The metric is none of `supported_export_stacks_metrics()`.
        """
        if metric not in self.supported_export_stacks_metrics():
            raise expected("export_stacks", f"metric to be one of {self.supported_export_stacks_metrics()}", metric)
        blank = str.maketrans(" ;\t\n", "____")
        with open(path, "w", encoding="utf-8") as file:
            for event in self:
                weight = int(getattr(event, metric, 0))
                if event.stack and weight > 0:
                    file.write(";".join(frame.translate(blank) for frame in reversed(event.stack)) + f" {weight}\n")
