"""Functions of numbers of some dtypes alone, on all of them: what is not defined for a dtype is refused, not cut to it."""

from __future__ import annotations

from typing import Any

from .tools import DTYPES, attempt, each, numbers

ACTIVATIONS = (
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish", "relu", "relu6",
    "selu", "sigmoid", "silu", "softplus", "softshrink", "softsign", "tanh", "tanhshrink",
)  # fmt: skip


@each(*(f"torch.nn.functional.{name}" for name in ACTIVATIONS))
def activations(torch: Any, name: str) -> Any:
    f = getattr(torch.nn.functional, name.rpartition(".")[2])
    return {d: attempt(f, numbers(torch, 2, 4, dtype=d)) for d in DTYPES}


@each("torch.cummax", "torch.cummin", "torch.logcumsumexp")
def running(torch: Any, name: str) -> Any:
    f = getattr(torch, name.removeprefix("torch."))
    found = {d: attempt(f, numbers(torch, 2, 4, dtype=d), 1) for d in DTYPES}
    return {d: tuple(v) if isinstance(v, tuple) else v for d, v in found.items()}


@each("torch.mvlgamma", "torch.group_norm", "torch.nn.functional.softmin", "torch.softmax", "torch.log_softmax")
def normalised(torch: Any, name: str) -> Any:
    f: Any = torch
    for part in name.split(".")[1:]:
        f = getattr(f, part)
    return {d: attempt(f, numbers(torch, 2, 4, dtype=d, low=2.0, high=4.0), 1) for d in DTYPES}


@each("torch.stft", "torch.randint", "torch.Tensor.geometric_")
def drawn_and_transformed(torch: Any, name: str) -> Any:
    """What is given back is compared elsewhere; here which dtypes are taken."""
    calls = {
        "stft": lambda d: torch.stft(numbers(torch, 32, dtype=d), 8, window=torch.ones(8, dtype=getattr(torch, d)), return_complex=True),
        "randint": lambda d: torch.randint(2, (3,), dtype=getattr(torch, d)),
        "geometric_": lambda d: numbers(torch, 3, dtype=d).geometric_(0.5),
    }
    answers = {d: attempt(calls[name.rpartition(".")[2]], d) for d in DTYPES}
    return {d: a if isinstance(a, Exception) else (a.dtype, a.shape) for d, a in answers.items()}
