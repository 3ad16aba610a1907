"""Optimizers and schedules as the configuration names them."""

from __future__ import annotations

import math

import pytest
from omegaconf import OmegaConf

from workbench.engine import nn
from workbench.experiments.compose import compose, options
from workbench.recipes.common import optimisation

STEPS = 20


def model():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


def rates(words, n_steps=STEPS):
    config = compose(["+recipe=resnet", *words])
    optimizer = optimisation.optimizer(config.optim, model())
    schedule = optimisation.schedule(config.schedule, optimizer, n_steps)
    out = []
    for _ in range(n_steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return out, config.optim.lr


def test_norms_and_biases_are_not_decayed():
    config = compose(["+recipe=resnet", "optim=sgd", "optim.weight_decay=0.1"]).optim
    weights, rest = optimisation.optimizer(config, model()).param_groups
    assert [tuple(p.shape) for p in weights["params"]] == [(2, 1, 3, 3)]
    assert [tuple(p.shape) for p in rest["params"]] == [(2,), (2,), (2,)]
    assert (weights["weight_decay"], rest["weight_decay"]) == (0.1, 0.0)


@pytest.mark.parametrize("option", options("optim"))
def test_every_optimizer_is_made(option):
    config = compose(["+recipe=resnet", f"optim={option}"]).optim
    optimizer = optimisation.optimizer(config, model())
    assert type(optimizer).__name__.lower() == config.name
    assert all(group["lr"] == config.lr for group in optimizer.param_groups)


def test_one_cycle_rises_and_falls():
    found, peak = rates(["schedule=one_cycle"], 100)
    top = found.index(max(found))
    assert max(found) == pytest.approx(peak, rel=1e-3)
    assert found[0] == pytest.approx(peak / 25)
    assert 20 <= top <= 30
    assert found[-1] < peak / 100


def test_cosine_falls():
    found, peak = rates(["schedule=cosine"])
    assert found[0] == peak
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.1 * peak


@pytest.mark.parametrize("warmup", [0.0, 0.25, 0.05])
def test_cosine_after_a_warmup(warmup):
    """The schedule of nanoGPT's train.py, by its formula."""
    found, peak = rates(["schedule=warmup_cosine", f"schedule.warmup={warmup}", "schedule.floor=0.1"], 40)
    rising = round(40 * warmup)
    for step, rate in enumerate(found):
        part = (step - rising) / (40 - rising)
        falling = 0.1 + 0.5 * 0.9 * (1 + math.cos(math.pi * part))
        assert rate == pytest.approx(peak * ((step + 1) / (rising + 1) if step < rising else falling), rel=1e-6)


def test_linear_falls():
    found, peak = rates(["schedule=linear", "schedule.floor=0.2"])
    assert found == pytest.approx([peak * (1 - 0.8 * step / STEPS) for step in range(STEPS)])


def test_constant_stays():
    found, peak = rates(["schedule=constant"])
    assert found == [peak] * STEPS


def test_one_step_is_enough():
    rates(["schedule=one_cycle"], 1)


def test_unknown_names():
    with pytest.raises(ValueError, match="expected name to be sgd or adamw, got 'lion'"):
        optimisation.optimizer(OmegaConf.create({"name": "lion", "weight_decay": 0.0}), model())
    optimizer = optimisation.optimizer(compose(["+recipe=resnet"]).optim, model())
    with pytest.raises(ValueError, match="expected name to be one_cycle, cosine, linear or constant, got 'step'"):
        optimisation.schedule(OmegaConf.create({"name": "step"}), optimizer, 1)
