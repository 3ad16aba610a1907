"""Parametrizations, weight and spectral norms, fusion: against PyTorch with the same values."""

import copy
import pickle

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn

torch = pytest.importorskip("torch")
BOTH = (engine, torch)


def layer(lib, kind="Linear", *args):
    """A layer in float64 with the same values for both libraries."""
    made = getattr(lib.nn, kind)(*args).double()
    rng = np.random.default_rng(0)
    with lib.no_grad():
        for p in made.parameters():
            p.copy_(lib.from_numpy(rng.normal(size=tuple(p.shape))))
    return made


def same(a, b, **tolerance):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), **{"rtol": 1e-9, "atol": 1e-12, **tolerance})


def symmetric(lib):
    class Symmetric(lib.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).mT

    return Symmetric()


def exponential(lib):
    class Exponential(lib.nn.Module):
        def forward(self, x):
            return x.exp()

        def right_inverse(self, y):
            return y.log()

    return Exponential()


def test_a_parametrization():
    found = []
    for lib in BOTH:
        parametrize = lib.nn.utils.parametrize
        m = layer(lib, "Linear", 4, 4)
        parametrize.register_parametrization(m, "weight", symmetric(lib))
        assert parametrize.is_parametrized(m)
        assert parametrize.is_parametrized(m, "weight")
        assert not parametrize.is_parametrized(m, "bias")
        assert type(m).__name__ == "ParametrizedLinear"
        assert parametrize.type_before_parametrizations(m) is lib.nn.Linear
        m(lib.ones(2, 4, dtype=lib.float64)).pow(2).sum().backward()
        found.append(m)
    mine, theirs = found
    assert list(mine.state_dict()) == list(theirs.state_dict())
    assert [n for n, _ in mine.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    same(mine.weight, theirs.weight)
    same(mine.parametrizations.weight.original.grad, theirs.parametrizations.weight.original.grad)


def test_assigning_goes_through_the_inverse():
    for lib in BOTH:
        m = layer(lib, "Linear", 3, 2)
        with lib.no_grad():
            m.weight.abs_()
        before = m.weight.detach().clone()
        lib.nn.utils.parametrize.register_parametrization(m, "weight", exponential(lib))
        same(m.weight, before)
        m.weight = before * 2
        same(m.weight, before * 2)
        same(m.parametrizations["weight"].original, (before * 2).log())


def test_several_and_removing():
    found = []
    for lib in BOTH:
        parametrize = lib.nn.utils.parametrize
        m = layer(lib, "Linear", 3, 3)
        parametrize.register_parametrization(m, "weight", symmetric(lib))
        parametrize.register_parametrization(m, "weight", exponential(lib), unsafe=True)
        inside = m.weight.detach().clone()
        original = m.parametrizations.weight.original
        parametrize.remove_parametrizations(m, "weight")
        assert type(m) is lib.nn.Linear
        assert m.weight is original
        assert isinstance(m.weight, lib.nn.Parameter)
        same(m.weight, inside)
        found.append(m.weight)
    same(*found)


def test_removing_may_leave_the_original():
    m = layer(engine, "Linear", 3, 3)
    before = m.weight.detach().clone()
    nn.utils.parametrize.register_parametrization(m, "weight", symmetric(engine))
    nn.utils.parametrize.remove_parametrizations(m, "weight", leave_parametrized=False)
    same(m.weight, before)


def test_cached_reads_once():
    calls = []

    class Counting(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 2

    m = nn.Linear(2, 2)
    nn.utils.parametrize.register_parametrization(m, "weight", Counting())
    calls.clear()
    with nn.utils.parametrize.cached():
        assert m.weight is m.weight
    assert len(calls) == 1
    assert m.weight is not m.weight


def test_copies_and_pickles():
    m = layer(engine, "Linear", 3, 3)
    nn.utils.parametrize.register_parametrization(m, "weight", symmetric(engine))
    other = copy.deepcopy(m)
    same(other.weight, m.weight)
    with engine.no_grad():
        other.parametrizations.weight.original.zero_()
    assert float(m.weight.detach().abs().sum()) > 0
    assert float(other.weight.detach().abs().sum()) == 0
    with pytest.raises(RuntimeError, match="pickle: expected a module without parametrizations"):
        pickle.dumps(m)


def test_transferring():
    for lib in BOTH:
        parametrize = lib.nn.utils.parametrize
        a, b = layer(lib, "Linear", 3, 3), lib.nn.Linear(3, 3).double()
        parametrize.register_parametrization(a, "weight", symmetric(lib))
        parametrize.transfer_parametrizations_and_params(a, b)
        same(a.weight, b.weight)


def test_refuses():
    class Shrinks(nn.Module):
        def forward(self, x):
            return x[:1]

    register = nn.utils.parametrize.register_parametrization
    with pytest.raises(ValueError, match="register_parametrization: expected a module with a parameter or buffer 'nothing'"):
        register(nn.Linear(2, 2), "nothing", Shrinks())
    with pytest.raises(ValueError, match="or unsafe=True"):
        register(nn.Linear(2, 2), "weight", Shrinks())
    with pytest.raises(ValueError, match="remove_parametrizations: expected a parametrization"):
        nn.utils.parametrize.remove_parametrizations(nn.Linear(2, 2), "weight")
    m = register(nn.Linear(2, 2), "weight", symmetric(engine))
    with pytest.raises(RuntimeError, match="right_inverse of Symmetric"):
        m.weight = engine.zeros(2, 2)


LAYERS = [("Linear", 4, 3), ("Conv2d", 2, 3, 3), ("ConvTranspose1d", 2, 3, 3)]


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("spec", LAYERS, ids=lambda s: s[0])
def test_weight_norm(spec, new, dim):
    found = []
    for lib in BOTH:
        m = layer(lib, *spec)
        utils = lib.nn.utils.parametrizations if new else lib.nn.utils
        with np.errstate(all="ignore"):
            import warnings

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                utils.weight_norm(m, "weight", dim)
        x = lib.ones((2, spec[1], 5, 5)[: m.weight.ndim] if spec[0] != "Linear" else (2, spec[1]), dtype=lib.float64)
        m(x).pow(2).sum().backward()
        found.append(m)
    mine, theirs = found
    assert sorted(mine.state_dict()) == sorted(theirs.state_dict())
    for name, p in theirs.named_parameters():
        ours = dict(mine.named_parameters())[name]
        same(ours, p)
        same(ours.grad, p.grad, rtol=1e-7)


def test_weight_norm_is_removed():
    m = layer(engine, "Linear", 4, 3)
    before = m.weight.detach().clone()
    nn.utils.weight_norm(m)
    with pytest.raises(RuntimeError, match="weight_norm: expected weight not to be normalised yet"):
        nn.utils.weight_norm(m)
    nn.utils.remove_weight_norm(m)
    same(m.weight, before)
    assert [n for n, _ in m.named_parameters()] == ["bias", "weight"]
    with pytest.raises(ValueError, match="remove_weight_norm"):
        nn.utils.remove_weight_norm(m)


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("spec", LAYERS, ids=lambda s: s[0])
def test_spectral_norm(spec, new):
    """The vectors are drawn, so the peer gets ours before both go on."""
    mine, theirs = layer(engine, *spec), layer(torch, *spec)
    for lib, m in ((engine, mine), (torch, theirs)):
        (lib.nn.utils.parametrizations if new else lib.nn.utils).spectral_norm(m, n_power_iterations=2)
    state = {k: torch.from_numpy(np.array(v.numpy())) for k, v in mine.state_dict().items()}
    theirs.load_state_dict(state)
    for _ in range(3):
        grads = []
        for lib, m in ((engine, mine), (torch, theirs)):
            m.zero_grad()
            x = lib.ones((2, spec[1], 5, 5)[: m.weight.ndim] if spec[0] != "Linear" else (2, spec[1]), dtype=lib.float64)
            m(x).pow(2).sum().backward()
            grads.append([p.grad for p in m.parameters()])
        for a, b in zip(*grads, strict=True):
            same(a, b, rtol=1e-6, atol=1e-8)
    for k, v in theirs.state_dict().items():
        same(mine.state_dict()[k], v, rtol=1e-7)
    mine.eval()
    largest = np.linalg.svd(mine.weight.detach().numpy().reshape(mine.weight.shape[0], -1), compute_uv=False)[0]
    if spec[0] != "ConvTranspose1d":
        assert largest < 1.3


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "spec", [("Conv1d", 2, 3, 3), ("Conv2d", 2, 3, 3), ("ConvTranspose2d", 2, 3, 3), ("Linear", 4, 3)], ids=lambda s: s[0]
)
def test_fusion(spec, bias):
    results = []
    for lib in BOTH:
        m = layer(lib, *spec)
        if not bias:
            m.bias = None
        kind = {"Conv1d": "BatchNorm1d", "Linear": "BatchNorm1d"}.get(spec[0], "BatchNorm2d")
        bn = layer(lib, kind, 3)
        rng = np.random.default_rng(5)
        bn.running_mean.copy_(lib.from_numpy(rng.normal(size=3)))
        bn.running_var.copy_(lib.from_numpy(rng.uniform(0.5, 2, size=3)))
        m.eval(), bn.eval()
        x = lib.from_numpy(rng.normal(size=(2, spec[1], 5, 5)[: m.weight.ndim] if spec[0] != "Linear" else (2, 4)))
        if spec[0] == "Linear":
            fused = lib.nn.utils.fuse_linear_bn_eval(m, bn)
        else:
            fused = lib.nn.utils.fuse_conv_bn_eval(m, bn, transpose=spec[0].startswith("ConvT"))
        same(fused(x), bn(m(x)))
        results.append(fused)
    same(results[0].weight, results[1].weight)
    same(results[0].bias, results[1].bias)
    with pytest.raises(AssertionError):
        engine.nn.utils.fuse_conv_bn_eval(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
