"""Results as a table of at most 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import Any

from ..tables import Table

Result = dict[str, Any]


def figure(value: float) -> str:
    """Three digits.

    Example:
        >>> [figure(v) for v in (0.01234, 1.5, 123.4, 2345.6)]
        ['0.0123', '1.50', '123', '2346']
    """
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def counted(n: int, thing: str) -> str:
    """A number of things.

    Example:
        >>> counted(1, "thread"), counted(2, "thread")
        ('1 thread', '2 threads')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def mean_ratio(results: Sequence[Result], peer: str) -> float | None:
    """The geometric mean of a peer's times over ours; None where it ran nothing.

    Example:
        >>> mean_ratio([{"engines": {"torch": {"ratio": 2.0}}}, {"engines": {"torch": {"ratio": 8.0}}}], "torch")
        4.0
    """
    ratios = [r["engines"][peer]["ratio"] for r in results if "ratio" in r["engines"].get(peer, {})]
    return round(exp(sum(map(log, ratios)) / len(ratios)), 12) if ratios else None


def models(results: Sequence[Result], peers: Sequence[str]) -> Table:
    """A row for each case and mode; for each peer its time over ours; memory, quartiles and fastest steps where it is alone."""
    alone = len(peers) < 2
    heads = ["case", "mode", "ours ms", *(["MB"] if alone else [])]
    for peer in peers:
        heads += [f"{peer} ms", "MB", "ratio", "quartiles", "best"] if alone else [peer, "ratio"]
    rows = []
    for r in results:
        ours = r["engines"]["workbench"]
        row = [r["case"], r["mode"], figure(ours["ms"]), *([figure(ours["grown_mb"])] if alone else [])]
        for peer in peers:
            row += _peer(r, peer, alone)
        rows.append(row)
    return Table(heads, rows, right=[i for i in range(len(heads)) if i not in (0, 1)])


def _peer(r: Result, peer: str, alone: bool) -> list[str]:
    found = r["engines"].get(peer)
    if not found:
        return [r["not_run"].get(peer, ""), *[""] * (4 if alone else 1)]
    if not alone:
        return [figure(found["ms"]), f"{found['ratio']:.2f}"]
    spread = f"{found['low']:.2f}-{found['high']:.2f}"
    return [figure(found["ms"]), figure(found["grown_mb"]), f"{found['ratio']:.2f}", spread, f"{found['best']:.2f}"]


def ops(results: Sequence[Result], peers: Sequence[str]) -> Table:
    """A row for each op and mode: times, and what share of the machine's ceiling they reach."""
    heads = ["op", "mode", "ours ms", "reach", *(head for peer in peers for head in (f"{peer} ms", "reach", "ratio", "best"))]
    rows = []
    for r in results:
        ours = r["engines"]["workbench"]
        row = [r["case"], r["mode"], figure(ours["ms"]), _share(ours)]
        for e in (r["engines"][peer] for peer in peers):
            row += [figure(e["ms"]), _share(e), f"{e['ratio']:.2f}", f"{e['best']:.2f}"]
        rows.append(row)
    return Table(heads, rows, right=range(2, len(heads)))


def scaling(results: Sequence[Result], peers: Sequence[str]) -> Table:
    """A row for each value of what is varied."""
    heads = ["case", "mode", "varied", "value", "ours ms", "reach", *(head for peer in peers for head in (f"{peer} ms", "ratio"))]
    rows = []
    for r in results:
        ours = r["engines"]["workbench"]
        row = [r["case"], r["mode"], r["varied"], str(r["value"]), figure(ours["ms"]), _share(ours)]
        for peer in peers:
            e = r["engines"].get(peer)
            row += [figure(e["ms"]), f"{e['ratio']:.2f}"] if e else [r["not_run"].get(peer, ""), ""]
        rows.append(row)
    return Table(heads, rows, right=range(3, len(heads)))


def _share(e: Result) -> str:
    return f"{100 * e['share']:.0f}%"


def means(results: Sequence[Result], peers: Sequence[str]) -> list[str]:
    """A line for each mode and peer: the geometric mean of the ratios."""
    lines = []
    for mode in dict.fromkeys(r["mode"] for r in results):
        for peer in peers:
            those = [r for r in results if r["mode"] == mode]
            mean = mean_ratio(those, peer)
            if mean is not None:
                n = sum(peer in r["engines"] for r in those)
                lines.append(f"{mode}: {peer}'s time over ours {mean:.2f}, geometric mean of {n}")
    return lines


def profiles(results: Sequence[Result]) -> list[str]:
    """Where the time of each case goes, a block of lines for each engine."""
    lines = []
    for r in results:
        for engine, rows in r.get("profile", {}).items():
            lines.append(f"\n{r['case']} {r['mode']}, {engine}: ms of a step, calls, op")
            lines += [f"  {figure(ms):>8} {calls:>7.0f}  {name}" for name, ms, calls in rows]
    return lines
