"""Gradients of views of a part gather in one buffer: the values, whoever looks at them on the way, and how much is allocated."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.ext.core import _core as core

torch = pytest.importorskip("torch")

PARTS = {
    "chunks": lambda y: sum((i + 1) * p.sin() for i, p in enumerate(y.chunk(3, 1))),
    "overlapping slices": lambda y: y[:, 1:5] * y[:, :4] + y[:, 2:6],
    "select and narrow": lambda y: y.select(1, -1) * y[:, 2] + y.narrow(1, -3, 1).squeeze(1),
    "steps, ints and None": lambda y: y[1, ::2].sum() + y[..., None, -1].exp().sum() + y[0, 0, 0],
    "one part alone": lambda y: y[:, 2:4].sum(1),
    "the whole besides": lambda y: y * 2 + y[:, :1] + y.mean(),
    "of a part": lambda y: y[:, 1:5][:, 1:3] * y[:, 1:5][:, 2:4],
    "expanded gradients": lambda y: y[0].sum() + y[:, 0].sum() + y[1, 1].sum(),
    "another layout": lambda y: y.transpose(0, 1)[2] * y.transpose(0, 1)[0] + y.permute(2, 0, 1)[1:3].sum(),
}


def gradient(lib, f, values, grad_of="leaf", hook=None):
    x = lib.tensor(values, requires_grad=True)
    y = x * x
    if grad_of == "inner":
        y.retain_grad()
    if hook is not None:
        y.register_hook(hook)
    out = f(y)
    out.abs().sum().backward() if out.is_complex() else out.sum().backward()
    return (y if grad_of == "inner" else x).grad


@pytest.mark.parametrize("grad_of", ["leaf", "inner"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
@pytest.mark.parametrize("name", PARTS)
def test_as_torch(name, dtype, grad_of):
    values = np.random.default_rng(0).standard_normal((2, 6, 5)).astype(dtype)
    found, wanted = (gradient(lib, PARTS[name], values, grad_of) for lib in (engine, torch))
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-4 if dtype != "float64" else 1e-12, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype):
    values = np.random.default_rng(0).standard_normal((2, 6, 5)).astype("float32")
    take = lambda lib: gradient(lib, lambda y: PARTS["chunks"](y.to(getattr(lib, dtype))), values)  # noqa: E731
    np.testing.assert_allclose(take(engine).numpy(), take(torch).numpy(), atol=0.05)


def test_a_hook_sees_the_whole_gradient():
    values, seen = np.ones((2, 6, 5), "float32"), {}
    for lib in (engine, torch):
        gradient(lib, PARTS["overlapping slices"], values, hook=lambda g, lib=lib: seen.__setitem__(lib, g.numpy().copy()))
    np.testing.assert_array_equal(seen[engine], seen[torch])


def test_parts_that_are_left_out_have_no_gradient():
    x = engine.full((4, 8), 2.0, requires_grad=True)
    (x * 3)[1:3, ::2].sum().backward()
    wanted = np.zeros((4, 8))
    wanted[1:3, ::2] = 3
    np.testing.assert_array_equal(x.grad.numpy(), wanted)


def test_channels_last_stays():
    x = engine.randn(2, 8, 5, 5).to(memory_format=engine.channels_last).requires_grad_()
    y = x * 2
    y.retain_grad()
    a, b = y.chunk(2, 1)
    (a * b).sum().backward()
    assert y.grad.is_contiguous(memory_format=engine.channels_last)
    np.testing.assert_allclose(y.grad.numpy(), np.concatenate([b.detach().numpy(), a.detach().numpy()], 1))


def test_one_buffer_is_enough():
    parts, length = 8, 1 << 18
    x = engine.ones(parts, length, requires_grad=True)
    y = x * 2
    loss = sum(p.sum() * (i + 1) for i, p in enumerate(y.unbind(0)))
    core.reset_peak_memory()
    before = core.memory()["used"]
    loss.backward()
    assert core.memory()["peak"] - before < 2.5 * parts * length * 4  # that of y and that of x; one whole for each part would be 8
    np.testing.assert_array_equal(x.grad[:, 0].numpy(), 2.0 * np.arange(1, parts + 1))


def test_attention_keeps_the_order_of_packed_operands():
    packed = engine.randn(2, 7, 3 * 4 * 5, requires_grad=True)
    q, k, v = (x.view(2, 7, 4, 5).transpose(1, 2) for x in packed.split(20, -1))
    for x in (q, k, v):
        x.retain_grad()
    y = engine.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    y.transpose(1, 2).reshape(2, 7, 20).square().sum().backward()
    for x in (y, q.grad, k.grad, v.grad):
        assert x.transpose(1, 2).is_contiguous()


def test_results_of_sliced_operands_keep_their_order():
    image = engine.randn(2, 8, 5, 6).to(memory_format=engine.channels_last)[:, 2:5]
    assert (image * 2).stride() == (image + image).stride() == image.exp().stride() == (90, 1, 18, 3)
