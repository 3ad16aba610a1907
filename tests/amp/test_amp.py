"""Mixed precision against PyTorch: which ops run in which dtype, gradients, and the scaler's life."""

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn, optim
from workbench.engine.amp import GradScaler, autocast, custom_bwd, custom_fwd

torch = pytest.importorskip("torch")
LIBRARIES = {"ours": engine, "torch": torch}

PROGRAMS = {
    "matmul": lambda t, x, w: x @ w,
    "linear": lambda t, x, w: t.nn.functional.linear(x, w.T),
    "mul": lambda t, x, w: x * 2,
    "softmax": lambda t, x, w: (x @ w).softmax(-1),
    "relu": lambda t, x, w: (x @ w).relu(),
    "sum": lambda t, x, w: (x @ w).sum(),
    "mse_loss": lambda t, x, w: t.nn.functional.mse_loss(x @ w, x @ w + 1),
    "cat": lambda t, x, w: t.cat([x, x @ w], 1),
    "stack": lambda t, x, w: t.stack([x @ w, x[:, :4].contiguous() @ w[:4]]),
    "layer_norm": lambda t, x, w: t.nn.functional.layer_norm(x, (x.shape[-1],)),
    "double": lambda t, x, w: x.double() @ w.double(),
    "add": lambda t, x, w: (x @ w) + x[:, :4],
    "prod": lambda t, x, w: (x @ w).prod(),
}


def inputs(lib):
    rng = np.random.default_rng(0)
    x = lib.from_numpy(rng.normal(size=(3, 5)).astype(np.float32))
    w = lib.from_numpy(rng.normal(size=(5, 4)).astype(np.float32))
    return x, w.requires_grad_(True)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_dtypes_and_values(name, dtype):
    found = {}
    for library, lib in LIBRARIES.items():
        x, w = inputs(lib)
        with lib.amp.autocast("cpu", dtype=getattr(lib, dtype)):
            y = PROGRAMS[name](lib, x, w)
        found[library] = (str(y.dtype), y.detach().float().numpy())
    assert found["ours"][0] == found["torch"][0]
    np.testing.assert_allclose(found["ours"][1], found["torch"][1], rtol=2e-2, atol=2e-2)


def test_gradients_are_float32():
    grads = {}
    for library, lib in LIBRARIES.items():
        x, w = inputs(lib)
        with lib.amp.autocast("cpu"):
            loss = (x @ w).relu().float().pow(2).mean() + (x @ w).sum().float()
        loss.backward()
        assert w.grad.dtype is lib.float32
        grads[library] = w.grad.numpy()
    np.testing.assert_allclose(grads["ours"], grads["torch"], rtol=2e-2, atol=2e-2)


def test_a_parameter_is_converted_once():
    x, w = inputs(engine)
    seen = []
    with autocast("cpu"), engine.ops._define.core.intercept(lambda op, a, go: seen.append(op.name) or go(*a)):
        x @ w
        x @ w
    once = [name for name in seen if name == "cast"]
    assert len(once) <= 3  # the weight once, the input, which needs no gradient, each time


def test_nesting_and_decorator():
    x, w = inputs(engine)
    with autocast("cpu"):
        with autocast("cpu", enabled=False):
            assert (x @ w).dtype is engine.float32
        assert (x @ w).dtype is engine.bfloat16
    assert (x @ w).dtype is engine.float32
    assert autocast("cpu")(lambda: x @ w)().dtype is engine.bfloat16
    with autocast("cuda"):
        assert (x @ w).dtype is engine.float32


def test_an_error_leaves_the_block():
    x, w = inputs(engine)
    with pytest.raises(KeyError), autocast("cpu"):
        raise KeyError
    assert (x @ w).dtype is engine.float32


def test_custom_function():
    seen = []

    class Double(engine.autograd.Function):
        @staticmethod
        @custom_fwd(device_type="cpu", cast_inputs=engine.float32)
        def forward(ctx, x):
            seen.append(x.dtype)
            return x * 2

        @staticmethod
        @custom_bwd(device_type="cpu")
        def backward(ctx, g):
            return g * 2

    x, w = inputs(engine)
    with autocast("cpu"):
        y = Double.apply(x @ w)
    y.sum().backward()
    assert seen == [engine.float32]
    assert w.grad is not None


def steps(lib, scaler_of, overflow):
    """Losses and scales of a few steps, one of which overflows."""
    x, w = inputs(lib)
    w = (nn.Parameter if lib is engine else torch.nn.Parameter)(w.detach())
    optimizer = (optim if lib is engine else torch.optim).SGD([w], lr=0.01)
    scaler = scaler_of("cpu", init_scale=8.0, growth_interval=2)
    found = []
    for i in range(6):
        optimizer.zero_grad()
        loss = (x @ w).pow(2).mean() * (float("inf") if i == overflow else 1.0)
        scaler.scale(loss).backward()
        if i % 2:
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        found.append((scaler.get_scale(), w.detach().numpy().copy()))
    return found, scaler.state_dict()


@pytest.mark.parametrize("overflow", [None, 2, 3])
def test_scaler(overflow):
    ours, state = steps(engine, GradScaler, overflow)
    theirs, other = steps(torch, torch.amp.GradScaler, overflow)
    for (scale, w), (scale2, w2) in zip(ours, theirs, strict=True):
        assert scale == scale2
        np.testing.assert_allclose(w, w2, rtol=1e-5)
    assert state == other


def test_scaler_refuses():
    w = nn.Parameter(engine.ones(2))
    optimizer, scaler = optim.SGD([w], lr=0.1), GradScaler("cpu")
    scaler.scale((w * 2).sum()).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="unscale_"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="step: expected one call"):
        scaler.step(optimizer)
    scaler.update()
    with pytest.raises(RuntimeError, match="update: expected a step"):
        scaler.update()
    with pytest.warns(UserWarning, match="not available"):
        assert not GradScaler("cuda").is_enabled()
    with pytest.raises(RuntimeError, match="bfloat16 or float16"):
        autocast("cpu", dtype=engine.int64)
