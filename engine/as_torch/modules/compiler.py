"""`torch.compile` and `torch.compiler`: nothing is compiled, every function runs as it is written.

There is no difference in meaning, only in time: a compiled function must give what the plain one gives.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any


def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """The function or module itself; without one, a decorator. All options are accepted."""
    return (lambda f: f) if model is None else model


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None, wrapping: bool = True) -> Any:
    """The function itself; without one, a decorator."""
    return (lambda f: f) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


assume_constant_result = wrap_numpy = nested_compile_region = allow_in_graph


def substitute_in_graph(original_fn: Any, **options: Any) -> Any:
    """A decorator that leaves its function as it is."""
    return lambda f: f


def is_compiling() -> bool:
    """False: nothing is compiled."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def reset() -> None:
    """Nothing was compiled, so there is nothing to forget."""


cudagraph_mark_step_begin = reset


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """What `compile` could use: functions run as they are written."""
    return ["eager"]


def set_stance(stance: str = "default", **options: Any) -> Any:
    """A context manager that changes nothing."""
    return nullcontext()
