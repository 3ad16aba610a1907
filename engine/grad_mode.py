"""no_grad, enable_grad and inference_mode as decorators."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_GENERATOR = 0x20  # of code.co_flags


def decorate(f: Callable[..., Any], mode: bool) -> Callable[..., Any]:
    """A function (or generator) that runs in a gradient mode and leaves its caller's alone."""
    from functools import wraps  # an import that the engine's own need not wait for

    if getattr(f, "__code__", None) is not None and f.__code__.co_flags & _GENERATOR:

        @wraps(f)
        def generator(*args: Any, **kwargs: Any) -> Iterator[Any]:
            it = f(*args, **kwargs)
            while True:
                with core.enable_grad() if mode else core.no_grad():
                    try:
                        x = next(it)
                    except StopIteration:
                        return
                yield x

        return generator

    @wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        with core.enable_grad() if mode else core.no_grad():
            return f(*args, **kwargs)

    return function


core.set_decorator(decorate)
