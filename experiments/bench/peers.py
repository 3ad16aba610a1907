"""The engines: which there are, what each needs, in how many ways each is tried."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from . import in_jax

PEERS = {
    "torch": "PyTorch, eager: the best of its layouts, fused optimizers",
    "compile": "torch.compile",
    "jax": "JAX, jitted",
}


def not_installed(engine: str) -> str:
    """Why an engine cannot run here; "" where it can."""
    needs = "jax" if engine == "jax" else "torch"
    if find_spec(needs) is None:
        return f"{needs} is not installed"
    if engine == "compile" and not (shutil.which("g++") or shutil.which("clang++")):
        return "torch.compile needs a C++ compiler"
    return ""


def missing(engine: str, case: str, sizes: Mapping[str, int]) -> str:
    """Why an engine does not run a case; "" where it does."""
    return "not written" if engine == "jax" and (case not in in_jax.WRITTEN or sizes) else ""


def layouts(engine: str, those: Sequence[str]) -> Sequence[str]:
    """The memory layouts that an engine is tried with: ours finds its own, what is compiled takes the best for images."""
    return {"workbench": those[:1], "torch": those, "compile": those[-1:], "jax": those[:1]}[engine]
