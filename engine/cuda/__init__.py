"""`torch.cuda` on a machine without CUDA, as PyTorch's CPU builds have it: asking is answered, seeding is accepted, computing raises."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import TracebackType
from typing import Any

from workbench.ext.core import _core as core

_initialized = False
has_half = False
default_generators: tuple[Any, ...] = ()


def __getattr__(name: str) -> Any:
    if name == "amp":  # stands on engine.amp, which is beside this room
        return import_module("workbench.engine.as_torch.modules.cuda_amp")
    if name == "nvtx":
        return import_module(".nvtx", __name__)
    if name == "OutOfMemoryError":
        return import_module("workbench.engine.as_torch.modules.top").OutOfMemoryError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; there is no CUDA here")


def _absent(what: str) -> AssertionError:
    return AssertionError(f"cuda.{what}: expected a machine with CUDA, got none; ask cuda.is_available() first, and use the cpu")


def is_available() -> bool:
    return False


def is_initialized() -> bool:
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    return False


def is_tf32_supported() -> bool:
    return False


def is_current_stream_capturing() -> bool:
    return False


def device_count() -> int:
    return 0


def get_arch_list() -> list[str]:
    """The architectures with kernels: none."""
    return []


def manual_seed(seed: int) -> None:
    """Accepted for PyTorch's sake: there is no generator on a GPU."""
    int(seed)


manual_seed_all = manual_seed


def seed() -> None:
    """Accepted for PyTorch's sake: there is no generator on a GPU."""


seed_all = seed


def get_rng_state_all() -> list[Any]:
    """The state of the generator of each GPU: none."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Take back the states of the generators, of which there are none."""
    for _ in new_states:
        raise _absent("set_rng_state_all")


def empty_cache() -> None:
    """There is no memory of a GPU to give back."""


def reset_peak_memory_stats(device: Any = None) -> None:
    """There is no memory of a GPU to count."""


reset_max_memory_allocated = reset_max_memory_cached = reset_accumulated_memory_stats = reset_peak_memory_stats


def memory_allocated(device: Any = None) -> int:
    """Bytes in use on the GPU: 0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_cached = max_memory_cached = memory_allocated


def memory_stats(device: Any = None) -> OrderedDict[str, Any]:
    """Figures of the allocator of the GPU: none."""
    return OrderedDict()


def _raising(name: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        raise _absent(name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises AssertionError: there is no CUDA here."
    return function


init = _raising("init")
current_device = _raising("current_device")
set_device = _raising("set_device")
synchronize = _raising("synchronize")
get_device_name = _raising("get_device_name")
get_device_capability = _raising("get_device_capability")
get_device_properties = _raising("get_device_properties")
current_stream = _raising("current_stream")
default_stream = _raising("default_stream")
set_stream = _raising("set_stream")
get_rng_state = _raising("get_rng_state")
set_rng_state = _raising("set_rng_state")
initial_seed = _raising("initial_seed")
ipc_collect = _raising("ipc_collect")
mem_get_info = _raising("mem_get_info")
memory_summary = _raising("memory_summary")
memory_snapshot = _raising("memory_snapshot")
utilization = _raising("utilization")
set_per_process_memory_fraction = _raising("set_per_process_memory_fraction")
can_device_access_peer = _raising("can_device_access_peer")
make_graphed_callables = _raising("make_graphed_callables")


class _Refused:
    """What cannot be made without CUDA."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        raise RuntimeError(f"cuda.{name}: expected a machine with CUDA, got none; ask cuda.is_available() first")


class Stream(_Refused):
    """A queue of work on a GPU."""


class ExternalStream(Stream):
    """A queue of work that another library made."""


class StreamContext(_Refused):
    """A queue of work made the current one in a block."""


class Event(_Refused):
    """A mark in a queue of work."""


class CUDAGraph(_Refused):
    """Recorded work."""


class graph(_Refused):  # noqa: N801 - PyTorch's name
    """Record work in a block."""


class device:  # noqa: N801 - PyTorch's name
    """Make a GPU the current one in a block; with None or a negative index nothing is done, as in PyTorch.

    Args:
        device: Its index, a device or None.

    Raises:
        RuntimeError: It is a GPU.
    """

    def __init__(self, device: Any) -> None:
        kind = device if isinstance(device, int) or device is None else getattr(core.device(device), "index", None) or 0
        self.idx = -1 if kind is None else int(kind)

    def __enter__(self) -> None:
        if self.idx >= 0:
            raise RuntimeError(f"cuda.device: expected a machine with CUDA, got none, for device {self.idx}; use the cpu")

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None: ...


class device_of(device):  # noqa: N801 - PyTorch's name
    """Make the GPU of a tensor the current one in a block: for tensors of the CPU nothing is done."""

    def __init__(self, obj: Any) -> None:
        super().__init__(-1)


@contextmanager
def stream(stream: Any) -> Iterator[None]:
    """Give work to a stream in a block; None changes nothing."""
    if stream is not None:
        raise _absent("stream")
    yield


class _TensorOfCuda(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return False

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"cuda.{cls.__name__}: expected a machine with CUDA, got none; use torch.{cls.__name__}")


for _name in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"):
    globals()[f"{_name}Tensor"] = _TensorOfCuda(f"{_name}Tensor", (), {"__module__": "torch.cuda"})
