"""What `torch` has beside what the engine has: the version that is followed, and the default device."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core as core

from . import version as version
from .autocast_state import clear_autocast_cache as clear_autocast_cache
from .autocast_state import get_autocast_cpu_dtype as get_autocast_cpu_dtype
from .autocast_state import get_autocast_dtype as get_autocast_dtype
from .autocast_state import get_autocast_gpu_dtype as get_autocast_gpu_dtype
from .autocast_state import is_autocast_cache_enabled as is_autocast_cache_enabled
from .autocast_state import is_autocast_cpu_enabled as is_autocast_cpu_enabled
from .autocast_state import is_autocast_enabled as is_autocast_enabled
from .compiler import compile as compile
from .library import ops as ops
from .named_dtypes import finfo as finfo
from .named_dtypes import iinfo as iinfo
from .tensor_types import *  # noqa: F403
from .version import TorchVersion as TorchVersion
from .version import __version__ as __version__


def get_default_device() -> Any:
    """The CPU."""
    return core.device("cpu")


def set_default_device(device: Any) -> None:
    """Where new tensors go. The CPU is the only place here.

    Raises:
        RuntimeError: Another device is asked for.
    """
    core.make_empty((0,), None, device)


def get_num_interop_threads() -> int:
    """Ops run one after the other: 1."""
    return 1


def set_num_interop_threads(n: int) -> None:
    """Accepted for PyTorch's sake: ops run one after the other."""


def set_float32_matmul_precision(precision: str) -> None:
    """Accepted for PyTorch's sake: float32 products are always of full precision.

    Raises:
        RuntimeError: It is none of highest, high and medium.
    """
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"set_float32_matmul_precision: expected 'highest', 'high' or 'medium', got {precision!r}")


def get_float32_matmul_precision() -> str:
    """What float32 products are computed with: "highest"."""
    return "highest"


def set_flush_denormal(mode: bool) -> bool:
    """Not supported: returns False."""
    return False


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by the name or the class of a tensor type.

    Raises:
        TypeError: It is no floating type of the CPU.
    """
    from .tensor_types import TYPES

    name = t if isinstance(t, str) else f"{t.__module__}.{t.__name__}"
    kind = TYPES.get(name.removeprefix("torch."))
    if kind is None:
        raise TypeError(f"set_default_tensor_type: expected a type such as torch.FloatTensor, got {t!r}")
    core.set_default_dtype(kind.dtype)


def get_device_module(device: Any = None) -> Any:
    """The module of a device's functions."""
    from importlib import import_module

    kind = "cpu" if device is None else core.device(device).type
    return import_module("workbench.engine.cuda" if kind == "cuda" else f"{__package__}.cpu")


def compiled_with_cxx11_abi() -> bool:
    """True: what PyTorch itself says since 2.7."""
    return True


def is_warn_always_enabled() -> bool:
    """Whether warnings come every time: Python's filters decide."""
    return False


def set_warn_always(b: bool) -> None:
    """Accepted for PyTorch's sake: Python's filters decide."""


class OutOfMemoryError(RuntimeError):
    """What PyTorch raises where a device's memory is exhausted; on the CPU that is a MemoryError."""


AcceleratorError = RuntimeError
