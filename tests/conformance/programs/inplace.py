"""Functions of `torch` that write their argument, as torch.abs_: PyTorch's databases have the methods alone."""

from __future__ import annotations

from typing import Any

from .tools import DTYPES, attempt, differentiated, each, numbers, program

UNARY = (
    "abs", "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin", "asinh", "atan", "atanh", "ceil", "celu",
    "conj_physical", "cos", "cosh", "deg2rad", "erf", "erfc", "exp", "exp2", "expm1", "fix", "floor", "frac", "i0", "log", "log10", "log1p",
    "log2", "logit", "nan_to_num", "neg", "negative", "rad2deg", "reciprocal", "relu", "round", "rsqrt", "selu", "sigmoid", "sin", "sinc",
    "sinh", "sqrt", "square", "tan", "tanh", "trunc",
)  # fmt: skip
UNDERIVED = {"acosh", "arccosh", "arcsinh", "arctanh", "asinh", "atanh"}  # PyTorch has no gradient of the in-place form


@each(*(f"torch.{name}_" for name in UNARY))
def unary(torch: Any, name: str) -> Any:
    """Every dtype, what the call gives back and what it wrote; through a view; the gradient."""
    f = getattr(torch, name.removeprefix("torch."))

    def written(x: Any) -> Any:
        back = f(x)
        return back is x, x

    def through(x: Any) -> Any:
        whole = x * 1
        f(whole[0])
        return whole

    found: dict[str, Any] = {d: attempt(written, numbers(torch, 2, 3, dtype=d, low=0.1, high=0.9)) for d in DTYPES}
    found["empty"] = written(numbers(torch, 0, 3))
    found["not contiguous"] = written(numbers(torch, 3, 4, low=0.1, high=0.9).t()[::2])
    if name.rstrip("_").removeprefix("torch.") not in UNDERIVED:
        found["view"] = attempt(differentiated, torch, through, numbers(torch, 2, 3, dtype="float64", low=0.1, high=0.9, grad=True))
    found["leaf"] = attempt(f, numbers(torch, 2, grad=True))
    found["number"] = attempt(f, 1.0)
    return found


OPTIONS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "clamp": ((0.5,), (None, 0.5), (-0.5, 0.5), (1.0, -1.0)), "clip": ((0.5,), (None, 0.5), (-0.5, 0.5)), "clamp_max": ((0.5,), (-1,)),
    "clamp_min": ((0.5,), (-1,)), "celu": ((), (0.5,), (-0.5,)), "nan_to_num": ((), (1.0,), (1.0, 2.0), (1.0, 2.0, -3.0)),
    "logit": ((), (0.2,), (None,)), "round": ((), ), "fill": ((2,), (0.5,), (True,)), "threshold": ((0.5, 20.0), (0, 1)),
}  # fmt: skip


@each(*(f"torch.{name}_" for name in OPTIONS))
def options(torch: Any, name: str) -> Any:
    """Arguments beside the tensor."""
    f = getattr(torch, name.removeprefix("torch."))
    special = torch.tensor([0.3, float("nan"), float("inf"), -float("inf"), -1.5])
    found = {}
    for values in OPTIONS[name.removeprefix("torch.").removesuffix("_")]:
        found[f"{values}"] = [attempt(f, numbers(torch, 2, 3, dtype=d, seed=3), *values) for d in DTYPES] + [f(special.clone(), *values)]
    return found


BINARY = {"gcd": ("int64", "int32", "uint8"), "lcm": ("int64", "int32", "uint8"), "ldexp": ("float64", "float32"), "xlogy": DTYPES}


@each(*(f"torch.{name}_" for name in BINARY))
def binary(torch: Any, name: str) -> Any:
    """Two tensors: broadcast, of two dtypes, and of shapes that do not fit."""
    f = getattr(torch, name.removeprefix("torch."))
    found: dict[str, Any] = {}
    for d in BINARY[name.removeprefix("torch.").removesuffix("_")]:
        x = numbers(torch, 2, 3, dtype=d, seed=1, low=0.1)
        found[d] = attempt(f, x, numbers(torch, 3, dtype=d, seed=2, low=0.1)), x
    found["larger"] = attempt(f, numbers(torch, 3, dtype="int64"), numbers(torch, 2, 3, dtype="int64"))
    found["mixed"] = attempt(f, numbers(torch, 3, dtype="int64"), numbers(torch, 3, dtype="float32"))
    return found


@program("torch.addmv_")
def addmv(torch: Any) -> Any:
    a, b, c = (numbers(torch, *s, dtype="float64", seed=i) for i, s in enumerate(((2,), (2, 3), (3,))))
    plain = torch.addmv_(a.clone(), b, c)
    scaled = torch.addmv_(a.clone(), b, c, beta=0.5, alpha=2)
    return plain, scaled, attempt(torch.addmv_, a, b, a), attempt(torch.addmv_, a.float(), b, c)


@program("torch.as_strided_", "torch.detach_")
def views(torch: Any) -> Any:
    x = numbers(torch, 4, 3)
    back = torch.as_strided_(x, (2, 2), (3, 1), 1)
    leaf = numbers(torch, 2, grad=True)
    y = leaf * 2
    gone = torch.detach_(y)
    refused = attempt(torch.as_strided_, numbers(torch, 2), (5, 5), (1, 1)), attempt(torch.detach_, leaf.unbind()[0])
    return back is x, x, x.stride(), x.storage_offset(), gone is y, y, y.is_leaf, refused


@program("torch.index_put_")
def index_put(torch: Any) -> Any:
    found = {}
    for accumulate in (False, True):
        x, values = numbers(torch, 4, 3, dtype="float64"), numbers(torch, 3, dtype="float64", seed=1)
        rows, mask = torch.tensor([0, 0, 3]), x > 0.5
        torch.index_put_(x, (rows, torch.tensor([1, 1, 2])), values, accumulate)
        torch.index_put_(x, (mask,), torch.tensor(7.0, dtype=torch.float64), accumulate=accumulate)
        found[str(accumulate)] = x
    wrong = torch.index_put_, numbers(torch, 3), (torch.tensor([5]),), torch.tensor(1.0)
    return found, attempt(*wrong), attempt(torch.index_put_, numbers(torch, 3), (torch.tensor([0]),), torch.tensor([1]))


@program("torch.embedding_renorm_")
def embedding_renorm(torch: Any) -> Any:
    found = []
    for kind in (1.0, 2.0, float("inf")):
        weight = numbers(torch, 5, 3, dtype="float64")
        found.append((torch.embedding_renorm_(weight, torch.tensor([0, 3, 3]), 0.7, kind), weight))
    return found, attempt(torch.embedding_renorm_, numbers(torch, 5, 3), torch.tensor([0.5]), 1.0, 2.0)


DROPPED = {"dropout": 1000, "alpha_dropout": 1000, "feature_dropout": (500, 2, 2), "feature_alpha_dropout": (500, 2, 2)}


@each(*(f"torch.{name}{end}" for name in DROPPED for end in ("", "_")))
def dropout(torch: Any, name: str) -> Any:
    """Which elements stay is drawn: how many, how far the others are scaled, that a feature goes as a whole, and the ends of p."""
    f = getattr(torch, name.removeprefix("torch."))
    shape = DROPPED[name.removeprefix("torch.").removesuffix("_")]
    found: dict[str, Any] = {}
    for p in (0.0, 0.25, 1.0):
        torch.manual_seed(1)
        x = torch.ones(shape)
        y = f(x, p, True)
        kept = y.flatten(1).amax(1) if x.dim() > 1 else y
        high = kept.max().item()
        share = (kept == high).double().mean().item()
        whole = [bool((row == row[0]).all()) for row in y.reshape(-1, 2)[:20]] if name.startswith("torch.feature") else None
        torch.manual_seed(1)
        again = bool((f(torch.ones(shape), p, True) == y).all())
        found[str(p)] = {"high": high, "low": y.min().item(), "inplace": y is x, "again": again, "dtype": y.dtype, "whole": whole}
        found[f"share {p}"] = share > 0.99 if p in (0.0, 1.0) else 0.65 < share < 0.85
    found["off"] = f(torch.ones(4), 0.5, False)
    found["refused"] = [attempt(f, torch.ones(4), p, True) for p in (-0.1, 1.1)]
    return found


@each("torch.rrelu", "torch.rrelu_")
def rrelu(torch: Any, name: str) -> Any:
    f = getattr(torch, name.removeprefix("torch."))
    x = numbers(torch, 400, seed=5)
    y = f(x.clone(), 0.2, 0.4, True)
    slope = (y / x)[x < 0]
    inside = bool(((slope >= 0.2 - 1e-6) & (slope <= 0.4 + 1e-6)).all()), 0.27 < slope.mean().item() < 0.33, bool((y == x)[x >= 0].all())
    return inside, y.dtype, y.shape, f(x.clone(), 0.2, 0.4, False), f(x.clone()), attempt(f, x.clone(), 0.5, 0.1, True)
