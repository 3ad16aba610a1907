"""How far to go along a direction: the conditions of Wolfe, found by bracketing and cubic interpolation.

References:
    Nocedal and Wright (2006), "Numerical optimization", section 3.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from .optimizer import Tensor

ENOUGH = 1e-4  # part of the promised decrease that is asked for
FLAT = 0.9  # part of the first slope that may be left
MOST = 25  # evaluations


@dataclass
class Point:
    """A length along the direction, with the loss, its gradient and its slope there."""

    t: float
    loss: float
    gradient: Tensor
    slope: float


def cubic_minimum(a: Point, b: Point, low: float | None = None, high: float | None = None) -> float:
    """Where the cubic through two points and their slopes is least, within bounds (by default the points themselves)."""
    if low is None or high is None:
        low, high = min(a.t, b.t), max(a.t, b.t)
    if a.t == b.t:
        return (low + high) / 2
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    root = sqrt(square)
    left, right = (a, b) if a.t <= b.t else (b, a)
    t = right.t - (right.t - left.t) * ((right.slope + root - d1) / (right.slope - left.slope + 2 * root))
    return min(max(t, low), high)


def strong_wolfe(
    at: Callable[[float], tuple[float, Tensor]],
    t: float,
    direction: Tensor,
    loss: float,
    gradient: Tensor,
    slope: float,
    tolerance: float,
) -> tuple[float, Tensor, float, int]:
    """A length where the loss has fallen enough and the slope is flat enough, or the best that was found.

    Args:
        at: Gives the loss and the gradient at a length.
        t: The first length to try.
        direction: Along which the lengths are.
        loss, gradient, slope: Where it begins (length 0).
        tolerance: Stop where the bracket, times the largest element of the direction, is smaller.

    Returns:
        The loss, the gradient, the length, and how often `at` was called.
    """
    reach = float(direction.abs().max())
    start = Point(0.0, loss, gradient, slope)

    def evaluate(length: float) -> Point:
        value, g = at(length)
        return Point(length, value, g.clone(), float((g * direction).sum()))

    previous, now = start, evaluate(t)
    calls, tries = 1, 0
    bracket: list[Point] = []
    done = False
    while tries < MOST:
        if now.loss > loss + ENOUGH * now.t * slope or (tries > 1 and now.loss >= previous.loss):
            bracket = [previous, now]
            break
        if abs(now.slope) <= -FLAT * slope:
            bracket, done = [now], True
            break
        if now.slope >= 0:
            bracket = [previous, now]
            break
        further = now.t + 0.01 * (now.t - previous.t)
        length = cubic_minimum(previous, now, further, now.t * 10)
        previous, now = now, evaluate(length)
        calls += 1
        tries += 1
    if tries == MOST:
        bracket = [start, now]
    stuck = False
    while not done and tries < MOST:
        ends = sorted(bracket, key=lambda point: point.loss)
        best, worst = ends[0], ends[-1]
        width = abs(bracket[1].t - bracket[0].t)
        if width * reach < tolerance:
            break
        length = cubic_minimum(bracket[0], bracket[1])
        high, low = max(p.t for p in bracket), min(p.t for p in bracket)
        edge = 0.1 * (high - low)
        if min(high - length, length - low) < edge:  # too near an end: once is let through, then it is moved inside
            if stuck or length >= high or length <= low:
                length = high - edge if abs(length - high) < abs(length - low) else low + edge
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        now = evaluate(length)
        calls += 1
        tries += 1
        lowest = bracket.index(best)
        if now.loss > loss + ENOUGH * now.t * slope or now.loss >= best.loss:
            bracket[1 - lowest] = now
        else:
            if abs(now.slope) <= -FLAT * slope:
                done = True
            elif now.slope * (worst.t - best.t) >= 0:
                bracket[1 - lowest] = best
            bracket[lowest] = now
    chosen = min(bracket, key=lambda point: point.loss)
    return chosen.loss, chosen.gradient, chosen.t, calls
