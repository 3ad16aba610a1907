"""Frequencies of discrete transforms, and functions of `torch.special` that PyTorch's databases have under another name."""

from __future__ import annotations

from typing import Any

from .tools import DTYPES, attempt, differentiated, each, numbers


@each("torch.fft.fftfreq", "torch.fft.rfftfreq")
def frequencies(torch: Any, name: str) -> Any:
    f = getattr(torch.fft, name.rpartition(".")[2])
    found: dict[str, Any] = {str(n): (f(n), f(n, 0.5), f(n, d=2.0)) for n in (1, 2, 5, 8)}
    found["dtypes"] = [attempt(f, 4, dtype=getattr(torch, d)) for d in DTYPES if d not in ("bool", "uint8")]
    found["options"] = f(4, requires_grad=True), f(4, device="cpu"), f(3, out=torch.empty(0))
    return found, None if "rfft" in name else attempt(f, -1), attempt(f, 2.5), attempt(f, 3, "a"), attempt(f)


@each("torch.special.gammainc", "torch.special.gammaincc")
def incomplete_gamma(torch: Any, name: str) -> Any:
    f = getattr(torch.special, name.rpartition(".")[2])
    found: dict[str, Any] = {}
    for d in DTYPES:
        found[d] = attempt(f, numbers(torch, 2, 3, dtype=d, low=0.1, high=4.0), numbers(torch, 3, dtype=d, seed=1, low=0.1, high=4.0))
    found["slope"] = differentiated(
        torch, lambda x: f(torch.tensor(1.5, dtype=torch.float64), x), numbers(torch, 3, dtype="float64", low=0.2, grad=True)
    )
    ends = torch.tensor([0.0, 1.0, float("inf"), -1.0, float("nan")])
    return found, f(ends, torch.ones(5)), f(torch.ones(5), ends), attempt(f, torch.ones(2), torch.ones(3)), attempt(f, 1.0, torch.ones(2))
