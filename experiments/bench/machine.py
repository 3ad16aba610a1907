"""What the machine tells of a process and of itself: memory, energy, name."""

from __future__ import annotations

import os
import platform
import resource
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import overload

_STATUS = Path("/proc/self/status")
_ENERGY = Path("/sys/class/powercap")


def _status(name: str) -> int | None:
    """A figure of this process as Linux tells it, in bytes."""
    if not _STATUS.exists():
        return None
    lines = [line for line in _STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
    return int(lines[0].split()[1]) * 1024 if lines else None


def peak_bytes() -> int:
    """The most memory that this process has held: since `start_memory` on Linux, ever elsewhere."""
    unit = 1 if sys.platform == "darwin" else 1024
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def start_memory() -> int:
    """Forget the peak so far.

    Returns:
        The bytes that this process holds now.
    """
    with suppress(OSError):  # another system, or not allowed: the peak then counts from the beginning
        Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS") or peak_bytes()


def _packages() -> list[Path]:
    """Counters of the processor packages, where they can be read."""
    return [p for p in sorted(_ENERGY.glob("intel-rapl:[0-9]")) if os.access(p / "energy_uj", os.R_OK)]


@overload
def energy_j() -> float | None: ...
@overload
def energy_j(since: float) -> float: ...
def energy_j(since: float | None = None) -> float | None:
    """The energy that the processors have taken, in joules, from a beginning of the machine's own; or since an earlier value.

    Returns:
        None where the machine does not tell: the counters of RAPL are most often for the superuser alone.
    """
    packages = _packages()
    if not packages:
        return None
    total = sum(int((p / "energy_uj").read_text()) for p in packages) / 1e6
    if since is None:
        return total
    spent = total - since
    return spent if spent >= 0 else spent + int((packages[0] / "max_energy_range_uj").read_text()) / 1e6  # the counter began anew


def cpu_name() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def load() -> float:
    """How many processes wanted to run in the last minute."""
    return os.getloadavg()[0]


def day() -> str:
    """Today."""
    return date.today().isoformat()
