"""Window functions, compared with PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine.signal import windows

torch = pytest.importorskip("torch")

SIGNAL = {
    "bartlett": [{}],
    "blackman": [{}],
    "cosine": [{}],
    "exponential": [{}, {"tau": 3.0}, {"tau": 0.5, "center": 1.5, "sym": False}],
    "gaussian": [{}, {"std": 2.5}],
    "general_cosine": [{"a": [0.5, 0.3, 0.2]}, {"a": (1.0,)}],
    "general_hamming": [{}, {"alpha": 0.7}],
    "hamming": [{}],
    "hann": [{}],
    "kaiser": [{}, {"beta": 2.0}, {"beta": 0.0}],
    "nuttall": [{}],
}
OLDER = {
    "bartlett_window": [{}],
    "blackman_window": [{}],
    "hamming_window": [{}, {"alpha": 0.6}, {"alpha": 0.6, "beta": 0.3}],
    "hann_window": [{}],
    "kaiser_window": [{}, {"beta": 3.0}],
}
LENGTHS = (0, 1, 2, 3, 8, 33)


def same(found, expected, tolerance):
    assert str(found.dtype).split(".")[-1] == str(expected.dtype).split(".")[-1]
    assert found.requires_grad == expected.requires_grad
    np.testing.assert_allclose(found.detach().double().numpy(), expected.detach().double().numpy(), atol=tolerance, rtol=0)


@pytest.mark.parametrize(("name", "options"), [(n, o) for n, every in SIGNAL.items() for o in every])
def test_signal(name, options):
    for n in LENGTHS:
        for sym in (True, False):
            given = {"sym": sym, **options}
            same(getattr(windows, name)(n, **given), getattr(torch.signal.windows, name)(n, **given), 1e-6)
            mine = getattr(windows, name)(n, dtype=engine.float64, requires_grad=True, **given)
            same(mine, getattr(torch.signal.windows, name)(n, dtype=torch.float64, requires_grad=True, **given), 1e-12)


@pytest.mark.parametrize(("name", "options"), [(n, o) for n, every in OLDER.items() for o in every])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-6), ("float16", 4e-3), ("bfloat16", 3e-2)])
def test_older(name, options, dtype, tolerance):
    for n in LENGTHS:
        for periodic in (True, False):
            mine = getattr(engine, name)(n, periodic, dtype=getattr(engine, dtype), **options)
            same(mine, getattr(torch, name)(n, periodic, dtype=getattr(torch, dtype), **options), tolerance)
    assert getattr(engine, name)(3).dtype is engine.float32


REFUSED = [
    ("bartlett", (-1,), {}),
    ("hann", (3,), {"dtype": "int64"}),
    ("hann", (3,), {"dtype": "float16"}),
    ("exponential", (3,), {"tau": 0.0}),
    ("exponential", (3,), {"center": 1.0}),
    ("gaussian", (3,), {"std": -1.0}),
    ("kaiser", (3,), {"beta": -1.0}),
    ("general_cosine", (3,), {"a": []}),
    ("general_cosine", (3,), {"a": 1.0}),
]


@pytest.mark.parametrize(("name", "args", "options"), REFUSED)
def test_refused(name, args, options):
    raised = []
    for space in (torch, engine):
        given = {k: getattr(space, v) if k == "dtype" else v for k, v in options.items()}
        f = getattr(windows if space is engine else torch.signal.windows, name)
        with pytest.raises((ValueError, TypeError), match=name if space is engine else None) as info:
            f(*args, **given)
        raised.append(info.type)
    assert raised[0] is raised[1]


@pytest.mark.parametrize(("args", "options"), [((-1,), {}), ((3,), {"dtype": "int64"})])
def test_older_refused(args, options):
    for space in (torch, engine):
        with pytest.raises(RuntimeError):
            space.hann_window(*args, **{k: getattr(space, v) for k, v in options.items()})
