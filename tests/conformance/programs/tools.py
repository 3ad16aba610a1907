"""How a program of ours is written: who it samples, and what it may give back beside tensors, numbers and text.

A program is a function of one argument, `torch`, that runs once with PyTorch and once with the engine. It gives back a nest of dicts,
tuples and lists; what lies in it is compared leaf by leaf (tests/conformance/side_by_side.py). What lies below a key "gradient" counts as a
gradient, an exception as an answer to bad input, anything else as forward.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

DTYPES = (
    "float64", "float32", "float16", "bfloat16", "complex64", "complex128", "int64", "int32", "int16", "int8", "uint8", "bool",
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """Something to run twice, and the public names that it says something about."""

    key: str  # programs.<file>.<function>, and behind a colon the name of one made by `each`
    names: tuple[str, ...]
    run: Callable[[Any], Any]
    meant: str = ""  # why it differs, where it does so on purpose


FOUND: dict[str, Program] = {}


def program(*names: str, meant: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of `torch` a program that samples these public names, together.

    `meant`: it shows a difference on purpose, for this reason.
    """

    def keep(f: Callable[..., Any]) -> Callable[..., Any]:
        _keep(Program(_key(f), names, f, meant))
        return f

    return keep


def each(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of `torch` and a public name a program for each of these names."""

    def keep(f: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            _keep(Program(f"{_key(f)}:{name}", (name,), partial(_called, f, name)))
        return f

    return keep


def _called(f: Callable[..., Any], name: str, torch: Any) -> Any:
    return f(torch, name)


def _key(f: Callable[..., Any]) -> str:
    return f"programs.{f.__module__.rpartition('.')[2]}.{f.__name__}"


def _keep(made: Program) -> None:
    if made.key in FOUND or not made.names:
        raise ValueError(f"two programs, or one without names: {made.key}")
    FOUND[made.key] = made


@dataclass(frozen=True)
class About:
    """A number or tensor that depends on what was drawn, and by how much the two may differ."""

    value: Any
    within: float


def attempt(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What f gives, or the exception that it raises: of two exceptions the classes are compared."""
    try:
        return f(*args, **kwargs)
    except Exception as error:
        return error


def numbers(
    torch: Any, *shape: int, dtype: str = "float32", seed: int = 0, low: float = -2.0, high: float = 2.0, grad: bool = False
) -> Any:
    """A tensor of the same numbers in both libraries: evenly spread, not drawn by either."""
    draw = np.random.default_rng(seed)
    if dtype == "bool":
        values = draw.random(shape) < 0.5
    elif dtype.startswith("complex"):
        values = draw.uniform(low, high, shape) + 1j * draw.uniform(low, high, shape)
    elif dtype == "uint8":
        values = draw.integers(0, 5, shape)
    elif "int" in dtype:
        values = draw.integers(-4, 5, shape)
    else:
        values = draw.uniform(low, high, shape)
    made = torch.from_numpy(np.array(values)).to(getattr(torch, dtype))
    return made.requires_grad_(True) if grad else made


def differentiated(torch: Any, f: Callable[..., Any], *leaves: Any) -> dict[str, Any]:
    """The results of f, and the gradients with respect to `leaves` of their weighted sum."""
    result = f(*leaves)
    outs = [t for t in (result if isinstance(result, (tuple, list)) else (result,)) if isinstance(t, torch.Tensor) and t.requires_grad]
    weights = [numbers(torch, *t.shape, dtype=str(t.dtype).rpartition(".")[2], seed=7 + i) for i, t in enumerate(outs)]
    wanted = [t for t in leaves if t.requires_grad]
    grads = torch.autograd.grad(outs, wanted, weights, allow_unused=True) if outs else ()
    return {"value": result, "gradient": [torch.zeros_like(t) if g is None else g for g, t in zip(grads, wanted)]}


def signature(f: Any) -> str:
    """Names and kinds of the arguments, where both are written in Python."""
    return ", ".join(f"{p.name}:{p.kind.name}" for p in inspect.signature(f).parameters.values())
