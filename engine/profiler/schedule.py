"""When a profiler looks: what it does at each step of a program."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from ..errors import expected


class ProfilerAction(Enum):
    """What a profiler does during a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """What to do at each step: wait, warm up, record, and again.

    Args:
        wait: Steps of each cycle that are not looked at.
        warmup: Steps that are recorded and forgotten; >= 0.
        active: Steps that are recorded; > 0. At the end of the last one the trace is ready.
        repeat: How many cycles; 0 means for ever.
        skip_first: Steps before the first cycle.
        skip_first_wait: Whether the first cycle goes without its wait: 0 is no.

    Returns:
        A function of the step's number.

    Raises:
        AssertionError: A number is negative, or `active` is 0.

    Example:
        >>> what = schedule(wait=1, warmup=0, active=2)
        >>> [what(step).name for step in range(4)]
        ['NONE', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    for name, value, low in (
        ("wait", wait, 0),
        ("warmup", warmup, 0),
        ("active", active, 1),
        ("repeat", repeat, 0),
        ("skip_first", skip_first, 0),
    ):
        if value < low:
            raise expected("schedule", f"{name} of {low} or more", value, error=AssertionError)

    def what(step: int) -> ProfilerAction:
        if step < 0:
            raise expected("schedule", "a step of 0 or more", step, error=AssertionError)
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        cycle = wait + warmup + active
        if repeat > 0 and step >= repeat * cycle:
            return ProfilerAction.NONE
        at = step % cycle
        if at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if at < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return what
