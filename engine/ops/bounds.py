"""The larger and the smaller of values, and limits on them."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import ALL, COMPLEX, Unsupported, derivative, op, refuses, samples
from ._help import made, ordered, tensors
from ._space import alias, public
from .comparison import eq, ge, gt, le, lt, where
from .errors import expected

Tensor = core.Tensor
SIGNED = ("float32", "float64", "int64", "int32")


@op("map", numbers=(), tensors=2, dtypes=ALL, onnx=lambda b, x, y: b.node("Or" if b.dtype(x).kind == "b" else "Max", x, y))
def maximum(input, other):
    """Take the larger of two elements; nan wins.

    y = max(input, other); where both are equal each gets half of the gradient

    Args:
        input: One tensor.
        other: The other.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> maximum(tensor([1.0, 4.0]), tensor([2.0, 3.0]))
        tensor([2., 4.])
    """
    ordered("maximum", input, other)
    return np.maximum(input, other)


@op("map", numbers=(), tensors=2, dtypes=ALL, onnx=lambda b, x, y: b.node("And" if b.dtype(x).kind == "b" else "Min", x, y))
def minimum(input, other):
    """Take the smaller of two elements; nan wins.

    y = min(input, other); where both are equal each gets half of the gradient

    Args:
        input: One tensor.
        other: The other.

    Shape:
        input, other: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> minimum(tensor([1.0, 4.0]), tensor([2.0, 3.0]))
        tensor([1., 3.])
    """
    ordered("minimum", input, other)
    return np.minimum(input, other)


def _share(g, wins, ties):
    return where(wins, g, where(ties, g * 0.5, 0))


derivative(
    maximum,
    input=lambda g, input, other: _share(g, gt(input, other), eq(input, other)),
    other=lambda g, input, other: _share(g, lt(input, other), eq(input, other)),
)
derivative(
    minimum,
    input=lambda g, input, other: _share(g, lt(input, other), eq(input, other)),
    other=lambda g, input, other: _share(g, gt(input, other), eq(input, other)),
)


@samples(maximum)
@samples(minimum)
def _(s):
    yield s(s.distinct(3, 4), s.distinct(4) + s.tensor(0.1) if s.floating else s.normal(4))
    yield s(s.tensor([1.0, 2.0, 0.0]), s.tensor([1.0, 0.0, 2.0])).without("gradcheck", "gradgradcheck", because="a tie is a kink")


@op("map", refused=("bool", *COMPLEX), spaces=(), methods=False, attrs=("min", "max"), kernel="clamp", dtypes=SIGNED,
    onnx=Unsupported("an internal form"), peer="clamp")  # fmt: skip
def clamp_between(input, min, max):
    """`clamp` to numbers, infinite where there is no bound."""
    low, high = (np.iinfo(input.dtype).min, np.iinfo(input.dtype).max) if input.dtype.kind in "iu" else (-np.inf, np.inf)
    clip = [low if b <= low else high if b >= high else input.dtype.type(b) for b in (min, max)]
    return np.minimum(np.maximum(input, input.dtype.type(clip[0])), input.dtype.type(clip[1]))


derivative(clamp_between, input=lambda g, input, min, max: where(ge(input, min) & le(input, max), g, 0))


@samples(clamp_between)
def _(s):
    yield s(s.away(3, 4, kinks=(-1, 1)), -1, 1)
    if s.floating:
        yield s(s.away(3, 4, kinks=(0,)), 0.0, float("inf"))
        yield s(s.away(3, 4, kinks=(1,)), float("-inf"), 1.0)


def _clamp_form(b, x, min, max):
    """A bound is a number, or the name of a value, which may have dimensions."""
    for kind, bound in (("Max", min), ("Min", max)):
        if bound is not None:
            x = b.node(kind, x, bound if isinstance(bound, str) else b.constant(np.asarray(bound, b.dtype(x))))
    return x


@op("composite", methods=("clamp", "clip"), dtypes=SIGNED, out=("exact", "whole"), onnx=_clamp_form)
def clamp(input, min=None, max=None):
    """Limit each element to a range.

    y = min(max(input, min), max)

    Args:
        input: Tensor of any dtype but bool.
        min: Lower bound, a number or a tensor; None for no bound.
        max: Upper bound, a number or a tensor; None for no bound.

    Shape:
        input, min, max: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        TypeError: `input` is not a tensor.
        ValueError: neither bound is given.
        RuntimeError: a bound does not fit the dtype of whole numbers.
        NotImplementedError: something is complex, or bools are limited by bools from both sides.

    Example:
        >>> clamp(tensor([-2.0, 0.5, 2.0]), -1, 1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise expected("clamp", "min or max", "neither")
    tensors("clamp", input=input)
    ordered("clamp", input, min, max)
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        low = input if min is None else maximum(input, _as_tensor(min, input))
        low = low if max is None else minimum(low, _as_tensor(max, input))
        if low.dtype is core.bool_ and min is not None and max is not None:
            raise expected("clamp", "numbers", "bools", "use logical_and() or logical_or()", NotImplementedError)
        return low
    if not input.dtype.is_floating_point and (isinstance(min, float) or isinstance(max, float)):
        input = input.to(core.get_default_dtype())
    elif input.dtype is core.bool_ and not all(b is None or isinstance(b, bool) for b in (min, max)):
        input = input.long()
    min, max = (_fitting(b, input) for b in (min, max))
    return clamp_between(input, -float("inf") if min is None else min, float("inf") if max is None else max)


_clamp_between_, _maximum_, _minimum_ = (core.define_inplace(o) for o in (clamp_between, maximum, minimum))


@public(methods=("clamp_", "clip_"))
def clamp_(input, min=None, max=None):
    """In-place form of `clamp`."""
    ordered("clamp_", input, min, max)
    if not isinstance(min, Tensor) and not isinstance(max, Tensor):
        held = bool if input.dtype is core.bool_ else int
        if not input.dtype.is_floating_point and not all(b is None or isinstance(b, held) for b in (min, max)):
            raise expected("clamp_", f"bounds that {input.dtype.name} holds", (min, max), "use clamp()", RuntimeError)
        min, max = (_fitting(b, input) for b in (min, max))
        return _clamp_between_(input, -float("inf") if min is None else min, float("inf") if max is None else max)
    if min is not None:
        _maximum_(input, _as_tensor(min, input))
    return input if max is None else _minimum_(input, _as_tensor(max, input))


@public(methods=("clamp_min_",))
def clamp_min_(input, min):
    """In-place form of `clamp_min`."""
    return clamp_(input, min)


@public(methods=("clamp_max_",))
def clamp_max_(input, max):
    """In-place form of `clamp_max`."""
    return clamp_(input, None, max)


def _fitting(bound, input):
    """A number as PyTorch takes it for a bound of whole numbers: below 0 it wraps in uint8."""
    if bound is None or input.dtype.is_floating_point or isinstance(bound, float):
        return bound
    info = np.iinfo(input.dtype.name) if input.dtype is not core.bool_ and not isinstance(bound, complex) else None
    if info is not None and not (info.min <= bound <= info.max or (info.min == 0 and -info.max <= bound < 0)):
        raise expected("clamp", f"a bound that fits {input.dtype.name}", bound, error=RuntimeError)
    return bound % (info.max + 1) if info is not None and info.min == 0 else bound


def _as_tensor(value, like):
    return value if isinstance(value, Tensor) else made((), like.dtype, like.device, value)


@op("composite", dtypes=SIGNED, out=("exact", "whole"), onnx=lambda b, x, min: _clamp_form(b, x, min, None))
def clamp_min(input, min):
    """Limit each element from below.

    y = max(input, min)

    Args:
        input: Tensor; of bools, with a tensor as the bound.
        min: Lower bound, a number or a tensor.

    Shape:
        input, min: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> clamp_min(tensor([-2.0, 2.0]), 0)
        tensor([0., 2.])
    """
    return clamp(input, min=min)


@op("composite", dtypes=SIGNED, out=("exact", "whole"), onnx=lambda b, x, max: _clamp_form(b, x, None, max))
def clamp_max(input, max):
    """Limit each element from above.

    y = min(input, max)

    Args:
        input: Tensor; of bools, with a tensor as the bound.
        max: Upper bound, a number or a tensor.

    Shape:
        input, max: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the promoted dtype.

    Example:
        >>> clamp_max(tensor([-2.0, 2.0]), 0)
        tensor([-2.,  0.])
    """
    return clamp(input, max=max)


alias("torch", clip=clamp)


@samples(clamp)
def _(s):
    yield s(s.away(3, 4, kinks=(-1, 1)), -1, 1)
    yield s(s.away(3, 4), min=0)
    yield s(s.away(3, 4), max=0)
    yield s(s.distinct(3, 4), s.tensor([-0.6, -0.1, 0.1, 0.6]), s.tensor(0.9))


@refuses(clamp)
def _(s):
    yield s(s.normal(3)).raises(ValueError, "clamp: expected min or max")
    yield s(s.integers(3), max=2**63).raises(RuntimeError, "clamp: expected a bound that fits int64")
    yield s(s.mask(3), s.mask(3), s.mask(3)).raises(NotImplementedError, "clamp: expected numbers")
    yield s(2, s.normal(3)).raises(TypeError, "clamp: expected input to be a Tensor")


@samples(clamp_min)
@samples(clamp_max)
def _(s):
    yield s(s.away(3, 4), 0)
