"""`torch.__config__`: how the engine was built."""

from __future__ import annotations

from workbench.ext.core import _core as core


def show() -> str:
    """What the kernels use, as text."""
    return f"Workbench: kernels in C for {len(core.kernels())} ops and dtypes, USE_MKL=OFF, USE_CUDA=OFF, USE_OPENMP=OFF"


def parallel_info() -> str:
    """How many threads the kernels use, as text."""
    return f"threads of kernels: {core.get_num_threads()}"
