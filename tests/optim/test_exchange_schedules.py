"""Schedules whose states go from one library to the other in the middle of a run."""

from __future__ import annotations

import pytest

from workbench import engine

from .test_lr_scheduler import CASES, optimizer, rates

torch = pytest.importorskip("torch")
FUNCTIONS = ("lambda", "multiplicative")  # their functions are no part of a state


@pytest.mark.parametrize("case", sorted(set(CASES) - set(FUNCTIONS)))
@pytest.mark.parametrize("first", [engine, torch], ids=["to torch", "from torch"])
def test_states_go_over(case, first):
    second = torch if first is engine else engine
    there, here = optimizer(second), optimizer(first)
    schedule, other = CASES[case](first.optim.lr_scheduler, here), CASES[case](second.optim.lr_scheduler, there)
    rates(here, schedule, 13)
    other.load_state_dict(schedule.state_dict())
    for ours, theirs in zip(there.param_groups, here.param_groups, strict=True):
        ours |= {name: theirs[name] for name in theirs if name not in ("params", "foreach", "fused")}
    for x, y in zip(rates(there, other, 15), rates(here, schedule, 15), strict=True):
        assert x == pytest.approx(y, rel=1e-12, abs=1e-15)
