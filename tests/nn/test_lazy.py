"""Lazy layers against PyTorch's, from the same state, and parameters without a shape."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn
from workbench.engine.testing.compare import assert_close

from .like_torch import torch
from .test_module import torch as lib  # noqa: F401  (the fixture)

pytestmark = pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")  # torch's
LAYERS = [
    ("LazyLinear", (4,), (5, 3)),
    ("LazyLinear", (4, False), (2, 5, 3)),
    ("LazyConv1d", (4, 2), (2, 3, 6)),
    ("LazyConv2d", (4, 2, 1, 1, 1, 2), (2, 6, 4, 4)),
    ("LazyConv3d", (4, 2), (3, 4, 4, 4)),
    ("LazyConvTranspose1d", (4, 2), (2, 3, 6)),
    ("LazyConvTranspose2d", (4, 2, 2, 0, 1), (2, 3, 4, 4)),
    ("LazyConvTranspose3d", (4, 2), (2, 3, 3, 3, 3)),
    ("LazyBatchNorm1d", (), (5, 3)),
    ("LazyBatchNorm2d", (1e-3, 0.2, True, False), (5, 3, 2, 2)),
    ("LazyBatchNorm3d", (1e-5, 0.1, False), (5, 3, 2, 2, 2)),
    ("LazyInstanceNorm1d", (), (5, 3, 4)),
    ("LazyInstanceNorm2d", (), (5, 3, 2, 2)),
    ("LazyInstanceNorm3d", (), (5, 3, 2, 2, 2)),
]


@pytest.mark.parametrize(("name", "args", "shape"), LAYERS, ids=str)
def test_like_pytorch(name, args, shape):
    x = np.random.Generator(np.random.Philox(key=1)).standard_normal(shape).astype("float32")
    ours, theirs = getattr(nn, name)(*args), getattr(torch.nn, name)(*args)
    assert repr(ours) == repr(theirs)
    assert ours.has_uninitialized_params() == theirs.has_uninitialized_params()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    fresh = getattr(nn, name)(*args)
    assert type(ours(engine.from_numpy(x))).__name__ == "Tensor"
    theirs(torch.from_numpy(x))
    assert type(ours).__name__ == type(theirs).__name__ == name.removeprefix("Lazy")
    assert repr(ours) == repr(theirs)
    assert {k: tuple(v.shape) for k, v in ours.state_dict().items()} == {k: tuple(v.shape) for k, v in theirs.state_dict().items()}
    fresh.load_state_dict({k: engine.from_numpy(v.numpy().copy()) for k, v in theirs.state_dict().items()})
    assert not fresh.has_uninitialized_params()
    assert_close(fresh(engine.from_numpy(x)), theirs(torch.from_numpy(x)), rtol=1e-4, atol=1e-5)
    assert type(fresh) is type(ours)
    assert not fresh._forward_pre_hooks


def test_parameters_are_drawn_in_the_bounds_of_the_layer():
    layer = nn.LazyLinear(200)
    layer(engine.zeros(1, 100))
    assert 0.09 < float(layer.weight.abs().max()) <= 0.1


def test_copies_stay_lazy():
    layer = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())
    for twin in (copy.deepcopy(layer), layer.to(engine.float64)):
        assert twin[0].has_uninitialized_params()
        assert twin(engine.ones(4, 2, dtype=engine.float64 if twin is layer else engine.float32)).shape == (4, 3)
        assert type(twin[0]) is nn.Linear
        assert not twin[0]._forward_pre_hooks
    assert nn.LazyInstanceNorm1d()(engine.ones(3, 4)).shape == (3, 4)  # PyTorch takes the positions for channels here


def test_parameters_without_a_shape(lib):  # noqa: F811
    for cls in (lib.nn.UninitializedParameter, lib.nn.UninitializedBuffer):
        p = cls(dtype=lib.float64)
        assert lib.nn.parameter.is_lazy(p)
        assert repr(p) == f"<{cls.__name__}>"
        with pytest.raises(RuntimeError):
            p.shape  # noqa: B018
        with pytest.raises(RuntimeError):
            p.share_memory_()
        twin = p if lib is torch else pickle.loads(pickle.dumps(copy.deepcopy(p)))  # PyTorch's has no copies
        twin.materialize((2, 3))
        assert (tuple(twin.shape), twin.dtype, twin.requires_grad) == ((2, 3), lib.float64, "Parameter" in cls.__name__)
        assert not lib.nn.parameter.is_lazy(twin)


def test_refuses(lib):  # noqa: F811
    class Idle(lib.nn.modules.lazy.LazyModuleMixin, lib.nn.Linear):
        def __init__(self):
            super().__init__(1, 1)
            self.weight = lib.nn.UninitializedParameter()

        def initialize_parameters(self, input):
            pass

    with pytest.raises(RuntimeError):
        Idle()(lib.ones(1, 1))
    del Idle.initialize_parameters
    with pytest.raises(NotImplementedError):
        Idle()(lib.ones(1, 1))
    with pytest.raises(RuntimeError):
        lib.nn.LazyConv2d(2, 1)(lib.ones(3, 3))
    with pytest.raises(ValueError, match=r"groups|divisible"):
        lib.nn.LazyConv1d(4, 1, groups=2)(lib.ones(1, 3, 3))


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_legacy_response_norm(size):
    x = np.random.Generator(np.random.Philox(key=1)).standard_normal((2, 7, 3, 3))
    ours, theirs = nn.CrossMapLRN2d(size, 0.2, 0.5, 1.5), torch.nn.CrossMapLRN2d(size, 0.2, 0.5, 1.5)
    assert repr(ours) == repr(theirs)
    assert_close(ours(engine.from_numpy(x)), theirs(torch.from_numpy(x)), rtol=1e-9)
    with pytest.raises(ValueError, match="4 dimensions"):
        ours(engine.zeros(2, 3, 4))
