"""Pruning against PyTorch with the same values."""

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn

torch = pytest.importorskip("torch")
pytest.importorskip("torch.nn.utils.prune")  # PyTorch does not import it by itself
BOTH = (engine, torch)


def net(lib):
    made = lib.nn.Sequential(lib.nn.Conv2d(2, 4, 3), lib.nn.Flatten(), lib.nn.Linear(16, 5)).double()
    rng = np.random.default_rng(0)
    with lib.no_grad():
        for p in made.parameters():
            p.copy_(lib.from_numpy(rng.normal(size=tuple(p.shape))))
    return made


def mask(lib):
    return lib.from_numpy((np.random.default_rng(3).random((5, 16)) < 0.5).astype(np.float64))


def scores(lib):
    return lib.from_numpy(np.random.default_rng(4).random((5, 16)))


PRUNINGS = {
    "l1 share": lambda lib, m: lib.nn.utils.prune.l1_unstructured(m[2], "weight", 0.3),
    "l1 count": lambda lib, m: lib.nn.utils.prune.l1_unstructured(m[2], "bias", 2),
    "l1 by scores": lambda lib, m: lib.nn.utils.prune.l1_unstructured(m[2], "weight", 0.3, importance_scores=scores(lib)),
    "channels": lambda lib, m: lib.nn.utils.prune.ln_structured(m[0], "weight", 0.5, 2, 0),
    "other channels": lambda lib, m: lib.nn.utils.prune.ln_structured(m[2], "weight", 5, 1, 1),
    "identity": lambda lib, m: lib.nn.utils.prune.identity(m[0], "bias"),
    "mask": lambda lib, m: lib.nn.utils.prune.custom_from_mask(m[2], "weight", mask(lib)),
    "global": lambda lib, m: lib.nn.utils.prune.global_unstructured(
        [(m[0], "weight"), (m[2], "weight")], lib.nn.utils.prune.L1Unstructured, amount=0.4
    ),
    "twice": lambda lib, m: [lib.nn.utils.prune.l1_unstructured(m[2], "weight", 0.5) for _ in range(2)],
    "channels, then elements": lambda lib, m: [
        lib.nn.utils.prune.ln_structured(m[2], "weight", 0.4, 2, 0),
        lib.nn.utils.prune.l1_unstructured(m[2], "weight", 0.25),
        lib.nn.utils.prune.ln_structured(m[2], "weight", 0.5, 1, 1),
    ],
}


@pytest.mark.parametrize("name", PRUNINGS)
def test_like_torch(name):
    found = []
    for lib in BOTH:
        m = net(lib)
        PRUNINGS[name](lib, m)
        assert lib.nn.utils.prune.is_pruned(m)
        m(lib.ones(1, 2, 4, 4, dtype=lib.float64)).pow(2).sum().backward()
        grads = {k: p.grad.numpy() for k, p in m.named_parameters()}
        found.append(({k: v.numpy() for k, v in m.state_dict().items()}, grads))
    for mine, theirs in zip(*found, strict=True):
        assert sorted(mine) == sorted(theirs)
        for key, value in theirs.items():
            np.testing.assert_allclose(mine[key], value, rtol=1e-9, err_msg=key)


@pytest.mark.parametrize("name", ["random_unstructured", "random_structured"])
def test_random(name):
    m = net(engine)
    args = (0,) if name == "random_structured" else ()
    getattr(nn.utils.prune, name)(m[2], "weight", 0.4, *args)
    gone = m[2].weight_mask.numpy() == 0
    assert gone.mean() == pytest.approx(0.4)
    assert (m[2].weight.detach().numpy()[gone] == 0).all()
    if args:
        assert set(gone.sum(1)) == {0, 16}


def test_removing_makes_it_permanent():
    m = net(engine)
    nn.utils.prune.l1_unstructured(m[2], "weight", 0.5)
    pruned = m[2].weight.detach().clone()
    nn.utils.prune.remove(m[2], "weight")
    assert isinstance(m[2].weight, nn.Parameter)
    np.testing.assert_array_equal(m[2].weight.detach().numpy(), pruned.numpy())
    assert not nn.utils.prune.is_pruned(m)
    with pytest.raises(ValueError, match="remove: expected a pruned weight"):
        nn.utils.prune.remove(m[2], "weight")


def test_refuses():
    prune, m = nn.utils.prune, net(engine)
    with pytest.raises(ValueError, match="share in"):
        prune.l1_unstructured(m[2], "weight", 1.5)
    with pytest.raises(ValueError, match="at most 5"):
        prune.l1_unstructured(m[2], "bias", 6)
    with pytest.raises(TypeError, match="amount to be a number"):
        prune.l1_unstructured(m[2], "weight", "half")
    with pytest.raises(IndexError, match="dim in"):
        prune.ln_structured(m[2], "weight", 0.5, 2, 5)
    with pytest.raises(TypeError, match="unstructured"):
        prune.global_unstructured([(m[2], "weight")], prune.LnStructured, amount=0.5, n=2)
