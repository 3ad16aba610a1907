"""Random programs that mean the same in the engine and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SHAPE = (3, 4)  # of every value in a program of PURE steps

PURE: dict[str, Callable[..., Any]] = {
    "add": lambda m, a, b: a + b,
    "sub": lambda m, a, b: a - 2 * b,
    "mul": lambda m, a, b: a * b,
    "div": lambda m, a, b: a / (b * b + 1),
    "number": lambda m, a, b: 1.5 - a / 3,
    "neg": lambda m, a, b: -a,
    "exp": lambda m, a, b: (a.tanh() * 0.5).exp(),
    "log": lambda m, a, b: (a * a + 1).log(),
    "sqrt": lambda m, a, b: (a * a + 0.5).sqrt(),
    "sin": lambda m, a, b: a.sin(),
    "cos": lambda m, a, b: (a * b).cos(),
    "tanh": lambda m, a, b: a.tanh(),
    "sigmoid": lambda m, a, b: m.sigmoid(a),
    "relu": lambda m, a, b: m.relu(a) * b,
    "abs": lambda m, a, b: a.abs() - b,
    "pow": lambda m, a, b: (a * a + 0.1) ** 1.3,
    "square": lambda m, a, b: a.tanh() ** 2,
    "maximum": lambda m, a, b: m.maximum(a, b),
    "where": lambda m, a, b: m.where(a.detach() > 0, a, b * b),
    "clamp": lambda m, a, b: a.clamp(-0.7, 0.9) + b,
    "matmul": lambda m, a, b: (a @ b.t()) @ b / 4,
    "softmax": lambda m, a, b: m.softmax(a, 1) * b,
    "log_softmax": lambda m, a, b: m.log_softmax(a, 0) * 0.3,
    "sum": lambda m, a, b: a.sum(0, keepdim=True) * 0.2 + b,
    "mean": lambda m, a, b: a.mean() * b,
    "var": lambda m, a, b: a - a.var(1, keepdim=True),
    "amax": lambda m, a, b: a - a.max(1, keepdim=True)[0],
    "cumsum": lambda m, a, b: a.cumsum(1) * 0.3,
    "transpose": lambda m, a, b: a.t().reshape(3, 4),
    "slices": lambda m, a, b: m.cat([a[1:], b[:1]], 0),
    "stack": lambda m, a, b: m.stack([a[:, 0], b[:, 1], a[:, 2], b[:, 3]], 1),
    "expand": lambda m, a, b: a[:, :1].expand(3, 4) * b,
    "gather": lambda m, a, b: a[[2, 0, 2]] + b,
    "flip": lambda m, a, b: a.flip(0) * b,
    "roll": lambda m, a, b: m.roll(a, 1, 1) - b,
}


def arrays(seed: int, n: int, shape: tuple[int, ...] = SHAPE) -> list[np.ndarray]:
    """The inputs of a program."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for _ in range(n)]


def pure(seed: int, length: int) -> Callable[..., Any]:
    """A program of `length` steps over its arguments and what it has computed."""
    rng = np.random.default_rng(seed)
    names = sorted(PURE)
    steps = [(names[rng.integers(len(names))], rng.integers(1 << 30), rng.integers(1 << 30)) for _ in range(length)]

    def program(m: Any, *inputs: Any) -> Any:
        values = list(inputs)
        for name, i, j in steps:
            recent = values[-4:]  # so that most of what is computed is used
            values.append(PURE[name](m, recent[i % len(recent)], recent[j % len(recent)]))
        return values[-1] + values[-2]

    program.__name__ = " ".join(name for name, _, _ in steps)
    return program


VIEWS: dict[str, Callable[..., Any]] = {
    "row": lambda m, a: a[1],
    "rows": lambda m, a: a[1:],
    "columns": lambda m, a: a[..., ::2],
    "transposed": lambda m, a: a.transpose(0, a.ndim - 1),
    "flat": lambda m, a: a.view(-1) if a.is_contiguous() else a,
    "narrow": lambda m, a: a.narrow(0, 0, 1),
    "unsqueezed": lambda m, a: a.unsqueeze(0),
    "itself": lambda m, a: a.view_as(a) if a.is_contiguous() else a[:],
}
WRITES: dict[str, Callable[..., Any]] = {
    "add_": lambda m, a, b: a.add_(b.mean()),
    "mul_": lambda m, a, b: a.mul_(b.sum() * 0.1),
    "mul_self": lambda m, a, b: a.mul_(a.detach() * 0.5),
    "sub_": lambda m, a, b: a.sub_(1.0),
    "tanh_": lambda m, a, b: a.tanh_(),
    "sigmoid_": lambda m, a, b: a.sigmoid_(),
    "zero_": lambda m, a, b: a.zero_(),
    "fill_": lambda m, a, b: a.fill_(0.3),
    "copy_": lambda m, a, b: a.copy_(b.mean() * 2),
    "div_": lambda m, a, b: a.div_(b.mean() ** 2 + 1),
    "relu_": lambda m, a, b: a.relu_(),
    "setitem": lambda m, a, b: a.__setitem__(0, b.mean()),
    "setitem number": lambda m, a, b: a.__setitem__(Ellipsis, 0.7),
}
COMPUTES: dict[str, Callable[..., Any]] = {
    "product": lambda m, a, b: a * b.sum(),
    "square": lambda m, a, b: a * a,
    "exp": lambda m, a, b: (a * 0.3).exp(),
    "sum": lambda m, a, b: a.sum() + b.mean(),
    "clone": lambda m, a, b: a.clone(),
    "sin": lambda m, a, b: a.sin(),
}


def writing(seed: int, length: int) -> Callable[..., Any]:
    """A program that takes views and writes through them; it returns a number that everything goes into."""
    rng = np.random.default_rng(seed)
    steps = []
    for _ in range(length):
        kind = rng.choice(["view", "write", "write", "compute"])
        table = {"view": VIEWS, "write": WRITES, "compute": COMPUTES}[kind]
        steps.append((kind, sorted(table)[rng.integers(len(table))], rng.integers(1 << 30), rng.integers(1 << 30)))

    def program(m: Any, *inputs: Any) -> Any:
        values = [x * 1 for x in inputs]
        for kind, name, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            if kind == "write":
                WRITES[name](m, a, b)
            elif kind == "compute":
                values.append(COMPUTES[name](m, a, b))
            elif a.ndim and a.shape[0] > 1:
                values.append(VIEWS[name](m, a))
        total = values[0].sum() * 0
        for k, v in enumerate(values):
            total = total + (v * (0.5 + k)).sum()
        return total

    program.__name__ = ", ".join(name for _, name, _, _ in steps)
    return program
