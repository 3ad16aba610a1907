"""detect_anomaly names the operation and the line that make the first nan or inf: in modules, Functions, checkpoints, transforms."""

from __future__ import annotations

import pytest

from workbench import engine
from workbench.engine import autograd
from workbench.engine.utils.checkpoint import checkpoint

HERE = r"test_anomaly\.py:\d+"


class Net(engine.nn.Module):
    """Takes the logarithm of zeros."""

    def __init__(self):
        super().__init__()
        self.linear = engine.nn.Linear(2, 2)

    def forward(self, x):
        h = self.linear(x)
        return (h - h).log()  # here


class Divide(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x / 0  # there

    @staticmethod
    def backward(ctx, g):
        return g


class Spoil(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * float("nan")


def zeros():
    return engine.zeros(2, requires_grad=True)


FORWARD = {
    "module": (lambda: Net()(engine.ones(1, 2)), rf"^log: .*{HERE}, in forward: `return \(h - h\)\.log\(\)  # here`, layer Net"),
    "layer": (
        lambda: engine.nn.Sequential(engine.nn.Identity(), engine.nn.ModuleDict({"a": Net()})["a"])(engine.ones(1, 2)),
        rf"^log: .*{HERE}, in forward: .*, layer 1 \(Net\)",
    ),
    "function": (lambda: Divide.apply(zeros() + 1), rf"^div: .*{HERE}, in forward: `return x / 0  # there`"),
    "composite": (lambda: engine.nn.functional.normalize(zeros(), dim=0, eps=0.0), rf"^div: .*{HERE}"),
    "overflow": (lambda: engine.tensor([1e38]) * 10, rf"^mul: .*{HERE}"),
    "in place": (lambda: engine.zeros(2).log_(), rf"^log_: .*{HERE}"),
    "vmap": (lambda: engine.vmap(lambda t: t.log())(engine.zeros(3)), rf"^log: .*{HERE}, in <lambda>"),
}
BACKWARD = {
    "operation": (lambda: zeros().sqrt().sum().backward(), "SqrtBackward0"),
    "function": (lambda: Spoil.apply(zeros()).sum().backward(), "SpoilBackward"),
    "in place": (lambda: (zeros() * 1).sqrt_().sum().backward(), "SqrtBackward0"),
    "checkpoint": (lambda: checkpoint(lambda t: t.sqrt() * 1, zeros(), use_reentrant=False).sum().backward(), "SqrtBackward0"),
    "transform": (lambda: engine.func.grad(lambda t: t.sqrt().sum())(engine.zeros(3)), "SqrtBackward0"),
    "a batch": (lambda: engine.func.jacrev(lambda t: t.sqrt())(engine.zeros(3)), "SqrtBackward0"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_forward(name):
    run, message = FORWARD[name]
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match=message):
        run()
    run()  # nothing stays switched on


@pytest.mark.parametrize("name", BACKWARD)
def test_backward(name):
    run, node = BACKWARD[name]
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match=rf"from {node} in its output 0; it was recorded at .*{HERE}"):
        run()
    run()


def test_the_backward_of_a_backward():
    x = engine.tensor([0.0, 1.0], requires_grad=True)
    with autograd.detect_anomaly():
        (g,) = autograd.grad((x**1.5).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match=rf"nan or inf from \w+ in its output 0; it was recorded at .*{HERE}"):
            g.sum().backward()


def test_what_is_not_finite_from_the_start_goes_through():
    x = engine.tensor([float("nan"), float("inf"), 1.0], requires_grad=True)
    with autograd.detect_anomaly():
        (x * 2).exp()
        (x * 0.0).isnan()
        x[2:].log().sum().backward()
