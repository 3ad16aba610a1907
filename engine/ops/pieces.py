"""Joining tensors."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, derivative, infer, op, refuses, samples
from ._help import axis
from ._space import alias
from .errors import expected

Tensor = core.Tensor


def _some(name, tensors):
    if not tensors:
        raise expected(name, "at least one tensor", "none", error=ValueError if name == "cat" else RuntimeError)


def _joined(tensors):
    """The tensors that count (an empty vector joins anything, as in PyTorch)."""
    return [x for x in tensors if len(x.shape) != 1 or x.shape[0]] or tensors[:1]


@op(
    "call",
    tensors=("*tensors",),
    spaces="torch",
    methods=False,
    dtypes=ALL,
    out=("type error", "apart"),
    onnx=lambda b, tensors, dim: b.node("Concat", *tensors, axis=dim),
)
def cat(tensors, dim=0):
    """Join tensors along a dimension.

    Args:
        tensors: Tensors whose other dimensions agree.
        dim: The dimension.

    Shape:
        tensors: (*, n_i, *); result: (*, sum of n_i, *).

    Returns:
        Tensor of the promoted dtype.

    Raises:
        ValueError: there are no tensors.
        RuntimeError: other dimensions differ.

    Example:
        >>> cat((tensor([1, 2]), tensor([3])))
        tensor([1, 2, 3])
    """
    return np.concatenate(_joined(tensors), axis=dim)


@infer(cat)
def _(tensors, dim):
    _some("cat", tensors)
    parts = _joined(tensors)
    d = axis("cat", dim, parts[0].ndim)
    first = tuple(parts[0].shape)
    if not first:
        raise expected("cat", "tensors of 1 or more dimensions", parts[0], "use stack() for 0-d tensors", RuntimeError)
    for x in parts[1:]:
        if x.ndim != len(first) or any(n != m for i, (n, m) in enumerate(zip(x.shape, first, strict=True)) if i != d):
            raise expected("cat", f"tensors of shape {first} but for dimension {d}", tuple(x.shape), error=RuntimeError)
    dtype = parts[0].dtype if all(x.dtype is parts[0].dtype for x in tensors) else _promoted(tensors)
    return [((*first[:d], sum(x.shape[d] for x in parts), *first[d + 1 :]), dtype)], [d], []


def _promoted(tensors):
    dtype = tensors[0].dtype
    for x in tensors[1:]:
        dtype = core.promote_types(dtype, x.dtype)
    return dtype


def _cat_back(g, tensors, dim):
    d, start, parts = dim % g.ndim, 0, []
    for x in tensors:
        skipped = x.ndim == 1 and not x.shape[0] and g.ndim != 1
        parts.append(None if skipped else g.narrow(d, start, x.shape[d]))
        start += 0 if skipped else x.shape[d]
    return parts


derivative(cat, tensors=_cat_back)
alias("torch", concat=cat, concatenate=cat)


@samples(cat)
def _(s):
    yield s((s.normal(2, 3), s.normal(1, 3)))
    yield s([s.normal(2, 3), s.normal(2, 1), s.normal(2, 2)], -1)
    yield s((s.normal(2, 3),), dim=1)


@refuses(cat)
def _(s):
    yield s(()).raises(ValueError, "cat: expected at least one tensor")
    yield s((s.normal(2, 3), s.normal(2, 2))).raises(RuntimeError, "cat: expected tensors of shape (2, 3)")


def _stack_form(b, tensors, dim):
    rows = [b.node("Unsqueeze", x, b.constant(np.array([dim], np.int64))) for x in tensors]
    return b.node("Concat", *rows, axis=dim)


@op("call", tensors=("*tensors",), spaces="torch", methods=False, dtypes=ALL, out=("type error", "apart"), onnx=_stack_form)
def stack(tensors, dim=0):
    """Join tensors of one shape along a new dimension.

    Args:
        tensors: Tensors of the same shape.
        dim: Where the new dimension will be.

    Shape:
        tensors: n of (*, *); result: (*, n, *).

    Returns:
        Tensor of the promoted dtype.

    Raises:
        RuntimeError: there are no tensors, or the shapes differ.

    Example:
        >>> stack((tensor([1, 2]), tensor([3, 4])))
        tensor([[1, 2],
                [3, 4]])
    """
    return np.stack(tensors, axis=dim)


@infer(stack)
def _(tensors, dim):
    _some("stack", tensors)
    first = tuple(tensors[0].shape)
    d = axis("stack", dim, len(first) + 1)
    for x in tensors:
        if tuple(x.shape) != first:
            raise expected("stack", f"tensors of shape {first}", tuple(x.shape), "they must all be equal", RuntimeError)
    return [((*first[:d], len(tensors), *first[d:]), _promoted(tensors))], [d], []


derivative(stack, tensors=lambda g, tensors, dim: [g.select(dim, i) for i in range(len(tensors))])


@samples(stack)
def _(s):
    yield s((s.normal(2, 3), s.normal(2, 3)))
    yield s([s.normal(2), s.normal(2), s.normal(2)], -1)
    yield s((s.normal(), s.normal()))


@refuses(stack)
def _(s):
    yield s(()).raises(RuntimeError, "stack: expected at least one tensor")
    yield s((s.normal(2), s.normal(3))).raises(RuntimeError, "stack: expected tensors of shape (2,)")
