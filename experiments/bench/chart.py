"""Ratios as bars, in an SVG of our own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

_LEFT, _WIDTH, _ROW, _TOP = 130, 560, 16, 30
_COLORS = {"train": "#3b6ea5", "infer": "#9dbcd9"}
_STYLE = """
text { font: 12px sans-serif; fill: #555 }
.axis { stroke: #999 }
.grid { stroke: #9995 }
.spread { stroke: #333; stroke-width: 1.5 }
"""


def _ticks(largest: float) -> list[float]:
    """At most eight steps of 1, 2 or 5 times a power of ten."""
    step = next(m * 10**e for e in range(-1, 9) for m in (1, 2, 5) if largest / (m * 10**e) <= 8)
    return [step * i for i in range(int(largest / step) + 1)]


def ratios(results: Sequence[dict[str, Any]], peer: str, title: str, most: float = 4.0) -> str:
    """A bar for each case and mode, as long as the peer's time over ours, with its quartiles.

    Args:
        results: As `compare` gives them; those without the peer are left out.
        peer: The other engine.
        title: What the picture says to those who cannot see it.
        most: Longer bars are cut here and say their length.

    Returns:
        The text of the SVG.
    """
    rows = [(r["case"], r["mode"], r["engines"][peer]) for r in results if "ratio" in r["engines"].get(peer, {})]
    largest = min(most, max([e["high"] for *_, e in rows], default=1.0))
    height = _TOP + _ROW * len(rows) + 24

    def x(ratio: float) -> float:
        return round(_LEFT + _WIDTH * min(ratio, largest) / largest, 1)

    parts = []
    for tick in _ticks(largest):
        kind = "axis" if tick in (0, 1) else "grid"
        parts.append(f'<line class="{kind}" x1="{x(tick)}" x2="{x(tick)}" y1="{_TOP - 4}" y2="{height - 20}"/>')
        parts.append(f'<text x="{x(tick)}" y="{height - 6}" text-anchor="middle">{tick:g}</text>')
    for i, (case, mode, e) in enumerate(rows):
        y = _TOP + _ROW * i
        if not i or rows[i - 1][0] != case:
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">{escape(case)}</text>')
        parts.append(f'<rect x="{_LEFT}" y="{y + 2}" width="{x(e["ratio"]) - _LEFT:.1f}" height="{_ROW - 4}" fill="{_COLORS[mode]}"/>')
        parts.append(f'<line class="spread" x1="{x(e["low"])}" x2="{x(e["high"])}" y1="{y + 8}" y2="{y + 8}"/>')
        if e["ratio"] > largest:
            parts.append(f'<text x="{x(largest) + 4}" y="{y + 11}">{e["ratio"]:.1f}</text>')
    legend = f"{peer}'s time over ours: above 1, ours is faster"
    for i, (mode, color) in enumerate(_COLORS.items()):
        parts.append(f'<rect x="{_LEFT + 330 + 80 * i}" y="8" width="12" height="12" fill="{color}"/>')
        parts.append(f'<text x="{_LEFT + 346 + 80 * i}" y="18">{mode}</text>')
    size = f'width="{_LEFT + _WIDTH + 50}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" {size}>\n<style>{_STYLE}</style>\n'
    return head + f'<text x="{_LEFT}" y="18">{escape(legend)}</text>\n' + "\n".join(parts) + "\n</svg>\n"
