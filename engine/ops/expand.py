"""Broadcasting a tensor to a larger shape without a copy, and summing a gradient back."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import ALL, derivative, infer, op, refuses, samples
from .errors import expected


@op("view", star="size", dtypes=ALL, spaces=(), onnx=lambda b, x, size: b.node("Expand", x, b.constant(_expand_to(b.shape(x), size))),
    peer=lambda torch, x, size: x.expand(size))  # fmt: skip
def expand(input, size):
    """Repeat dimensions of size 1 without copying.

    Args:
        input: Tensor.
        size: Sizes; -1 keeps one, more of them than dimensions add dimensions in front.

    Shape:
        input: (*); result: size.

    Returns:
        A view in which several elements share memory.

    Raises:
        RuntimeError: a dimension that is not 1 would change.

    Example:
        >>> tensor([[1], [2]]).expand(-1, 3)
        tensor([[1, 1, 1],
                [2, 2, 2]])
    """
    size = (size,) if not isinstance(size, (tuple, list)) else size
    lead = len(size) - input.ndim
    return np.broadcast_to(input, [input.shape[i - lead] if n == -1 else n for i, n in enumerate(size)])


def _expand_to(shape, size):
    lead = len(size) - len(shape)
    return np.array([shape[i - lead] if n == -1 else n for i, n in enumerate(size)], np.int64)


@infer(expand)
def _(input, size):
    size = (size,) if not isinstance(size, (tuple, list)) else size
    lead = len(size) - input.ndim
    if lead < 0:
        raise expected("expand", f"at least {input.ndim} sizes for shape {tuple(input.shape)}", tuple(size), error=RuntimeError)
    shape, strides = [], []
    for i, n in enumerate(size):
        old = input.shape[i - lead] if i >= lead else 1
        n = old if n == -1 and i >= lead else n
        if (n != old and old != 1) or n < 0:
            raise expected("expand", f"sizes that {tuple(input.shape)} broadcasts to", tuple(size), error=RuntimeError)
        shape.append(n)
        strides.append(input.stride()[i - lead] if n == old and old != 1 else 0)
    return tuple(shape), tuple(strides), 0


def sum_to(g, shape):
    """Undo broadcasting: add up what was repeated."""
    lead = g.ndim - len(shape)
    dims = tuple(range(lead)) + tuple(lead + i for i, n in enumerate(shape) if n == 1 and g.shape[lead + i] != 1)
    return (g.sum(dims, True) if dims else g).reshape(shape)


derivative(expand, input=lambda g, input_shape: sum_to(g, input_shape))


@samples(expand)
def _(s):
    yield s(s.normal(3, 1), (3, 4))
    yield s(s.normal(3, 1), (2, -1, 4))
    yield s(s.normal(), (2,))


@refuses(expand)
def _(s):
    yield s(s.normal(3, 2), (3, 4)).raises(RuntimeError, "expand: expected sizes")


@op(
    "composite",
    spaces=(),
    tensors=2,
    dtypes=ALL,
    onnx=lambda b, x, other: b.node("Expand", x, b.node("Shape", other)),
    peer=lambda torch, x, y: x.expand_as(y),
)
def expand_as(input, other):
    """Expand `input` to the shape of `other`.

    Args:
        input: Tensor.
        other: Tensor whose shape is taken.

    Shape:
        input: a shape that broadcasts to that of other; result: that of other.

    Returns:
        A view in which several elements share memory.

    Example:
        >>> tensor([1, 2]).expand_as(zeros(2, 2))
        tensor([[1, 2],
                [1, 2]])
    """
    return expand(input, tuple(other.shape))


@samples(expand_as)
def _(s):
    yield s(s.normal(3, 1), s.normal(2, 3, 4))


@op("composite", dtypes=ALL, onnx=lambda b, x, size: b.node("Expand", x, b.constant(_expand_to(b.shape(x), size))))
def broadcast_to(input, size):
    """Broadcast to a shape without copying; the same as `expand`.

    Args:
        input: Tensor.
        size: Sizes.

    Shape:
        input: a shape that broadcasts to size; result: size.

    Returns:
        A view in which several elements share memory.

    Example:
        >>> broadcast_to(tensor([1, 2]), (2, 2))
        tensor([[1, 2],
                [1, 2]])
    """
    return expand(input, size)


@samples(broadcast_to)
def _(s):
    yield s(s.normal(3, 1), (2, 3, 4))
