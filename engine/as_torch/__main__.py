"""The command: `python -m workbench.engine.as_torch [script.py | -m module | -c code] [arguments]`."""

from __future__ import annotations

import runpy
import sys
from types import ModuleType

from .finder import install

USAGE = "usage: python -m workbench.engine.as_torch [script.py | -m module | -c code] [arguments]"


def main(arguments: list[str]) -> int:
    """Run a program with this engine under the name torch.

    Args:
        arguments: A script, `-m` and a module, or `-c` and code; then the program's own.

    Returns:
        2 where there is nothing to run; the program's own exit otherwise.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE)
        return 0 if arguments else 2
    first, *rest = arguments
    if first in ("-m", "-c") and not rest:
        print(f"as_torch: expected {'a module' if first == '-m' else 'code'} after {first}, got nothing\n{USAGE}", file=sys.stderr)
        return 2
    install()
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *rest[1:]]
        module = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), module.__dict__)
    else:
        sys.argv = arguments
        runpy.run_path(first, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
