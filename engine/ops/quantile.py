"""Quantiles, between elements of sorted order."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array, whole_tensor
from ._define import FLOATING, Unsupported, op, refuses, samples
from ._help import axis
from .arithmetic import lerp
from .comparison import where
from .errors import expected
from .gather import gather
from .sorting import sort

Tensor = core.Tensor
ROUNDED = {"lower": "floor", "higher": "ceil", "nearest": "rint"}


def _checked(name, input, q, interpolation):
    """`q` as a tensor."""
    if not input.numel():
        raise expected(name, "input with elements", input, error=RuntimeError)
    if input.dtype not in (core.float32, core.float64):
        raise expected(name, "input of float32 or float64", input, "cast with input.float()", RuntimeError)
    if interpolation not in (*ROUNDED, "linear", "midpoint"):
        raise expected(name, "interpolation to be linear, lower, higher, midpoint or nearest", interpolation, error=RuntimeError)
    if not isinstance(q, Tensor):
        q = core.fill(core.make_empty((), input.dtype), q)
    if q.ndim > 1 or q.dtype is not input.dtype:
        raise expected(name, f"q of dtype {input.dtype.name} and at most 1 dimension", q, error=RuntimeError)
    if q.numel() and not (array(q).min() >= 0 and array(q).max() <= 1):
        raise expected(name, "q in [0, 1]", str(q.tolist()), error=RuntimeError)
    return q


def _quantile(name, input, q, dim, keepdim, interpolation, skip):
    q = _checked(name, input, q, interpolation)
    d = 0 if dim is None else axis(name, dim, input.ndim)
    whole = input.reshape((-1,)) if dim is None or not input.ndim else input.movedim(d, -1)
    missing = np.isnan(array(whole)).sum(-1, keepdims=True)
    last = core.from_numpy(np.asarray(np.maximum(whole.shape[-1] - missing - 1, 0) if skip else np.full_like(missing, whole.shape[-1] - 1)))
    rank = q.reshape((-1,)) * last.to(input.dtype)
    if not skip and missing.any():  # sorted, nan stands at the end
        rank = where(core.from_numpy(missing > 0), last.to(input.dtype), rank)
    values, place = sort(whole, -1).values, array(rank)
    if interpolation in ROUNDED:
        found = gather(values, -1, whole_tensor(getattr(np, ROUNDED[interpolation])(place)))
    else:
        below = whole_tensor(np.floor(place))
        weight = rank - below.to(rank.dtype) if interpolation == "linear" else core.fill(core.make_empty(rank.shape, rank.dtype), 0.5)
        found = lerp(gather(values, -1, below), gather(values, -1, whole_tensor(np.ceil(place))), weight)
    found = found.movedim(-1, 0)
    if keepdim:
        found = found.unsqueeze(d + 1) if dim is not None and input.ndim else found.reshape((found.shape[0],) + (1,) * input.ndim)
    return found if q.ndim else found.squeeze(0)


@op("composite", dtypes=FLOATING, onnx=Unsupported("export topk"))
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """Take quantiles: values below which a fraction `q` of the elements lies; nan if one of them is.

    y = x_(i) + (x_(i + 1) - x_(i)) * (r - i) with the sorted x_0, ..., x_(n - 1), r = q * (n - 1) and i = floor(r)

    Args:
        input: Tensor of float32 or float64.
        q: The fraction in [0, 1], or a vector of them.
        dim: The dimension; None for all elements.
        keepdim: Keep it with size 1.
        interpolation: "linear" between the two elements; "lower", "higher" or "nearest" for one of them; "midpoint" for their mean.

    Shape:
        input: (*, n, *); q: () or (k,); result: (*, *) or (k, *, *), with size 1 at `dim` where it is kept.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: there are no elements, or `q` or `interpolation` is something else.

    Example:
        >>> quantile(tensor([0.0, 1.0, 2.0, 3.0]), 0.25)
        tensor(0.7500)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@op("composite", dtypes=FLOATING, onnx=Unsupported("export topk"))
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """Take quantiles of the elements that are not nan.

    Args:
        input: Tensor of float32 or float64.
        q: The fraction in [0, 1], or a vector of them.
        dim: The dimension; None for all elements.
        keepdim: Keep it with size 1.
        interpolation: "linear" between the two elements; "lower", "higher" or "nearest" for one of them; "midpoint" for their mean.

    Shape:
        input: (*, n, *); q: () or (k,); result: (*, *) or (k, *, *), with size 1 at `dim` where it is kept.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: there are no elements, or `q` or `interpolation` is something else.

    Example:
        >>> nanquantile(tensor([0.0, nan, 2.0]), 0.5)
        tensor(1.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


@samples(quantile)
@samples(nanquantile)
def _(s):
    yield s(s.distinct(5), 0.3)
    yield s(s.distinct(3, 4), s.tensor([0.2, 0.5, 0.9]), 1)
    for how in (*ROUNDED, "midpoint"):
        yield s(s.distinct(4, 3), 0.55, 0, True, interpolation=how)
    yield s(s.tensor([[1.0, np.nan, 0.0], [2.0, 3.0, 5.0]]), 0.4, 1).without("gradcheck", "gradgradcheck", because="nan has no differences")


@refuses(quantile)
@refuses(nanquantile)
def _(s):
    yield s(s.normal(0), 0.5).raises(RuntimeError, ": expected input with elements")
    yield s(s.integers(3), 0.5).raises(RuntimeError, ": expected input of float32 or float64")
    yield s(s.normal(3), 0.5, interpolation="cubic").raises(RuntimeError, ": expected interpolation to be")
    yield s(s.normal(3), 1.5).raises(RuntimeError, ": expected q in [0, 1]")
    yield s(s.normal(3), s.normal(1, 1)).raises(RuntimeError, ": expected q of dtype float32")
