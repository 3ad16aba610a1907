"""What differs between two runs: configuration, code, environment, data, results and logged numbers. `workbench diff`."""

from __future__ import annotations

import difflib
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .code import git
from .differences import packages_of
from .facts import Entry, flat, value_text
from .files import read_object
from .metrics import read_metrics
from .parting import agreement
from .showing import one
from .tables import Table

_PLACES = ("root", "branch", "why", "dirty", "untracked")  # of code.json: where the code lay, or told by something else
_WIDEST = 60
_MISSING = "-"


def diff_runs(root: Path, a: str, b: str, as_json: bool = False) -> int:
    """Print what differs between two runs.

    Args:
        root: Folder of the runs.
        a: One run, as `record.find` takes it.
        b: The other.
        as_json: Print JSON.

    Returns:
        The exit code: 0 where nothing differs, 1 where something does.
    """
    first, second = one(root, a, "diff"), one(root, b, "diff")
    found = differences(first, second)
    if as_json:
        print(json.dumps(found, indent=2, default=str))
    else:
        _print(found, first, second)
    return 0 if found["equal"] else 1


def differences(a: Entry, b: Entry) -> dict[str, Any]:
    """What differs between two runs.

    Returns:
        By section, keys with their two values: `configuration`, `code`, `packages`, `machine`, `data`, `result`; the `metrics` of both,
        equal or not; `patches`, `untracked` and `untracked_text`, what differs in files that no commit has; `package_files`, those of
        workbench itself where it is installed; `commits`, the files that differ between the commits, where the repository is at hand;
        `log`, the first step at which the logged numbers part, or None; and `equal`.
    """
    one, other = a.path / "provenance", b.path / "provenance"
    codes = [read_object(folder / "code.json") for folder in (one, other)]
    machines = [flat(read_object(folder / "machine.json")) for folder in (one, other)]
    results = [read_object(entry.path / "result.json") for entry in (a, b)]
    found: dict[str, Any] = {
        "configuration": _unequal(a.config, b.config),
        "code": _unequal(*(flat({key: value for key, value in code.items() if key not in _PLACES}) for code in codes)),
        "package_files": _unequal(*(read_object(folder / "package.json") for folder in (one, other))),
        "commits": _between(codes),
        "patches": list(_patches(_text(one / "dirty.patch"), _text(other / "dirty.patch"))),
        **_untracked(one, other, codes),
        "packages": _unequal(packages_of(one), packages_of(other)),
        "machine": _unequal(*machines),
        "data": _unequal(*(flat(read_object(folder / "data.json")) for folder in (one, other))),
        "result": _unequal(*({key: result.get(key) for key in ("sha256", "parameters", "steps", "epochs")} for result in results)),
        "metrics": {name: [a.metrics.get(name), b.metrics.get(name)] for name in dict.fromkeys([*a.metrics, *b.metrics])},
        "log": _parting(a.path / "metrics.bin", b.path / "metrics.bin"),
    }
    same_metrics = all(_same(*pair) for pair in found["metrics"].values())
    found["equal"] = same_metrics and not any(value for name, value in found.items() if name != "metrics")
    return found


def _unequal(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The keys whose values differ, and both values; None where there is none."""
    return {key: [a.get(key), b.get(key)] for key in dict.fromkeys([*a, *b]) if not _same(a.get(key), b.get(key))}


def _same(a: Any, b: Any) -> bool:
    """Whether two values are equal: a number and its text are not, nan and nan are."""
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    return bool(a == b)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _between(codes: list[dict[str, Any]]) -> list[str]:
    """What git says of the files that differ between two commits; nothing where it cannot be asked."""
    old, new = (code.get("commit") for code in codes)
    if not old or not new or old == new:
        return []
    for code in codes:
        told = git(Path(str(code.get("root"))), "diff", "--stat=100", old, new, "--")
        if told is not None:
            return told.decode(errors="replace").splitlines()
    return []


def _patches(a: str, b: str) -> Iterator[str]:
    """The lines that differ between two patches, file by file: a patch of thousands of lines is compared in those files that differ."""
    one, other = _by_file(a), _by_file(b)
    for name in dict.fromkeys([*one, *other]):
        if one.get(name) != other.get(name):
            yield from _lines(f"dirty.patch, {name}", one.get(name, ""), other.get(name, ""))


def _by_file(patch: str) -> dict[str, str]:
    parts = re.split(r"^(?=diff --git )", patch, flags=re.MULTILINE)
    return {part.partition("\n")[0].rpartition(" b/")[2] or "its beginning": part for part in parts if part}


def _untracked(a: Path, b: Path, codes: list[dict[str, Any]]) -> dict[str, Any]:
    one, other = (code.get("untracked") or {} for code in codes)
    changed = _unequal(one, other)
    texts: list[str] = []
    for name in changed:
        before, after = _text(a / "untracked" / name), _text(b / "untracked" / name)
        if before and after and "\0" not in before + after:
            texts += _lines(name, before, after)
    return {"untracked": changed, "untracked_text": texts}


def _lines(name: str, a: str, b: str) -> list[str]:
    return [line.rstrip("\n") for line in difflib.unified_diff(a.splitlines(), b.splitlines(), f"a: {name}", f"b: {name}", lineterm="")]


def _parting(a: Path, b: Path) -> dict[str, Any] | None:
    """The first step at which the logged numbers of two runs differ, and those that do; None where they never do."""
    try:
        found = agreement(*(read_metrics(path) if path.is_file() else () for path in (a, b))).parting
    except ValueError as error:
        return {"step": None, "unreadable": str(error)}
    if found is None:
        return None
    if found.steps is None:  # float32 widened, which changes no bit of what it is
        return {"step": found.step, "values": {name: [_widened(value) for value in pair] for name, pair in found.values.items()}}
    if None in found.steps:
        return {"step": found.step, "only": "a" if found.steps[1] is None else "b"}
    return {"step": found.step, "steps": list(found.steps)}


def _widened(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _print(found: Mapping[str, Any], a: Entry, b: Entry) -> None:
    for letter, entry in (("a", a), ("b", b)):
        print(f"{letter}  {entry.facts.get('recipe')}/{entry.facts['id']}, {entry.facts.get('status')}")
    if found["equal"]:
        print("\nno difference in configuration, code, environment, data, results and logged numbers")
    for name in ("configuration", "code"):
        _section(name, found[name])
    _section("files of workbench", {each: [value and value[:10] for value in pair] for each, pair in found["package_files"].items()})
    for name in ("commits", "untracked", "patches", "untracked_text"):
        if name == "untracked":
            _section("untracked files", {each: [_about(value) for value in pair] for each, pair in found[name].items()})
        elif found[name]:
            print()
            _colour(found[name])
    _section("packages", found["packages"])
    _section("machine", {key: _short_lists(*pair) for key, pair in found["machine"].items()})
    for name in ("data", "result"):
        _section(name, found[name])
    if found["metrics"]:
        rows = [[name, *map(_number, pair), _gap(*pair)] for name, pair in found["metrics"].items()]
        print()
        Table(["metrics", "a", "b", "b - a"], rows, (1, 2, 3)).print({})
    if found["log"] is not None:
        print("\n" + _log_text(found["log"]))


def _section(name: str, pairs: Mapping[str, Any]) -> None:
    if pairs:
        print()
        Table([name, "a", "b"], [[key, *map(_cell, pair)] for key, pair in pairs.items()]).print({}, fold=True)


def _cell(value: Any) -> str:
    text = _MISSING if value is None else value_text(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _about(value: Any) -> str | None:
    """An untracked file in a cell."""
    return None if value is None else f"{value.get('bytes')} bytes, sha256 {str(value.get('sha256'))[:10]}"


def _short_lists(a: Any, b: Any) -> tuple[Any, Any]:
    """Of two lists, what only one has."""
    if isinstance(a, list) and isinstance(b, list):
        parts = [[str(each) for each in one if each not in other] for one, other in ((a, b), (b, a))]
        return tuple(" ".join(part) if part else "nothing more" for part in parts)  # type: ignore[return-value]
    return a, b


def _number(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.6g}"


def _gap(a: float | None, b: float | None) -> str:
    if a is None or b is None:
        return ""
    return "" if _same(a, b) else f"{b - a:+.3g}"


def _log_text(log: Mapping[str, Any]) -> str:
    if "values" in log:
        name, (a, b) = next(iter(log["values"].items()))
        rest = f" and {len(log['values']) - 1} more" if len(log["values"]) > 1 else ""
        return f"the logged numbers part at step {log['step']}: {name} is {a!r} in a, {b!r} in b{rest}"
    if "only" in log:
        return f"the logged numbers are equal as far as both go; from step {log['step']} on, {log['only']} alone has some"
    if "steps" in log:
        return f"the logged numbers part at step {log['step']}: after the same rows, a logged step {log['steps'][0]}, b {log['steps'][1]}"
    return str(log["unreadable"])


def _colour(lines: list[str]) -> None:
    """Lines of a diff, coloured in a terminal."""
    if not sys.stdout.isatty():
        print("\n".join(lines))
        return
    from rich.console import Console
    from rich.text import Text

    styles = {"+": "green", "-": "red", "@": "cyan"}
    console = Console(highlight=False)
    for line in lines:
        console.print(Text(line, style=styles.get(line[:1], "")), soft_wrap=True)
