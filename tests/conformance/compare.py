"""When two results count as equal, and what a difference says."""

from __future__ import annotations

from typing import Any

import torch

# relative, absolute: what two careful implementations may differ by
TOLERANCES = {
    torch.float64: (1e-6, 1e-8), torch.complex128: (1e-6, 1e-8), torch.float32: (1e-4, 2e-5), torch.complex64: (1e-4, 2e-5),
    torch.float16: (1e-2, 2e-3), torch.bfloat16: (5e-2, 2e-2),
}  # fmt: skip


class Different(Exception):  # noqa: N818  (what is found, not an error)
    """Two results differ; the text says in what."""


def check_same(found: Any, expected: Any, values: bool = True) -> None:
    """Raise Different unless structure, dtypes, shapes and (with `values`) values agree."""
    if isinstance(expected, torch.Tensor):
        if not isinstance(found, torch.Tensor):
            raise Different(f"a tensor expected, got {type(found).__name__}")
        check_tensor(found, expected.detach(), values)
    elif isinstance(expected, (tuple, list)):
        if not isinstance(found, (tuple, list)) or len(found) != len(expected):
            raise Different(
                f"{len(expected)} values expected, got {len(found) if isinstance(found, (tuple, list)) else type(found).__name__}"
            )
        for f, e in zip(found, expected):
            check_same(f, e, values)
    elif isinstance(expected, float):
        if not isinstance(found, (int, float)) or (
            values and not torch.isclose(torch.tensor(float(found)), torch.tensor(expected), equal_nan=True)
        ):
            raise Different(f"{expected} expected, got {found}")
    elif isinstance(expected, (bool, int, complex, str)) and values and found != expected:
        raise Different(f"{expected!r} expected, got {found!r}")


def check_tensor(found: torch.Tensor, expected: torch.Tensor, values: bool) -> None:
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
    if not good.all():
        at = tuple((~good).nonzero()[0].tolist())
        raise Different(
            f"{int((~good).sum())} of {good.numel()} values differ, "
            f"first at {list(at)}: {expected[at].item()} expected, got {found[at].item()}"
        )


def near(a: torch.Tensor, b: torch.Tensor, relative: float, absolute: float) -> torch.Tensor:
    return torch.isclose(a, b, relative, absolute, equal_nan=True)
