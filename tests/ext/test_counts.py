"""How many instructions kernels and calls take, as callgrind counts them: a regression shows here on any machine, whatever its clock."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.ext.core import _core as core

from .counted import cases
from .native import SANITIZE, library

# for a unit of each case, as counted with vectors of 32 bytes and GCC 12; a tenth more is still right
COUNTS = {
    "add of 4 elements, calls": 1247,
    "a layer of 4 x 4, calls": 2638,
    "add, elements": 0.903,
    "exp, elements": 4.08,
    "gelu, elements": 8.04,
    "sum, elements": 0.855,
    "softmax, elements": 9.11,
    "layer norm, elements": 6.55,
    "linear, multiplications": 0.287,
    "its weight's gradient, multiplications": 0.331,
    "3 x 3 convolution, multiplications": 0.18,
    "attention, multiplications": 0.39,
}
CLIENT = """
#include <valgrind/callgrind.h>
void start(void) { CALLGRIND_START_INSTRUMENTATION; CALLGRIND_ZERO_STATS; }
void stop(const char *name) { CALLGRIND_DUMP_STATS_AT(name); CALLGRIND_STOP_INSTRUMENTATION; }
"""


@pytest.fixture
def counted(tmp_path):
    """Instructions of a unit of each case."""
    if shutil.which("valgrind") is None or not Path("/usr/include/valgrind/callgrind.h").exists():
        pytest.skip("no valgrind")
    if SANITIZE or "v3" not in core.levels():
        pytest.skip("counted at level v3, without sanitizers")
    folder = tmp_path
    (folder / "client.c").write_text(CLIENT)
    library(folder, folder / "client.c")
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out", sys.executable,
               str(Path(__file__).with_name("counted.py")), str(folder / "runtime.so")]  # fmt: skip
    environment = os.environ | {"WORKBENCH_ISA": "v3", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    totals = {}
    for path in folder.glob("out.*"):
        text = path.read_text()
        name, total = re.search(r"^desc: Trigger: Client Request: (\d+)$", text, re.M), re.search(r"^totals: (\d+)$", text, re.M)
        if name:
            totals[int(name[1])] = int(total[1])
    return {name: totals[i] / calls / units for i, (name, (calls, units, _)) in enumerate(cases().items())}


def test_every_case_has_a_count():
    assert list(COUNTS) == list(cases())


def test_no_more_instructions(counted):
    """One test, as one run of callgrind counts everything. Calls were counted with the interpreter's part, of CPython 3.11."""
    names = [name for name in COUNTS if not name.endswith("calls") or sys.version_info[:2] == (3, 11)]
    more = {name: round(counted[name], 4) for name in names if counted[name] > 1.1 * COUNTS[name]}
    assert not more
