"""The C runtime as a library of its own, so that tests reach what Python never sees. Compiled from ext/core with the flags of the build."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "ext/core"
SANITIZE = os.environ.get("WORKBENCH_SANITIZE", "")
CC = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
TASK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_long)


class Stats(ctypes.Structure):
    """wb_alloc_stats."""

    _fields_ = [(name, ctypes.c_size_t) for name in ("used", "peak", "cached", "limit", "hits", "misses")] + [("bypass", ctypes.c_int)]


def library(folder: Path, *sources: Path, flags: tuple[str, ...] = ()) -> ctypes.CDLL:
    """Compile sources into `folder` and load the result; skips where there is no compiler."""
    if shutil.which(CC[0]) is None:
        pytest.skip("no C compiler")
    target = folder / "runtime.so"
    flags = ["-std=gnu11", "-O1", "-g", "-shared", "-fPIC", f"-I{CORE}", *([f"-fsanitize={SANITIZE}"] if SANITIZE else []), *flags]
    subprocess.run([*CC, *flags, "-o", target, *sources, "-lpthread", "-ldl"], check=True)
    return ctypes.CDLL(str(target))
