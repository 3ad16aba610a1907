"""The schedule of weight averaging, against torch."""

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
