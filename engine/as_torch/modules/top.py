"""What `torch` has beside what the engine has: the version that is followed, and the default device."""

from __future__ import annotations

from typing import Any
from warnings import warn

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
    """Accepted for PyTorch's sake: ops run one after the other.

    Raises:
        RuntimeError: It is no positive whole number.
    """
    if not isinstance(n, int) or n < 1:
        raise RuntimeError(f"set_num_interop_threads: expected a positive whole number, got {n!r}")


_KEPT = {"precision": "highest", "warn": False}  # flags that change nothing here, as they were set


def set_float32_matmul_precision(precision: str) -> None:
    """Kept for PyTorch's sake: float32 products are always of full precision. Of another word than PyTorch's three it warns.

    Raises:
        RuntimeError: It is no str.
    """
    if not isinstance(precision, str):
        raise RuntimeError(f"set_float32_matmul_precision: expected a str, got {type(precision).__name__}")
    if precision not in ("highest", "high", "medium"):
        warn(f"set_float32_matmul_precision: expected 'highest', 'high' or 'medium', got {precision!r}; nothing was set", stacklevel=2)
    else:
        _KEPT["precision"] = precision


def get_float32_matmul_precision() -> Any:
    """What was set last, or "highest", which is what float32 products are computed with."""
    return _KEPT["precision"]


def set_flush_denormal(mode: bool) -> bool:
    """Not supported: returns False."""
    return False


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by the name or the class of a tensor type.

    Raises:
        TypeError: It is no floating type of the CPU.
        ModuleNotFoundError: It is a name below another module than torch.
    """
    if not isinstance(t, (str, type)):
        raise TypeError(f"set_default_tensor_type: expected a tensor type or its name, got {t!r}")
    if isinstance(t, str) and not t.startswith("torch."):
        raise ModuleNotFoundError(f"set_default_tensor_type: expected a name such as torch.FloatTensor, got {t!r}")
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


def is_warn_always_enabled() -> Any:
    """What was set last, or False: Python's filters decide whether warnings come every time."""
    return _KEPT["warn"]


def set_warn_always(b: bool) -> None:
    """Kept for PyTorch's sake: Python's filters decide.

    Raises:
        RuntimeError: It is no bool.
    """
    if not isinstance(b, bool):
        raise RuntimeError(f"set_warn_always: expected a bool, got {type(b).__name__}")
    _KEPT["warn"] = b


class OutOfMemoryError(RuntimeError):
    """What PyTorch raises where a device's memory is exhausted; on the CPU that is a MemoryError."""


class AcceleratorError(RuntimeError):
    """What PyTorch raises where work on a device fails; nothing here does."""
