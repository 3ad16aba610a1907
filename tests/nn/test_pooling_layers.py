"""Pooling there and back, pooling at random, and batch norm over processes."""

from __future__ import annotations

import numpy as np
import pytest

import workbench.engine.nn.functional as F
from workbench import engine
from workbench.engine import nn

from .like_torch import arrays, compare, pair, torch

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch's
SHAPES = {1: (2, 3, 7), 2: (2, 3, 6, 5), 3: (1, 2, 4, 5, 3)}


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("batch", [True, False])
def test_pool_and_unpool(n, batch):
    shape = SHAPES[n] if batch else SHAPES[n][1:]

    def there_and_back(library):
        def call(layer, x):
            y, indices = getattr(library, f"MaxPool{n}d")(2, return_indices=True)(x)
            return layer(y * y, indices, output_size=x.shape[-n:]), indices

        return call

    ours, theirs = pair(f"MaxUnpool{n}d", 2)
    x = arrays([shape], "float32")[0]
    mine, other = engine.from_numpy(x.copy()).requires_grad_(), torch.from_numpy(x.copy()).requires_grad_()
    (a, at), (b, where) = there_and_back(nn)(ours, mine), there_and_back(torch.nn)(theirs, other)
    assert np.allclose(a.detach().numpy(), b.detach().numpy())
    assert (at.numpy() == where.numpy()).all()
    seed = arrays([tuple(b.shape)], "float32", 1)[0]
    a.backward(engine.from_numpy(seed.copy()))
    b.backward(torch.from_numpy(seed))
    assert np.allclose(mine.grad.numpy(), other.grad.numpy())


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("options", [{"output_size": 3}, {"output_ratio": 0.6, "return_indices": True}], ids=str)
def test_fractional_pooling_with_given_draws(n, options):
    shape = (2, 3, 9, 7, 6)[: n + 2]
    drawn = np.random.Generator(np.random.Philox(key=1)).random((2, 3, n)).astype("float32")
    ours = getattr(nn, f"FractionalMaxPool{n}d")(2, **options, _random_samples=engine.from_numpy(drawn.copy()))
    theirs = getattr(torch.nn, f"FractionalMaxPool{n}d")(2, **options, _random_samples=torch.from_numpy(drawn))
    compare(ours, theirs, [shape])


def test_fractional_pooling_draws_its_windows():
    engine.manual_seed(0)
    x = engine.from_numpy(arrays([(1, 40, 9, 9)], "float32")[0])
    layer = nn.FractionalMaxPool2d(2, output_size=4, return_indices=True)
    (a, at), (b, _) = layer(x), layer(x)
    assert a.shape == (1, 40, 4, 4)
    assert not np.array_equal(a.numpy(), b.numpy())
    assert np.array_equal(x.flatten(2).gather(2, at.flatten(2)).numpy(), a.flatten(2).numpy())
    # the steps are 7 / 3: the two windows between the first and the last begin at 2 or 3 and at 4 or 5
    rows = [np.unique(at.numpy()[:, :, i] // 9).tolist() for i in range(4)]
    assert rows == [[0, 1], [2, 3, 4], [4, 5, 6], [7, 8]]


def test_functions_with_indices():
    x = arrays([(2, 3, 6, 5)], "float32")[0]
    for name, args in (("max_pool2d_with_indices", (2,)), ("adaptive_max_pool2d_with_indices", ((2, 3),))):
        a, b = getattr(F, name)(engine.from_numpy(x.copy()), *args), getattr(torch.nn.functional, name)(torch.from_numpy(x), *args)
        assert np.array_equal(a[0].numpy(), b[0].numpy())
        assert np.array_equal(a[1].numpy(), b[1].numpy())
    assert len(F.fractional_max_pool2d_with_indices(engine.from_numpy(x), 2, 3)) == 2


def test_sync_batch_norm_takes_over_layers():
    def net(library):
        made = library.Sequential(library.Linear(3, 4), library.BatchNorm1d(4), library.Sequential(library.BatchNorm1d(4, affine=False)))
        return library.SyncBatchNorm.convert_sync_batchnorm(made.eval())

    ours, theirs = net(nn), net(torch.nn)
    assert repr(ours) == repr(theirs)
    assert [type(m).__name__ for m in ours.modules()] == [type(m).__name__ for m in theirs.modules()]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert not ours[1].training
    norm = nn.BatchNorm2d(3)
    assert nn.SyncBatchNorm.convert_sync_batchnorm(norm).weight is norm.weight
    ours, theirs = pair("SyncBatchNorm", 3)
    compare(ours, theirs, [(4, 3, 2)])
    compare(ours.eval(), theirs.eval(), [(4, 3, 2)])


BAD = [
    (lambda: nn.FractionalMaxPool2d(2), ValueError, "FractionalMaxPool2d: expected one of output_size and output_ratio, got neither"),
    (lambda: nn.FractionalMaxPool3d(2, 2, 0.5), ValueError, "FractionalMaxPool3d: expected one of output_size and output_ratio, got both"),
    (lambda: nn.FractionalMaxPool2d(2, output_ratio=(0.5, 1.5)), ValueError, "output_ratio between 0 and 1"),
    (lambda: nn.SyncBatchNorm(3)(engine.zeros(3)), ValueError, "SyncBatchNorm: expected input of 2 or more dimensions"),
    (lambda: nn.SyncBatchNorm(3, process_group=1), NotImplementedError, "process_group to be None"),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD, ids=[m for *_, m in BAD])
def test_bad_arguments(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize("options", [{}, {"padding": 1, "count_include_pad": False, "ceil_mode": True}], ids=str)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_whole_numbers(n, options):
    x = np.random.Generator(np.random.Philox(key=n)).integers(-9, 9, (2, 3, *(6,) * n))
    ours, theirs = nn.functional, torch.nn.functional
    found, expected = (
        getattr(f, f"avg_pool{n}d")(port(x), 3, 2, **options) for f, port in ((ours, engine.from_numpy), (theirs, torch.from_numpy))
    )
    assert found.tolist() == expected.tolist()
    if n > 1:
        found, expected = (
            getattr(f, f"max_pool{n}d")(port(x), 3, 2, return_indices=True)
            for f, port in ((ours, engine.from_numpy), (theirs, torch.from_numpy))
        )
        assert [t.tolist() for t in found] == [t.tolist() for t in expected]
