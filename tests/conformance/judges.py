"""Who is right where PyTorch and this engine differ: results that are not unique, sources better than both, and finite differences."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from .translate import tensors

# Results that are drawn, or memory that is not written: only shape and dtype can agree.
RANDOM = {
    "bernoulli", "cauchy", "empty", "empty_like", "empty_permuted", "empty_strided", "exponential", "geometric", "log_normal",
    "multinomial", "new_empty", "new_empty_strided", "nn.functional.alpha_dropout", "nn.functional.dropout", "nn.functional.dropout2d",
    "nn.functional.dropout3d", "nn.functional.feature_alpha_dropout", "normal", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "uniform", "nn.functional.fractional_max_pool2d", "nn.functional.fractional_max_pool3d", "nn.functional.rrelu",
    "pca_lowrank", "svd_lowrank", "resize_", "resize_as_",
}  # fmt: skip
# Decompositions that are unique only up to signs or a basis: compared by what PyTorch's own tests take of them.
GAUGE = {"linalg.svd", "svd", "linalg.eig", "linalg.eigh", "linalg.qr", "qr", "linalg.lstsq", "geqrf"}
# Of equal elements these give any one, unless asked to be stable; with the place of `dim` among the arguments after the tensor.
TIES = {"sort": 0, "argsort": 0, "topk": 1, "kthvalue": 1, "mode": 0}
# Functions of one real number that PyTorch computes with fewer digits than float64 has: mpmath's name and the order.
SOURCES = {
    "special.bessel_j0": ("besselj", 0), "special.bessel_j1": ("besselj", 1),
    "special.bessel_y0": ("bessely", 0), "special.bessel_y1": ("bessely", 1),
}  # fmt: skip
# Differences on purpose: op, kind, what the difference says -> why.
POLES = "At its poles, 0 and the negative whole numbers, polygamma is infinite; PyTorch gives 2.0e13 for int8 and int16."
MEANT = {
    (
        "addbmm",
        "inplace",
        r"broadcasts to",
    ): "PyTorch gives the tensor another shape, and takes memory behind a view for it.",
    ("polygamma", "function", r"got -?inf"): POLES,
    ("polygamma", "method", r"got -?inf"): POLES,
    ("special.polygamma", "function", r"got -?inf"): POLES,
}
MOST_SLOPES = 2000  # numbers that finite differences are taken by, for one sample


def named_by_value(name: str, sample: Any, result: Any) -> Any:
    """Values and indices, with what lies at each index in its place: which of equal elements is meant is not said."""
    place = TIES[name]
    dim = sample.kwargs.get("dim", sample.args[place] if len(sample.args) > place else -1)
    values, indices = (None, result) if isinstance(result, torch.Tensor) else result
    shape, kept = sample.input.shape, sample.kwargs.get("keepdim", False) or indices.ndim == sample.input.ndim
    at = indices if kept or not shape else indices.unsqueeze(dim)
    return values, sample.input.detach().gather(dim, at).reshape(indices.shape), indices.dtype is torch.int64


def is_meant(name: str, kind: str, text: str) -> bool:
    """Whether a difference is one on purpose."""
    return any((op, form) == (name, kind) and re.search(says, text) for op, form, says in MEANT)


def drawn(name: str, sample: Any) -> bool:
    """Whether the result depends on random numbers."""
    by_place = sample.args[9:10] if name == "nn.functional.multi_head_attention_forward" else ()
    return name in RANDOM or bool(sample.kwargs.get("dropout_p", *by_place or (0.0,)))


def of_source(name: str, x: torch.Tensor) -> torch.Tensor:
    """The function at each number of x as mpmath has it, in float64; nan where it is not real."""
    import mpmath

    function, order = SOURCES[name]

    def value(v: float) -> float:
        found = getattr(mpmath, function)(order, v) if v or function == "besselj" else -mpmath.inf
        return float(found) if not isinstance(found, mpmath.mpc) else float("nan")

    return torch.tensor([value(v) for v in x.double().flatten().tolist()], dtype=torch.float64).reshape(x.shape)


def slopes(f: Callable[[], Any], which: list[int], leaves: list[torch.Tensor], weights: list[torch.Tensor]) -> list[torch.Tensor] | None:
    """Gradients of the weighted sum of the outputs `which` of f with respect to leaves that it reads, by central differences.

    Of a complex leaf: that by its real part plus i times that by its imaginary part, PyTorch's convention. None where it would take long.
    """
    if sum(t.numel() for t in leaves) > MOST_SLOPES:
        return None
    step = 1e-6
    found = []
    with torch.no_grad():

        def total() -> float:
            outs = tensors(f())
            return float(sum((w.conj() * outs[i]).real.sum() for i, w in zip(which, weights)))

        for leaf in leaves:
            grad, before = torch.zeros_like(leaf), leaf.clone()
            for at in torch.ones(leaf.shape).nonzero().tolist():
                place = tuple(at)
                for unit in (1.0, 1j) if leaf.is_complex() else (1.0,):
                    ends = []
                    for sign in (1, -1):
                        leaf[place] = before[place] + sign * step * unit
                        ends.append(total())
                    leaf.copy_(before)
                    grad[place] += unit * (ends[0] - ends[1]) / (2 * step)
            found.append(grad)
    return found


def follow(found: list[torch.Tensor], expected: list[torch.Tensor], truth: Callable[[], list[torch.Tensor] | None]) -> bool:
    """Whether gradients that differ from PyTorch's are those of its function, as finite differences tell, where PyTorch's are not."""
    try:
        slope = truth()
    except Exception:  # memory that overlaps cannot be moved number by number
        return False
    if slope is None:
        return False
    near = partial(torch.isclose, rtol=1e-4, atol=1e-5)
    same = [(f.shape, f.dtype) == (e.shape, e.dtype) for f, e in zip(found, expected)]
    return all(same) and all(bool((near(f, s) | near(f, e)).all()) for f, e, s in zip(found, expected, slope))
