"""Augmentation."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.engine.random_keys import Keys
from workbench.recipes.common.augment import SubpixelShift


class Fixed:
    """Keys that draw what a test wants: first down, then across."""

    def __init__(self, *draws):
        self.draws = list(draws)

    def uniform(self, low, high):
        return np.asarray(self.draws.pop(0), np.float64)


def image(n=1):
    return np.random.default_rng(0).random((n, 2, 4, 5)).astype(np.float32)


def test_whole_steps_are_a_crop():
    x = image(2)
    moved = SubpixelShift(1).random(x, Fixed([1.0 - 1e-12, -1.0], [0.0, 0.0]))
    np.testing.assert_allclose(moved[0, :, :-1], x[0, :, 1:], atol=1e-6)
    np.testing.assert_allclose(moved[0, :, -1], 0, atol=1e-6)
    np.testing.assert_array_equal(moved[1, :, 1:], x[1, :, :-1])
    assert (moved[1, :, 0] == 0).all()


def test_half_a_step_is_the_mean_of_two():
    x = image()
    moved = SubpixelShift(1).random(x, Fixed([0.0], [0.5]))
    np.testing.assert_allclose(moved[..., :-1], (x[..., :-1] + x[..., 1:]) / 2, rtol=1e-6)


def test_nothing_is_drawn_twice_and_a_batch_is_as_its_images():
    x = image(8)
    shift = SubpixelShift(1.5)
    together = shift.random(x, Keys(0, "augment", 0, streams=range(8)))
    alone = [shift.random(x[i : i + 1], Keys(0, "augment", 0, streams=[i])) for i in range(8)]
    np.testing.assert_array_equal(together, np.concatenate(alone))
    assert together.dtype == np.float32
    assert together.shape == x.shape


def test_refusals():
    with pytest.raises(ValueError, match="expected pixels above 0, got 0"):
        SubpixelShift(0)
    with pytest.raises(TypeError, match="expected floating images, got uint8"):
        SubpixelShift(1).random(np.zeros((1, 1, 2, 2), np.uint8), Keys(0, "augment", 0, streams=[0]))
