"""The step function, whole divisors and multiples, and the larger and the smaller number where one may be missing."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, FLOATING, HALF, INTEGRAL, Unsupported, derivative, op, refuses, samples
from ._help import ordered
from .comparison import ge, le, where
from .finite import isnan

CHOICES = Unsupported("a choice between cases; export them on their own")
WHOLE = Unsupported("ONNX has no divisors")


@op("map", numbers=(), tensors=2, dtypes=ALL, onnx=CHOICES)
def fmax(input, other):
    """Take the larger of two elements; a number wins over nan.

    y = max(input, other); where both are equal `input` gets the gradient

    Args:
        input: One tensor.
        other: The other.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> fmax(tensor([1.0, nan]), tensor([2.0, 3.0]))
        tensor([2., 3.])
    """
    ordered("fmax", input, other)
    return np.fmax(input, other)


@op("map", numbers=(), tensors=2, dtypes=ALL, onnx=CHOICES)
def fmin(input, other):
    """Take the smaller of two elements; a number wins over nan.

    y = min(input, other); where both are equal `input` gets the gradient

    Args:
        input: One tensor.
        other: The other.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> fmin(tensor([1.0, nan]), tensor([2.0, 3.0]))
        tensor([1., 3.])
    """
    ordered("fmin", input, other)
    return np.fmin(input, other)


derivative(
    fmax,
    input=lambda g, input, other: where(ge(input, other) | isnan(other), g, 0),
    other=lambda g, input, other: where(ge(input, other) | isnan(other), 0, g),
)
derivative(
    fmin,
    input=lambda g, input, other: where(le(input, other) | isnan(other), g, 0),
    other=lambda g, input, other: where(le(input, other) | isnan(other), 0, g),
)


@op("map", numbers=(), refused=COMPLEX, tensors=2, inplace=True, dtypes=ALL, out="exact", onnx=CHOICES)
def heaviside(input, values):
    """Take the step function.

    y = 0 if input < 0, values if input = 0, 1 if input > 0

    Args:
        input: Tensor of real numbers.
        values: What is taken at 0, a tensor of the same dtype.

    Shape:
        input, values: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the dtype of `input`; nan where `input` is.

    Raises:
        RuntimeError: the numbers are complex, or of two dtypes.

    Example:
        >>> heaviside(tensor([-1.0, 0.0, 2.0]), tensor([0.5]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    return np.where(input == 0, values, np.where(input != input, input, input > 0)).astype(input.dtype)


@op("map", refused=("bool", *HALF, *FLOATING, *COMPLEX), numbers=(), tensors=2, inplace=True, dtypes=INTEGRAL, onnx=WHOLE)
def gcd(input, other):
    """Take the greatest common divisor.

    Args:
        input: Tensor of whole numbers.
        other: Tensor of whole numbers.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype, of numbers >= 0.

    Raises:
        NotImplementedError: the numbers are not whole.

    Example:
        >>> gcd(tensor([12, 0]), tensor([18, 5]))
        tensor([6, 5])
    """
    return np.gcd(input, other)


@op("map", refused=("bool", *HALF, *FLOATING, *COMPLEX), numbers=(), tensors=2, inplace=True, dtypes=INTEGRAL, onnx=WHOLE)
def lcm(input, other):
    """Take the least common multiple.

    Args:
        input: Tensor of whole numbers.
        other: Tensor of whole numbers.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype, of numbers >= 0.

    Raises:
        NotImplementedError: the numbers are not whole.

    Example:
        >>> lcm(tensor([4, 0]), tensor([6, 5]))
        tensor([12,  0])
    """
    return np.lcm(input, other)


@samples(fmax)
@samples(fmin)
def _(s):
    yield s(s.distinct(3, 4), s.distinct(4) + s.tensor(0.1) if s.floating else s.normal(4))
    if s.floating:
        missing = s(s.tensor([1.0, np.nan, np.nan, 2.0]), s.tensor([np.nan, 2.0, np.nan, 2.0]))
        yield missing.without("gradcheck", "gradgradcheck", because="there are no differences at nan")


@samples(heaviside)
def _(s):
    yield s(s.away(3, 4), s.normal(4))
    yield s(s.tensor([-1.0, 0.0, 0.0, 2.0]), s.tensor([5.0, 5.0, 0.0, 1.0]))


@refuses(heaviside)
def _(s):
    yield s(s.normal(3) * 1j, s.normal(3) * 1j).raises(NotImplementedError, "heaviside: expected a dtype among")
    yield s(s.normal(3), s.integers(3)).raises(RuntimeError, "heaviside: expected tensors of one dtype, got float32 and int64")


@samples(gcd)
@samples(lcm)
def _(s):
    yield s(s.integers(3, 4, high=30).to(s.normal(1).dtype), s.integers(4, high=30).to(s.normal(1).dtype))
    yield s(s.tensor([12, 0, 7]), s.tensor([18, 5, 0]))


@refuses(gcd)
@refuses(lcm)
def _(s):
    yield s(s.normal(3), s.normal(3)).raises(NotImplementedError, ": expected a dtype among uint8, int8, int16, int32, int64, got float32")
