"""Storages, the old tensor types, and the classes and constants that stand beside tensors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from .tools import DTYPES, attempt, each, numbers, program

STORAGES = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16", "LongStorage": "int64",
    "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64", "ComplexDoubleStorage": "complex128",
}  # fmt: skip
TYPES = {
    "DoubleTensor": "float64", "FloatTensor": "float32", "HalfTensor": "float16", "BFloat16Tensor": "bfloat16", "LongTensor": "int64",
    "IntTensor": "int32", "ShortTensor": "int16", "CharTensor": "int8", "ByteTensor": "uint8", "BoolTensor": "bool",
}  # fmt: skip


@each(*(f"torch.{name}" for name in STORAGES))
def storages(torch: Any, name: str) -> Any:
    kind = getattr(torch, name.removeprefix("torch."))
    made = kind([1, 0, 3])
    x = torch.tensor([1, 0, 3], dtype=getattr(torch, STORAGES[name.removeprefix("torch.")]))
    sizes = len(made), made.size(), made.nbytes(), made.element_size(), len(kind()), len(kind(4)), made.dtype, kind.dtype
    made[1] = 1
    contents = made.tolist(), made[0], list(made)
    filled = kind(2).fill_(1).tolist(), made.clone().tolist(), made.double().tolist() if "Complex" not in name else None
    of_tensor = isinstance(x.storage(), kind), isinstance(x, kind), x.storage().tolist(), type(x.storage()).__name__
    bad = attempt(kind, "x"), attempt(kind, 1, 2), attempt(lambda: made[5]), attempt(lambda: made["a"]), attempt(lambda: made[1:])
    return sizes, contents, filled, of_tensor, bad, made.is_cuda, str(made.device), repr(made)


@program("torch.Storage", "torch.TypedStorage", "torch.Tensor.storage", "torch.is_storage", "torch.Tensor.is_shared")
def typed(torch: Any) -> Any:
    x = numbers(torch, 2, 3)
    s = x.t().storage()
    s[0] = 9.0
    shared = x[0, 0].item(), s.data_ptr() == x.data_ptr(), s.dtype, s.size(), x[1:].storage().size(), x[1:].storage_offset()
    kinds = torch.is_storage(s), torch.is_storage(x), torch.is_storage(1), torch.is_storage(x.untyped_storage()), torch.Storage.__name__
    made = torch.TypedStorage([1, 2], dtype=torch.int32), torch.TypedStorage(3, dtype=torch.float64)
    wrapped = torch.TypedStorage(wrap_storage=x.untyped_storage(), dtype=torch.float32)
    changed = [getattr(s, n)().tolist() for n in ("double", "float", "half", "bfloat16", "long", "int", "short", "char", "byte", "bool")]
    again = pickle.loads(pickle.dumps(s)).tolist(), copy.deepcopy(s).tolist(), copy.deepcopy(s).data_ptr() == s.data_ptr()
    lists = [m.tolist() if m.dtype is torch.int32 else len(m) for m in made]
    return x, shared, kinds, lists, wrapped.tolist(), changed, again, s.is_shared(), x.is_shared(), s.untyped().nbytes()


@program("torch.UntypedStorage", "torch.Tensor.untyped_storage")
def untyped(torch: Any) -> Any:
    x = torch.tensor([1, 2, 3], dtype=torch.int16)
    u = x.untyped_storage()
    sizes = len(u), u.size(), u.nbytes(), u.element_size(), u.data_ptr() == x.data_ptr(), u.device, u.is_cuda, u.is_shared()
    contents = u.tolist(), u[0], list(u), u[2:4].tolist()
    u[0] = 7
    made = len(torch.UntypedStorage()), len(torch.UntypedStorage(5)), torch.UntypedStorage([1, 2, 3]).tolist()
    cloned = u.clone()
    cloned.fill_(1)
    filled = cloned.tolist(), x
    cloned.copy_(u)
    larger = torch.UntypedStorage(2)
    larger.resize_(6)
    again = copy.deepcopy(u).tolist(), copy.copy(u).tolist()
    bad = attempt(torch.UntypedStorage, "x"), attempt(lambda: u[100]), attempt(lambda: u["a"]), attempt(torch.UntypedStorage, 1, 2)
    bad += attempt(torch.UntypedStorage, 1.5), attempt(torch.UntypedStorage, -1)
    return (
        sizes,
        contents,
        made,
        filled,
        cloned.tolist(),
        len(larger),
        again,
        bad,
        u == x.untyped_storage(),
        u == cloned,
        repr(torch.UntypedStorage([1, 2])),
    )


@each(*(f"torch.{name}" for name in TYPES))
def types(torch: Any, name: str) -> Any:
    last = name.removeprefix("torch.")
    kind, d = getattr(torch, last), getattr(torch, TYPES[last])
    x = torch.ones(2, dtype=d)
    other = torch.float64 if d is not torch.float64 else torch.float32
    made = kind([1, 0]), kind([[1], [0]]), kind((1, 0)), kind().shape, kind(2, 3).shape, kind(torch.Size([2])).shape, kind(3).dtype
    of = kind(x), attempt(kind, torch.ones(2, dtype=other)), isinstance(x, kind), isinstance(x.to(other), kind), isinstance(1, kind)
    names = x.type(), x.type(other), x.type(name), x.type(kind), x.to(other).type(name), kind.dtype, str(kind.layout), kind.is_cuda
    return made, of, names, attempt(kind, "x"), attempt(kind, 1.5), attempt(kind, None), attempt(x.type, "no such"), kind.__name__


@program("torch.Size")
def size(torch: Any) -> Any:
    s = torch.Size([2, 3, 4])
    parts = s[0], s[-1], s[1:], s[::2], len(s), list(s), 3 in s, s.index(4), s.count(2), s.numel(), torch.Size().numel()
    more = (5,)
    joined = s + more, more + s, s + torch.Size([1]), s * 2, 2 * s, s + torch.Size([])
    kinds = [type(v).__name__ for v in (s[1:], s + more, more + s, s * 2, torch.ones(2).shape, torch.ones(2).size())]
    same = s == (2, 3, 4), s == [2, 3, 4], hash(s) == hash((2, 3, 4)), isinstance(s, tuple), s < (2, 4), s != torch.Size([2, 3, 4])
    again = pickle.loads(pickle.dumps(s)), copy.deepcopy(s), copy.copy(s)
    made = torch.Size((1, 2)), torch.Size(range(2)), torch.Size(torch.tensor([1, 2])), torch.Size([torch.tensor(3)]), torch.Size([True])
    bad = [attempt(torch.Size, v) for v in ([1.5], "ab", 3, [None], [[1]])], attempt(lambda: s[5]), attempt(torch.Size, [1], [2])
    return s, parts, joined, kinds, same, again, made, bad, repr(s), str(torch.Size()), repr(torch.Size([1]))


@program(
    "torch.strided", "torch.layout", "torch.contiguous_format", "torch.channels_last", "torch.channels_last_3d", "torch.preserve_format",
    "torch.legacy_contiguous_format", "torch.memory_format", "torch.Tensor.layout",
)  # fmt: skip
def layouts(torch: Any) -> Any:
    formats = torch.contiguous_format, torch.channels_last, torch.channels_last_3d, torch.preserve_format
    x, y = numbers(torch, 2, 3, 4, 5), numbers(torch, 2, 3, 2, 2, 2)
    strides = x.to(memory_format=formats[1]).stride(), y.to(memory_format=formats[2]).stride(), x.clone(memory_format=formats[0]).stride()
    last = x.to(memory_format=formats[1])
    kept = last.clone(memory_format=formats[3]).stride(), last.clone().stride(), last.contiguous().stride(), torch.empty_like(last).stride()
    asked = [(t.is_contiguous(), t.is_contiguous(memory_format=formats[1])) for t in (x, last)], y.is_contiguous(memory_format=formats[2])
    named = torch.strided, x.layout, isinstance(torch.strided, torch.layout), [isinstance(f, torch.memory_format) for f in formats]
    same = torch.legacy_contiguous_format == torch.contiguous_format, formats[0] == formats[1], torch.strided == torch.strided
    again = [pickle.loads(pickle.dumps(f)) is f for f in formats[:2]], pickle.loads(pickle.dumps(torch.strided)) is torch.strided
    bad = attempt(x[0].to, memory_format=formats[1]), attempt(x.to, memory_format=formats[2]), attempt(x.contiguous, memory_format=3)
    made = torch.zeros(2, layout=torch.strided), torch.empty(1, 2, 3, 4, memory_format=formats[1]).stride()
    return (
        formats,
        [repr(f) for f in formats],
        strides,
        kept,
        asked,
        named,
        same,
        again,
        bad,
        attempt(torch.layout),
        attempt(torch.memory_format),
        made,
    )


@program("torch.e", "torch.pi", "torch.inf", "torch.nan", "torch.newaxis")
def constants(torch: Any) -> Any:
    return (
        torch.e,
        torch.pi,
        torch.inf,
        torch.nan,
        torch.newaxis,
        numbers(torch, 3)[:, torch.newaxis],
        torch.tensor([torch.inf, -torch.inf]),
    )


@program("torch.OutOfMemoryError", "torch.AcceleratorError")
def errors(torch: Any) -> Any:
    """Classes that code catches: what they are, and that nothing on the CPU raises them."""

    def raised(kind: Any) -> Any:
        raise kind("text")

    kinds = torch.OutOfMemoryError, torch.AcceleratorError
    caught = [(k.__name__, issubclass(k, RuntimeError), issubclass(k, MemoryError), attempt(raised, k)) for k in kinds]
    return (
        caught,
        str(torch.OutOfMemoryError("text")),
        torch.OutOfMemoryError is torch.cuda.OutOfMemoryError,
        attempt(lambda: torch.ones(2)[3]),
    )


@program("torch.typename", "torch.is_tensor", "torch.numel", "torch.is_nonzero", "torch.is_same_size", "torch.Tensor.is_nonzero",
         "torch.Tensor.is_same_size")  # fmt: skip
def questions(torch: Any) -> Any:
    x = numbers(torch, 2, 3)
    things = x, x.long(), torch.nn.Linear(1, 1), torch.nn.Linear, torch.float32, 1, "a", torch.add, [1], torch.nn.Parameter(x), None, len
    named = [torch.typename(t) for t in (*things[:2], *things[5:7], *things[8:10])], [torch.is_tensor(t) for t in things]
    ones = [torch.tensor([v]) for v in (0.0, 2.0, float("nan"), True, 1j)]
    nonzero = (
        [(torch.is_nonzero(t), t.is_nonzero(), bool(t)) for t in ones],
        attempt(torch.is_nonzero, x),
        attempt(torch.empty(0).is_nonzero),
    )
    same = torch.is_same_size(x, x), torch.is_same_size(x, x.t()), x.is_same_size(x.long()), attempt(torch.is_same_size, x, 1)
    counted = torch.numel(x), torch.numel(torch.tensor(1)), torch.numel(torch.empty(0, 2)), attempt(torch.numel, [1])
    return named, nonzero, same, counted, [x.to(getattr(torch, d)).numel() for d in DTYPES]
