"""Dtypes, what they can hold, and what comes of two of them."""

from __future__ import annotations

from typing import Any

from .tools import DTYPES, attempt, each, numbers, program

FLOATS = ("float64", "float32", "float16", "bfloat16")


@each(*(f"torch.{d}" for d in ("float16", "float32", "float64", "complex64", "complex128", "int8", "int16", "int32", "int64", "uint8")))
def dtype(torch: Any, name: str) -> Any:
    d = getattr(torch, name.removeprefix("torch."))
    traits = d.is_floating_point, d.is_complex, d.is_signed, d.itemsize
    like = attempt(d.to_complex), attempt(d.to_real)
    x = torch.zeros(2, dtype=d)
    return d, repr(d), traits, like, x, x.element_size(), x.dtype is d, isinstance(d, torch.dtype), hash(d) == hash(d), d == "float32"


@program("torch.dtype")
def dtype_class(torch: Any) -> Any:
    every = {d: getattr(torch, d) for d in DTYPES}
    other = "half", "float", "double", "short", "int", "long", "cfloat", "cdouble"
    return every, [getattr(torch, o) for o in other], len(set(every.values())), attempt(torch.dtype), attempt(torch.dtype, "float32")


@program("torch.finfo")
def finfo(torch: Any) -> Any:
    parts = "bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype"
    found: dict[str, Any] = {d: [getattr(torch.finfo(getattr(torch, d)), p) for p in parts] for d in FLOATS}
    found["text"] = [repr(torch.finfo(getattr(torch, d))) for d in FLOATS]
    found["default"] = torch.finfo().dtype
    found["complex"] = [torch.finfo(d).dtype for d in (torch.complex64, torch.complex128)]
    found["same"] = torch.finfo(torch.float32) == torch.finfo(torch.float32), torch.finfo(torch.float32) == torch.finfo(torch.float64)
    found["refused"] = [attempt(torch.finfo, d) for d in (torch.int64, torch.bool, 3)]
    return found


@program("torch.iinfo")
def iinfo(torch: Any) -> Any:
    wholes = "int64", "int32", "int16", "int8", "uint8"
    found: dict[str, Any] = {d: [getattr(torch.iinfo(getattr(torch, d)), p) for p in ("bits", "max", "min", "dtype")] for d in wholes}
    found["text"] = [repr(torch.iinfo(getattr(torch, d))) for d in wholes]
    found["refused"] = [attempt(torch.iinfo, d) for d in (torch.float32, torch.bool, torch.complex64)], attempt(torch.iinfo)
    return found


@each("torch.promote_types", "torch.can_cast")
def pairs(torch: Any, name: str) -> Any:
    f = getattr(torch, name.removeprefix("torch."))
    every = [getattr(torch, d) for d in DTYPES]
    return {f"{a} {b}": f(a, b) for a in every for b in every}, attempt(f, torch.int8), attempt(f, torch.int8, 3)


@program("torch.result_type")
def result_type(torch: Any) -> Any:
    """Tensors with dimensions, without, and numbers, each with each."""
    found = {}
    for a in DTYPES:
        x, y = numbers(torch, 2, dtype=a), numbers(torch, dtype=a)
        found[a] = [
            [torch.result_type(s, t) for s in (x, y) for t in (numbers(torch, 2, dtype=b), numbers(torch, dtype=b))] for b in DTYPES
        ]
        found[f"{a} and numbers"] = [torch.result_type(t, v) for t in (x, y) for v in (1, 1.5, True, 1j)]
        found[f"numbers and {a}"] = [torch.result_type(v, t) for t in (x, y) for v in (1, 1.5, True, 1j)]
    return (
        found,
        [torch.result_type(a, b) for a in (1, 1.5, True, 1j) for b in (1, 1.5, True, 1j)],
        attempt(torch.result_type, 1),
        attempt(torch.result_type, "a", 1),
    )


@each("torch.is_floating_point", "torch.is_complex", "torch.is_signed", "torch.Tensor.is_floating_point", "torch.Tensor.is_complex",
      "torch.Tensor.is_signed", "torch.is_conj", "torch.is_neg", "torch.Tensor.is_conj", "torch.Tensor.is_neg", "torch.is_inference",
      "torch.Tensor.is_inference", "torch.is_distributed", "torch.Tensor.is_distributed")  # fmt: skip
def traits(torch: Any, name: str) -> Any:
    last = name.rpartition(".")[2]
    f = getattr(torch.Tensor if ".Tensor." in name else torch, last)
    with torch.inference_mode():
        inside = torch.ones(2)
    return [f(numbers(torch, 2, dtype=d)) for d in DTYPES], f(inside), attempt(f, 1.0), attempt(f)
