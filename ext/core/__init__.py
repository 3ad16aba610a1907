"""The native core, started: kernels picked for this CPU, the pool sized."""

from __future__ import annotations

import os

from . import cpus

try:
    from . import _core
except ImportError as e:
    raise ImportError(
        f"the native part of workbench is not built ({e}); in a checkout: make build, elsewhere: pip install --force-reinstall workbench"
    ) from e


def _number(name: str, default: int, low: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdigit() or int(text) < low:
        raise ImportError(f"{name}: expected a whole number of {low} or more, got {text!r}")
    return int(text)


level = _core.start(
    _number("WORKBENCH_NUM_THREADS", cpus.available(), 1),
    _number("WORKBENCH_SPIN_US", 100, 0) * 1000,
    os.environ.get("WORKBENCH_ISA"),
    os.environ.get("WORKBENCH_ALLOC") == "system",
)
