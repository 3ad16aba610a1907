"""Logic on truth values and on the bits of whole numbers."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import COMPLEX, FLOATING, HALF, Unsupported, op, refuses, samples

BITS = ("int64", "int32", "uint8", "bool")


@op(
    "map",
    numbers=(),
    tensors=2,
    inplace=True,
    result="bool",
    onnx=lambda b, x, y: b.node("And", *(b.node("Cast", t, to=b.code("bool")) for t in (x, y))),
)
def logical_and(input, other):
    """Tell where both operands hold; anything but 0 holds.

    Args:
        input: Left operand.
        other: Right operand.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> logical_and(tensor([True, True]), tensor([True, False]))
        tensor([ True, False])
    """
    return np.logical_and(input, other)


@op(
    "map",
    numbers=(),
    tensors=2,
    inplace=True,
    result="bool",
    onnx=lambda b, x, y: b.node("Or", *(b.node("Cast", t, to=b.code("bool")) for t in (x, y))),
)
def logical_or(input, other):
    """Tell where at least one operand holds; anything but 0 holds.

    Args:
        input: Left operand.
        other: Right operand.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> logical_or(tensor([True, True]), tensor([True, False]))
        tensor([True, True])
    """
    return np.logical_or(input, other)


@op(
    "map",
    numbers=(),
    tensors=2,
    inplace=True,
    result="bool",
    onnx=lambda b, x, y: b.node("Xor", *(b.node("Cast", t, to=b.code("bool")) for t in (x, y))),
)
def logical_xor(input, other):
    """Tell where exactly one operand holds; anything but 0 holds.

    Args:
        input: Left operand.
        other: Right operand.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> logical_xor(tensor([True, True]), tensor([True, False]))
        tensor([False,  True])
    """
    return np.logical_xor(input, other)


@op("map", inplace=True, result="bool", onnx=lambda b, x: b.node("Not", b.node("Cast", x, to=b.code("bool"))))
def logical_not(input):
    """Tell where an element does not hold, that is, where it is 0.

    Args:
        input: Tensor of any dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of bool.

    Example:
        >>> logical_not(tensor([True, False]))
        tensor([False,  True])
    """
    return np.logical_not(input)


@samples(logical_and)
@samples(logical_or)
@samples(logical_xor)
def _(s):
    yield s(s.tensor([0, 0, 1, 1]), s.tensor([0, 1, 0, 1]))
    yield s(s.normal(3, 1), s.normal(4))


@samples(logical_not)
def _(s):
    yield s(s.tensor([0, 1, 1]))


@op(
    "map",
    refused=(*HALF, *FLOATING, *COMPLEX),
    tensors=2,
    inplace=True,
    dtypes=BITS,
    onnx=lambda b, x, y: b.node("And" if b.dtype(x).kind == "b" else "BitwiseAnd", x, y),
)
def bitwise_and(input, other):
    """Combine the bits of two whole numbers, or two truth values, by and.

    Args:
        input: Left operand, of integer or bool dtype.
        other: Right operand, of integer or bool dtype.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        NotImplementedError: an operand is floating.

    Example:
        >>> bitwise_and(tensor([6]), tensor([3]))
        tensor([2])
    """
    return np.bitwise_and(input, other)


@op(
    "map",
    refused=(*HALF, *FLOATING, *COMPLEX),
    tensors=2,
    inplace=True,
    dtypes=BITS,
    onnx=lambda b, x, y: b.node("Or" if b.dtype(x).kind == "b" else "BitwiseOr", x, y),
)
def bitwise_or(input, other):
    """Combine the bits of two whole numbers, or two truth values, by or.

    Args:
        input: Left operand, of integer or bool dtype.
        other: Right operand, of integer or bool dtype.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        NotImplementedError: an operand is floating.

    Example:
        >>> bitwise_or(tensor([6]), tensor([3]))
        tensor([7])
    """
    return np.bitwise_or(input, other)


@op(
    "map",
    refused=(*HALF, *FLOATING, *COMPLEX),
    tensors=2,
    inplace=True,
    dtypes=BITS,
    onnx=lambda b, x, y: b.node("Xor" if b.dtype(x).kind == "b" else "BitwiseXor", x, y),
)
def bitwise_xor(input, other):
    """Combine the bits of two whole numbers, or two truth values, by exclusive or.

    Args:
        input: Left operand, of integer or bool dtype.
        other: Right operand, of integer or bool dtype.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        NotImplementedError: an operand is floating.

    Example:
        >>> bitwise_xor(tensor([6]), tensor([3]))
        tensor([5])
    """
    return np.bitwise_xor(input, other)


@op(
    "map",
    refused=("bool", *HALF, *FLOATING, *COMPLEX),
    tensors=2,
    inplace=True,
    dtypes=("int64", "int32", "uint8"),
    onnx=Unsupported("BitShift exists for unsigned numbers only"),
)
def bitwise_left_shift(input, other):
    """Shift the bits of whole numbers to the left.

    Args:
        input: What is shifted, of integer dtype.
        other: By how many bits, >= 0.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        NotImplementedError: an operand is floating.

    Example:
        >>> bitwise_left_shift(tensor([6]), 1)
        tensor([12])
    """
    return np.left_shift(input, other)


@op(
    "map",
    refused=("bool", *HALF, *FLOATING, *COMPLEX),
    tensors=2,
    inplace=True,
    dtypes=("int64", "int32", "uint8"),
    onnx=Unsupported("BitShift exists for unsigned numbers only"),
)
def bitwise_right_shift(input, other):
    """Shift the bits of whole numbers to the right.

    Args:
        input: What is shifted, of integer dtype.
        other: By how many bits, >= 0.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        NotImplementedError: an operand is floating.

    Example:
        >>> bitwise_right_shift(tensor([6]), 1)
        tensor([3])
    """
    return np.right_shift(input, other)


@op(
    "map",
    refused=(*HALF, *FLOATING, *COMPLEX),
    inplace=True,
    dtypes=BITS,
    out="exact",
    onnx=lambda b, x: b.node("Not" if b.dtype(x).kind == "b" else "BitwiseNot", x),
)
def bitwise_not(input):
    """Flip all bits of a whole number, or a truth value.

    Args:
        input: Tensor of integer or bool dtype.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        NotImplementedError: `input` is floating.

    Example:
        >>> bitwise_not(tensor([0, 5]))
        tensor([-1, -6])
    """
    return np.invert(input)


@samples(bitwise_and)
@samples(bitwise_or)
@samples(bitwise_xor)
def _(s):
    yield s(s.normal(3, 4), s.normal(4))


@samples(bitwise_left_shift)
@samples(bitwise_right_shift)
def _(s):
    yield s(s.positive(3, 4), s.positive(4))
    yield s(s.positive(3), 1)


@samples(bitwise_not)
def _(s):
    yield s(s.normal(3, 4))


@refuses(bitwise_and)
def _(s):
    yield s(s.mask(2).float(), s.mask(2)).raises(
        NotImplementedError, "bitwise_and: expected a dtype among bool, uint8, int8, int16, int32, int64, got float32"
    )


@refuses(bitwise_not)
def _(s):
    yield s(s.mask(2).float()).raises(NotImplementedError, "bitwise_not: expected a dtype among")
