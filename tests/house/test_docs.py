"""Public names have docstrings; a layer says its shapes."""

from __future__ import annotations

import ast
import inspect

import pytest

from workbench.engine import nn

from .tree import modules

MODULES = modules()
WITHOUT_SHAPES = {"Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}
LAYERS = {name: c for name, c in vars(nn).items() if inspect.isclass(c) and issubclass(c, nn.Module) and name not in WITHOUT_SHAPES}


@pytest.mark.parametrize("module", sorted(m for m in MODULES if MODULES[m].stat().st_size))
def test_public_names_have_docstrings(module):
    tree = ast.parse(MODULES[module].read_text())
    assert ast.get_docstring(tree), "the module says nothing of itself"
    missing = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not any("overload" in ast.unparse(d) for d in node.decorator_list)
        and not ast.get_docstring(node)
        and (isinstance(node, ast.ClassDef) or node.end_lineno - node.lineno > 8)  # what fits on a few lines says itself
    ]
    assert missing == []


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_layers_say_their_shapes(name):
    doc = inspect.getdoc(LAYERS[name])
    assert doc
    assert "Shape:" in doc
