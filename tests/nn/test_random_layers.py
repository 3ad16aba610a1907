"""Layers that draw random numbers: what can be said of them without their numbers."""

from __future__ import annotations

import numpy as np
import pytest

import workbench.engine.nn.functional as F
from workbench import engine
from workbench.engine import nn

N = 40000


def normal(*shape, seed=0):
    return engine.from_numpy(np.random.Generator(np.random.Philox(key=seed)).standard_normal(shape))


@pytest.mark.parametrize("inplace", [False, True])
def test_rrelu_draws_slopes(inplace):
    layer = nn.RReLU(0.2, 0.6, inplace)
    leaf = normal(N).requires_grad_()
    x = leaf * 1
    before = x.detach().clone()
    y = layer(x)
    assert (y is x) == inplace
    slopes = (y.detach() / before).numpy()
    assert (slopes[before.numpy() >= 0] == 1).all()
    drawn = slopes[before.numpy() < 0]
    assert drawn.min() >= 0.2
    assert drawn.max() < 0.6
    assert abs(drawn.mean() - 0.4) < 0.005
    assert abs(drawn.std() - 0.4 / 12**0.5) < 0.005
    y.sum().backward()
    assert np.allclose(leaf.grad.numpy(), slopes)
    assert not np.array_equal(slopes, (layer(before.clone()) / before).numpy())


def test_rrelu_refuses():
    with pytest.raises(RuntimeError, match=r"rrelu: expected lower of at most upper=0\.1, got 0\.5"):
        F.rrelu(engine.zeros(2), 0.5, 0.1)
    with pytest.raises(RuntimeError, match="rrelu: expected input of a floating dtype"):
        F.rrelu(engine.zeros(2, dtype=engine.int64))


@pytest.mark.parametrize("name", ["Dropout1d", "Dropout2d", "Dropout3d"])
def test_dropout_of_channels(name):
    n = int(name[-2])
    x = normal(30, 40, *(2,) * n)
    y = getattr(nn, name)(0.3)(x)
    ratio = (y / x).flatten(2).numpy()
    dropped = (ratio == 0).all(2)
    assert (dropped | np.isclose(ratio, 1 / 0.7).all(2)).all()
    assert abs(dropped.mean() - 0.3) < 0.05
    single = getattr(nn, name)(0.5)(x[0]) / x[0]
    assert len(np.unique(single.flatten(1).numpy().round(6), axis=1).T) == 1


@pytest.mark.parametrize("name", ["AlphaDropout", "FeatureAlphaDropout"])
def test_alpha_dropout_keeps_mean_and_variance(name):
    x = normal(200, 200, 3)
    y = getattr(nn, name)(0.2)(x).numpy()
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02
    # what is dropped is one value everywhere, and for features whole channels
    least, counts = np.unique(y.round(9), return_counts=True)
    share = counts.max() / y.size
    assert abs(share - 0.2) < 0.01
    if name == "FeatureAlphaDropout":
        gone = y.round(9) == least[counts.argmax()]
        assert (gone.all(2) == gone.any(2)).all()


def test_gumbel_softmax_follows_the_logits():
    logits = engine.tensor([0.2, 0.3, 0.5]).log().repeat(N, 1).requires_grad_()
    hard = F.gumbel_softmax(logits, tau=0.5, hard=True)
    assert sorted(np.unique(hard.detach().numpy().round(5)).tolist()) == [0, 1]
    assert np.allclose(hard.detach().mean(0).numpy(), [0.2, 0.3, 0.5], atol=0.01)
    assert np.allclose(hard.detach().sum(1).numpy(), 1)
    hard[:, 0].sum().backward()
    assert float(logits.grad.abs().sum()) > 0
    engine.manual_seed(3)
    soft = F.gumbel_softmax(logits.detach().T, dim=0)
    engine.manual_seed(3)
    again = F.gumbel_softmax(logits.detach().T, hard=True, dim=0)
    assert np.allclose(soft.sum(0).numpy(), 1, atol=1e-5)
    assert (soft.argmax(0) == again.argmax(0)).all()


def test_gumbel_softmax_refuses():
    with pytest.raises(IndexError, match=r"gumbel_softmax: expected dim in \[-1, 0\], got 2"):
        F.gumbel_softmax(engine.zeros(3), dim=2)
    with pytest.raises(RuntimeError, match="gumbel_softmax: expected logits of a floating dtype"):
        F.gumbel_softmax(engine.zeros(3, dtype=engine.int64))
