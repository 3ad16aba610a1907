"""How many threads this process may use: the affinity mask and the cgroup's quota."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator


def _read(path: str) -> str:
    with open(path) as file:  # pathlib takes longer to import than all of this takes to run
        return file.read().strip()


def _limits(folder: str, unified: bool) -> float:
    """CPUs that one cgroup folder allows; inf where it does not say."""
    try:
        if unified:
            limit, period = _read(f"{folder}/cpu.max").split()
        else:
            limit, period = (_read(f"{folder}/cpu.cfs_{name}_us") for name in ("quota", "period"))
        return math.inf if limit in ("max", "-1") else int(limit) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def _folders(base: str, path: str) -> Iterator[str]:
    """The cgroup's folder and those above it, up to `base`. In a container the path may not exist below its own mount."""
    inside = path.strip("/")
    while inside:
        yield f"{base}/{inside}"
        inside = inside.rpartition("/")[0]
    yield base


def quota(root: str = "/sys/fs/cgroup", own: str = "/proc/self/cgroup") -> float:
    """CPUs that the tightest cgroup on the way up allows (version 1 and 2); inf where none limits."""
    try:
        lines = _read(own).splitlines()
    except OSError:
        return math.inf
    best = math.inf
    for line in lines:
        number, controllers, path = line.split(":", 2)
        unified = number == "0"
        if not unified and "cpu" not in controllers.split(","):
            continue
        for mount in ("", "/unified") if unified else ("/cpu", "/cpu,cpuacct"):
            best = min([best, *(_limits(folder, unified) for folder in _folders(root + mount, path))])
    return best


def available() -> int:
    """Threads worth starting: never more than the affinity mask and the quota (rounded up) give, at least 1."""
    mask = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = quota()
    return max(1, min(mask, math.ceil(limit) if limit < mask else mask))
