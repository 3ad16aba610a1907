"""The examples of docstrings run, and print what they say."""

from __future__ import annotations

import ast
import doctest
from importlib import import_module

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn
from workbench.engine.data import transforms

from .tree import modules

MODULES = {name: path for name, path in modules().items() if ">>>" in path.read_text()}
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PARTS = ("amp", "autograd", "distributions", "fft", "func", "linalg", "masked", "optim", "signal", "special", "testing", "utils")
PYTHON = ("bool", "float", "int", "range")  # the engine has such names too; an example means Python's


def names(module):
    """What an example may name without an import: its own module, the engine and its parts, layers and transforms, NumPy."""
    found = {n: f for n, f in vars(engine).items() if not n.startswith("_") and n not in PYTHON}
    for part in (nn, transforms, import_module(module)):
        found |= {n: f for n, f in vars(part).items() if not n.startswith("_")}
    found |= {n: getattr(engine, n) for n in PARTS}
    return found | {"torch": engine, "functional": nn.functional, "numpy": np, "np": np}


def examples(module):
    """The examples of a module, one test for each docstring."""
    tree = ast.parse(MODULES[module].read_text())
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
            text = ast.get_docstring(node) or ""
            if ">>>" in text:
                name = getattr(node, "name", module)
                yield doctest.DocTestParser().get_doctest(text, names(module), name, str(MODULES[module]), getattr(node, "lineno", 1))


@pytest.mark.parametrize("module", sorted(MODULES))
def test_examples_run(module):
    wrong: list[str] = []
    for test in examples(module):
        doctest.DocTestRunner(optionflags=OPTIONS, verbose=False).run(test, out=wrong.append)
    assert not wrong, "".join(wrong)


def test_a_wrong_example_is_seen():
    wrong: list[str] = []
    test = doctest.DocTestParser().get_doctest(">>> tensor(1) + 1\ntensor(3)\n", names("workbench.engine"), "wrong", None, 0)
    doctest.DocTestRunner(optionflags=OPTIONS, verbose=False).run(test, out=wrong.append)
    assert "Got:\n    tensor(2)" in "".join(wrong)
