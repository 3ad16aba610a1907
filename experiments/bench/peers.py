"""The engines: which there are, what each needs, in how many ways each is tried."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.util import find_spec

PEERS = {
    "torch": "PyTorch, eager: the best of its layouts, fused optimizers",
    "compile": "torch.compile",
}


def not_installed(engine: str) -> str:
    """Why an engine cannot run here; "" where it can."""
    if find_spec("torch") is None:
        return "torch is not installed"
    if engine == "compile" and not (shutil.which("g++") or shutil.which("clang++")):
        return "torch.compile needs a C++ compiler"
    return ""


def layouts(engine: str, those: Sequence[str]) -> Sequence[str]:
    """The memory layouts that an engine is tried with: ours finds its own, what is compiled takes the best for images."""
    return {"workbench": those[:1], "torch": those, "compile": those[-1:]}[engine]
