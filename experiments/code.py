"""Which code a run is made of: a commit with what was changed and added since, or the files of an installed package."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .files import sha256_file, write_atomic, write_json

_UNTRACKED_FILE_BYTES = 1 << 20
_UNTRACKED_BYTES = 16 << 20
_GIT_S = 20.0
_PLAIN_DIFF = ("--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
_PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = ("conf", "dashboard", "engine", "experiments", "ext", "recipes")


def describe(folder: Path, where: Path, module: str | None = None) -> dict[str, Any]:
    """Content of `code.json`; writes beside it what the code can be rebuilt from.

    Args:
        folder: The provenance folder: `dirty.patch`, `untracked/` and `package.json` go there.
        where: A file or folder of the code.
        module: Name by which the file is imported.
    """
    root = git(where if where.is_dir() else where.parent, "rev-parse", "--show-toplevel")
    top = Path(os.fsdecode(root.rstrip(b"\n"))) if root is not None else None
    about = {"version": _version(), **(_in_repository(folder, top) if top is not None else _alone(folder, where))}
    about |= {"module": module, "path": _import_folder(where, module, top), "native": native_digest()}
    if top is None or top.resolve() != _PACKAGE:  # the commit says nothing of workbench itself
        files = package_files()
        write_json(folder / "package.json", files, durable=False)
        about["package"] = {"files": len(files), "sha256": _digest_of(files)}
    return about


def package_files() -> dict[str, str]:
    """The sha256 of the files of the package workbench that Python reads, by their path in it."""
    found = {}
    for name in FOLDERS:
        for path in sorted((_PACKAGE / name).rglob("*")):
            if path.suffix in (".py", ".yaml", ".so") and path.is_file():
                found[path.relative_to(_PACKAGE).as_posix()] = sha256_file(path)
    return found


def native_file() -> Path | None:
    """The compiled module of the native core."""
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        path = _PACKAGE / "ext" / "core" / f"_core{suffix}"
        if path.is_file():
            return path
    return None


def native_digest() -> str | None:
    """The sha256 of the compiled module."""
    file = native_file()
    return sha256_file(file) if file is not None else None


def git(where: Path, *words: str, given: bytes | None = None) -> bytes | None:
    """What a git command prints; None if it fails or there is no git."""
    stdin: dict[str, Any] = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    try:
        done = subprocess.run(["git", "-C", str(where), *words], capture_output=True, timeout=_GIT_S, check=False, **stdin)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def changed_files(patch: bytes) -> dict[str, bytes]:
    """The parts of a patch by the names of the files that they change."""
    parts = {}
    for part in (b"\n" + patch).split(b"\ndiff --git ")[1:]:
        name = part.partition(b"\n")[0].rpartition(b" b/")[2]
        parts[name.decode(errors="replace")] = part
    return parts


def _in_repository(folder: Path, top: Path) -> dict[str, Any]:
    patch = git(top, "diff", *_PLAIN_DIFF, "HEAD")
    if patch:
        write_atomic(folder / "dirty.patch", patch, durable=False)
    listed = git(top, "ls-files", "--others", "--exclude-standard", "-z") or b""
    return {
        "commit": _line(git(top, "rev-parse", "HEAD")),
        "branch": _line(git(top, "rev-parse", "--abbrev-ref", "HEAD")),
        "root": str(top),
        "dirty": bool(patch),
        "patch_sha256": hashlib.sha256(patch).hexdigest() if patch else None,
        "untracked": _keep_untracked(folder, top, [os.fsdecode(name) for name in listed.split(b"\0") if name]),
    }


def _alone(folder: Path, where: Path) -> dict[str, Any]:
    """Code that no repository holds: the file itself, kept as an untracked one is."""
    kept = _keep_untracked(folder, where.parent, [where.name]) if where.is_file() and not where.is_relative_to(_PACKAGE) else {}
    why = "the code is in no git repository, or git is not installed"
    return {"commit": None, "why": why, "root": str(where.parent), "untracked": kept}


def _keep_untracked(folder: Path, top: Path, names: Sequence[str]) -> dict[str, Any]:
    """The sha256 of each untracked file, with a copy of those that are small; the size alone of large ones. Runs are left out."""
    out: dict[str, Any] = {}
    room = _UNTRACKED_BYTES
    apart = {folder.resolve(), *([folder.resolve().parents[2]] if (folder.parent / "run.json").exists() else [])} - {top.resolve()}
    for name in names:
        path = top / name
        with contextlib.suppress(OSError):
            if not path.is_file() or not apart.isdisjoint(path.resolve().parents):
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


def _import_folder(where: Path, module: str | None, top: Path | None) -> str | None:
    """The folder on `sys.path` that the module is imported from, relative to the repository; None for what is a part of workbench."""
    if module is None or module.partition(".")[0] == "workbench":
        return None
    up = len(module.split(".")) - (0 if where.name == "__init__.py" else 1)
    folder = where.parents[up]
    if top is None or not folder.resolve().is_relative_to(top.resolve()):
        return str(folder)
    return folder.resolve().relative_to(top.resolve()).as_posix()


def _version() -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("workbench")
    except PackageNotFoundError:
        return None


def _digest_of(files: dict[str, str]) -> str:
    return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in sorted(files.items())).encode()).hexdigest()


def _line(output: bytes | None) -> str | None:
    return output.decode(errors="replace").strip() if output is not None else None


def module_file(module: str) -> Path | None:
    """The file that a module was imported from."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).resolve() if file else None
