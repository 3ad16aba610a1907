"""What differs between two captures of what a run is made of: named one by one, with both values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .code import changed_files
from .files import read_json, read_object

_SOURCES = (".py", ".pyx", ".pxi", ".c", ".h", ".yaml")
_MACHINE = ("python", "cpu", "features", "kernels", "threads", "variables")
HARMLESS = ("threads", "variables", "native")  # what a resumption does not mention: it decides no bits, or the code says it already


class Difference(NamedTuple):
    """One thing that differs.

    Args:
        kind: "commit", "dirty file", "untracked file", "package", "package file", "native", "data", "config" or a key of machine.json.
        name: Which file, package, data set or key.
        before: What it was.
        after: What it became.
    """

    kind: str
    name: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.kind == "commit":
            return f"commit {_short(self.before)} became {_short(self.after)}"
        if self.kind in ("dirty file", "untracked file", "package file"):
            return f"{self.kind} {self.name} {_fate(self.before, self.after)}"
        if self.kind == "package":
            return f"package {self.name} {self.before or 'none'} became {self.after or 'none'}"
        if self.kind == "data":
            return f"data set {self.name}: {_entries(self.before, self.after)}"
        if self.kind == "config":
            return f"{self.name} {self.before} became {self.after}"
        if self.kind == "native":
            return "the compiled kernels differ (another build)"
        return f"{self.kind} differs: {_brief(self.before, self.after)}"


def differences(before: Path, after: Path) -> list[Difference]:
    """What differs between two provenance folders.

    Args:
        before: The folder of the earlier capture.
        after: That of the later one.
    """
    a, b = (read_object(folder / "code.json") for folder in (before, after))
    out = []
    if a.get("commit") != b.get("commit"):
        out.append(Difference("commit", "", a.get("commit"), b.get("commit")))
    out += _of("dirty file", *(changed_files(_bytes(folder / "dirty.patch")) for folder in (before, after)))
    out += [d for d in _of("untracked file", *(_hashes(each) for each in (a, b))) if d.name.endswith(_SOURCES)]
    out += _of("package", *(packages_of(folder) for folder in (before, after)))
    listed = [read_json(folder / "package.json") for folder in (before, after)]
    if None not in listed:
        out += _of("package file", *listed)
    if a.get("native") != b.get("native") and a.get("native") is not None:
        out.append(Difference("native", "", a.get("native"), b.get("native")))
    a, b = (read_object(folder / "machine.json") for folder in (before, after))
    out += [Difference(key, key, a.get(key), b.get(key)) for key in _MACHINE if a.get(key) != b.get(key)]
    a, b = (read_object(folder / "data.json") for folder in (before, after))
    out += [Difference("data", name, a[name], b[name]) for name in sorted(a.keys() & b.keys()) if a[name] != b[name]]
    return out


def config_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The keys of two configurations whose values differ, `runs` left out."""
    a, b = (dict(_leaves(each)) for each in (before, after))
    return [d for d in _of("config", a, b) if d.name != "runs"]


def packages_of(folder: Path) -> dict[str, str]:
    """Packages and versions of a capture."""
    with contextlib.suppress(OSError):
        lines = (folder / "packages.txt").read_text("utf-8", "replace").splitlines()
        return {line.partition("==")[0]: line.partition("==")[2] for line in lines}
    return {}


def _of(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [Difference(kind, name, before.get(name), after.get(name)) for name in names]


def _hashes(code: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry.get("sha256", entry.get("bytes")) for name, entry in (code.get("untracked") or {}).items()}


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        name = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from _leaves(value, name)
        else:
            yield name, value


def _bytes(path: Path) -> bytes:
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def _fate(before: Any, after: Any) -> str:
    return "is new" if before is None else "is gone" if after is None else "differs"


def _entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changed = [key for key in dict.fromkeys([*before, *after]) if before.get(key) != after.get(key)]
    return ", ".join(f"{key} {_clip(before.get(key))} became {_clip(after.get(key))}" for key in changed)


def _brief(a: Any, b: Any) -> str:
    if isinstance(a, list) and isinstance(b, list):
        return f"only before: {few(sorted(set(a) - set(b))) or 'nothing'}; only now: {few(sorted(set(b) - set(a))) or 'nothing'}"
    if isinstance(a, dict) and isinstance(b, dict):
        changed = sorted(key for key in a.keys() | b.keys() if a.get(key) != b.get(key))
        return few([f"{key} {a.get(key)} became {b.get(key)}" for key in changed])
    return f"{a} became {b}"


def _clip(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 16 else text[:12] + "..."


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "none"


def few(items: list[str]) -> str:
    """The first five, and how many more there are."""
    return ", ".join(items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
