"""What a run was made of: code, packages, interpreter, machine, data and command line, as plain files under `provenance/`.

code.json        commit, branch, whether the tree was dirty, untracked files with their sha256, version of workbench
dirty.patch      the difference between the commit and the tree (`git apply` takes it)
untracked/       copies of the untracked files, up to a size
packages.txt     installed packages, one `name==version` a line
machine.json     interpreter, system, CPU and its features, kernels chosen, threads, the variables that steer them
data.json        fingerprints of the data sets that were read
command.json     command line, folder, time
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import read_json, sha256_file, write_atomic, write_json

_VARIABLES = re.compile(r"WORKBENCH_|OMP_|OPENBLAS_|MKL_|GOTO_|CUDA_|PYTHONHASHSEED$|PYTHONPATH$|SLURM_JOB_ID$|LD_PRELOAD$")
_UNTRACKED_FILE_BYTES = 1 << 20
_UNTRACKED_BYTES = 16 << 20
_GIT_S = 5.0
_SOURCES = (".py", ".pyx", ".pxi", ".c", ".h", ".yaml")
_MACHINE = ("python", "cpu", "features", "kernels", "blas")  # what decides the bits; threads decide none


def capture(folder: Path, command: list[str], code: Path | None = None) -> None:
    """Write what a run is made of; takes well under a second. What cannot be found out is recorded as null, never an error.

    Args:
        folder: Folder to write to; made.
        command: The command line.
        code: A file or folder of the code whose repository is recorded; by default that of workbench.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "code.json", _code(folder, code or Path(__file__).resolve().parent), durable=False)
    write_atomic(folder / "packages.txt", "".join(f"{name}=={version}\n" for name, version in packages().items()), durable=False)
    write_json(folder / "machine.json", machine(), durable=False)
    write_json(folder / "command.json", {"argv": command, "folder": str(Path.cwd()), "time_s": time.time(), "user": _user()}, durable=False)


def record_data(folder: Path, name: str, fingerprint: Mapping[str, Any]) -> dict[str, Any]:
    """Add the fingerprint of a data set to `data.json` and return all of them."""
    known = read_json(folder / "data.json") or {}
    known[name] = dict(fingerprint)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "data.json", known)
    return known


def differences(before: Path, after: Path) -> list[str]:
    """What differs between two captures in what can change a result, one sentence each."""
    out = []
    a, b = (read_json(folder / "code.json") or {} for folder in (before, after))
    if a.get("commit") != b.get("commit"):
        out.append(f"commit {_short(a.get('commit'))} became {_short(b.get('commit'))}")
    if a.get("patch_sha256") != b.get("patch_sha256"):
        out.append("the uncommitted changes (dirty.patch) differ")
    old, new = a.get("untracked") or {}, b.get("untracked") or {}
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name) and name.endswith(_SOURCES))
    if changed:
        out.append(f"untracked files differ: {_few(changed)}")
    old, new = (_packages_of(folder) for folder in (before, after))
    changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    if changed:
        out.append(f"packages differ: {_few([f'{each} {old.get(each)} became {new.get(each)}' for each in changed])}")
    a, b = (read_json(folder / "machine.json") or {} for folder in (before, after))
    out += [f"{key} differs: {_brief(a.get(key), b.get(key))}" for key in _MACHINE if a.get(key) != b.get(key)]
    return out


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
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "variables": {name: value for name, value in sorted(os.environ.items()) if _VARIABLES.match(name)},
        **_engine(),
    }


def _engine() -> dict[str, Any]:
    """Instruction set of the kernels, BLAS and threads, where the engine is loaded."""
    native: Any = sys.modules.get("workbench.ext.core")
    core = getattr(native, "_core", None)
    if core is None or not hasattr(native, "level"):
        return {}
    return {"kernels": native.level, "blas": core.blas(), "threads": core.get_num_threads()}


def _code(folder: Path, where: Path) -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("workbench")
    except PackageNotFoundError:
        number = None
    root = _git(where if where.is_dir() else where.parent, "rev-parse", "--show-toplevel")
    if root is None:
        return {"version": number, "commit": None, "why": "the code is in no git repository, or git is not installed"}
    top = Path(root.decode().strip())
    patch = _git(top, "diff", "--binary", "HEAD")
    if patch:
        write_atomic(folder / "dirty.patch", patch, durable=False)
    listed = _git(top, "ls-files", "--others", "--exclude-standard", "-z") or b""
    return {
        "version": number,
        "commit": _line(_git(top, "rev-parse", "HEAD")),
        "branch": _line(_git(top, "rev-parse", "--abbrev-ref", "HEAD")),
        "root": str(top),
        "dirty": bool(patch),
        "patch_sha256": hashlib.sha256(patch).hexdigest() if patch else None,
        "untracked": _keep_untracked(folder, top, [os.fsdecode(name) for name in listed.split(b"\0") if name]),
    }


def _keep_untracked(folder: Path, top: Path, names: list[str]) -> dict[str, Any]:
    """The sha256 of each untracked file, with a copy of those that are small; the size alone of large ones."""
    out: dict[str, Any] = {}
    room = _UNTRACKED_BYTES
    for name in names:
        path = top / name
        with contextlib.suppress(OSError):
            if not path.is_file() or folder.resolve() in path.resolve().parents:
                continue
            size = path.stat().st_size
            if size > min(_UNTRACKED_FILE_BYTES, room):
                out[name] = {"bytes": size}
                continue
            out[name] = {"bytes": size, "sha256": sha256_file(path)}
            copy = folder / "untracked" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            room -= size
    return out


def _git(where: Path, *words: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", str(where), *words], capture_output=True, timeout=_GIT_S, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _line(output: bytes | None) -> str | None:
    return output.decode(errors="replace").strip() if output is not None else None


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


def _packages_of(folder: Path) -> dict[str, str]:
    with contextlib.suppress(OSError):
        lines = (folder / "packages.txt").read_text().splitlines()
        return {line.partition("==")[0]: line.partition("==")[2] for line in lines}
    return {}


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "none"


def _few(items: list[str]) -> str:
    return ", ".join(items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")


def _brief(a: Any, b: Any) -> str:
    if isinstance(a, list) and isinstance(b, list):
        return f"only before: {_few(sorted(set(a) - set(b))) or 'nothing'}; only now: {_few(sorted(set(b) - set(a))) or 'nothing'}"
    return f"{a} became {b}"
