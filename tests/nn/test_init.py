"""Initialisation: the distributions that PyTorch documents, and the same numbers from the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench import engine as torch
from workbench.engine import nn

SHAPE = (200, 100)
BOUND = math.sqrt(6 / 300)
CASES = {
    "uniform_": (lambda t: nn.init.uniform_(t, -2, 4), 1.0, 6 / math.sqrt(12), (-2, 4)),
    "normal_": (lambda t: nn.init.normal_(t, 1, 3), 1.0, 3.0, None),
    "trunc_normal_": (lambda t: nn.init.trunc_normal_(t), 0.0, 0.8796, (-2, 2)),
    "xavier_uniform_": (lambda t: nn.init.xavier_uniform_(t), 0.0, BOUND / math.sqrt(3), (-BOUND, BOUND)),
    "xavier_normal_": (lambda t: nn.init.xavier_normal_(t, 2.0), 0.0, 2 * math.sqrt(2 / 300), None),
    "kaiming_uniform_": (lambda t: nn.init.kaiming_uniform_(t, nonlinearity="relu"), 0.0, math.sqrt(2 / 100), None),
    "kaiming_normal_": (lambda t: nn.init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), 0.0, math.sqrt(2 / 200), None),
}


@pytest.mark.parametrize("name", CASES)
def test_distribution(name):
    fill, mean, std, limits = CASES[name]
    torch.manual_seed(3)
    t = torch.empty(SHAPE)
    assert fill(t) is t
    values = t.numpy().copy()
    assert abs(values.mean() - mean) < 0.03 * max(std, 0.1) + 0.01
    assert abs(values.std() / std - 1) < 0.03
    if limits:
        assert limits[0] <= values.min()
        assert values.max() <= limits[1]
    torch.manual_seed(3)
    assert np.array_equal(fill(torch.empty(SHAPE)).numpy(), values)


def test_structured():
    assert nn.init.eye_(torch.empty(3, 4)).tolist() == np.eye(3, 4).tolist()
    q = nn.init.orthogonal_(torch.empty(4, 6), 2.0).numpy()
    assert np.allclose(q @ q.T, 4 * np.eye(4), atol=1e-5)
    x = torch.ones(1, 4, 5, 5)
    weight = nn.init.dirac_(torch.empty(4, 2, 3, 3), groups=2)
    assert nn.functional.conv2d(x, weight, padding=1, groups=2).tolist() == x.tolist()
    sparse = nn.init.sparse_(torch.empty(10, 6), 0.35)
    assert ((sparse == 0).sum(0) == 4).all()


def test_gains():
    assert nn.init.calculate_gain("relu") == math.sqrt(2)
    assert nn.init.calculate_gain("leaky_relu", 0.5) == math.sqrt(2 / 1.25)
    assert nn.init.calculate_gain("tanh") == 5 / 3


BAD = [
    (lambda: nn.init.xavier_normal_(torch.empty(3)), "xavier_normal_: expected a tensor with at least 2 dimensions"),
    (lambda: nn.init.kaiming_normal_(torch.empty(3, 3), mode="fan"), "mode to be 'fan_in' or 'fan_out'"),
    (lambda: nn.init.calculate_gain("softsign2"), "calculate_gain: expected nonlinearity"),
    (lambda: nn.init.calculate_gain("leaky_relu", True), "the negative slope"),
    (lambda: nn.init.eye_(torch.empty(3)), "2 dimensions"),
    (lambda: nn.init.dirac_(torch.empty(3, 3)), "3, 4 or 5 dimensions"),
    (lambda: nn.init.dirac_(torch.empty(3, 3, 3), 2), "divisible by groups=2"),
    (lambda: nn.init.orthogonal_(torch.empty(3)), "at least 2 dimensions"),
    (lambda: nn.init.sparse_(torch.empty(3), 0.1), "2 dimensions"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[m for _, m in BAD])
def test_bad_arguments(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert message in str(caught.value)
