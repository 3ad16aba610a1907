"""Looking for the operation that made the first nan or inf."""

from __future__ import annotations

import linecache
import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from workbench.ext.core import _core
from workbench.ext.core.lazy import np

from ..pytree import tree_leaves

Tensor = _core.Tensor
_ENGINE = str(Path(__file__).parents[1]) + "/"


def where() -> str:
    """The user's line that is running: the innermost one outside of the engine, the layer that it is in, and how it was come to."""
    return place_of(sys._getframe(1), _core.running_modules())


def place_of(frame: FrameType | None, modules: list[Any]) -> str:
    """`where`, of any frame, and of the modules that ran there (the innermost first)."""
    layer = _layer(modules)
    frame = outside(frame, (_ENGINE,))
    if frame is None:
        return f"an unknown place{layer}"
    return f"{line_of(frame)}{layer}\n{''.join(traceback.format_stack(frame, limit=8))}"


def outside(frame: FrameType | None, folders: tuple[str, ...]) -> FrameType | None:
    """The frame, or the innermost one around it whose code is in none of these folders."""
    while frame is not None and frame.f_code.co_filename.startswith(folders):
        frame = frame.f_back
    return frame


def line_of(frame: FrameType) -> str:
    """The line that a frame is at: file, number, function and source."""
    path, line = frame.f_code.co_filename, frame.f_lineno
    return f"{path}:{line}, in {frame.f_code.co_name}: `{linecache.getline(path, line).strip()}`"


def _layer(modules: list[Any]) -> str:
    """The innermost module by its path from the outermost one: `, layer body.0 (Linear)`; nothing outside of modules."""
    if not modules:
        return ""
    inner, root = modules[0], modules[-1]
    name = next((name for name, module in root.named_modules() if module is inner), "")
    return f", layer {name} ({type(inner).__name__})" if name else f", layer {type(inner).__name__}"


def _finite(value: Any) -> bool:
    if isinstance(value, Tensor):
        if not (value.is_floating_point() or value.is_complex()):
            return True
        with _core.no_grad():
            plain = value.detach()
            plain = plain.float() if plain.dtype in (_core.float16, _core.bfloat16) else plain
        return bool(np.isfinite(plain.numpy()).all())
    return not isinstance(value, float) or math.isfinite(value)


def _check_forward(op: Any, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
    """An interceptor of ops: raises where one makes nan or inf of finite arguments."""
    if _core.current_run():
        return proceed(*args)  # the engine looks at the gradients itself, node by node
    writes = op.name.endswith("_")
    before = all(map(_finite, tree_leaves(args))) if writes else None
    result = proceed(*args)
    if all(map(_finite, tree_leaves(result))):
        return result
    if before if writes else all(map(_finite, tree_leaves(args))):
        raise RuntimeError(f"{op.name}: expected a finite result of finite arguments, got nan or inf at {where()}")
    return result


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """Switch the search for nan and inf on or off; as a context manager, until its end.

    Args:
        mode: Whether to remember where each operation is recorded.
        check_nan: Whether to raise where backward makes a nan or inf.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = _core.set_anomaly((2 if check_nan else 1) if mode else 0, where)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _core.set_anomaly(self.before)


class detect_anomaly:  # noqa: N801 - PyTorch's name
    """Within this block, name the operation, and the line of your program, that makes the first nan or inf, forward or backward.

    An operation counts as the maker where its arguments are finite and its result is not: a mask filled with -inf on purpose
    raises nothing, log(0) does. For looking only: each result is read once more, and each line of the program is remembered.

    Args:
        check_nan: Whether to raise; without, it is only remembered where operations are recorded.
        check_forward: Whether forward is looked at too, which PyTorch does not do: it only raises when backward comes to a nan.

    Raises:
        RuntimeError: an operation or its derivative made nan or inf.

    Example:
        >>> with detect_anomaly():
        ...     tensor([-1.0]).sqrt()
        Traceback (most recent call last):
        RuntimeError: sqrt: expected a finite result of finite arguments, got nan or inf at ...
    """

    def __init__(self, check_nan: bool = True, *, check_forward: bool = True) -> None:
        self.level = 2 if check_nan else 1
        self.before: list[int] = []
        self.interceptor = _core.intercept(_check_forward) if check_nan and check_forward else None

    def __enter__(self) -> None:
        self.before.append(_core.set_anomaly(self.level, where))
        if self.interceptor is not None:
            self.interceptor.__enter__()

    def __exit__(self, *exc: Any) -> None:
        if self.interceptor is not None:
            self.interceptor.__exit__(*exc)
        _core.set_anomaly(self.before.pop())


def _level() -> int:
    level = _core.set_anomaly(0)
    _core.set_anomaly(level)
    return int(level)


def is_anomaly_enabled() -> bool:
    """Whether the search for nan and inf is on."""
    return _level() > 0


def is_anomaly_check_nan_enabled() -> bool:
    """Whether that search raises; True as well while it is off, as in PyTorch."""
    return _level() != 1


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switch the search for nan and inf on or off."""
    set_detect_anomaly(mode, check_nan)
