"""Comparisons, choices, and questions about values."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, NUMBER, Unsupported, derivative, op, refuses, samples
from ._help import ordered, tensors
from ._space import public
from .errors import expected

Tensor = core.Tensor
CHECK = Unsupported("a check, not a part of a network")


def _ordered(b, kind, x, y):
    """An ONNX comparison by size, which bool has not."""
    if b.dtype(x).kind == "b":
        x, y = (b.node("Cast", t, to=b.code("int32")) for t in (x, y))
    return b.node(kind, x, y)


@op("map", numbers=("other",), tensors=2, inplace=True, result="bool", onnx="Equal")
def eq(input, other):
    """Tell where `input` is equal to `other`.

    y = input = other

    Args:
        input: Left side.
        other: Right side, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> eq(tensor([1, 2, 3]), 2)
        tensor([False,  True, False])
    """
    return np.equal(input, other)


@op(
    "map",
    numbers=("other",),
    tensors=2,
    methods=("ne", "not_equal"),
    inplace=True,
    result="bool",
    onnx=lambda b, x, y: b.node("Not", b.node("Equal", x, y)),
)
def ne(input, other):
    """Tell where `input` differs from `other`.

    y = input != other

    Args:
        input: Left side.
        other: Right side, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> ne(tensor([1, 2, 3]), 2)
        tensor([ True, False,  True])
    """
    return np.not_equal(input, other)


@op(
    "map",
    numbers=("other",),
    tensors=2,
    methods=("lt", "less"),
    inplace=True,
    result="bool",
    onnx=lambda b, x, y: _ordered(b, "Less", x, y),
)
def lt(input, other):
    """Tell where `input` is less than `other`.

    y = input < other

    Args:
        input: Left side.
        other: Right side, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> lt(tensor([1, 2, 3]), 2)
        tensor([ True, False, False])
    """
    ordered("lt", input, other)
    return np.less(input, other)


@op(
    "map",
    numbers=("other",),
    tensors=2,
    methods=("le", "less_equal"),
    inplace=True,
    result="bool",
    onnx=lambda b, x, y: _ordered(b, "LessOrEqual", x, y),
)
def le(input, other):
    """Tell where `input` is less than or equal to `other`.

    y = input <= other

    Args:
        input: Left side.
        other: Right side, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> le(tensor([1, 2, 3]), 2)
        tensor([ True,  True, False])
    """
    ordered("le", input, other)
    return np.less_equal(input, other)


@op(
    "map",
    numbers=("other",),
    tensors=2,
    methods=("gt", "greater"),
    inplace=True,
    result="bool",
    onnx=lambda b, x, y: _ordered(b, "Greater", x, y),
)
def gt(input, other):
    """Tell where `input` is greater than `other`.

    y = input > other

    Args:
        input: Left side.
        other: Right side, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> gt(tensor([1, 2, 3]), 2)
        tensor([False, False,  True])
    """
    ordered("gt", input, other)
    return np.greater(input, other)


@op(
    "map",
    numbers=("other",),
    tensors=2,
    methods=("ge", "greater_equal"),
    inplace=True,
    result="bool",
    onnx=lambda b, x, y: _ordered(b, "GreaterOrEqual", x, y),
)
def ge(input, other):
    """Tell where `input` is greater than or equal to `other`.

    y = input >= other

    Args:
        input: Left side.
        other: Right side, a tensor or a number.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Example:
        >>> ge(tensor([1, 2, 3]), 2)
        tensor([False,  True,  True])
    """
    ordered("ge", input, other)
    return np.greater_equal(input, other)


@samples(eq)
@samples(ne)
@samples(lt)
@samples(le)
@samples(gt)
@samples(ge)
def _(s):
    yield s(s.integers(3, 4, high=3).to(core.as_dtype(s.dtype)), s.integers(4, high=3).to(core.as_dtype(s.dtype)))
    yield s(s.normal(2, 3), s.normal(2, 1))
    yield s(s.tensor([0, 1, 2]), 1)


@op("map", numbers=("input", "other"), tensors=3, dtypes=ALL, out="exact", onnx="Where")
def where(condition, input, other):
    """Take `input` where the condition holds and `other` elsewhere.

    y = input if condition else other

    Args:
        condition: Tensor of bool.
        input: Values where it is true, a tensor or a number.
        other: Values where it is false, a tensor or a number.

    Shape:
        condition, input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the dtype that `input` and `other` promote to.

    Example:
        >>> where(tensor([True, False]), tensor([1.0, 2.0]), -1.0)
        tensor([ 1., -1.])
    """
    return np.where(np.asarray(condition) != 0, input, other)


@public("torch", name="where")
def where_or_places(condition, *values, **named):
    """`where` of three arguments; of the condition alone, the places where it holds, one tensor of indices for each dimension.

    Args:
        condition: Tensor of bool.
        values: What to take where it is true, and where it is false.
        named: The same by name, `input` and `other`, and `out`.

    Returns:
        Tensor, or a tuple of tensors.
    """
    return condition.nonzero(as_tuple=True) if not values and not named else where(condition, *values, **named)


core.add_method("where", lambda self, condition, other: where(condition, self, other))
derivative(
    where,
    input=lambda g, condition: where(condition, g, 0),
    other=lambda g, condition: where(condition, 0, g),
)


@samples(where)
def _(s):
    yield s(s.mask(3, 4), s.normal(3, 4), s.normal(4))
    yield s(s.mask(3, 1), s.normal(4), 2)
    yield s(s.mask(3), 0, s.normal(2, 3))


@op("map", tensors=2, result="bool", spaces=(), methods=False, dtypes=FLOATING, onnx=CHECK)
def isclose_to(input, other, rtol, atol, equal_nan):
    """`isclose` with its arguments checked."""
    return np.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), onnx=CHECK)
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Tell where two tensors are equal up to a tolerance.

    y = |input - other| <= atol + rtol * |other|

    Args:
        input: Left side.
        other: Right side, which the relative tolerance refers to.
        rtol: Relative tolerance, >= 0.
        atol: Absolute tolerance, >= 0.
        equal_nan: Whether nan equals nan.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of bool.

    Raises:
        RuntimeError: the dtypes differ, or a tolerance is negative.
        TypeError: an operand is not a tensor.

    Example:
        >>> isclose(tensor([1.0, 1.0]), tensor([1.000001, 1.1]))
        tensor([ True, False])
    """
    tensors("isclose", input=input, other=other)
    if input.dtype is not other.dtype:
        raise expected("isclose", "input and other of one dtype", f"{input.dtype.name} and {other.dtype.name}", error=RuntimeError)
    if rtol < 0 or atol < 0:
        raise expected("isclose", "rtol and atol >= 0", f"{rtol} and {atol}", error=RuntimeError)
    return isclose_to(input, other, rtol, atol, bool(equal_nan))


@refuses(isclose)
def _(s):
    yield s(s.normal(3), s.integers(3)).raises(RuntimeError, "isclose: expected input and other of one dtype")
    yield s(s.normal(3), s.normal(3), -0.1).raises(RuntimeError, "isclose: expected rtol and atol >= 0")
    yield s(s.normal(3), 1.0).raises(TypeError, "isclose: expected other to be a Tensor")


@samples(isclose)
def _(s):
    if s.dtype in NUMBER and not s.floating:
        yield s(s.tensor([1, 2, 30]), s.tensor([1, 3, 31]), 0.05)
        return
    yield s(s.tensor([1.0, 1.0, np.nan, np.inf]), s.tensor([1.0 + 1e-6, 1.1, np.nan, np.inf]))
    yield s(s.tensor([1.0, np.nan]), s.tensor([1.05, np.nan]), rtol=0.1, equal_nan=True)


@samples(isclose_to)
def _(s):
    yield s(s.tensor([1.0, np.nan]), s.tensor([1.05, np.nan]), 0.1, 0.0, True)


@op("composite", tensors=2, dtypes=FLOATING, onnx=CHECK)
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Tell whether two tensors are equal everywhere up to a tolerance; arguments as of `isclose`.

    Args:
        input: Left side.
        other: Right side, which the relative tolerance refers to.
        rtol: Relative tolerance, >= 0.
        atol: Absolute tolerance, >= 0.
        equal_nan: Whether nan equals nan.

    Shape:
        input, other: shapes that broadcast; result: a bool.

    Returns:
        A Python bool.

    Example:
        >>> allclose(tensor([1.0]), tensor([1.000001]))
        True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).numpy().all())


@samples(allclose)
def _(s):
    yield s(s.tensor([1.0, 2.0]), s.tensor([1.0, 2.0 + 1e-6]))
    yield s(s.tensor([1.0, 2.0]), s.tensor([1.0, 2.1]))


@op("composite", tensors=2, dtypes=ALL, onnx=CHECK)
def equal(input, other):
    """Tell whether two tensors have the same shape and the same elements.

    Args:
        input: One tensor.
        other: The other.

    Shape:
        input, other: (*); result: a bool.

    Returns:
        A Python bool.

    Raises:
        TypeError: `other` is not a tensor.

    Example:
        >>> equal(tensor([1, 2]), tensor([1, 2]))
        True
    """
    if not isinstance(other, Tensor):
        raise expected("equal", "other to be a Tensor", other, "write (input == other).all() to compare with a number", TypeError)
    return tuple(input.shape) == tuple(other.shape) and bool(eq(input, other).numpy().all())


@samples(equal)
def _(s):
    yield s(s.tensor([1, 0]), s.tensor([1, 0]))
    yield s(s.tensor([1, 0]), s.tensor([1, 1]))
    yield s(s.normal(2), s.normal(2, 1))


@refuses(equal)
def _(s):
    yield s(s.normal(2), 1.0).raises(TypeError, "equal: expected other")
