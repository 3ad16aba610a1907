"""Tensors from data, from memory of others, and from nothing."""

from __future__ import annotations

import array
from typing import Any

import numpy as np

from .tools import DTYPES, About, attempt, each, numbers, program

DATA: dict[str, Any] = {
    "int": 3, "float": 1.5, "bool": True, "complex": 1 + 2j, "list": [1, 2, 3], "mixed": [1, 2.5], "bools": [True, False],
    "nested": [[1, 2], [3, 4]], "empty": [], "empty rows": [[], []], "tuple": ((1.0, 2.0), (3.0, 4.0)), "bool and int": [True, 2],
    "complex and int": [1j, 2], "range": range(4), "array": np.arange(6, dtype=np.int16).reshape(2, 3),
    "scalars": [np.float32(1.5), np.float64(2)], "numpy scalar": np.int8(3), "halves": np.ones(2, np.float16), "big": 2**40,
    "nan": float("nan"), "float64 array": np.ones((2, 0)), "list of arrays": [np.ones(2), np.zeros(2)], "bytes": bytearray(b"ab"),
    "negative strides": np.arange(4)[::-1], "foreign order": np.ones(2, ">i4"), "array of bools": np.array([True]), "a string": "abc",
    "strings": ["a"], "a string behind": [1.5, "a"], "None": None, "None behind": [1, None], "ragged": [[1, 2], [3]],
    "number and sequence": [1, [2]], "sequence and number": [[1], 2], "huge": 2**70, "huge among floats": [1.5, 2**70], "a dict": {},
    "uint16": np.ones(2, np.uint16), "object": object(), "set": {1}, "a generator": (x for x in [1]),
}  # fmt: skip
SKIPPED = {"uint16"}  # a dtype that is left out on purpose


@each("torch.tensor", "torch.as_tensor", "torch.asarray", "torch.Tensor.new_tensor")
def from_data(torch: Any, name: str) -> Any:
    """Python's numbers, sequences and arrays, as they are and as every dtype; what is nothing of these."""
    f = torch.ones(1, dtype=torch.float64).new_tensor if "new_tensor" in name else getattr(torch, name.removeprefix("torch."))
    found: dict[str, Any] = {key: attempt(f, data) for key, data in DATA.items() if key not in SKIPPED}
    for d in DTYPES:
        kind = getattr(torch, d)
        found[d] = [attempt(f, data, dtype=kind) for data in (3, 1.5, True, [1, 0], [1.7, -0.5] if d != "uint8" else [1.7, 0.5], [True])]
        found[f"from {d}"] = f(numbers(torch, 2, 2, dtype=d)), f(numbers(torch, dtype=d), dtype=torch.float64)
        found[f"complex as {d}"] = attempt(f, 1j, dtype=kind), attempt(f, [float("nan")], dtype=kind), attempt(f, -1, dtype=kind)
        found[f"array as {d}"] = f(np.array([[1.0, 0.0]]), dtype=kind), attempt(f, 300, dtype=kind)
    found["grad"] = attempt(f, [1.0], requires_grad=True), attempt(f, [1], requires_grad=True)  # as_tensor has no such argument
    found["device"] = f([1.0], device="cpu"), f([1.0], device=torch.device("cpu")), attempt(f, [1.0], device="no such")
    found["of a leaf"] = f(numbers(torch, 2, grad=True))
    found["of several elements"] = attempt(f, [torch.ones(2), torch.ones(2)])
    found["of tensors"] = [attempt(f, [torch.tensor(1), torch.tensor(2.5)]), attempt(f, [torch.tensor([1]), torch.tensor([2])])]
    found["refused"] = attempt(f), attempt(f, [1], dtype="no such")
    return found


@program("torch.as_tensor", "torch.asarray")
def shared(torch: Any) -> Any:
    """Whose memory the result has."""
    found: dict[str, Any] = {}
    for f in (torch.as_tensor, torch.asarray):
        data, x = np.arange(3.0), torch.ones(2)
        same, cast = f(data), f(data, dtype=torch.float32)
        data[0] = 7
        found[f.__name__] = same, cast, f(x) is x, f(x, dtype=torch.float64) is x, f(x, dtype=torch.float32) is x
    data, x = np.arange(3.0), torch.ones(2)
    copied, uncopied = torch.asarray(data, copy=True), torch.asarray(data, copy=False)
    data[0] = 7
    found["copy"] = copied, uncopied, torch.asarray(x, copy=True) is x, attempt(torch.asarray, data, dtype=torch.float32, copy=False)
    found["list"] = attempt(torch.asarray, [1.0], copy=False), torch.asarray([1.0], copy=True)
    found["bytes"] = torch.asarray(bytearray(b"\x01\x02"), dtype=torch.uint8), torch.asarray(array.array("i", [1, 2]), dtype=torch.int32)
    leaf = numbers(torch, 2, grad=True)
    found["grad"] = (
        torch.asarray(leaf, requires_grad=True) is leaf,
        torch.asarray(leaf, requires_grad=False),
        torch.asarray(leaf, copy=True).is_leaf,
    )
    return found


@program("torch.from_numpy")
def from_numpy(torch: Any) -> Any:
    kinds = "f8", "f4", "f2", "c8", "c16", "i8", "i4", "i2", "i1", "u1", "?"
    found: dict[str, Any] = {k: torch.from_numpy(np.array([[1, 0, 3], [4, 5, 6]]).astype(k)) for k in kinds}
    data = np.arange(12.0).reshape(3, 4)
    strided = torch.from_numpy(data[::2, 1::2]), torch.from_numpy(data.T), torch.from_numpy(data[:, :0]), torch.from_numpy(np.array(2.0))
    shares = torch.from_numpy(data)
    data[0, 0] = 9
    shares[1, 1] = -1
    found["memory"] = strided, strided[0].stride(), strided[1].stride(), shares, data, shares.requires_grad, shares.is_leaf
    bad = data[::-1], data.astype("U4"), data.astype("M8[s]"), [1.0], 1.0, data.astype(object), np.array(["a"])
    return found, [attempt(torch.from_numpy, b) for b in bad]


@program("torch.frombuffer")
def frombuffer(torch: Any) -> Any:
    memory = bytearray(range(16))
    found = [torch.frombuffer(memory, dtype=getattr(torch, d)) for d in ("uint8", "int8", "int16", "int32", "int64")]
    parts = torch.frombuffer(memory, dtype=torch.int16, count=2), torch.frombuffer(memory, dtype=torch.int16, count=2, offset=4)
    floats = torch.frombuffer(array.array("d", [1.0, 2.0]), dtype=torch.float64, requires_grad=True)
    first = torch.frombuffer(memory, dtype=torch.uint8)
    first[0] = 200
    bad = [
        attempt(torch.frombuffer, memory, dtype=torch.int32, offset=1, count=4),
        attempt(torch.frombuffer, memory, dtype=torch.int32, offset=17),
        attempt(torch.frombuffer, bytearray(), dtype=torch.uint8), attempt(torch.frombuffer, bytearray(3), dtype=torch.int16),
        attempt(torch.frombuffer, memory, dtype=torch.uint8, count=0), attempt(torch.frombuffer, [1], dtype=torch.uint8),
        attempt(torch.frombuffer, memory), attempt(torch.frombuffer, memory, dtype=torch.uint8, offset=-1),
    ]  # fmt: skip
    return found, parts, floats, memory[0], bad


@program("torch.from_dlpack", "torch.to_dlpack")
def dlpack(torch: Any) -> Any:
    found = {}
    for d in DTYPES:
        x = numbers(torch, 2, 3, dtype=d)
        y = torch.from_dlpack(x)
        again = torch.from_dlpack(torch.to_dlpack(x.t())) if d != "bfloat16" else y
        found[d] = y, y.data_ptr() == x.data_ptr(), again, again.stride()
    data = np.arange(4.0)
    taken = torch.from_dlpack(data)
    data[0] = 5
    refused = attempt(torch.from_dlpack, [1]), attempt(torch.to_dlpack, 1.0), attempt(torch.from_dlpack, numbers(torch, 2, grad=True))
    capsule = torch.to_dlpack(numbers(torch, 2))
    torch.from_dlpack(capsule)
    return found, taken, np.from_dlpack(torch.ones(2)), refused, attempt(torch.from_dlpack, capsule), torch.ones(2).__dlpack_device__()[1]


@program("torch.range")
def inclusive_range(torch: Any) -> Any:
    calls = (0, 4), (0, 4, 1), (1, 4, 0.5), (4, 1, -1), (0.5,), (0, 0.9, 0.3), (2, 2)
    found: list[Any] = [attempt(torch.range, *c) for c in calls]
    found += [torch.range(1, 4, dtype=getattr(torch, d)) for d in ("float64", "float32", "int64", "int32", "int16", "int8", "uint8")]
    found += [torch.range(0, 2, out=torch.empty(3)), torch.range(0, 2, requires_grad=True)]
    return found, [attempt(torch.range, *c) for c in ((0, 4, -1), (0, 4, 0), (0, float("inf")), ("a", 1))]


WINDOWS = {
    "bartlett": ({},), "blackman": ({},), "hann": ({},), "hamming": ({}, {"alpha": 0.6}, {"alpha": 0.6, "beta": 0.3}),
    "kaiser": ({}, {"beta": 5.0}),
}  # fmt: skip


@each(*(f"torch.{w}_window" for w in WINDOWS))
def windows(torch: Any, name: str) -> Any:
    f = getattr(torch, name.removeprefix("torch."))
    found: dict[str, Any] = {}
    for options in WINDOWS[name.removeprefix("torch.").removesuffix("_window")]:
        for periodic in (True, False):
            found[f"{options} {periodic}"] = [f(n, periodic, **options) for n in (0, 1, 2, 7, 8)]
    found["dtypes"] = [attempt(f, 4, dtype=getattr(torch, d)) for d in DTYPES]
    found["grad"] = f(3, requires_grad=True), f(3).requires_grad
    found["refused"] = attempt(f, -1), attempt(f, 2.5), attempt(f)
    return found


@program("torch.vander")
def vander(torch: Any) -> Any:
    found = {}
    for d in ("float64", "float32", "complex64", "int64", "uint8", "bool"):
        x = numbers(torch, 3, dtype=d)
        found[d] = [attempt(torch.vander, x, *a) for a in ((), (2,), (0,), (5, True))], torch.vander(x, N=3, increasing=True)
    return found, attempt(torch.vander, numbers(torch, 2, 2)), attempt(torch.vander, numbers(torch, 2), -1), attempt(torch.vander, [1.0])


@program("torch.rand", "torch.randn", "torch.randint")
def drawn(torch: Any) -> Any:
    """Shapes, dtypes, support and moments; a seed repeats them, a generator of one's own too."""
    found: dict[str, Any] = {}
    for name, high in (("rand", 1.0), ("randn", 9.0)):
        f = getattr(torch, name)
        for d in ("float64", "float32", "float16", "bfloat16", "complex64", "complex128"):
            torch.manual_seed(3)
            x = f(100, 200, dtype=getattr(torch, d))
            torch.manual_seed(3)
            again = bool((f(100, 200, dtype=getattr(torch, d)) == x).all())
            wide = (torch.view_as_real(x) if x.is_complex() else x).double()
            inside = bool((wide.abs() < high).all() and ((wide >= 0).all() or name == "randn"))
            found[f"{name} {d}"] = x.dtype, x.shape, again, inside, About(wide.mean().item(), 0.02), About(wide.std().item(), 0.02)
        g, h = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
        found[f"{name} generator"] = bool((f(4, generator=g) == f(4, generator=h)).all()), bool((f(4, generator=g) == f(4)).all())
        shapes = f(()).shape, f(0, 2).shape, f((2, 3)).shape, f(2, 3, requires_grad=True).requires_grad, f(torch.Size([2])).shape
        found[f"{name} shapes"] = shapes, f(2, out=torch.empty(2)).shape, f(size=(2,)).shape
        bad = attempt(f, -1), attempt(f, "a"), attempt(f, 2, dtype=torch.int64), attempt(f, 2, 2.5), attempt(f, [[1]])
        found[f"{name} refused"] = bad
    for d in ("int64", "int32", "int16", "int8", "uint8", "float32", "float16", "bfloat16", "float64", "bool"):
        x = torch.randint(0, 2, (4000,), dtype=getattr(torch, d))
        found[f"randint {d}"] = x.dtype, sorted(set(x.tolist())), About(x.double().mean().item(), 0.05)
    x = torch.randint(-3, 4, (2000,))
    found["randint"] = x.unique(), x.dtype, torch.randint(5, (2, 3)).shape, About(x.double().mean().item(), 0.3)
    calls = ((3, 3, (2,)), (4, 2, (2,)), (2,), (0, (2,)), (2, 3))
    found["randint refused"] = [attempt(torch.randint, *c) for c in calls], attempt(torch.randint, 300, (2,), dtype=torch.uint8)
    return found


@program("torch.randperm")
def randperm(torch: Any) -> Any:
    found: dict[str, Any] = {}
    for d in ("int64", "int32", "int16", "uint8", "int8", "float32", "float64", "float16", "bfloat16"):
        x = torch.randperm(20, dtype=getattr(torch, d))
        found[d] = x.dtype, x.sort().values
    torch.manual_seed(2)
    x = torch.randperm(50)
    torch.manual_seed(2)
    again = bool((torch.randperm(50) == x).all())
    where = torch.stack([torch.randperm(5) for _ in range(800)]).double().mean(0)
    found["repeats"] = again, torch.randperm(0), torch.randperm(1), About(where, 0.3), torch.randperm(4, requires_grad=False).shape
    found["generator"] = bool((torch.randperm(9, generator=torch.Generator().manual_seed(1)) == torch.randperm(9)).all())
    return found, [attempt(torch.randperm, n) for n in (-1, 2.5, "a")], attempt(torch.randperm, 300, dtype=torch.uint8)
