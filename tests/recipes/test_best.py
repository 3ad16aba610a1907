"""The parameters of the best epoch."""

from __future__ import annotations

import pytest

from workbench import engine as torch
from workbench.engine import nn
from workbench.recipes.common.best import Best


def filled(value):
    model = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        model.weight.fill_(value)
    return model


def offered(best, *values, name="val/accuracy"):
    return [best.offer(filled(i), {name: value, "epoch/loss": 1.0}) for i, value in enumerate(values)]


def kept(best):
    model = filled(-1.0)
    best.restore(model)
    return model.weight.item()


@pytest.mark.parametrize(
    ("mode", "values", "is_best", "epoch"),
    [
        ("max", (0.5, 0.9, 0.7), [True, True, False], 1),
        ("max", (0.5, 0.9, 0.9), [True, True, True], 2),
        ("max", (float("nan"), 0.1), [False, True], 1),
        ("min", (0.5, 0.3, 0.7), [True, True, False], 1),
        ("min", (0.5, 0.5, float("nan")), [True, True, False], 1),
    ],
)
def test_best(mode, values, is_best, epoch):
    best = Best("val/accuracy", mode)
    assert offered(best, *values) == is_best
    assert kept(best) == epoch
    assert best.values == {"val/accuracy": values[epoch], "epoch/loss": 1.0}


def test_later_changes_of_the_model_do_not_reach_it():
    best, model = Best("val/accuracy", "max"), filled(1.0)
    best.offer(model, {"val/accuracy": 0.5})
    with torch.no_grad():
        model.weight.fill_(7.0)
    assert kept(best) == 1.0


def test_without_the_metric_the_model_stays():
    best = Best("val/accuracy", "max")
    assert offered(best, 0.5, name="val/loss") == [False]
    model = filled(3.0)
    assert not best.restore(model)
    assert model.weight.item() == 3.0
    assert best.values == {}


def test_a_restored_best_goes_on():
    first, second = Best("val/accuracy", "max"), Best("val/accuracy", "max")
    offered(first, 0.1, 0.8)
    second.load_state_dict(first.state_dict())
    assert not second.offer(filled(5.0), {"val/accuracy": 0.7})
    assert kept(second) == 1
    assert second.values == first.values
