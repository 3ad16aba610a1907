"""Events as a file of Chrome's trace format, which chrome://tracing, Perfetto and TensorBoard show."""

from __future__ import annotations

import gzip
import json
import os
import socket
from pathlib import Path
from typing import Any


def write(path: Any, events: Any, metadata: dict[str, Any] | None = None) -> None:
    """Write a trace; compressed where the name ends in .gz.

    Args:
        path: The file.
        events: Its events.
        metadata: More to say of the whole, by key.

    References:
        Google's "Trace Event Format".
    """
    pid = os.getpid()
    # what runs within something else comes after it: viewers draw in this order where two start at the same moment
    written: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "ts": 0, "args": {"name": "python"}},
        {"ph": "M", "name": "process_labels", "pid": pid, "tid": 0, "ts": 0, "args": {"labels": "CPU"}},
        *(
            {"ph": "M", "name": "thread_name", "pid": pid, "tid": t, "ts": 0, "args": {"name": f"thread {t}"}}
            for t in sorted({e.thread for e in events})
        ),
    ]
    for event in events:
        about: dict[str, Any] = {"External id": event.id}
        if event.input_shapes:
            about["Input Dims"] = event.input_shapes
        if event.flops:
            about["flops"] = event.flops
        if event.cpu_memory_usage:
            about["Bytes"] = event.cpu_memory_usage
        if event.stack:
            about["Call stack"] = ";".join(event.stack)
        took = event.time_range
        where = {"pid": pid, "tid": event.thread, "ts": took.start, "dur": took.elapsed_us()}
        written.append({"ph": "X", "cat": event.kind, "name": event.name, **where, "args": about})
    whole = {"schemaVersion": 1, "host_name": socket.gethostname(), "displayTimeUnit": "ms", "traceName": str(path), **(metadata or {})}
    text = json.dumps({**whole, "traceEvents": written})
    if str(path).endswith(".gz"):
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write(text)
    else:
        Path(path).write_text(text, encoding="utf-8")
