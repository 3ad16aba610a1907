"""Rules about files: their length, and what must not be written in them."""

from __future__ import annotations

import re

import pytest

from .tree import ROOT, files

LONGEST = 400
CODE = {".py", ".pyx", ".pxi", ".pxd", ".c", ".h", ".cu"}
LONGER: dict[str, str] = {}  # path: reason
TEXT = [path for path in files() if path.suffix in CODE | {".md", ".toml", ".yaml", ".yml", ".in", ""} and path.name != "LICENSE"]
FORBIDDEN = {
    "an absolute path of somebody's machine": re.compile(r"(?<![\w.:/}~])/(?:home|root|work|Users|mnt|opt)/\w"),
    "a package index": re.compile(r"(?:pypi\.org|files\.pythonhosted|index-url|test\.pypi|/simple/)"),
    "a conflict marker": re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE),
    "a trailing blank": re.compile(r"[ \t]+$", re.MULTILINE),
    "a tab": re.compile(r"\t"),
}


def name(path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [p for p in TEXT if p.suffix in CODE], ids=name)
def test_length(path):
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST or name(path) in LONGER, f"{lines} lines; one idea per file, or a reason in LONGER"


def test_cython_never_counts_from_the_end():
    """The build turns wraparound off: x[-1] on a list would read the memory before it."""
    counted = re.compile(r"[\w)\]]\[-\d")
    lines = [(name(p), line) for p in TEXT if p.suffix in (".pyx", ".pxi") for line in p.read_text().splitlines()]
    assert [(path, line.strip()) for path, line in lines if counted.search(line)] == []


def test_exceptions_are_needed():
    assert all(len((ROOT / path).read_text().splitlines()) > LONGEST for path in LONGER)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden_is_written(what):
    here = "test_files.py"
    spared = {"Makefile"} if what == "a tab" else set()
    bad = [name(p) for p in TEXT if p.name not in spared and p.name != here and FORBIDDEN[what].search(p.read_text())]
    assert not bad, f"{what} in {bad}"


def test_tree_is_not_empty():
    assert {"setup.py", "README.md", "engine/ops/_define.py"} <= {name(path) for path in TEXT}
