"""Elements chosen by a mask: filled, taken, and replaced one after the other."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array, fitting, whole_tensor
from ._define import ALL, COMPLEX, Unsupported, op, refuses, samples
from ._help import broadcast
from ._space import public
from .comparison import where
from .errors import expected
from .indexing import index_put
from .primitive import clone

Tensor = core.Tensor
NO_FORM = Unsupported("a size that depends on values")


def _fill_form(b, x, mask, value):
    value = b.node("Cast", value, to=b.code(b.dtype(x))) if isinstance(value, str) else b.constant(np.asarray(value, b.dtype(x)))
    return b.node("Where", mask, value, x)


@op("composite", tensors=("input", "mask", "value"), dtypes=(*ALL, *COMPLEX), onnx=_fill_form)
def masked_fill(input, mask, value):
    """Put a number wherever a mask holds.

    y = value if mask else input

    Args:
        input: Tensor.
        mask: Tensor of bool.
        value: A number, or a tensor without dimensions.

    Shape:
        input, mask: shapes that broadcast; result: the broadcast shape.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `mask` is not of bool, or the number does not fit the dtype.

    Example:
        >>> masked_fill(tensor([1.0, 2.0]), tensor([True, False]), 0)
        tensor([0., 2.])
    """
    if mask.dtype is not core.bool_:
        raise expected("masked_fill", "mask of dtype bool", mask, "compare, as in mask != 0", RuntimeError)
    if isinstance(value, Tensor) and value.ndim:
        raise expected("masked_fill", "value to be a number or a tensor without dimensions", value, error=RuntimeError)
    if isinstance(value, Tensor):
        if value.is_complex() and not input.is_complex():
            raise expected("masked_fill", f"value of a dtype that {input.dtype.name} holds", value, error=RuntimeError)
        value = value.to(input.dtype)
    else:
        value = core.fill(core.make_empty((), input.dtype), fitting("masked_fill", value, input.dtype))
    return where(mask, value, input)


@public(methods=("masked_fill_",))
def masked_fill_(input, mask, value):
    """In-place form of `masked_fill`."""
    return input.copy_(masked_fill(clone(input), mask, value))


@samples(masked_fill)
def _(s):
    yield s(s.normal(3, 4), s.mask(3, 4), 2)
    yield s(s.normal(3, 4), s.mask(4), s.normal())
    yield s(s.normal(4), s.mask(3, 4), 0)


@refuses(masked_fill)
def _(s):
    yield s(s.normal(3), s.integers(3), 0).raises(RuntimeError, "masked_fill: expected mask of dtype bool")
    yield s(s.normal(3), s.mask(3), s.normal(1)).raises(RuntimeError, "masked_fill: expected value to be a number")
    yield s(s.normal(3), s.mask(3), 1j).raises(RuntimeError, "masked_fill: expected a number that fits float32")


@op("composite", tensors=2, dtypes=(*ALL, *COMPLEX), out=("exact", "apart"), onnx=NO_FORM)
def masked_select(input, mask):
    """Take the elements where a mask holds.

    Args:
        input: Tensor.
        mask: Tensor of bool.

    Shape:
        input, mask: shapes that broadcast; result: (number of places where it holds,).

    Returns:
        A copy.

    Raises:
        RuntimeError: `mask` is not of bool.

    Example:
        >>> masked_select(tensor([1, 2, 3]), tensor([True, False, True]))
        tensor([1, 3])
    """
    if mask.dtype is not core.bool_:
        raise expected("masked_select", "mask of dtype bool", mask, "compare, as in mask != 0", RuntimeError)
    shape = broadcast("masked_select", input.shape, mask.shape)
    return input.expand(shape)[mask.expand(shape)] if shape else input.reshape((1,))[mask.reshape((1,))]


@samples(masked_select)
def _(s):
    yield s(s.normal(3, 4), s.mask(3, 4))
    yield s(s.normal(3, 1), s.mask(4))


@refuses(masked_select)
def _(s):
    yield s(s.normal(3), s.integers(3)).raises(RuntimeError, "masked_select: expected mask of dtype bool")


@op("composite", tensors=("input", "mask", "source"), inplace=True, dtypes=(*ALL, *COMPLEX), onnx=NO_FORM)
def masked_scatter(input, mask, source):
    """Put the elements of a tensor, one after the other, wherever a mask holds.

    Args:
        input: Tensor that is copied.
        mask: Tensor of bool.
        source: Where the elements come from, at least as many as there are places.

    Shape:
        input, mask: shapes that broadcast; source: any; result: the broadcast shape.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `mask` is not of bool, the dtypes differ, or `source` has too few elements.

    Example:
        >>> masked_scatter(zeros(3), tensor([True, False, True]), tensor([1.0, 2.0]))
        tensor([1., 0., 2.])
    """
    if mask.dtype is not core.bool_:
        raise expected("masked_scatter", "mask of dtype bool", mask, "compare, as in mask != 0", RuntimeError)
    if source.dtype is not input.dtype:
        raise expected("masked_scatter", f"source of dtype {input.dtype.name}", source, error=RuntimeError)
    shape = broadcast("masked_scatter", input.shape, mask.shape)
    places = whole_tensor(np.flatnonzero(np.broadcast_to(array(mask), shape)))
    if source.numel() < places.numel():
        raise expected("masked_scatter", f"source of {places.numel()} or more elements", source, error=RuntimeError)
    taken = source.reshape((-1,)).narrow(0, 0, places.numel())
    return index_put(input.expand(shape).reshape((-1,)), (places,), taken).reshape(shape)


@samples(masked_scatter)
def _(s):
    yield s(s.normal(3, 4), s.mask(3, 4), s.normal(12))
    yield s(s.normal(3, 1), s.mask(4), s.normal(3, 5)).without("inplace", because="the result is larger")
    yield s(s.normal(2, 2), s.tensor([[True, False], [True, True]], "bool"), s.normal(3))


@refuses(masked_scatter)
def _(s):
    yield s(s.normal(3), s.integers(3), s.normal(3)).raises(RuntimeError, "masked_scatter: expected mask of dtype bool")
    yield s(s.normal(3), s.mask(3), s.integers(3)).raises(RuntimeError, "masked_scatter: expected source of dtype float32")
    yield s(s.normal(2), s.tensor([1, 1], "bool"), s.normal(1)).raises(RuntimeError, "masked_scatter: expected source of 2 or more")
