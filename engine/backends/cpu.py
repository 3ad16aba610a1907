"""What the CPU can do."""

from __future__ import annotations

from workbench.ext.core import level


def get_cpu_capability() -> str:
    """The level of instructions that the kernels use, in PyTorch's words."""
    return {"v4": "AVX512", "v3": "AVX2"}.get(level, "DEFAULT")
