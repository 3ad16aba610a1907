"""Engines in processes of their own, timed in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from .case import Case

TOLERANCE = 2e-3  # of losses and outputs, relative: kernels round differently, a wrong derivative differs by far more
SAMPLE_S = 0.2  # a timed sample takes at least so long
CLEARLY = 1.15  # a layout that is slower than the engine's best by this in the first round is not tried again


class Worker:
    """A process that runs one case on one engine.

    Args:
        module: The module that the process runs.
        spec: What it is told: `engine`, `layout`, and what else that module wants.
    """

    def __init__(self, module: str, spec: dict[str, Any]) -> None:
        self.engine, self.layout = spec["engine"], spec.get("layout", "contiguous")
        command = [sys.executable, "-m", module, json.dumps(spec)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = ""
        self.times: list[float] = []
        self.cpu_times: list[float] = []
        self.fastest = float("inf")
        self.last: dict[str, Any] = {}
        self.repeats = 1

    def start(self) -> None:
        """Wait until it has built what it runs."""
        self.version = self._read()["version"]

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"expected an answer from the {self.engine} process, got none (exit code {self.process.wait()}); what it said is above"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, command: str, n: int) -> dict[str, Any]:
        """Send a command and wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command} {n}\n")
        self.process.stdin.flush()
        return self._read()

    def calibrate(self, sample_s: float) -> None:
        """Find how many steps fill a sample; the first steps have been made."""
        while True:
            seconds = self.ask("time", self.repeats)["seconds"] * self.repeats
            if seconds >= sample_s / 4:
                self.repeats = max(1, round(self.repeats * sample_s / seconds))
                return
            self.repeats *= 8

    def sample(self) -> None:
        """Time once."""
        self.last = self.ask("time", self.repeats)
        self.times.append(self.last["seconds"])
        self.cpu_times.append(self.last["cpu_seconds"])
        self.fastest = min(self.fastest, self.last["fastest"])

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if self.process.poll() is None:
            self.process.stdin.write("quit 0\n")
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@dataclass(frozen=True)
class Plan:
    """How to compare.

    Attributes:
        engines: Their names, ours first.
        rounds: Timed rounds.
        threads: Of each engine.
        profile: Whether to look at the ops of ours and the first peer as well.
        sample_s: Seconds that a timed sample takes at least.
    """

    engines: Sequence[str]
    rounds: int
    threads: int
    profile: bool = False
    sample_s: float = SAMPLE_S


def compare(case: Case, mode: str, plan: Plan, sizes: dict[str, int] | None = None) -> dict[str, Any]:
    """Time a case on each engine in turn, round by round.

    Args:
        case: What is timed.
        mode: One of the case's modes.
        plan: With which engines, ours first, how often.
        sizes: Other sizes than the case's own.

    Returns:
        `case`, `mode`, `threads`, `rounds`, `sizes`, `flops` (operations of a model's products in a step, by the plain algorithms); for
        each of `engines`: `ms` of a step (median over the rounds), `fastest_ms` of any step, `cpu_ms` of processor time (waiting threads
        that spin count), its best `layout`, `peak_mb` of its process, `grown_mb` of it since the model was built, `joules` of a step or
        None, `version`; for peers, `ratio` (its time over ours, median over the rounds), `low` and `high` (the quartiles), `best` (fastest
        step over fastest step, which a shared machine disturbs less), `gap` (the largest difference of the first losses, or of outputs,
        relative to the largest of ours). `not_run` tells why an engine is missing.
    """
    from . import peers

    workers: list[Worker] = []
    result: dict[str, Any] = {"case": case.name, "mode": mode, "what": case.what, "threads": plan.threads, "rounds": plan.rounds}
    result |= {"sizes": dict(case.sizes) | (sizes or {}), "engines": {}, "not_run": {}}
    spec = {"case": case.name, "mode": mode, "threads": plan.threads, "sizes": sizes or {}, "suite": case.suite}
    try:
        for engine in plan.engines:
            why = peers.missing(engine, case.name, sizes or {})
            if why:
                result["not_run"][engine] = why
                continue
            for layout in peers.layouts(engine, case.layouts):
                workers.append(Worker(f"{__package__}.worker", spec | {"engine": engine, "layout": layout}))
                workers[-1].start()
        values = [w.ask("check", 3 if mode == "train" else 1)["numbers"] for w in workers]
        if case.suite == "models":
            result["flops"] = workers[0].ask("flops", 1)["flops"]
        for w in workers:
            w.calibrate(plan.sample_s)
        timed = take_turns(workers, plan.rounds)
        for w, numbers in zip(workers, values):
            if w in timed:
                result["engines"][w.engine] = _summary(w) | ({} if w is workers[0] else _against(workers[0], w, values[0], numbers))
        if plan.profile:
            result["profile"] = {w.engine: w.ask("profile", max(1, w.repeats // 4))["rows"] for w in timed if w.engine != "jax"}
    finally:
        for w in workers:
            w.close()
    return result


def take_turns(workers: Sequence[Worker], rounds: int) -> list[Worker]:
    """Time every worker in each round, the order turned around from round to round.

    Returns:
        The best worker of each engine: layouts that are clearly slower in the first round are left out of the others.
    """
    running = list(workers)
    for number in range(rounds):
        for w in running if number % 2 == 0 else running[::-1]:
            w.sample()
        if not number:
            best = {engine: min(w.times[0] for w in running if w.engine == engine) for engine in {w.engine for w in running}}
            running = [w for w in running if w.times[0] <= CLEARLY * best[w.engine]]
    return [w for w in running if w is min((o for o in running if o.engine == w.engine), key=lambda o: median(o.times))]


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The lower quartile, the median, the upper quartile.

    Example:
        >>> quartiles([1.0, 2.0, 3.0, 4.0, 9.0])
        (2.0, 3.0, 4.0)
    """
    ordered = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (place - low) * (ordered[high] - ordered[low])

    return at(0.25), at(0.5), at(0.75)


def _summary(w: Worker) -> dict[str, Any]:
    return {
        "ms": 1e3 * median(w.times),
        "fastest_ms": 1e3 * w.fastest,
        "cpu_ms": 1e3 * median(w.cpu_times),
        "layout": w.layout,
        "peak_mb": w.last["peak_bytes"] / 2**20,
        "grown_mb": w.last["grown_bytes"] / 2**20,
        "joules": w.last.get("joules"),
        "version": w.version,
    }


def _against(ours: Worker, peer: Worker, own: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> dict[str, float]:
    low, middle, high = quartiles([t / o for t, o in zip(peer.times, ours.times)])
    return {"ratio": middle, "low": low, "high": high, "best": peer.fastest / ours.fastest, "gap": gap(own, other)}


def gap(own: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> float:
    """The largest difference between two lists of rows of numbers, relative to the largest number of the first.

    Example:
        >>> gap([[2.0, 4.0]], [[2.0, 4.5]])
        0.125
    """
    largest = max(abs(v) for row in own for v in row) or 1.0
    return max(abs(a - b) for row, peer in zip(own, other) for a, b in zip(row, peer)) / largest
