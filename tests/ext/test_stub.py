"""The type stub of the native core names what the compiled module has, and nothing else."""

from __future__ import annotations

import ast
import types
from pathlib import Path

import pytest

from workbench.ext.core import _core

STUB = ast.parse((Path(__file__).parents[2] / "ext/core/_core.pyi").read_text())
OWN_TO_THE_STUB = {"F", "Number"}
NATIVE = ("method_descriptor", "getset_descriptor", "member_descriptor")  # what definitions add to Tensor is of other types


def names(body: list[ast.stmt]) -> set[str]:
    found = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.Assign):
            found |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    return found


def test_the_module():
    mine = {n for n, v in vars(_core).items() if not n.startswith("_") and not isinstance(v, types.ModuleType)}
    stub = {n for n in names(STUB.body) if not n.startswith("_")} - OWN_TO_THE_STUB
    assert stub == mine


@pytest.mark.parametrize("name", ["Tensor", "Op", "Node", "AccumulateGrad", "SavedTensor", "ModuleCore", "dtype", "device", "Size"])
def test_a_class(name):
    cls = getattr(_core, name)
    stub = names(next(node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name == name).body)
    assert {n for n in stub if not hasattr(cls, n)} <= {"__getattr__"}
    native = {n for n, v in vars(cls).items() if type(v).__name__ in NATIVE and not n.startswith("_")}
    assert native <= stub
