"""One engine and one case in a process of its own: two runtimes that spin in one process disturb each other.

Reads a command a line from standard input and answers each with a line of JSON: `losses N`, `time N`, `quit`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib import import_module
from typing import Any


def load(engine: str, threads: int) -> Any:
    """The module that stands in for torch, limited to so many threads."""
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    torch = import_module({"workbench": "workbench.engine", "torch": "torch"}[engine])
    torch.set_num_threads(threads)
    return torch


def main(engine: str, case: str, layout: str, threads: int) -> None:
    """Build a case on an engine and answer commands until the input ends."""
    from .cases import CASES

    torch = load(engine, threads)
    step = CASES[case].build(torch, layout)
    print(json.dumps({"ready": True, "version": str(torch.__version__)}), flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "quit":
            break
        n = int(rest[0])
        if word == "losses":
            losses = [step() for _ in range(n)]
            answer: dict[str, Any] = {"losses": [float(x.detach().double().sum()) for x in losses]}
        else:
            start = time.perf_counter()
            for _ in range(n):
                step()
            seconds = time.perf_counter() - start
            answer = {"seconds": seconds / n, "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
