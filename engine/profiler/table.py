"""A list of events as a table of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import expected
from .events import time_text

SORTABLE = (
    "cpu_time", "cpu_time_total", "self_cpu_time_total", "cpu_memory_usage", "self_cpu_memory_usage", "count", "flops", "device_time",
    "device_time_total", "self_device_time_total", "cuda_time", "cuda_time_total", "self_cuda_time_total", "device_memory_usage",
    "self_device_memory_usage",
)  # fmt: skip
_UNITS = {"s": 1e6, "ms": 1e3, "us": 1.0}
_FLOPS = ((1e15, "PFLOPs"), (1e12, "TFLOPs"), (1e9, "GFLOPs"), (1e6, "MFLOPs"), (1e3, "KFLOPs"), (1.0, "FLOPs"))


def bytes_text(n: int) -> str:
    """A size of memory."""
    for size, unit in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if abs(n) >= size:
            return f"{n / size:.2f} {unit}"
    return f"{n} B"


def share(part: float, whole: float) -> str:
    """A part as percent."""
    return f"{100.0 * part / whole:.2f}%" if whole else "NaN"


def cut(text: str, width: int | None) -> str:
    """Text of a column, at most so wide."""
    return text if width is None or len(text) <= width else text[: width - 3] + "..."


def render(
    events: Any,
    sort_by: str | None,
    row_limit: int,
    widths: tuple[int, int, int],
    header: str | None,
    top_level_events_only: bool,
    time_unit: str | None,
    memory: bool,
    flops: bool,
) -> str:
    """Columns as PyTorch has them; those of memory, sizes, places and operations where the profile has them."""
    if sort_by is not None and sort_by not in SORTABLE:
        raise expected("table", f"sort_by to be one of {', '.join(SORTABLE)}", repr(sort_by))
    if time_unit is not None and time_unit not in _UNITS:
        raise expected("table", f"time_unit to be one of {', '.join(_UNITS)}", repr(time_unit))
    if not events:
        return ""
    whole = sum(e.self_cpu_time_total for e in events)
    rows = list(events)
    if top_level_events_only:
        rows = [e for e in rows if e.cpu_parent is None]
    if sort_by is not None:
        rows = sorted(rows, key=lambda e: getattr(e, sort_by), reverse=True)
    rows = rows if row_limit < 0 else rows[:row_limit]

    def time(us: float) -> str:
        return time_text(us) if time_unit is None else f"{us / _UNITS[time_unit]:.3f}{time_unit}"

    columns: list[tuple[str, Callable[[Any], str]]] = [
        ("Name", lambda e: cut(e.key, widths[0])),
        ("Self CPU %", lambda e: share(e.self_cpu_time_total, whole)),
        ("Self CPU", lambda e: time(e.self_cpu_time_total)),
        ("CPU total %", lambda e: share(e.cpu_time_total, whole)),
        ("CPU total", lambda e: time(e.cpu_time_total)),
        ("CPU time avg", lambda e: time(e.cpu_time)),
    ]
    if memory:
        columns += [("CPU Mem", lambda e: bytes_text(e.cpu_memory_usage)), ("Self CPU Mem", lambda e: bytes_text(e.self_cpu_memory_usage))]
    columns.append(("# of Calls", lambda e: str(e.count)))
    if any(e.input_shapes for e in events):
        columns.append(("Input Shapes", lambda e: cut(str(e.input_shapes), widths[2])))
    if any(e.stack for e in events):
        columns.append(("Source Location", lambda e: cut(e.stack[0] if e.stack else "", widths[1])))
    if flops:
        most = max((e.flops for e in rows), default=0)
        scale, unit = next(((s, u) for s, u in _FLOPS if most >= s), _FLOPS[-1])
        columns.append((f"Total {unit}", lambda e: f"{e.flops / scale:.3f}" if e.flops else "--"))
    cells = [[title for title, _ in columns], *([show(e) for _, show in columns] for e in rows)]
    wide = [max(12, *(len(line[i]) for line in cells)) for i in range(len(columns))]
    rule = "  ".join("-" * w for w in wide)
    lines = [rule, *("  ".join(text.rjust(w) for text, w in zip(line, wide, strict=True)) for line in cells)]
    lines.insert(2, rule)
    if header is not None:
        lines = ["=" * len(rule), header, *lines]
    return "\n".join([*lines, rule, f"Self CPU time total: {time(whole)}", ""])
