"""Random programs against PyTorch: values, gradients, gradients of gradients; writes through views, and the errors they lead to."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import engine
from workbench.engine import autograd

from .programs import PURE, VIEWS, WRITES, arrays, pure, writing

torch = pytest.importorskip("torch")


def leaves(m, values):
    return [m.from_numpy(v.copy()).requires_grad_() for v in values]


def grads(m, output, inputs, create_graph=False):
    tape = autograd if m is engine else torch.autograd
    return tape.grad(output, inputs, create_graph=create_graph, allow_unused=True)


def same(ours, theirs, what):
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert (a is None) == (b is None), f"{what} {i}: {a} and {b}"
        if a is not None:
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-7, atol=1e-9, err_msg=f"{what} {i}")


def twice(m, program, values):
    """Value, gradient, and the gradient of a function of the gradient."""
    inputs = leaves(m, values)
    output = program(m, *inputs)
    first = grads(m, (output * output).mean(), inputs, create_graph=True)
    again = [g.sin().sum() for g in first if g is not None and g.requires_grad]
    return [output], first, grads(m, sum(again[1:], again[0]), inputs) if again else ()


@pytest.mark.parametrize("name", PURE)
def test_step(name):
    values = arrays(3, 2)
    for ours, theirs, what in zip(*(twice(m, PURE[name], values) for m in (engine, torch)), ("value", "gradient", "second")):
        same(ours, theirs, what)


@pytest.mark.parametrize("seed", range(120))
def test_pure(seed):
    program, values = pure(seed, 3 + seed % 9), arrays(seed, 2 + seed % 2)
    for ours, theirs, what in zip(*(twice(m, program, values) for m in (engine, torch)), ("value", "gradient", "second")):
        same(ours, theirs, f"{program.__name__}: {what}")


def run(m, program, values):
    """What a program gives, or where and how it fails."""
    inputs = leaves(m, values)
    try:
        output = program(m, *inputs)
    except (RuntimeError, IndexError) as error:
        return "forward", str(error)
    try:
        return "done", [output, *grads(m, output, inputs)]
    except RuntimeError as error:
        return "backward", str(error)


@pytest.mark.parametrize("seed", range(300))
def test_writing(seed):
    program, values = writing(seed, 4 + seed % 8), arrays(seed, 2)
    (end, ours), (wanted, theirs) = (run(m, program, values) for m in (engine, torch))
    assert end == wanted, f"{program.__name__}: {ours}; torch: {theirs}"
    if end == "done":
        same(ours, theirs, program.__name__)
    elif end == "backward":
        assert "changed in place" in ours
        assert "modified by an inplace operation" in theirs


def test_the_programs_reach_what_they_are_for():
    """Some are refused in backward, many are not, and every kind of step occurs."""
    ends = [run(engine, writing(seed, 4 + seed % 8), arrays(seed, 2))[0] for seed in range(100)]
    assert 5 < ends.count("backward") < 60
    names = " ".join(writing(seed, 4 + seed % 8).__name__ for seed in range(300)) + " ".join(
        pure(s, 3 + s % 9).__name__ for s in range(120)
    )
    assert all(name in names for name in (*PURE, *VIEWS, *WRITES))
