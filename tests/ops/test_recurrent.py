"""Recurrent layers in one call: the kernel against its meaning in arrays over odd shapes, its bits, and the way without a record."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine.ops.recurrent_layer import GATES, KEPT, recurrent_layer, recurrent_layer_backward
from workbench.engine.ops.recurrent_plain import MODES, Arrays, backward, forward

SHAPES = [(1, 1, 1, 1), (4, 7, 5, 3), (3, 2, 9, 17), (2, 13, 33, 40), (5, 32, 24, 64), (2, 3, 0, 6)]  # steps, sequences, inputs, state


def drawn(mode, shape, dtype, bias=True):
    steps, rows, inputs, size = shape
    rng = np.random.default_rng(0)

    def normal(*shape):
        return (rng.standard_normal(shape) * 0.5).astype(dtype)

    tall = GATES[mode] * size
    c = normal(rows, size) if mode == 0 else None
    biases = (normal(tall), normal(tall)) if bias else (None, None)
    given = (
        normal(steps * rows, inputs),
        normal(rows, size),
        c,
        normal(tall, inputs),
        normal(tall, size) / np.dtype(dtype).type(size**0.5),
        *biases,
    )
    return given, normal(steps * rows, size), normal(rows, size) if mode == 0 else None


def tensors(arrays):
    return tuple(None if a is None else engine.from_numpy(a.copy()) for a in arrays)


def recorded(given, grad, grad_c, mode, reverse):
    """Results of the layer and of its backward."""
    given = tensors(given)
    leaf = given[1].requires_grad_()
    states, end, gates, cells = with_hidden(given, mode, reverse)
    assert leaf.requires_grad
    with engine.no_grad():
        grads = recurrent_layer_backward(*given, *tensors((grad, grad_c)), states, gates, cells, mode, reverse, True)
    return [states, end, *grads]


def with_hidden(given, mode, reverse):
    """What a layer gives and keeps: the backward's tensors, from the meaning in arrays."""
    arrays = [None if t is None else t.detach().numpy() for t in given]
    _, _, steps = forward(Arrays, *arrays, mode, reverse)
    order = sorted(steps)
    gates = np.concatenate([np.concatenate(steps[t][2], 1) for t in order], 0) if KEPT[mode] > 1 else None
    cells = np.concatenate([steps[t][3] for t in order], 0) if mode == 0 else None
    states, end = recurrent_layer(*given, mode, reverse)[:2]
    return states.detach(), None if end is None else end.detach(), *tensors((gates, cells))


@pytest.mark.parametrize("reverse", [False, True], ids=["forth", "back"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("mode", range(4), ids=MODES)
def test_the_kernel_computes_its_meaning(mode, shape, dtype, reverse):
    given, grad, grad_c = drawn(mode, shape, dtype, bias=not reverse)
    wide = [None if a is None else a.astype(np.float64) for a in given]
    states, end, _ = forward(Arrays, *wide, mode, reverse)
    wanted = [states, end if mode == 0 else None, *backward(Arrays, grad, grad_c, *wide, mode, reverse)]
    found = recorded(given, grad, grad_c, mode, reverse)
    for f, w in zip(found, wanted, strict=True):
        assert (f is None) == (w is None)
        if f is not None:
            scale = max(1.0, np.abs(w).max(initial=0))
            assert np.abs(f.numpy() - w).max(initial=0) < (2e-6 if dtype == "float32" else 1e-14) * scale


@pytest.mark.parametrize("mode", range(4), ids=MODES)
def test_bits_do_not_depend_on_the_number_of_threads(mode):
    given, grad, grad_c = drawn(mode, (6, 33, 70, 131), "float32")
    before, found = engine.get_num_threads(), []
    try:
        for n in (1, 2, 3, 5):
            engine.set_num_threads(n)
            found.append([b"" if t is None else t.numpy().tobytes() for t in recorded(given, grad, grad_c, mode, False)])
    finally:
        engine.set_num_threads(before)
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize("mode", range(4), ids=MODES)
def test_without_a_record_the_results_are_the_same(mode):
    given = tensors(drawn(mode, (4, 5, 6, 19), "float32")[0])
    plain = recurrent_layer(*given, mode, True)[:2]
    given[3].requires_grad_()
    kept = recurrent_layer(*given, mode, True)[:2]
    assert kept[0].requires_grad
    for a, b in zip(plain, kept, strict=True):
        assert (a is None) == (b is None)
        assert a is None or np.array_equal(a.numpy(), b.detach().numpy())
