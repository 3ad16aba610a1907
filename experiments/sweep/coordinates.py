"""Parallel coordinates of a sweep: one axis for each setting and objective, one line for each trial, as a page that needs no network.

The colour of a line is the rank of its trial, the best ones lie on top; the line under the pointer stands out and says its numbers.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial

from .settings import Plan
from .space import Parameter
from .table import shown

_HEIGHT, _TOP, _GAP, _SIDE, _TICKS = 420, 70, 190, 110, 5
_COLOURS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (214, 190, 20))  # viridis, its end darker for white paper
_STYLE = """
body { font: 14px system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
svg { overflow: visible }
.line { fill: none; stroke-width: 1.6; opacity: .75 }
.line:hover { stroke: #d00000 !important; stroke-width: 4; opacity: 1 }
.axis { stroke: #444 }
.tick { font-size: 12px; fill: #444; paint-order: stroke; stroke: #fff; stroke-width: 3px } .name { font-weight: 600 }
"""


@dataclass(frozen=True)
class Axis:
    """One axis.

    Args:
        name: What it shows.
        values: Of each trial; None where a trial has none.
        log: Whether the scale is logarithmic.
        choices: The values of a choice, from bottom to top.
        down: Whether smaller values are higher, for an objective that is minimised.
    """

    name: str
    values: Sequence[Any]
    log: bool = False
    choices: Sequence[Any] = ()
    down: bool = False

    def places(self) -> list[float | None]:
        """Where each value lies, from 0 at the bottom to 1 at the top."""
        low, high = self.ends()
        return [None if value is None else self._flip((self._on_scale(value) - low) / (high - low or 1.0)) for value in self.values]

    def ticks(self) -> list[tuple[float, str]]:
        """The marks: place and text."""
        if self.choices:
            return [(number / max(1, len(self.choices) - 1), str(choice)) for number, choice in enumerate(self.choices)]
        low, high = self.ends()
        marks = [low + (high - low) * number / (_TICKS - 1) for number in range(_TICKS if high > low else 1)]
        return [(self._flip((mark - low) / (high - low or 1.0)), shown(float(10**mark if self.log else mark))) for mark in marks]

    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value, on the scale."""
        if self.choices:
            return 0.0, float(len(self.choices) - 1)
        on_scale = [self._on_scale(value) for value in self.values if value is not None] or [0.0]
        return min(on_scale), max(on_scale)

    def _on_scale(self, value: Any) -> float:
        if self.choices:
            return float(list(self.choices).index(value))
        return math.log10(value) if self.log else float(value)

    def _flip(self, place: float) -> float:
        return 1 - place if self.down else place


def page(plan: Plan, done: Sequence[FrozenTrial]) -> str:
    """The page.

    Args:
        plan: The sweep.
        done: Its complete trials; at least one.
    """
    definition = plan.definition
    trials = sorted(done, key=lambda trial: trial.values[0], reverse=definition.directions[0] == "min")  # the best is drawn last
    axes = [_of_setting(each, trials) for each in definition.space]
    for number, (metric, direction) in enumerate(zip(definition.metrics, definition.directions, strict=True)):
        axes.append(Axis(metric, [trial.values[number] for trial in trials], down=direction == "min"))
    width = 2 * _SIDE + _GAP * (len(axes) - 1)
    drawn = [*_lines(axes, trials), *(part for number, axis in enumerate(axes) for part in _axis(number, axis))]
    title = html.escape(f"{plan.name}: {len(done)} finished trials")
    size = f'viewBox="0 0 {width} {_HEIGHT + 2 * _TOP}" width="{width}" height="{_HEIGHT + 2 * _TOP}"'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head>\n'
        f'<body><h1>{title}</h1>\n<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" {size}>\n'
        + "\n".join(drawn)
        + "\n</svg>\n<p>Up is better on the axes of objectives; the lighter the line, the better the trial.</p></body></html>\n"
    )


def _of_setting(each: Parameter, trials: Sequence[FrozenTrial]) -> Axis:
    return Axis(each.name, [trial.params.get(each.name) for trial in trials], each.log, each.choices)


def _lines(axes: Sequence[Axis], trials: Sequence[FrozenTrial]) -> list[str]:
    places = [axis.places() for axis in axes]
    out = []
    for number, trial in enumerate(trials):
        points = [(_x(at), _y(place[number])) for at, place in enumerate(places) if place[number] is not None]
        text = ", ".join(f"{axis.name} {shown(axis.values[number])}" for axis in axes)
        path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        colour = _colour(number / max(1, len(trials) - 1))
        label = html.escape(f"trial {trial.number}: {text}")
        out.append(f'<path class="line" d="{path}" stroke="{colour}"><title>{label}</title></path>')
    return out


def _axis(number: int, axis: Axis) -> list[str]:
    x = _x(number)
    out = [
        f'<line class="axis" x1="{x}" x2="{x}" y1="{_y(0.0):.1f}" y2="{_y(1.0):.1f}"/>',
        f'<text class="name" x="{x}" y="{_TOP - 24}" text-anchor="middle">{html.escape(axis.name)}</text>',
    ]
    return out + [f'<text class="tick" x="{x + 6}" y="{_y(place) + 4:.1f}">{html.escape(text)}</text>' for place, text in axis.ticks()]


def _x(number: int) -> int:
    return _SIDE + _GAP * number


def _y(place: float | None) -> float:
    return _TOP + _HEIGHT * (1 - (place or 0.0))


def _colour(rank: float) -> str:
    at = rank * (len(_COLOURS) - 1)
    low = min(int(at), len(_COLOURS) - 2)
    mixed = (round(a + (b - a) * (at - low)) for a, b in zip(_COLOURS[low], _COLOURS[low + 1], strict=True))
    return "#" + "".join(f"{each:02x}" for each in mixed)
