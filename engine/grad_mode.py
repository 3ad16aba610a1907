"""no_grad, enable_grad, set_grad_enabled and inference_mode as decorators."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any


def decorate(f: Callable[..., Any], make: Callable[[], Any]) -> Callable[..., Any]:
    """A function (or generator) that runs within a gradient mode and leaves its caller's alone.

    Args:
        f: The function.
        make: Gives a context manager that sets the mode.
    """
    from functools import wraps  # imports that the engine's own need not wait for
    from inspect import isgeneratorfunction

    if isgeneratorfunction(f):
        return _generator(f, make)

    @wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        with make():
            return f(*args, **kwargs)

    return function


def _generator(f: Callable[..., Any], make: Callable[[], Any]) -> Callable[..., Any]:
    """The mode holds while the generator's own code runs, and not between its values."""
    from functools import wraps

    @wraps(f)
    def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        it = f(*args, **kwargs)
        step: Any = it.send
        given: Any = (None,)
        while True:
            try:
                with make():
                    value = step(*given)
            except StopIteration as end:
                return end.value
            try:
                step, given = it.send, ((yield value),)
            except GeneratorExit:
                with make():
                    it.close()
                raise
            except BaseException as error:
                step, given = it.throw, (error,)

    return generator


core.set_decorator(decorate)
