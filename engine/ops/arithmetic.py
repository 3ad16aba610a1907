"""Sums, products, quotients and powers of tensors, element by element."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import ALL, FLOATING, INTEGERS, NUMBER, derivative, op, refuses, samples
from ._help import tensors


def _pairs(s, make):
    """Operands of equal shape, broadcast both ways, and a Python number on the right."""
    yield s(make(3, 4), make(3, 4))
    yield s(make(2, 1, 4), make(3, 1))
    yield s(make(3), 2)


@op("map", tensors=2, inplace=True, attrs=("alpha",), dtypes=NUMBER, onnx=lambda b, x, y, alpha: b.node("Add", x, _times(b, y, alpha)))
def add(input, other, *, alpha=1):
    """Add `other`, scaled by `alpha`, to `input`.

    y = input + alpha * other

    Args:
        input: First summand.
        other: Second summand, a tensor or a number.
        alpha: Factor of `other`.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> add(tensor([1.0, 2.0]), 10, alpha=2)
        tensor([21., 22.])
    """
    return input + other if alpha == 1 else input + other * np.asarray(other).dtype.type(alpha)


derivative(add, input=lambda g: g, other=lambda g, alpha: g if alpha == 1 else g * alpha)


def _times(b, y, alpha):
    return y if alpha == 1 else b.node("Mul", y, b.constant(np.asarray(alpha, b.dtype(y))))


@samples(add)
def _(s):
    yield from _pairs(s, s.normal)
    yield s(s.normal(4), s.normal(4), alpha=3)


@refuses(add)
def _(s):
    yield s(s.normal(2, 3), s.normal(4)).raises(RuntimeError, "add: expected")
    yield s(s.integers(3), s.integers(3), alpha=0.5).raises(
        RuntimeError, "add: expected alpha to be of the kind of the result, int64, got 0.5"
    )


@op(
    "map",
    tensors=2,
    methods=("sub", "subtract"),
    inplace=True,
    attrs=("alpha",),
    dtypes=NUMBER,
    onnx=lambda b, x, y, alpha: b.node("Sub", x, _times(b, y, alpha)),
)
def sub(input, other, *, alpha=1):
    """Subtract `other`, scaled by `alpha`, from `input`.

    y = input - alpha * other

    Args:
        input: What is subtracted from.
        other: What is subtracted, a tensor or a number.
        alpha: Factor of `other`.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> sub(tensor([1.0, 2.0]), 10)
        tensor([-9., -8.])
    """
    return input - other if alpha == 1 else input - other * np.asarray(other).dtype.type(alpha)


derivative(sub, input=lambda g: g, other=lambda g, alpha: -g if alpha == 1 else g * -alpha)


@samples(sub)
def _(s):
    yield from _pairs(s, s.normal)
    yield s(s.normal(4), s.normal(4), alpha=0.5 if s.floating else 2)


@refuses(sub)
def _(s):
    yield s(s.normal(3), s.mask(3)).raises(RuntimeError, "sub: expected other of a dtype of numbers, got bool")


@op("composite", tensors=2, dtypes=NUMBER, onnx=lambda b, x, y, alpha: b.node("Sub", y, _times(b, x, alpha)))
def rsub(input, other, *, alpha=1):
    """Subtract `input`, scaled by `alpha`, from `other`.

    y = other - alpha * input

    Args:
        input: What is subtracted.
        other: What is subtracted from, a tensor or a number.
        alpha: Factor of `input`.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        TypeError: `input` is not a tensor.

    Example:
        >>> rsub(tensor([1.0, 2.0]), 10)
        tensor([9., 8.])
    """
    tensors("rsub", input=input)
    return sub(other, input, alpha=alpha)


@samples(rsub)
def _(s):
    yield s(s.normal(3, 4), s.normal(4), alpha=2)
    yield s(s.normal(3), 2)


@refuses(rsub)
def _(s):
    yield s(2, s.normal(3)).raises(TypeError, "rsub: expected input to be a Tensor")


@op(
    "map",
    tensors=2,
    methods=("mul", "multiply"),
    inplace=True,
    dtypes=ALL,
    onnx=lambda b, x, y: b.node("And" if b.dtype(x).kind == "b" else "Mul", x, y),
)
def mul(input, other):
    """Multiply element by element.

    y = input * other

    Args:
        input: First factor.
        other: Second factor, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> mul(tensor([1.0, 2.0]), tensor([[3.0], [4.0]]))
        tensor([[3., 6.],
                [4., 8.]])
    """
    return input * other


derivative(mul, input=lambda g, other: g * other, other=lambda g, input: g * input)


@samples(mul)
def _(s):
    yield from _pairs(s, s.normal)


@refuses(mul)
def _(s):
    yield s(s.normal(2, 3), s.normal(4)).raises(RuntimeError, "mul: expected")


@op(
    "map",
    refused=("bool", *INTEGERS),
    numbers=("weight",),
    tensors=3,
    inplace=True,
    out="exact",
    onnx=lambda b, x, end, w: b.node("Add", x, b.node("Mul", w, b.node("Sub", end, x))),
)
def lerp(input, end, weight):
    """Go from `input` towards `end` by the share `weight`.

    y = input + weight * (end - input)

    Args:
        input: Where weight 0 is.
        end: Where weight 1 is.
        weight: Share of the way, a tensor or a number.

    Shape:
        input, end, weight: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> lerp(tensor([0.0, 10.0]), tensor([10.0, 20.0]), 0.5)
        tensor([ 5., 15.])
    """
    return input + weight * (end - input)


derivative(
    lerp,
    input=lambda g, weight: g * (1 - weight),
    end=lambda g, weight: g * weight,
    weight=lambda g, input, end: g * (end - input),
)


@samples(lerp)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4), s.uniform(4))
    yield s(s.normal(3), s.normal(3), 0.75)


@op("map", refused=("bool",), numbers=(), tensors=3, inplace=True, attrs=("value",), dtypes=NUMBER,
    onnx=lambda b, x, t, u, value: b.node("Add", x, _times(b, b.node("Mul", t, u), value)))  # fmt: skip
def addcmul(input, tensor1, tensor2, *, value=1):
    """Add a scaled product.

    y = input + value * tensor1 * tensor2

    Args:
        input: What is added to.
        tensor1: First factor.
        tensor2: Second factor.
        value: Scale of the product.

    Shape:
        input, tensor1, tensor2: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> addcmul(tensor([1.0]), tensor([2.0]), tensor([3.0]), value=10)
        tensor([61.])
    """
    return input + np.asarray(input).dtype.type(value) * tensor1 * tensor2


derivative(
    addcmul,
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * tensor2 * value,
    tensor2=lambda g, tensor1, value: g * tensor1 * value,
)


@op("map", refused=("bool", *INTEGERS), numbers=(), tensors=3, inplace=True, attrs=("value",), dtypes=FLOATING,
    onnx=lambda b, x, t, u, value: b.node("Add", x, _times(b, b.node("Div", t, u), value)))  # fmt: skip
def addcdiv(input, tensor1, tensor2, *, value=1):
    """Add a scaled quotient.

    y = input + value * tensor1 / tensor2

    Args:
        input: What is added to.
        tensor1: Dividend.
        tensor2: Divisor.
        value: Scale of the quotient.

    Shape:
        input, tensor1, tensor2: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> addcdiv(tensor([1.0]), tensor([6.0]), tensor([3.0]), value=10)
        tensor([21.])
    """
    return input + np.asarray(input).dtype.type(value) * tensor1 / tensor2


derivative(
    addcdiv,
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g / tensor2 * value,
    tensor2=lambda g, tensor1, tensor2, value: -g * tensor1 / (tensor2 * tensor2) * value,
)


@samples(addcmul)
@samples(addcdiv)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4), s.positive(3, 4), value=2)
    yield s(s.normal(3, 4), s.normal(4), s.positive(3, 1))
