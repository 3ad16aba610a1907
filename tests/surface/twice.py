"""Programs run twice: under PyTorch in this process, and under `python -m workbench.engine.as_torch` in one other for all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from textwrap import dedent
from traceback import format_exc

SAY = """
import torch
def say(*values):
    for v in values:
        if isinstance(v, (list, tuple)):
            say(*v)
        else:
            print([round(e, 9) + 0.0 for e in v.flatten().tolist()] if isinstance(v, torch.Tensor) else v)
"""


def run(program: str) -> str:
    """What a program prints, or the traceback of what it raises."""
    printed = StringIO()
    with redirect_stdout(printed):
        try:
            exec(compile(program, "program", "exec"), {"__name__": "__main__"})
        except Exception:
            return printed.getvalue() + format_exc()
    return printed.getvalue()


def ours(programs: dict[str, str], timeout: float = 300.0) -> dict[str, str]:
    """What each prints under this engine."""
    command = [sys.executable, "-W", "error", "-m", "workbench.engine.as_torch", __file__]
    done = subprocess.run(command, input=json.dumps(programs), capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def short(programs: dict[str, str]) -> dict[str, str]:
    """Programs written indented and without a head, made whole."""
    return {name: SAY + dedent(program) for name, program in programs.items()}


def scripts() -> dict[str, str]:
    """The programs that are files of their own, by name."""
    return {path.stem: path.read_text() for path in sorted(Path(__file__).with_name("programs").glob("*.py"))}


if __name__ == "__main__":
    print(json.dumps({name: run(program) for name, program in json.load(sys.stdin).items()}))
