"""Small things that many definitions need: dimensions, sizes, and tensors made inside derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index as whole

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING

from .errors import expected

if TYPE_CHECKING:
    from typing import Any

Tensor = core.Tensor


def axis(op: str, dim: Any, ndim: int, argument: str = "dim") -> int:
    """`dim` counted from the front; a tensor without dimensions counts as having one."""
    n = max(ndim, 1)
    try:
        d = whole(dim)
    except TypeError:
        raise expected(op, f"{argument} to be a whole number", dim, error=TypeError) from None
    if not -n <= d < n:
        raise expected(op, f"{argument} in [{-n}, {n - 1}]", d, error=IndexError)
    return d % n


def axes(op: str, dim: Any, ndim: int, argument: str = "dim") -> tuple[int, ...]:
    """Several dimensions counted from the front, in the order given; None and () mean all."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        dim = (dim,)
    found = tuple(axis(op, d, ndim, argument) for d in dim)
    if len(set(found)) != len(found):
        raise expected(op, f"each dimension once in {argument}", repr(tuple(dim)), error=RuntimeError)
    return found if ndim else ()


def sizes(op: str, size: Any, argument: str = "size") -> tuple[int, ...]:
    """A shape from whole numbers >= 0, or from a sequence of them."""
    if not isinstance(size, Iterable):
        size = (size,)
    try:
        shape = tuple(whole(n) for n in size)
    except TypeError:
        raise expected(op, f"{argument} of whole numbers", size, error=TypeError) from None
    if any(n < 0 for n in shape):
        raise expected(op, f"{argument} of numbers >= 0", repr(shape), error=RuntimeError)
    return shape


def product(shape: Sequence[int]) -> int:
    n = 1
    for m in shape:
        n *= m
    return n


def broadcast(op: str, *shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that all of them broadcast to."""
    ndim = max(map(len, shapes), default=0)
    out = []
    for k in range(ndim):
        at = {s[k - ndim + len(s)] for s in shapes if k - ndim + len(s) >= 0} - {1}
        if len(at) > 1:
            what = " and ".join(str(tuple(s)) for s in shapes)
            raise expected(op, "shapes that broadcast", what, "sizes must be equal or 1, counted from the last", RuntimeError)
        out.append(at.pop() if at else 1)
    return tuple(out)


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides, in elements, of a contiguous tensor."""
    strides, n = [], 1
    for m in reversed(shape):
        strides.append(n)
        n *= max(m, 1)
    return tuple(reversed(strides))


def without(shape: Sequence[int], dims: Iterable[int], keepdim: bool) -> tuple[int, ...]:
    """What is left of a shape when `dims` are reduced."""
    gone = set(dims)
    return tuple(1 if i in gone else n for i, n in enumerate(shape) if keepdim or i not in gone)


def restore(g: Tensor, ndim: int, dim: Any, keepdim: bool) -> Tensor:
    """Give a reduced tensor its dimensions of size 1 back."""
    if keepdim or not ndim:
        return g
    gone = {d % ndim for d in (dim if isinstance(dim, (tuple, list)) and dim else range(ndim) if dim in (None, (), []) else (dim,))}
    shape = iter(g.shape)
    return g.reshape(tuple(1 if i in gone else next(shape) for i in range(ndim)))


def floating(op: str, input: Tensor, argument: str = "input") -> None:
    """Raise unless the dtype is a floating one; the class is that of PyTorch's "not implemented for", a RuntimeError too."""
    if not input.dtype.is_floating_point:
        raise expected(op, f"{argument} of a floating dtype", input, f"cast with {argument}.float()", NotImplementedError)


def ordered(op: str, *values: Any) -> None:
    """Raise for complex numbers, which have no order. Values are tensors, arrays or numbers."""
    for v in values:
        if isinstance(v, complex) or getattr(dtype := getattr(v, "dtype", None), "kind", "") == "c" or getattr(dtype, "is_complex", False):
            raise expected(op, "real numbers, as complex ones have no order", v, error=NotImplementedError)


def tensors(op: str, **given: Any) -> None:
    """Raise unless every argument is a Tensor: `tensors("kl_div", input=input, target=target)`."""
    for argument, t in given.items():
        if not isinstance(t, Tensor):
            raise expected(op, f"{argument} to be a Tensor", type(t).__name__, error=TypeError)


def made(shape: Sequence[int], dtype: Any, device: Any, value: float = 0) -> Tensor:
    """A new tensor full of `value`."""
    return core.fill(core.make_empty(tuple(shape), dtype, device), value)


def nothing(g: Tensor) -> Tensor:
    """The gradient of a step function."""
    return made(g.shape, g.dtype, g.device)
