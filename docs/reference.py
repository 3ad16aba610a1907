"""Writes the pages of the API reference from the definitions: `python docs/reference.py DIR`.

A page is a module of the engine, in the order of its file: what it says of itself, then each public name with its signature, docstring and
source. Nothing is written twice: a docstring that is wrong here is wrong in the code.
"""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sphinx.ext.napoleon import Config, GoogleDocstring

from workbench.engine import ops

HERE = Path(__file__).parent
ENGINE = HERE.parent / "engine"
NAPOLEON = Config(napoleon_custom_sections=[("Shape", "params_style")], napoleon_use_param=False, napoleon_use_rtype=False)
# part of the engine -> the title of its chapter, in the order of the book
CHAPTERS = {
    "ops": "Operations",
    "nn": "Layers, losses and initial values",
    "optim": "Optimizers and schedules",
    "autograd": "Automatic differentiation",
    "func": "Transforms of functions",
    "distributions": "Probability distributions",
    "masked": "Functions over masked elements",
    "data": "Data sets, loaders and transforms",
    "amp": "Mixed precision",
    "serialization": "Saving and loading",
    "profiler": "Profiling",
    "array_api": "The Python array API standard",
    "utils": "Utilities",
    "testing": "Testing",
}
# where the names of a space are found, after `engine.`
SPACES = {
    "torch": "",
    "functional": "nn.functional.",
    "linalg": "linalg.",
    "fft": "fft.",
    "special": "special.",
    "windows": "signal.windows.",
}
RULES = ("derivative", "formula")  # calls beside a definition that belong to it


@dataclass
class Entry:
    """A public function or class: where it is found, and its definition."""

    names: list[str]
    node: ast.FunctionDef | ast.ClassDef
    source: str
    line: int


def op_names() -> dict[tuple[str, str], list[str]]:
    """(module, function) of a definition -> every name under which users find it, the shortest first."""
    found: dict[tuple[str, str], list[str]] = {}
    for space, prefix in SPACES.items():
        for name, f in ops.space(space).items():
            if name.startswith("_"):
                continue
            of = getattr(f, "__wrapped__", f)
            if hasattr(of, "__module__") and hasattr(of, "__name__"):  # else a method, offered as a function
                found.setdefault((of.__module__, of.__name__), []).append(prefix + name)
    for op in ops.REGISTRY.values():
        key = (op.__wrapped__.__module__, op.__wrapped__.__name__)
        if key in found:
            found[key] += [f"Tensor.{m}" for m in op.definition.methods]
    return {key: list(dict.fromkeys(names)) for key, names in found.items()}


def entries(path: Path, module: str, known: dict[tuple[str, str], list[str]]) -> Iterator[Entry]:
    """The public definitions of a file."""
    text = path.read_text()
    tree = ast.parse(text)
    rules: dict[str, list[str]] = {}
    for node in tree.body:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in RULES and isinstance(call.args[0], ast.Name):
            rules.setdefault(call.args[0].id, []).append(ast.get_source_segment(text, node) or "")
    inside = module.removeprefix("workbench.engine.")
    package = inside if path.name == "__init__.py" else inside.rpartition(".")[0]
    exported = vars(import_module(f"workbench.engine.{package}" if package else "workbench.engine"))
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_") or not ast.get_docstring(node):
            continue
        at = package if getattr(exported.get(node.name), "__module__", None) == module else inside
        names = known.get((module, node.name)) if package == "ops" else [f"{at}.{node.name}"]
        if names:
            names = sorted(names, key=lambda n: (n.endswith("_"), n.startswith("Tensor."), n.rpartition(".")[2] != node.name))
            yield Entry(names, node, "\n\n".join([_without_docstring(text, node), *rules.get(node.name, [])]), node.lineno)


def _without_docstring(text: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    """The source of a definition; its docstring stands above it on the page."""
    lines = text.splitlines()
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    doc = node.body[0]
    return "\n".join(lines[first - 1 : doc.lineno - 1] + lines[doc.end_lineno : node.end_lineno])


def signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    """The parameters as they are written, without `self`."""
    if isinstance(node, ast.ClassDef):
        made = [f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
        if not made:
            return "()"
        node = made[0]
    text = ast.unparse(node.args)
    inside = text.removeprefix("self").removeprefix(",").strip() if text.startswith("self") else text
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None and node.name != "__init__" else ""
    return f"({inside}){returns}"


def prose(docstring: str) -> list[str]:
    """A docstring as reStructuredText."""
    lines = docstring.replace("\\", "\\\\").replace("*", "\\*").replace("|", "\\|").splitlines()
    kept = [line.replace("\\*", "*").replace("\\|", "|") if line.lstrip().startswith(">>>") else line for line in lines]
    return str(GoogleDocstring("\n".join(kept), NAPOLEON)).splitlines()


def _indented(lines: list[str], by: int = 3) -> list[str]:
    return [" " * by + line if line else "" for line in lines]


def block(entry: Entry, path: str) -> list[str]:
    """The lines of a page that describe one definition."""
    node = entry.node
    kind = "class" if isinstance(node, ast.ClassDef) else "function"
    first, *others = entry.names
    lines = [f".. py:{kind}:: {first}{signature(node)}", ""]
    inside = ["Also " + ", ".join(f"``{n}``" for n in others) + ".", ""] if others else []
    inside += [*prose(ast.get_docstring(node) or ""), ""]
    if isinstance(node, ast.ClassDef):
        for f in node.body:
            if isinstance(f, ast.FunctionDef) and not f.name.startswith("_") and (doc := ast.get_docstring(f)):
                inside += [f".. py:method:: {f.name}{signature(f)}", "", *_indented(prose(doc)), ""]
    summary = f"<details><summary>{path}, line {entry.line}</summary>"
    code = [".. code-block:: python", "", *_indented(entry.source.splitlines()), ""]
    inside += [".. raw:: html", "", f"   {summary}", "", *code, ".. raw:: html", "", "   </details>", ""]
    return lines + _indented(inside)


def heading(text: str) -> list[str]:
    """The title of a page."""
    return [text, "=" * len(text), ""]


def contents(title: str, pages: list[str]) -> str:
    """A page that lists others."""
    return "\n".join([*heading(title), ".. toctree::", "   :maxdepth: 1", "", *(f"   {p}" for p in pages), ""])


def index(names: dict[str, str]) -> str:
    """A page of every name, by the module where it is found, with links to where it is described."""
    modules: dict[str, list[str]] = {}
    for name in sorted(names, key=str.lower):
        modules.setdefault(name.rpartition(".")[0], []).append(name)
    lines = heading("Every name, by module")
    for module, inside in sorted(modules.items()):
        title = f"workbench.engine.{module}".rstrip(".")
        links = [f":py:obj:`{n.rpartition('.')[2].replace('_', chr(92) + '_')} <{names[n]}>`" for n in inside]
        lines += [title, "-" * len(title), "", " · ".join(links), ""]
    return "\n".join(lines)


def write(target: Path) -> int:
    """Write all pages of the reference below `target`. Returns how many names they describe."""
    known = op_names()
    chapters, described = ["names"], {}
    for part, title in CHAPTERS.items():
        pages = []
        for path in sorted((ENGINE / part).rglob("*.py")):
            inside = path.relative_to(ENGINE).with_suffix("")
            module = ".".join(("workbench.engine", *(p for p in inside.parts if p != "__init__")))
            found = [] if path.name.startswith("_") and path.name != "__init__.py" else list(entries(path, module, known))
            if not found:
                continue
            described |= {name: e.names[0] for e in found for name in e.names}
            about = ast.get_docstring(ast.parse(path.read_text())) or ""
            page = inside if path.name != "__init__.py" else inside.parent / "package"
            shown = page.relative_to(part) if page.stem != "package" else page.parent
            body = [line for e in found for line in block(e, f"engine/{inside}.py")]
            out = target / page.with_suffix(".rst")
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text("\n".join([*heading(str(shown).replace("_", " ")), *prose(about), "", *body]))
            pages.append(str(page))
        (target / f"{part}.rst").write_text(contents(title, pages))
        chapters.append(part)
    (target / "names.rst").write_text(index(described))
    (target / "index.rst").write_text(contents("Reference", chapters))
    return len(described)


def main() -> None:
    """Lay out the sources of the book: the pages of docs/ and the reference."""
    target = Path(sys.argv[1])
    shutil.rmtree(target, ignore_errors=True)
    (target / "reference").mkdir(parents=True)
    for page in [*HERE.glob("*.md"), *HERE.glob("*.svg")]:
        shutil.copy(page, target)
    print(f"reference: {write(target / 'reference')} names")


if __name__ == "__main__":
    main()
