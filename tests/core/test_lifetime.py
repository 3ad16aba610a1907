"""Memory: deep graphs, cycles, long trainings, the allocator's limit."""

from __future__ import annotations

import gc
import os
import resource
import weakref

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn
from workbench.ext.core import _core as core


def storages():
    gc.collect()
    return core.memory()["storages"]


def test_deep_chain_neither_recurses_nor_leaks():
    before = storages()
    x = engine.ones(2, requires_grad=True)
    y = x
    for _ in range(200_000):
        y = y + 1.0
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    del y
    z = x
    for _ in range(200_000):
        z = z * 1.0
    del x, z
    assert storages() == before


def test_hook_that_holds_its_tensor_is_collected():
    x = engine.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g, y=y: None)
    dead = weakref.ref(y)
    del y
    gc.collect()
    assert dead() is None


def test_gradient_with_history_is_collected():
    before = storages()
    x = engine.ones(2, requires_grad=True)
    (x * x * x).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    del x
    assert storages() == before


def test_attribute_cycle_is_collected():
    x = engine.ones(1)
    x.me = x
    dead = weakref.ref(x)
    del x
    gc.collect()
    assert dead() is None


def test_backward_frees_what_was_saved():
    x = engine.ones(1000, requires_grad=True)
    y = (x.exp() * x.tanh()).sum()
    held = storages()
    y.backward()
    assert storages() < held


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def test_ten_thousand_steps_hold_memory_flat():
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = engine.optim.Adam(model.parameters(), lr=1e-3)
    rng = np.random.default_rng(0)
    x, y = engine.from_numpy(rng.standard_normal((8, 16)).astype("f4")), engine.from_numpy(rng.integers(0, 4, 8))

    def steps(n):
        for _ in range(n):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    steps(1000)
    before, live = resident(), storages()
    steps(10_000)
    assert storages() == live
    if not os.environ.get("WORKBENCH_SANITIZE"):  # AddressSanitizer keeps what was freed for a while
        assert resident() - before < 1 << 20


def test_limit_is_an_error_that_says_so():
    used = core.memory()["used"]
    core.set_memory_limit(used + (8 << 20))
    try:
        with pytest.raises(MemoryError, match=r"64\.0 MB wanted.*limit"):
            engine.zeros(1 << 24)
        assert engine.zeros(1 << 18).sum().item() == 0
    finally:
        core.set_memory_limit(0)


def test_view_outlives_its_base():
    x = engine.arange(10.0)
    v = x[3:5]
    a = v.numpy()
    del x, v
    gc.collect()
    assert a.tolist() == [3.0, 4.0]
