"""When two results count as equal, and what a difference says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

# relative, absolute: what two careful implementations may differ by
TOLERANCES = {
    torch.float64: (1e-6, 1e-8), torch.complex128: (1e-6, 1e-8), torch.float32: (1e-4, 2e-5), torch.complex64: (1e-4, 2e-5),
    torch.float16: (1e-2, 2e-3), torch.bfloat16: (5e-2, 2e-2),
}  # fmt: skip


class Different(Exception):  # noqa: N818  (what is found, not an error)
    """Two results differ; the text says in what."""


def as_near(found: Any, expected: Any, exact: Callable[[], Any]) -> bool:
    """Whether results that differ do so by their rounding alone, and ours is nowhere farther from PyTorch's own result in float64.

    PyTorch rounds, and overflows, after each step of many float16 and bfloat16 functions, where this engine computes in float32 and
    rounds once.
    """
    try:
        check_same(found, expected, exact=exact())
    except Exception:  # also where there is no such result in float64
        return False
    return True


def widened(value: Any) -> Any:
    """The same numbers in float64 or complex128; a tensor that is given twice stays one."""
    made: dict[int, torch.Tensor] = {}

    def wide(t: Any) -> Any:
        if not isinstance(t, torch.Tensor) or t.dtype not in TOLERANCES:
            return t
        if id(t) not in made:
            dtype = torch.complex128 if t.is_complex() else torch.float64
            made[id(t)] = t.detach().to(dtype, copy=True).requires_grad_(t.requires_grad)
        return made[id(t)]

    return torch.utils._pytree.tree_map(wide, value)


def check_same(found: Any, expected: Any, values: bool = True, exact: Any = None) -> None:
    """Raise Different unless structure, dtypes, shapes and (with `values`) values agree.

    A value that differs passes if it is as near to that of `exact`, which is of the structure of `expected`, in float64.
    """
    if isinstance(expected, torch.Tensor):
        if not isinstance(found, torch.Tensor):
            raise Different(f"a tensor expected, got {type(found).__name__}")
        check_tensor(found, expected.detach(), values, exact)
    elif isinstance(expected, (tuple, list)):
        if not isinstance(found, (tuple, list)) or len(found) != len(expected):
            raise Different(
                f"{len(expected)} values expected, got {len(found) if isinstance(found, (tuple, list)) else type(found).__name__}"
            )
        for f, e, x in zip(found, expected, [None] * len(expected) if exact is None else exact):
            check_same(f, e, values, x)
    elif isinstance(expected, float):
        if not isinstance(found, (int, float)) or (
            values and not torch.isclose(torch.tensor(float(found)), torch.tensor(expected), equal_nan=True)
        ):
            raise Different(f"{expected} expected, got {found}")
    elif isinstance(expected, (bool, int, complex, str)) and values and found != expected:
        raise Different(f"{expected!r} expected, got {found!r}")


def check_tensor(found: torch.Tensor, expected: torch.Tensor, values: bool, exact: torch.Tensor | None = None) -> None:
    if found.dtype != expected.dtype:
        raise Different(f"dtype {expected.dtype} expected, got {found.dtype}")
    if found.shape != expected.shape:
        raise Different(f"shape {list(expected.shape)} expected, got {list(found.shape)}")
    if not values or not expected.numel():
        return
    expected = expected.resolve_conj().resolve_neg()
    if expected.dtype not in TOLERANCES:
        if not torch.equal(found, expected):
            at = (found != expected).nonzero()[0].tolist()
            raise Different(f"values differ, first at {at}: {expected[tuple(at)].item()} expected, got {found[tuple(at)].item()}")
        return
    relative, absolute = TOLERANCES[expected.dtype]
    wide = torch.complex128 if expected.is_complex() else torch.float64
    f, e = found.to(wide), expected.to(wide)
    good = near(f, e, relative, absolute)
    if e.is_complex():  # infinite in one part
        good |= near(f.real, e.real, relative, absolute) & near(f.imag, e.imag, relative, absolute)
    if exact is not None and exact.dtype is wide and exact.shape == e.shape:
        x = exact.detach().resolve_conj().resolve_neg()
        good |= ((f - x).abs() <= (e - x).abs()) | (~e.isfinite() & near(f, x.to(expected.dtype).to(wide), relative, absolute))
    if not good.all():
        at = tuple((~good).nonzero()[0].tolist())
        raise Different(
            f"{int((~good).sum())} of {good.numel()} values differ, "
            f"first at {list(at)}: {expected[at].item()} expected, got {found[at].item()}"
        )


def near(a: torch.Tensor, b: torch.Tensor, relative: float, absolute: float) -> torch.Tensor:
    return torch.isclose(a, b, relative, absolute, equal_nan=True)
