"""One engine and one case in a process of its own: two runtimes that spin in one process disturb each other.

Started with a JSON object: engine, suite, case, mode, layout, threads, sizes. Reads a command a line from standard input and answers each
with a line of JSON: `check N`, `time N`, `profile N`, `flops 1`, `quit 0`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from . import in_jax, machine, ops
from .case import Step, make_step
from .cases import CASES

Answer = dict[str, Any]
STAMPS = 100  # at most about so many readings of the clock in a round, which a step of some microseconds would feel


def load(engine: str, threads: int) -> Any:
    """The module that stands in for torch, limited to so many threads."""
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    torch = import_module("workbench.engine" if engine == "workbench" else "torch")
    torch.set_num_threads(threads)
    return torch


def numbers(x: Any) -> list[float]:
    """What shows that two engines did the same: a loss, or 64 elements all over each output."""
    if isinstance(x, tuple | list):
        return [v for each in x for v in numbers(each)]
    flat = np.asarray(x.detach() if hasattr(x, "detach") else x, dtype=np.float64).reshape(-1)
    return flat[:: max(1, flat.size // 64)][:64].tolist()


def profile(torch: Any, step: Callable[[], Any], n: int) -> list[list[Any]]:
    """The dozen ops that take longest: name, milliseconds of a step in it and not in what it calls, calls of a step."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as session:
        for _ in range(n):
            step()
    rows = sorted(session.key_averages(), key=lambda row: -row.self_cpu_time_total)[:12]
    return [[row.key, row.self_cpu_time_total / 1e3 / n, row.count / n] for row in rows]


def flops(step: Step) -> int:
    """Operations of the products in a step of our engine."""
    from workbench.engine.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        step()
    return int(counter.get_total_flops())


def make(spec: dict[str, Any]) -> tuple[str, Step, Any]:
    """The engine's version, what is timed, and the module that stands in for torch, where there is one."""
    engine = spec["engine"]
    if engine == "jax":
        in_jax.limit(spec["threads"])
        return *in_jax.make(spec["case"], spec["mode"]), None
    torch = load(engine, spec["threads"])
    if spec["suite"] == "ops":
        op = ops.OPS[spec["case"]].build(torch)
        return str(torch.__version__), ops.make_step(torch, op, spec["mode"], spec["layout"]), torch
    work = CASES[spec["case"]].build(torch, **spec.get("sizes", {}))
    return str(torch.__version__), make_step(torch, work, spec["mode"], spec["layout"], engine == "compile"), torch


def main(spec: dict[str, Any]) -> None:
    """Build a case on an engine and answer commands until the input ends."""
    version, step, torch = make(spec)
    resident = machine.start_memory()
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "quit":
            break
        n, answer = int(rest), Answer()
        if word == "check":
            answer["numbers"] = [numbers(step()) for _ in range(n)]
        elif word == "flops":
            answer["flops"] = flops(step)
        elif word == "profile":
            answer["rows"] = profile(torch, step, n)
        else:
            group = max(1, n // STAMPS)
            joules, cpu, times = machine.energy_j(), time.process_time(), [time.perf_counter()]
            for _ in range(n // group):
                for _ in range(group):
                    step()
                times.append(time.perf_counter())
            n = n // group * group
            answer["seconds"] = (times[-1] - times[0]) / n
            answer["cpu_seconds"] = (time.process_time() - cpu) / n
            answer["fastest"] = min(end - start for start, end in pairwise(times)) / group
            if joules is not None:
                answer["joules"] = machine.energy_j(since=joules) / n
            answer["peak_bytes"] = machine.peak_bytes()
            answer["grown_bytes"] = answer["peak_bytes"] - resident
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
