"""What the build promises: levels kept apart, nothing for this machine alone, sentences where something is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from workbench.ext.core import _core as core

from .native import ROOT

OBJECTS = ROOT / f"build/objects-{sys.implementation.cache_tag}/levels"
KERNELS = sorted((ROOT / "ext/cpu").glob("*.c"))
in_checkout = pytest.mark.skipif(not OBJECTS.exists(), reason="not built in this checkout")


def python(*arguments, **environment):
    command, env = [sys.executable, *arguments], {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


@in_checkout
@pytest.mark.skipif(not shutil.which("nm"), reason="no nm")
def test_level_objects_export_only_suffixed_names():
    objects = [path for path in OBJECTS.glob("*/*.o") if path.with_suffix(".c").name in {k.name for k in KERNELS}]
    assert objects
    for path in objects:
        said = subprocess.run(["nm", "--defined-only", "--extern-only", path], capture_output=True, text=True, check=True).stdout
        names = [line.split()[-1] for line in said.splitlines()]
        assert all(name.endswith("_" + path.parent.name) for name in names), (path, names)


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_family_is_named_like_its_file(path):
    assert set(re.findall(r"^WB_FAMILY\((\w+)\)", path.read_text(), re.MULTILINE)) <= {path.stem}


def test_nothing_is_for_this_machine_alone():
    for path in (ROOT / "Makefile", ROOT / "pyproject.toml", *(ROOT / "ext").rglob("*.[ch]")):
        assert "march=native" not in path.read_text(), path
    text = (ROOT / "setup.py").read_text()
    assert "march=native" not in text[: text.index("if not NATIVE:")] + text[text.index("def kernel_files") :]


PROBE = """
import json
from workbench import engine
from workbench.ext.core import _core as core
engine.manual_seed(0)
x = engine.randn(64, 300)
y = (engine.relu(x) @ x.t()).sum()
print(json.dumps([core.levels(), len(core.kernels()), float(y)]))
"""


@pytest.mark.parametrize("level", core.levels())
def test_every_level_works(level):
    here, there = python("-c", PROBE), python("-c", PROBE, WORKBENCH_ISA=level)
    assert there.returncode == 0, there.stderr
    levels, kernels, total = json.loads(there.stdout)
    assert level in levels
    assert kernels == len(core.kernels())
    assert total == pytest.approx(json.loads(here.stdout)[2], rel=1e-4)


def test_unknown_level_is_refused_with_a_sentence():
    last = python("-c", "import workbench.engine", WORKBENCH_ISA="v9").stderr.strip().splitlines()[-1]
    assert "WORKBENCH_ISA: expected one of" in last
    assert "'v9'" in last


def test_missing_compiler_is_said_in_one_sentence():
    done = python("setup.py", "-q", "build_ext", CC="no-such-compiler")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("workbench: expected a C compiler, got no 'no-such-compiler' on PATH; install one")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("accepts", "sentence"),
    [
        ("false", "workbench: expected the C library's and Linux's headers"),
        ('case "$*" in *march*) exit 1;; esac', "workbench: expected a compiler that accepts -march="),
    ],
    ids=["headers", "levels"],
)
def test_unfit_compiler_is_said(tmp_path, accepts, sentence):
    compiler = tmp_path / "cc"
    compiler.write_text(f"#!/bin/sh\ncat > /dev/null\n{accepts}\n")
    compiler.chmod(0o755)
    done = python("setup.py", "-q", "build_ext", CC=str(compiler))
    assert done.returncode == 1
    assert done.stderr.strip().startswith(sentence), done.stderr


def test_missing_python_headers_are_said(tmp_path):
    code = f"""
import runpy, sys, sysconfig
sysconfig.get_path = lambda *_, **__: {str(tmp_path)!r}
sys.argv = ["setup.py", "-q", "build_ext"]
runpy.run_path("setup.py")
"""
    done = python("-c", code)
    assert done.returncode == 1
    assert done.stderr.strip().startswith(f"workbench: expected Python's headers, got no {tmp_path}/Python.h; install them")


def folders():
    found = re.search(r"^FOLDERS = (\[.*\])", (ROOT / "setup.py").read_text(), re.MULTILINE)
    assert found
    return [ROOT / name for name in json.loads(found.group(1))]


def test_every_module_is_in_a_package():
    """Packages are the folders with an __init__.py: a module elsewhere is there in the checkout, and not where it is installed."""
    holding = set(folders()) | {path.parent for top in folders() for path in top.rglob("*.py")}
    assert len(holding) > 20
    assert [str(folder) for folder in sorted(holding) if not (folder / "__init__.py").exists()] == []
