"""Sizes that a compiler does not know yet, and checks on them: all sizes are numbers here, and a check is one at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from workbench.ext.core._core import Tensor


class SymInt:
    """A size that is not known yet; nothing is one here."""


class SymFloat:
    """A number that is not known yet; nothing is one here."""


class SymBool:
    """A truth that is not known yet; nothing is one here."""


sym_int = math.trunc
sym_float = float
sym_max, sym_min, sym_sum = max, min, sum
sym_sqrt = math.sqrt


def sym_not(a: Any) -> bool:
    """Whether `a` is false."""
    return not a


def sym_ite(b: Any, t: Any, f: Any) -> Any:
    """`t` if `b`, else `f`."""
    return t if b else f


def _check(cond: Any, message: Callable[[], Any] | None = None, error: type[Exception] = RuntimeError) -> None:
    """Raise unless a condition holds.

    Raises:
        RuntimeError: It does not; with what `message()` says.
        TypeError: `cond` is no bool, or message is not callable.
    """
    if not isinstance(cond, bool):
        raise TypeError(f"_check: expected cond to be a bool, got {type(cond).__name__}")
    if message is not None and not callable(message):
        raise TypeError(f"_check: expected message to be a function, got {type(message).__name__}")
    if not cond:
        raise error("_check: expected the condition to hold, got False" if message is None else str(message()))


def _check_with(error_type: type[Exception], cond: Any, message: Callable[[], Any]) -> None:
    """The same, with an exception of the caller's choice."""
    _check(cond, message, error_type)


def _check_value(cond: Any, message: Callable[[], Any] | None = None) -> None:
    """The same, as a ValueError."""
    _check(cond, message, ValueError)


def _check_index(cond: Any, message: Callable[[], Any] | None = None) -> None:
    """The same, as an IndexError."""
    _check(cond, message, IndexError)


def _check_type(cond: Any, message: Callable[[], Any] | None = None) -> None:
    """The same, as a TypeError."""
    _check(cond, message, TypeError)


def _check_not_implemented(cond: Any, message: Callable[[], Any] | None = None) -> None:
    """The same, as a NotImplementedError."""
    _check(cond, message, NotImplementedError)


def _check_tensor_all(cond: Any, message: Callable[[], Any] | None = None) -> None:
    """Raise unless all elements of a tensor are true."""
    _check(bool(cond.all()), message)


def _check_is_size(i: Any, message: Callable[[], Any] | None = None, *, max: Any = None) -> None:
    """Raise unless a number can be a size."""
    _check(i >= 0 and (max is None or i <= max), message)


def _assert(condition: Any, message: str) -> None:
    """`assert`, as a function that a tracer can see."""
    assert condition, message


def _assert_async(condition: Any, message: str = "") -> None:
    """Raise unless a tensor of one element is true; at once, there is nothing to wait for."""
    if not bool(condition):
        raise RuntimeError(message or "_assert_async: expected a true value, got false")


def _shape_as_tensor(input: Tensor) -> Tensor:
    """The shape of a tensor as a tensor."""
    from ...ops.data import tensor

    return tensor(list(input.shape))


def _is_functional_tensor(t: Any) -> bool:
    """False: there are no such tensors."""
    return False
