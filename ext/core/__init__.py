"""The native core, started: kernels picked for this CPU, BLAS loaded, the pool sized."""

from __future__ import annotations

import os
from importlib.machinery import PathFinder

from . import cpus

try:
    from . import _core
except ImportError as e:
    raise ImportError(
        f"the native part of workbench is not built ({e}); in a checkout: make build, elsewhere: pip install --force-reinstall workbench"
    ) from e


def _blas() -> str:
    """Path of the BLAS library: found, not imported, because the package's import would load it with all threads."""
    if path := os.environ.get("WORKBENCH_BLAS"):
        return path
    spec = PathFinder.find_spec("scipy_openblas32")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(
            "workbench: expected the package scipy-openblas32, got none; "
            "pip install scipy-openblas32, or set WORKBENCH_BLAS to a library that exports scipy_cblas_*"
        )
    folder = f"{next(iter(spec.submodule_search_locations))}/lib"
    try:
        found = sorted(e.name for e in os.scandir(folder) if e.name.startswith("libscipy_openblas") and ".so" in e.name)
    except OSError:
        found = []
    if not found:
        raise ImportError(
            f"workbench: expected the library of scipy-openblas32 in {folder}, got none; pip install --force-reinstall scipy-openblas32"
        )
    return f"{folder}/{found[0]}"


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
    _blas(),
    os.environ.get("WORKBENCH_ISA"),
    os.environ.get("WORKBENCH_ALLOC") == "system",
)
