"""The repository as the house rules see it: its files, its modules and who imports whom."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "ext", "recipes", "conf", "dashboard", "experiments")


def files() -> list[Path]:
    """What git tracks or would track; in an unpacked archive, everything outside of build and hidden folders."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]
    inside = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [
        ROOT / p for p in inside if not p.parts[0].startswith((".", "build", "runs")) and "__pycache__" not in p.parts and p.suffix != ".so"
    ]


def modules() -> dict[str, Path]:
    """Import name -> file, for every Python module that is installed."""
    found = {}
    for path in files():
        inside = path.relative_to(ROOT)
        if path.suffix == ".py" and inside.parts[0] in FOLDERS:
            parts = inside.with_suffix("").parts
            found[".".join(("workbench", *(parts[:-1] if parts[-1] == "__init__" else parts)))] = path
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _statements(node.orelse)
        else:
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                children = getattr(node, name, [])
                yield from _statements([c for c in children if isinstance(c, (ast.stmt, ast.ExceptHandler, ast.match_case))])


def imports(name: str, path: Path, known: set[str]) -> set[str]:
    """The project's own modules that a module imports, at its top or inside functions; imports for type checkers do not count."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in _statements(ast.parse(path.read_text()).body):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
            continue
        base = node.module or ""
        if node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, base] if base else above)
        found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names}
    return {module for module in found if module.split(".")[0] == "workbench"}
