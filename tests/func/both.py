"""One program in the engine and in PyTorch: the same results, or errors of one class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench import engine

torch = pytest.importorskip("torch")


def inputs(*shapes: tuple[int, ...], seed: int = 0, dtype: str = "float64") -> list[np.ndarray]:
    """Arrays of normal numbers."""
    rng = np.random.default_rng(seed)
    drawn = [rng.standard_normal(shape) for shape in shapes]
    if dtype.startswith("complex"):
        drawn = [x + 1j * rng.standard_normal(x.shape) for x in drawn]
    return [np.asarray(x).astype(dtype) for x in drawn]


def same(ours: Any, theirs: Any, where: str = "result") -> None:
    """Trees of one structure, whose tensors are equal but for rounding."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, engine.Tensor), f"{where}: {type(ours)}"
        assert tuple(ours.shape) == tuple(theirs.shape), f"{where}: {tuple(ours.shape)} and {tuple(theirs.shape)}"
        assert str(ours.dtype) == str(theirs.dtype), f"{where}: {ours.dtype} and {theirs.dtype}"
        assert ours.requires_grad == theirs.requires_grad, f"{where}: requires_grad {ours.requires_grad} and {theirs.requires_grad}"
        single = theirs.dtype in (torch.float32, torch.complex64)
        a, b = ours.detach().resolve_conj().numpy(), theirs.detach().resolve_conj().numpy()
        np.testing.assert_allclose(a, b, rtol=1e-5 if single else 1e-9, atol=1e-6 if single else 1e-11, err_msg=where)
    elif isinstance(theirs, dict):
        assert sorted(ours) == sorted(theirs), where
        for k in theirs:
            same(ours[k], theirs[k], f"{where}[{k!r}]")
    elif isinstance(theirs, (tuple, list)):
        assert isinstance(ours, (tuple, list)), f"{where}: {type(ours)}"
        assert isinstance(ours, tuple) == isinstance(theirs, tuple), f"{where}: {type(ours)} and {type(theirs)}"
        assert len(ours) == len(theirs), f"{where}: {len(ours)} and {len(theirs)}"
        for i, (a, b) in enumerate(zip(ours, theirs)):
            same(a, b, f"{where}[{i}]")
    else:
        assert ours == theirs, where


def agree(f: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """`f(module, *tensors)` gives the same in both; returns the engine's."""
    ours = f(engine, *(engine.from_numpy(a.copy()) for a in arrays))
    same(ours, f(torch, *(torch.from_numpy(a.copy()) for a in arrays)))
    return ours


def refused(f: Callable[..., Any], *arrays: np.ndarray) -> None:
    """`f(module, *tensors)` raises an error of the same class in both."""
    kinds = []
    for m in (torch, engine):
        with pytest.raises(Exception) as caught:
            f(m, *(m.from_numpy(a.copy()) for a in arrays))
        kinds.append(caught.type)
    assert issubclass(kinds[1], kinds[0]), kinds
