"""Imports go down only: ext, the engine's small modules, its ops, its rooms, what builds on them, recipes, experiments, dashboard."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .tree import imports, modules

# just above the ops: layers and optimizers use Function and the gradient modes; errors offers the wording of ops.errors to everybody else
BETWEEN = ("autograd", "errors")
ROOMS = (
    "nn", "data", "random", "quasirandom", "linalg", "fft", "special", "signal", "distributions", "testing", "array_api", "func", "amp",
    "backends", "cuda", "serialization", "masked",
)  # fmt: skip
UPPER = ("graph", "onnx", "quantize", "prune", "privacy", "distributed", "bench", "profiler", "utils", "as_torch", "summary")
MODULES = modules()


def place(module: str) -> tuple[float, str]:
    """Floor and room of a module. Modules of one room may import each other. Optimizers stand above layers: an averaged model is one."""
    top, *rest = module.removeprefix("workbench").lstrip(".").split(".")
    if top in ("ext", "conf", ""):
        return 0, top
    if top != "engine":
        return {"recipes": 7, "experiments": 8, "dashboard": 9}[top], top
    if not rest:
        return 6, "engine"
    if rest[0] == "ops":
        return 2, "engine.ops"
    floor = 3 if rest[0] in BETWEEN else 4 if rest[0] in ROOMS else 4.5 if rest[0] == "optim" else 5 if rest[0] in UPPER else 1
    return floor, f"engine.{rest[0]}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_down(module):
    floor, room = place(module)
    for target in imports(module, MODULES[module], set(MODULES)):
        below, other = place(target)
        if other == room or not other:
            continue
        assert below < floor, f"{module} (floor {floor}) imports {target} (floor {below})"
        assert not (room == "dashboard" and other in ("experiments", "recipes")), f"{module} reads run folders, it does not import {target}"


def test_the_rule_can_fail(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("def f():\n    try:\n        from ..nn import module\n    finally:\n        import workbench.recipes\n")
    found = imports("workbench.engine.ops.x", path, {"workbench.engine.nn.module"})
    assert found == {"workbench.engine.nn.module", "workbench.recipes"}
    assert place("workbench.engine.nn.module") > place("workbench.engine.ops.x")


def test_small_modules_stay_small_and_apart():
    """What is not a known room of the engine is taken for a small module: a new room is entered in the lists above."""
    packages = {
        module for module, path in MODULES.items() if path.name == "__init__.py" and module.count(".") == 2 and ".engine." in module
    }
    rooms = {f"workbench.engine.{name}" for name in ("ops", "optim", *BETWEEN, *ROOMS, *UPPER)}
    assert packages <= rooms


def test_importing_the_engine_stays_quick():
    """Nothing that is slow to import, NumPy and `typing` included, comes along before it is used."""
    slow = {
        "numpy", "scipy", "torch", "hydra", "omegaconf", "rich", "sklearn", "PIL", "onnx", "tensorboardX",
        "safetensors", "typing", "re", "enum", "inspect", "dataclasses", "functools", "contextlib", "pathlib", "hashlib", "subprocess",
        "multiprocessing", "asyncio", "ctypes",
        *(f"workbench.engine.{name}" for name in ("nn", "optim", "data", "autograd", "testing", "onnx")),
    }  # fmt: skip
    code = f"import sys; before = set(sys.modules); import workbench.engine; print(*sorted({slow!r} & set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
