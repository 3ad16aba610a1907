"""`torch.overrides`: the engine's functions do not hand over to `__torch_function__`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from workbench.ext.core._core import Tensor


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """False: functions of arguments that define `__torch_function__` are not handed over."""
    return False


def has_torch_function_unary(tensor: Any) -> bool:
    """False."""
    return False


def has_torch_function_variadic(*tensors: Any) -> bool:
    """False."""
    return False


def handle_torch_function(public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """The function itself, called."""
    return public_api(*args, **kwargs)


def is_tensor_like(inp: Any) -> bool:
    """Whether `inp` is a tensor or takes itself for one."""
    return isinstance(inp, Tensor) or hasattr(inp, "__torch_function__")


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether `func` is a method of Tensor."""
    return getattr(Tensor, getattr(func, "__name__", ""), None) is func


def get_ignored_functions() -> set[Any]:
    """Functions that never hand over: all, so none is listed."""
    return set()


def get_overridable_functions() -> dict[Any, list[Any]]:
    """Functions that hand over: none."""
    return {}


def resolve_name(f: Any) -> str | None:
    """The name of a function."""
    return getattr(f, "__qualname__", None)


class TorchFunctionMode:
    """Not here: no function hands over to a mode."""

    def __enter__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: expected no __torch_function__ mode, got one; functions do not hand over here")

    def __exit__(self, *exc: object) -> None: ...


DisableTorchFunctionSubclass = nullcontext
