"""One layer here and its peer in PyTorch, with the same weights: forward, gradients, state and text have to agree."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import nn
from workbench.engine.testing.compare import assert_close

torch = pytest.importorskip("torch")
TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 2e-5}, "float64": {"rtol": 1e-9, "atol": 1e-10}}
COARSE = {"rtol": 1e-6, "atol": 1e-7}  # torch rounds a constant of their derivatives to float32


def arrays(shapes, dtype, seed=0):
    """Inputs: a shape gives normal values; ("int", high, *shape) whole numbers; an array is taken as it is."""
    generator = np.random.Generator(np.random.Philox(key=seed))
    made = []
    for shape in shapes:
        if isinstance(shape, np.ndarray):
            made.append(shape.astype(dtype) if shape.dtype.kind == "f" else shape)
        elif shape and shape[0] == "int":
            made.append(generator.integers(0, shape[1], shape[2:]))
        else:
            made.append(generator.standard_normal(shape).astype(dtype))
    return made


def pair(name, *args, dtype="float32", **kwargs):
    """The layer of that name here and in torch, with equal weights."""
    theirs = getattr(torch.nn, name)(*args, **kwargs).to(getattr(torch, dtype))
    ours = getattr(nn, name)(*args, **kwargs).to(getattr(engine, dtype))
    with torch.no_grad():
        for i, p in enumerate(theirs.parameters()):  # not the initial ones and zeros
            p.add_(torch.from_numpy(np.random.Generator(np.random.Philox(key=i)).standard_normal(tuple(p.shape)) * 0.1).to(p.dtype))
    ours.load_state_dict({k: engine.from_numpy(v.numpy().copy()) for k, v in theirs.state_dict().items()})
    return ours, theirs


def first(result):
    return result[0] if isinstance(result, tuple) else result


def compare(ours, theirs, shapes, dtype="float32", call=None, n_trained=None):
    """Forward and backward through both; results, gradients and buffers have to agree."""
    given = arrays(shapes, dtype)
    call = call or (lambda layer, *inputs: layer(*inputs))
    mine = [engine.from_numpy(a.copy()) for a in given]
    others = [torch.from_numpy(a.copy()) for a in given]
    trained = [i for i, a in enumerate(given) if a.dtype.kind == "f"][:n_trained]
    for i in trained:
        mine[i].requires_grad_()
        others[i].requires_grad_()
    b = call(theirs, *others)
    try:
        a = call(ours, *mine)
    except (AttributeError, NotImplementedError) as error:
        if isinstance(error, NotImplementedError) or "nn.functional has no function" in str(error):
            pytest.skip(f"not there yet: {error}")
        raise
    tolerance = COARSE if type(theirs).__name__ in ("CELU", "Hardsigmoid") and dtype == "float64" else TOLERANCE[dtype]
    assert_close(a, b, **tolerance, what="result")
    a, b = first(a), first(b)
    if b.requires_grad:
        seed = arrays([tuple(b.shape)], dtype, 1)[0]
        a.backward(engine.from_numpy(seed.copy()))
        b.backward(torch.from_numpy(seed))
        for i in trained:
            if others[i].grad is not None:
                assert_close(mine[i].grad, others[i].grad, **tolerance, what=f"gradient of input {i}")
        for (name, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert name == other
            if q.grad is not None:
                assert_close(p.grad, q.grad, **tolerance, what=f"gradient of {name}")
    for (name, p), (other, q) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert name == other
        assert_close(p, q, **tolerance, what=name)
