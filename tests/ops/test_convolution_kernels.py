"""The convolution kernels against their NumPy bodies in float64: odd sizes, strides, offsets; the same bits for any number of threads."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from workbench import engine
from workbench.engine import backends
from workbench.engine.ops.conv import convolution, convolution_input_backward, convolution_weight_backward, spread

# n, channels, height, width, outputs, kernel, stride, padding, dilation, groups
WINOGRAD = [
    (3, 12, 7, 5, 13, (3, 3), (1, 1), (1, 1), (1, 1), 1), (2, 37, 6, 9, 35, (3, 3), (1, 1), (0, 2), (1, 1), 1),
    (5, 64, 4, 4, 48, (3, 3), (1, 1), (1, 1), (1, 1), 1), (1, 300, 3, 1, 33, (3, 3), (1, 1), (1, 1), (1, 1), 1),
]  # fmt: skip
OTHERS = [
    (2, 16, 9, 8, 32, (3, 3), (2, 2), (1, 1), (1, 1), 1), (3, 3, 17, 15, 20, (7, 7), (2, 2), (3, 3), (1, 1), 1),
    (2, 20, 8, 9, 33, (5, 5), (1, 1), (2, 2), (1, 1), 1), (2, 9, 11, 10, 7, (3, 2), (2, 3), (2, 0), (2, 3), 1),
    (2, 24, 6, 7, 36, (3, 3), (1, 1), (1, 1), (1, 1), 4), (2, 40, 5, 7, 50, (1, 1), (1, 1), (0, 0), (1, 1), 1),
    (3, 16, 7, 5, 96, (1, 1), (1, 1), (0, 0), (1, 1), 1), (3, 136, 8, 7, 130, (1, 1), (2, 2), (0, 0), (1, 1), 1),
    (3, 96, 5, 4, 24, (1, 1), (1, 1), (0, 0), (1, 1), 1), (2, 130, 4, 3, 140, (1, 1), (1, 1), (0, 0), (1, 1), 1),
    (2, 130, 5, 6, 129, (3, 3), (2, 2), (1, 1), (1, 1), 1), (2, 70, 6, 5, 66, (2, 2), (2, 2), (0, 0), (1, 1), 1),
]  # fmt: skip
DEPTHWISE = [
    (2, 8, 7, 9, 8, (3, 3), (1, 1), (1, 1), (1, 1), 8), (3, 21, 11, 10, 21, (3, 3), (2, 2), (1, 1), (1, 1), 21),
    (2, 40, 9, 13, 40, (5, 5), (1, 1), (2, 2), (1, 1), 40), (2, 33, 12, 11, 33, (5, 5), (2, 2), (2, 2), (1, 1), 33),
    (2, 19, 10, 9, 19, (3, 3), (1, 1), (2, 2), (2, 2), 19), (1, 100, 2, 3, 100, (5, 5), (1, 1), (2, 2), (1, 1), 100),
    (2, 16, 9, 8, 16, (2, 4), (3, 1), (0, 3), (1, 2), 16), (2, 24, 4, 4, 24, (3, 3), (1, 1), (0, 0), (1, 1), 24),
    (4, 72, 14, 14, 72, (3, 3), (1, 1), (1, 1), (1, 1), 72),
]  # fmt: skip


def images(draw, *shape, dtype="float32"):
    """Channels-last images that do not begin at a line of the cache."""
    n, c, h, w = shape
    memory = np.empty(n * c * h * w + 1, dtype)
    memory[1:] = draw.standard_normal(n * c * h * w)
    return engine.from_numpy(memory)[1:].reshape(n, h, w, c).permute(0, 3, 1, 2)


def calls(case, dtype):
    """Each op with its arguments."""
    n, c, h, w, o, kernel, stride, padding, dilation, groups = case
    draw = np.random.Generator(np.random.Philox(key=zlib.crc32(repr(case).encode())))
    places = [spread(*each) for each in zip((h, w), kernel, stride, padding, dilation, strict=True)]
    x, grad = images(draw, n, c, h, w, dtype=dtype), images(draw, n, o, *places, dtype=dtype)
    weight, bias = (engine.from_numpy(draw.standard_normal(s).astype(dtype)) for s in ((o, c // groups, *kernel), (o,)))
    form = (stride, padding, dilation, groups)
    yield convolution, (x, weight, bias, *form)
    yield convolution, (x, weight.transpose(2, 3).contiguous().transpose(2, 3), None, *form)
    yield convolution_input_backward, (grad, weight, (h, w), *form)
    yield convolution_weight_backward, (grad, x, kernel, *form)


def check(case, dtype, tolerance):
    for op, args in calls(case, dtype):
        exact = op.reference(*(a.double() if isinstance(a, engine.Tensor) else a for a in args)).numpy()
        assert np.abs(op(*args).numpy() - exact).max() <= tolerance * np.abs(exact).max(), op


@pytest.mark.parametrize("tile", ["F2", "F4"])
@pytest.mark.parametrize("case", WINOGRAD, ids=str)
def test_winograd(case, tile, monkeypatch):
    monkeypatch.setattr(backends, "winograd", tile)
    check(case, "float32", {"F2": 3e-6, "F4": 6e-5}[tile])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", OTHERS + DEPTHWISE, ids=str)
def test_other_forms(case, dtype):
    check(case, dtype, {"float32": 3e-6, "float64": 1e-14}[dtype])


@pytest.mark.parametrize("case", [*WINOGRAD, *OTHERS, *DEPTHWISE], ids=str)
def test_bits_for_any_number_of_threads(case):
    before, found = engine.get_num_threads(), []
    case = (case[0] * 8, *case[1:])
    for threads in (1, 2, 3, 5):
        engine.set_num_threads(threads)
        found.append([op(*args).numpy().tobytes() for op, args in calls(case, "float32")])
    engine.set_num_threads(before)
    assert found == found[:1] * 4


def test_the_switch():
    x, w = engine.randn(2, 16, 8, 8), engine.randn(16, 16, 3, 3)
    try:
        exact = engine.nn.functional.conv2d(x, w, padding=1)
        backends.winograd = "F4"
        assert backends.winograd == "F4"
        assert 0 < (engine.nn.functional.conv2d(x, w, padding=1) - exact).abs().max().item() < 1e-3
        with pytest.raises(ValueError, match=r"expected backends.winograd to be 'F2' or 'F4', got 'F6'"):
            backends.winograd = "F6"
    finally:
        backends.winograd = "F2"
