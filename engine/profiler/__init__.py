"""What runs, how long, with which sizes, memory and operations: PyTorch's `torch.profiler`."""

from .events import DeviceType
from .profile import ExecutionTraceObserver, ProfilerActivity, kineto_available, profile, supported_activities, tensorboard_trace_handler
from .recorder import record_function
from .schedule import ProfilerAction, schedule

__all__ = [
    "DeviceType",
    "ExecutionTraceObserver",
    "ProfilerAction",
    "ProfilerActivity",
    "kineto_available",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]
