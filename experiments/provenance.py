"""What a run was made of: code, packages, interpreter, machine, data and command line, as plain files under `provenance/`.

code.json        commit, branch, whether the tree was dirty, untracked files with their sha256, version of workbench (code.py)
dirty.patch      the difference between the commit and the tree (`git apply` takes it)
untracked/       copies of the untracked files, up to a size
package.json     sha256 of each file of workbench, where the commit does not tell them: it is installed, or the recipe is kept elsewhere
packages.txt     installed packages, one `name==version` a line
machine.json     interpreter, system, CPU and its features, kernels chosen, threads, the variables that steer them
data.json        fingerprints of the data sets that were read
command.json     command line, folder, time
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.ext.core.cpus import available

from .code import describe
from .files import read_object, write_atomic, write_json

_VARIABLES = re.compile(r"WORKBENCH_|OMP_|OPENBLAS_|MKL_|GOTO_|CUDA_|PYTHONHASHSEED$|PYTHONPATH$|SLURM_JOB_ID$|LD_PRELOAD$")


def capture(folder: Path, command: list[str], code: Path | None = None, module: str | None = None) -> None:
    """Write what a run is made of; takes well under a second. What cannot be found out is recorded as null, never an error.

    Args:
        folder: Folder to write to; made.
        command: The command line.
        code: A file or folder of the code whose repository is recorded; by default that of workbench.
        module: Name by which that file is imported.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "code.json", describe(folder, code or Path(__file__).resolve().parent, module), durable=False)
    write_atomic(folder / "packages.txt", "".join(f"{name}=={version}\n" for name, version in packages().items()), durable=False)
    write_json(folder / "machine.json", machine(), durable=False)
    write_json(folder / "command.json", {"argv": command, "folder": str(Path.cwd()), "time_s": time.time(), "user": _user()}, durable=False)


def record_data(folder: Path, name: str, fingerprint: Mapping[str, Any]) -> dict[str, Any]:
    """Add the fingerprint of a data set to `data.json` and return all of them."""
    known = read_object(folder / "data.json")
    known[name] = dict(fingerprint)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "data.json", known)
    return known


def packages() -> dict[str, str]:
    """Installed packages and versions, from the names of their metadata folders: reading each one's metadata takes ten times as long."""
    found: dict[str, str] = {}
    for entry in sys.path:
        with contextlib.suppress(OSError):
            for name in (path.name for path in Path(entry or ".").iterdir()):
                match = re.fullmatch(r"(.+?)-([^-]+)(?:-py[\d.]+)?\.(?:dist-info|egg-info)", name)
                if match:
                    found.setdefault(re.sub(r"[-_.]+", "-", match[1]).lower(), match[2])
    return dict(sorted(found.items()))


def machine() -> dict[str, Any]:
    """Interpreter, system, CPU, kernels and threads."""
    info = _cpu_info()
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "system": f"{platform.system()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()),
        "machine": platform.machine(),
        "cpu": info.get("model name") or info.get("CPU part"),
        "features": sorted((info.get("flags") or info.get("Features") or "").split()),
        "cores": available(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "variables": {name: value for name, value in sorted(os.environ.items()) if _VARIABLES.match(name)},
        **_engine(),
    }


def _engine() -> dict[str, Any]:
    """Instruction set of the kernels and threads, where the engine is loaded."""
    native: Any = sys.modules.get("workbench.ext.core")
    core = getattr(native, "_core", None)
    if core is None or not hasattr(native, "level"):
        return {}
    return {"kernels": native.level, "threads": core.get_num_threads()}


def _cpu_info() -> dict[str, str]:
    """The first processor of /proc/cpuinfo."""
    out: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0].splitlines():
            key, _, value = line.partition(":")
            out[key.strip()] = value.strip()
    return out


def _user() -> str | None:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None
