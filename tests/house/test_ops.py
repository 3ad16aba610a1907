"""One definition per op, and everything that is known of an op stands in it."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter

import pytest

import workbench.engine  # noqa: F401  fills the registry
from workbench.engine.ops._define import REGISTRY, Unsupported
from workbench.ext.core import _core as core

from .tree import ROOT

DEFINED = {name: op for name, op in REGISTRY.items() if getattr(op, "definition", None) is not None and op.definition.name == name}
PUBLIC = {name: op for name, op in DEFINED.items() if op.definition.spaces or op.definition.methods}
STEPS = {"adam_step", "sgd_step"}  # run by engine.optim, over all parameters in one call
KNOWN = {o.definition.kernel for o in DEFINED.values()} | set(DEFINED) | STEPS


def parse(path):
    return ast.parse(path.read_text())


def is_op(decorator) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", getattr(decorator.func, "attr", "")) == "op"


def refuses_by_itself(definition) -> bool:
    """Whether the body or the inference raises; what the ops below it raise has its bad inputs there."""
    parts = [part for part in (definition.body, definition.infer) if part is not None]
    return any("raise " in inspect.getsource(part) for part in parts)


def test_each_op_is_defined_once():
    names = Counter(
        node.name.rstrip("_") if node.name.endswith("__") else node.name
        for path in (ROOT / "engine/ops").rglob("*.py")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef) and any(map(is_op, node.decorator_list))
    )
    assert [name for name, n in names.items() if n > 1] == []
    assert len(names) > 50


def test_ops_are_defined_only_below_engine_ops():
    outside = [p for p in (ROOT / "engine").rglob("*.py") if ROOT / "engine/ops" not in p.parents]
    assert [
        p for p in outside for node in ast.walk(parse(p)) if isinstance(node, ast.FunctionDef) and any(map(is_op, node.decorator_list))
    ] == []


def test_every_kernel_belongs_to_an_op():
    assert {name for name, _ in core.kernels()} - KNOWN == set()


@pytest.mark.parametrize("name", sorted(DEFINED))
def test_definition_is_whole(name):
    d = DEFINED[name].definition
    if d.tensors:
        assert d.samples is not None, "no samples"
    if name in PUBLIC and d.tensors:
        assert d.refuses is not None or not refuses_by_itself(d), "no bad inputs, though it has errors of its own"
        assert d.family == "composite" or d.onnx is not None, 'no ONNX form; Unsupported("why") where there is none'
    if isinstance(d.onnx, Unsupported):
        assert d.onnx.why
    if d.family in ("call", "view"):
        assert d.infer is not None or d.family == "view", "no inference"
    if d.family == "composite":
        assert not d.rules, "a composite has no derivative of its own"
        assert d.together is None


@pytest.mark.parametrize("name", sorted(DEFINED))
def test_docstring(name):
    d = DEFINED[name].definition
    doc = inspect.cleandoc(d.doc or "")
    first = doc.split("\n\n")[0]
    assert first.endswith("."), "one line that says what it does"
    assert "\n" not in first
    if name not in PUBLIC:
        return
    described = re.findall(r"^    (?:\*{0,2})(\w+(?:, \w+)*):", doc.partition("Args:")[2].partition("\n\n")[0], re.MULTILINE)
    words = {word for group in described for word in group.split(", ")}
    assert set(d.params) <= words, f"Args says nothing of {sorted(set(d.params) - words)}"
    if d.tensors:
        assert "\nShape:" in doc
    assert "\nReturns:" in doc
    assert ">>> " in doc, "no example"
