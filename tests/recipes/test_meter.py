"""Means over an epoch."""

from __future__ import annotations

import math

from workbench.recipes.common.meter import Mean


def test_weights_count():
    mean = Mean()
    mean.add(1.0, 3)
    mean.add(5.0)
    assert mean.value == 2.0


def test_nothing_has_no_mean():
    mean = Mean()
    assert math.isnan(mean.value)
    mean.add(1.0)
    mean.reset()
    assert math.isnan(mean.value)


def test_a_restored_mean_goes_on():
    first, second = Mean(), Mean()
    first.add(0.1, 7)
    second.load_state_dict(first.state_dict())
    for mean in (first, second):
        mean.add(0.7, 2)
    assert first.value == second.value
