"""`workbench bench`: training and inference against PyTorch, in interleaved rounds, on the same weights."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from .cases import CASES, Case

TOLERANCE = 2e-3  # of the first losses, relative: kernels round differently, a wrong derivative differs by far more


class Worker:
    """A process that runs one case on one engine."""

    def __init__(self, engine: str, case: Case, layout: str, threads: int) -> None:
        self.engine, self.layout = engine, layout
        command = [sys.executable, "-m", f"{__name__}.worker", engine, case.name, layout, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self._read()["version"]

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"bench: expected an answer from the {self.engine} process, got none (exit code {self.process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, command: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
            self.process.wait()


def compare(case: Case, threads: int, rounds: int, engines: Sequence[str]) -> dict[str, Any]:
    """Time a case on each engine in turn, round by round.

    Returns:
        `case`, `threads`; for each engine the median `ms` of a step, the best `layout`, `peak_mb`; and, where torch took part, `ratio`
        (torch's time over ours, median over the rounds), `ratio_low` and `ratio_high`; and `loss_gap`, the largest relative difference of
        the first losses.
    """
    workers = [Worker(e, case, layout, threads) for e in engines for layout in (case.layouts if e != "workbench" else case.layouts[:1])]
    try:
        losses = [w.ask("losses 3")["losses"] for w in workers]
        gap = max(abs(a - b) / max(abs(b), 1e-6) for row in losses for a, b in zip(row, losses[-1]))
        for w in workers:
            w.ask(f"time {max(1, case.repeats // 2)}")
        times: list[list[float]] = [[] for _ in workers]
        peaks = [0] * len(workers)
        for _ in range(rounds):
            for i, w in enumerate(workers):
                answer = w.ask(f"time {case.repeats}")
                times[i].append(answer["seconds"])
                peaks[i] = max(peaks[i], answer["peak_bytes"])
    finally:
        for w in workers:
            w.close()
    result: dict[str, Any] = {"case": case.name, "what": case.what, "threads": threads, "rounds": rounds, "loss_gap": gap, "engines": {}}
    best: dict[str, int] = {}
    for i, w in enumerate(workers):
        if w.engine not in best or statistics.median(times[i]) < statistics.median(times[best[w.engine]]):
            best[w.engine] = i
    for engine, i in best.items():
        result["engines"][engine] = {
            "ms": 1e3 * statistics.median(times[i]),
            "layout": workers[i].layout,
            "peak_mb": peaks[i] / 2**20,
            "version": workers[i].version,
        }
    if "torch" in best and "workbench" in best:
        ratios = sorted(t / o for t, o in zip(times[best["torch"]], times[best["workbench"]]))
        result |= {"ratio": statistics.median(ratios), "ratio_low": ratios[0], "ratio_high": ratios[-1]}
    return result


def _table(results: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("case", "threads", "ours, ms", "torch, ms", "torch / ours", "peak MB", "torch's", "losses differ by")
    for r in results:
        ours, peer = r["engines"].get("workbench"), r["engines"].get("torch")
        table.add_row(
            r["case"],
            str(r["threads"]),
            f"{ours['ms']:.4g}" if ours else "",
            f"{peer['ms']:.4g}" if peer else "",
            f"{r['ratio']:.2f} ({r['ratio_low']:.2f} to {r['ratio_high']:.2f})" if "ratio" in r else "",
            f"{ours['peak_mb']:.0f}" if ours else "",
            f"{peer['peak_mb']:.0f}" if peer else "",
            f"{r['loss_gap']:.1e}",
        )
    console = Console()
    console.print(table)
    for r in results:
        peer = r["engines"].get("torch")
        console.print(f"{r['case']}: {r['what']}" + (f"; torch {peer['version']}, {peer['layout']}" if peer else ""), style="dim")


def main(argv: Sequence[str]) -> int:
    """Run the benchmarks.

    Returns:
        0; 1 where an engine's first losses differ from the other's; 2 where the arguments are wrong.
    """
    parser = argparse.ArgumentParser(
        prog="workbench bench", description="Time training and inference against PyTorch: same weights, rounds in turn."
    )
    parser.add_argument("--cases", default=",".join(CASES), help=f"comma-separated, of {', '.join(CASES)}")
    parser.add_argument("--threads", default="2", help="comma-separated numbers of threads (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds (default: %(default)s)")
    parser.add_argument("--against", default="torch", choices=("torch", "none"), help="the peer (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    arguments = parser.parse_args(list(argv))
    names = arguments.cases.split(",")
    unknown = [n for n in names if n not in CASES]
    if unknown:
        parser.error(f"expected cases among {', '.join(CASES)}, got {unknown[0]!r}")
    threads = arguments.threads.split(",")
    if arguments.rounds < 1 or not all(t.isdigit() and int(t) > 0 for t in threads):
        parser.error("expected rounds and threads of 1 or more")
    engines = ["workbench"]
    if arguments.against == "torch":
        if find_spec("torch") is None:
            parser.error("expected PyTorch to compare with, got none installed; pip install torch, or give --against none")
        engines.append("torch")
    results = [compare(CASES[n], int(t), arguments.rounds, engines) for n in names for t in threads]
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        _table(results)
    wrong = [r for r in results if len(r["engines"]) > 1 and r["loss_gap"] > TOLERANCE]
    for r in wrong:
        print(f"bench: expected equal losses on {r['case']}, got a relative difference of {r['loss_gap']:.1e}", file=sys.stderr)
    return 1 if wrong else 0
