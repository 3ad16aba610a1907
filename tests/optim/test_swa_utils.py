"""The schedule of weight averaging, against torch."""

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn, optim
from workbench.engine.optim.swa_utils import SWALR


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 5])
def test_schedule(strategy, epochs):
    torch = pytest.importorskip("torch")
    rates = []
    for library, S in ((engine, SWALR), (torch, torch.optim.swa_utils.SWALR)):
        a, b = (library.nn.Parameter(library.ones(1)) for _ in range(2))
        o = library.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.4}], lr=0.3)
        s = S(o, [0.05, 0.5], epochs, strategy)
        out = []
        for _ in range(8):
            out.append(s.get_last_lr())
            o.step()
            s.step()
        rates.append(out)
    for x, y in zip(*rates, strict=True):
        assert x == pytest.approx(y, rel=1e-12)


def test_refuses():
    model = nn.Linear(2, 2)
    o = optim.SGD(model.parameters(), lr=1.0)
    with pytest.raises(ValueError, match='anneal_strategy to be "cos" or "linear"'):
        SWALR(o, 0.1, anneal_strategy="up")
    with pytest.raises(ValueError, match="anneal_epochs to be an int of 0 or more"):
        SWALR(o, 0.1, anneal_epochs=-1)


AVERAGES = {
    "equal": lambda u: {},
    "ema": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.9)},
    "ema one by one": lambda u: {"avg_fn": u.get_ema_avg_fn(0.7)},
    "equal one by one": lambda u: {"avg_fn": u.get_swa_avg_fn()},
    "with buffers": lambda u: {"avg_fn": u.get_swa_avg_fn(), "use_buffers": True},
}


@pytest.mark.parametrize("name", AVERAGES)
def test_averaged_model(name):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(3, 4)) for _ in range(4)]
    x = rng.normal(size=(8, 4))
    found = []
    for library in (engine, torch):
        utils = library.optim.swa_utils
        model = library.nn.Sequential(library.nn.Linear(4, 3), library.nn.BatchNorm1d(3)).double()
        averaged = utils.AveragedModel(model, **AVERAGES[name](utils))
        for w in weights:
            with library.no_grad():
                model[0].weight.copy_(library.from_numpy(w))
                model[0].bias.fill_(0.5)
            model(library.from_numpy(x))
            averaged.update_parameters(model)
        state = {k: v.double().numpy() for k, v in averaged.state_dict().items()}
        utils.update_bn([library.from_numpy(x), (library.from_numpy(2 * x), 0)], averaged)
        state["mean"] = averaged.module[1].running_mean.numpy()
        state["result"] = averaged.eval()(library.from_numpy(x)).detach().numpy()
        assert averaged.module[1].momentum == 0.1
        found.append(state)
    assert list(found[0]) == list(found[1])
    for key, value in found[0].items():
        np.testing.assert_allclose(value, found[1][key], rtol=1e-9, atol=1e-12, err_msg=key)


def test_averaged_model_refuses():
    utils = optim.swa_utils
    with pytest.raises(ValueError, match="decay in"):
        utils.get_ema_multi_avg_fn(1.5)
    with pytest.raises(ValueError, match="one of avg_fn and multi_avg_fn"):
        utils.AveragedModel(nn.Linear(1, 1), avg_fn=utils.get_swa_avg_fn(), multi_avg_fn=utils.get_swa_multi_avg_fn())
