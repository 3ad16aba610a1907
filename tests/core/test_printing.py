"""Tensors print as PyTorch prints them, to the letter."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")

DTYPES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, 1e-5, 1e9, 123456.0, 0.5]
SETTINGS = [
    {}, {"precision": 2}, {"linewidth": 40}, {"sci_mode": True}, {"sci_mode": False}, {"threshold": 5, "edgeitems": 1},
    {"profile": "short"}, {"profile": "full"}, {"edgeitems": 2, "threshold": 10, "linewidth": 50},
]  # fmt: skip


@pytest.fixture(params=SETTINGS, ids=str)
def _settings(request):
    for module in (engine, torch):
        module.set_printoptions(**request.param)
    yield
    for module in (engine, torch):
        module.set_printoptions(profile="default")


def arrays(seed, dtype):
    """Random values of random shapes, sizes, signs and kinds, with the special ones among them."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(0 if rng.random() < 0.1 else 1, (3, 5, 12, 40)[rng.integers(4)], size=rng.integers(0, 4)))

    def part():
        x = rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 10)
        x = np.round(x) if rng.random() < 0.4 else x
        return np.where(rng.random(shape) < 0.1, rng.choice(SPECIAL, shape), x) if rng.random() < 0.4 else x

    if dtype.startswith("complex"):
        return part() + 1j * part()
    if "float" in dtype:
        return part()
    return rng.integers(0, 2 if dtype == "bool" else 100, shape)


@pytest.mark.usefixtures("_settings")
@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_print_as_in_pytorch(dtype):
    for seed in range(12):
        with np.errstate(all="ignore"):
            x = np.asarray(arrays(seed, dtype))
        theirs = torch.from_numpy(x.copy()).to(getattr(torch, dtype))
        held = theirs.float() if dtype == "bfloat16" else theirs
        ours = engine.from_numpy(held.numpy().copy()).to(getattr(engine, dtype))
        assert repr(ours) == repr(theirs), seed


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.ones(3, requires_grad=True),
        lambda t: t.ones(3, requires_grad=True) * 2,
        lambda t: t.ones(2, 12, requires_grad=True, dtype=t.float64) + 0.125,
        lambda t: t.nn.Parameter(t.ones(2, 2)),
        lambda t: t.nn.Parameter(t.ones(2, 2, dtype=t.float64), requires_grad=False),
        lambda t: t.zeros(0, 3),
        lambda t: t.zeros(0, dtype=t.int64),
        lambda t: t.tensor(3),
        lambda t: t.tensor(1j),
        lambda t: t.arange(3000),
        lambda t: t.arange(3000.0).reshape(30, 100),
        lambda t: t.zeros(30, 40, 2),
    ],
    ids=range(12),
)
def test_what_stands_behind_the_numbers(make):
    assert repr(make(engine)) == repr(make(torch))


def test_the_default_dtype_is_not_said():
    for module in (engine, torch):
        module.set_default_dtype(module.float64)
    try:
        for make in (lambda t: t.ones(1), lambda t: t.ones(1, dtype=t.float32), lambda t: t.tensor([1j])):
            assert repr(make(engine)) == repr(make(torch))
    finally:
        for module in (engine, torch):
            module.set_default_dtype(module.float32)
