"""`torch.autograd.profiler`: the profiler under its first name, which records from entering to leaving."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from .events import DeviceType, EventList, FunctionEvent, FunctionEventAvg
from .profile import profile as _profile
from .recorder import record_function

__all__ = ["DeviceType", "EventList", "FunctionEvent", "FunctionEventAvg", "emit_itt", "emit_nvtx", "profile", "record_function"]


class profile(_profile):  # noqa: N801 - PyTorch's name
    """Watch what runs in a block.

    Args:
        enabled: False watches nothing.
        use_cuda: Accepted for PyTorch's sake.
        use_device: Accepted for PyTorch's sake.
        record_shapes: Keep the sizes of inputs.
        with_flops: Count the operations of matrix products, convolutions and attention.
        profile_memory: Keep what ops took of the allocator's memory and gave back.
        with_stack: Keep where in the program each op was called.
        options: Accepted for PyTorch's sake.
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(record_shapes=record_shapes, with_flops=with_flops, profile_memory=profile_memory, with_stack=with_stack)
        self.enabled = enabled

    def start(self) -> None:
        """Begin."""
        if self.enabled:
            super().start()

    def stop(self) -> None:
        """End."""
        if self.enabled:
            super().stop()

    @property
    def function_events(self) -> EventList:
        """All events."""
        return self.events()

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds of all events, each moment counted once."""
        return self.events().self_cpu_time_total

    def table(self, *args: Any, **kwargs: Any) -> str:
        """The events as text; see `EventList.table`."""
        return self.events().table(*args, **kwargs)

    def total_average(self) -> FunctionEventAvg:
        """One sum of all events."""
        return self.events().total_average()

    def __str__(self) -> str:
        return str(self.events()) if self._events is not None else "<unfinished profile>"


def emit_nvtx(enabled: bool = True, record_shapes: bool = False) -> Any:
    """A context manager that changes nothing: NVIDIA's tools look at CUDA."""
    return nullcontext()


def emit_itt(enabled: bool = True, record_shapes: bool = False) -> Any:
    """A context manager that changes nothing: ops say nothing to Intel's tools."""
    return nullcontext()
