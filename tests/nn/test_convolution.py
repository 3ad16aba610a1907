"""Convolutions of complex and whole numbers, and transposed ones that are larger than their windows, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine.testing.compare import assert_close

torch = pytest.importorskip("torch")
OPTIONS = [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "padding": 2}, {"groups": 2}]
BEYOND = {"stride": (3, 2), "padding": (1, 2), "output_padding": (2, 3), "groups": 2, "dilation": (4, 4)}


def both(name, arrays, options):
    """The results, and with floating or complex numbers the gradients of all three tensors."""
    found = []
    for lib, port in ((engine, engine.from_numpy), (torch, torch.from_numpy)):
        given = [port(a.copy()) for a in arrays]
        if arrays[0].dtype.kind in "fc":
            given = [t.requires_grad_() for t in given]
        out = getattr(lib.nn.functional, name)(*given, **options)
        slopes = ()
        if out.requires_grad:
            seed = np.cos(np.arange(int(np.prod(tuple(out.shape)))).reshape(tuple(out.shape))).astype(arrays[0].dtype)
            slopes = lib.autograd.grad(out, given, port(seed * (1 + 0.5j) if arrays[0].dtype.kind == "c" else seed))
        found.append((out, *slopes))
    return found


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["complex128", "int64"])
@pytest.mark.parametrize("name", ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"])
def test_numbers(name, dtype, options):
    n, draw = int(name[-2]), np.random.Generator(np.random.Philox(key=2))
    shapes = [(2, 4, *(6,) * n), (4, 4 // options.get("groups", 1), *(3,) * n), (4,)]
    if dtype == "int64":
        arrays = [draw.integers(-4, 5, s) for s in shapes]
    else:
        arrays = [draw.standard_normal(s) + 1j * draw.standard_normal(s) for s in shapes]
    for a, b in zip(*both(name, arrays, options), strict=True):
        assert_close(a, b, rtol=1e-9, atol=1e-11)


def test_gradients_where_more_windows_would_fit():
    draw = np.random.Generator(np.random.Philox(key=2)).standard_normal
    for a, b in zip(*both("conv_transpose2d", [draw((2, 2, 4, 4)), draw((2, 2, 4, 5)), draw(4)], BEYOND), strict=True):
        assert_close(a, b, rtol=1e-9, atol=1e-11)
    x, w = (engine.from_numpy(draw(s)).requires_grad_() for s in ((1, 2, 3, 3), (2, 1, 2, 2)))
    more = {"stride": 2, "output_padding": 2, "dilation": 3}
    assert engine.autograd.gradcheck(lambda x, w: engine.nn.functional.conv_transpose2d(x, w, **more), (x, w))
    assert engine.autograd.gradgradcheck(lambda x, w: engine.nn.functional.conv_transpose2d(x, w, **more), (x, w))


def test_booleans_are_refused():
    for lib in (engine, torch):
        with pytest.raises(RuntimeError):
            lib.nn.functional.conv2d(lib.ones(1, 1, 2, 2, dtype=lib.bool), lib.ones(1, 1, 1, 1, dtype=lib.bool))
