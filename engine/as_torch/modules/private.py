"""`torch._C`, PyTorch's compiled part: what programs ask of it although it is nobody's business."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

_TensorMeta = type  # Tensor's own class: what derives a metaclass from it may derive tensors with it
DisableTorchFunctionSubclass = DisableTorchFunction = _ExcludeDispatchKeyGuard = nullcontext


class Graph:
    """A program in TorchScript; there is none here."""


class Value(Graph):
    """A value in such a program; there is none here."""


Node = Graph


class DispatchKey:
    """PyTorch's keys by which a call finds its kernel; each is its name here."""

    AutocastCPU, AutocastCUDA, AutocastXPU, CPU, CUDA, Meta, Autograd = (
        "AutocastCPU",
        "AutocastCUDA",
        "AutocastXPU",
        "CPU",
        "CUDA",
        "Meta",
        "Autograd",
    )


class DispatchKeySet(frozenset[str]):
    """A set of such keys."""

    def __new__(cls, key: Any) -> DispatchKeySet:
        return super().__new__(cls, [key] if isinstance(key, str) else key)


def _disabled_torch_function_impl(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """The function itself, called: what `__torch_function__` is set to where a class wants none."""
    return func(*args, **(kwargs or {}))


def _never(*args: Any, **kwargs: Any) -> bool:
    """False: none of PyTorch's modes is here."""
    return False


_are_functorch_transforms_active = _is_torch_function_mode_enabled = _jit_can_fuse_on_cpu = _jit_can_fuse_on_gpu = _never
_is_torch_function_enabled = _cuda_isInBadFork = is_batchedtensor = _never  # noqa: N816 - PyTorch's name


def _get_tracing_state() -> None:
    """None: nothing is traced."""


def _log_api_usage_once(event: str) -> None:
    """Nothing is counted."""


_jit_set_profiling_mode = _jit_set_profiling_executor = _jit_set_texpr_fuser_enabled = _jit_override_can_fuse_on_cpu = _log_api_usage_once
_jit_override_can_fuse_on_gpu = _jit_set_nvfuser_enabled = _log_api_usage_once


def _get_privateuse1_backend_name() -> str:
    """The name that a device of a program's own would have."""
    return "privateuseone"


def _get_default_device() -> str:
    """The CPU."""
    return "cpu"


def _get_accelerator(check: Any = None) -> Any:
    """The CPU: there is nothing faster."""
    from workbench.ext.core._core import device

    return device("cpu")
