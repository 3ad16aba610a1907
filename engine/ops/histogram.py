"""How many elements, or what weight of them, lie in each of several intervals, along one dimension or several."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array
from ._define import FLOATING, Unsupported, op, refuses, samples
from ._help import product, tensors
from .errors import expected
from .primitive import cast
from .sequence import linspace

Tensor = core.Tensor
A_COUNT = Unsupported("a count, not part of a network")


def _bins(name, bins):
    if isinstance(bins, bool) or not hasattr(bins, "__index__"):
        raise expected(name, "bins to be a whole number", bins, error=TypeError)
    if bins < 1:
        raise expected(name, "bins of 1 or more", f"{bins}", error=RuntimeError)
    return int(bins)


def _ends(name, values, given, around):
    """The ends of the range: those given, or those of the values; equal ones are moved apart."""
    if given is None:
        given = (values.min(), values.max()) if values.size else (0, 1)
    low, high = map(float, given)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise expected(name, "a finite range", f"{low} to {high}", error=RuntimeError)
    if low > high:
        raise expected(name, "a range from small to large", f"{low} to {high}", error=RuntimeError)
    return (low - around, high + around) if low == high else (low, high)


@op("composite", dtypes=FLOATING, out="exact", onnx=A_COUNT)
def histc(input, bins=100, min=0, max=0):
    """Count how many elements lie in each of several intervals of equal width.

    Args:
        input: Tensor of a floating dtype.
        bins: How many intervals.
        min: Lower end; elements below it do not count.
        max: Upper end; elements above it do not count. `min` and `max` equal means the range of `input`.

    Shape:
        input: (*); result: (bins,).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `bins` is less than 1, or the range is not finite, or not from small to large.
        NotImplementedError: `input` is of another dtype.

    Example:
        >>> histc(tensor([1.0, 2.0, 1.5]), bins=2, min=1, max=3)
        tensor([2., 1.])
    """
    tensors("histc", input=input)
    if not input.is_floating_point():
        raise expected("histc", "input of a floating dtype", input, "cast with input.float()", NotImplementedError)
    bins = _bins("histc", bins)
    low, high = (v.item() if isinstance(v, Tensor) else v for v in (min, max))
    low, high = _ends("histc", array(input), None if low == high else (low, high), 1)
    place = (input.detach() - low) * bins / (cast(core.from_numpy(np.asarray(high)), input.dtype) - low)
    values, place = array(input), array(place)
    place = place[(values >= low) & (values <= high)].astype(np.int64)
    counts = np.bincount(np.minimum(place, bins - 1), minlength=bins)
    return cast(core.from_numpy(counts), input.dtype)


def _edges(name, input, points, bins, ends):
    """The edges along each dimension of the points, as tensors."""
    found = []
    for d, given in enumerate(bins):
        if not isinstance(given, Tensor):
            low, high = _ends(name, points[:, d], None if ends is None else ends[2 * d : 2 * d + 2], 0.5)
            given = linspace(low, high, _bins(name, given) + 1, dtype=input.dtype)
        elif given.ndim != 1 or given.dtype is not input.dtype or not given.shape[0]:
            raise expected(name, f"bins to be vectors of {input.dtype.name}, with elements", given, error=RuntimeError)
        elif given.shape[0] == 1:
            raise expected(name, "bins of 2 or more edges", "1", error=RuntimeError)
        found.append(given.detach().clone())
    return tuple(found)


def _histogram(name, input, bins, ends, weight, density):
    """The weight in each box between edges, and the edges; `input` holds a point in each row."""
    if not input.is_floating_point() or input.dtype.name not in FLOATING:
        raise expected(name, "input of float32 or float64", input, "cast with input.float()", NotImplementedError)
    if weight is not None and tuple(weight.shape) != tuple(input.shape[:-1]):
        raise expected(name, f"weight of shape {tuple(input.shape[:-1])}, one for each point", weight, error=RuntimeError)
    if weight is not None and weight.dtype is not input.dtype:
        raise expected(name, f"weight of {input.dtype.name}", weight, error=RuntimeError)
    if ends is not None and len(ends) != 2 * len(bins):
        raise expected(name, f"range of {2 * len(bins)} numbers", ends, error=RuntimeError)
    points = array(input).reshape(-1, input.shape[-1])
    edges = _edges(name, input, points, bins, ends)
    shape = [e.shape[0] - 1 for e in edges]
    inside, places = np.ones(len(points), bool), []
    for d, e in enumerate(map(array, edges)):
        inside &= (points[:, d] >= e[0]) & (points[:, d] <= e[-1])
        places.append(np.clip(np.searchsorted(e, points[:, d], "right") - 1, 0, shape[d] - 1))  # the last edge belongs to the last box
    flat = np.ravel_multi_index([p[inside] for p in places], shape)
    weights = None if weight is None else array(weight).reshape(-1)[inside].astype(np.float64)
    total = np.bincount(flat, weights, product(shape)).reshape(shape).astype(np.float64)
    if density:
        with np.errstate(invalid="ignore", divide="ignore"):
            total = total / total.sum()
        for d, e in enumerate(map(array, edges)):
            total = total / np.diff(e).reshape([-1 if i == d else 1 for i in range(len(shape))])
    return cast(core.from_numpy(total), input.dtype), edges


@op("composite", tensors=("input", "weight"), outputs=("hist", "bin_edges"), dtypes=FLOATING, onnx=A_COUNT)
def histogram(input, bins, *, range=None, weight=None, density=False):
    """Count elements, or add their weights, between edges.

    An interval holds its left edge, the last one its right edge too.

    Args:
        input: Tensor of float32 or float64.
        bins: How many intervals of equal width, or their edges.
        range: Lower and upper end, where `bins` is a number; None means those of `input`.
        weight: What each element counts; None means 1.
        density: Divide by the sum and the widths, so that the integral is 1.

    Shape:
        input, weight: (*); bins: (n + 1,); results: (n,) and (n + 1,).

    Returns:
        A named tuple: `hist` and `bin_edges`.

    Raises:
        RuntimeError: shapes or dtypes do not fit, or the range is not finite, or not from small to large.
        TypeError: both edges and `range` are given.
        NotImplementedError: `input` is of another dtype.

    Example:
        >>> histogram(tensor([1.0, 2.0, 1.0]), bins=2, range=(0.0, 3.0)).hist
        tensor([2., 1.])
    """
    tensors("histogram", input=input)
    if isinstance(bins, Tensor) and range is not None:
        raise expected("histogram", "a range only where bins is a number", range, error=TypeError)
    hist, edges = _histogram("histogram", input.reshape(-1, 1), (bins,), range, None if weight is None else weight.reshape(-1), density)
    return histogram.pack(hist, edges[0])


@op("composite", tensors=("input", "weight"), methods=False, outputs=("hist", "bin_edges"), dtypes=FLOATING, onnx=A_COUNT)
def histogramdd(input, bins, *, range=None, weight=None, density=False):
    """Count points, or add their weights, in boxes between edges along each dimension.

    An interval holds its left edge, the last one its right edge too.

    Args:
        input: Points of float32 or float64.
        bins: How many intervals along all dimensions, or along each, or the edges along each.
        range: Lower and upper end for each dimension, in one sequence; None means those of the points.
        weight: What each point counts; None means 1.
        density: Divide by the sum and the volumes, so that the integral is 1.

    Shape:
        input: (*, D); weight: (*); hist: (n_1, ..., n_D); edges: (n_i + 1,).

    Returns:
        A named tuple: `hist`, and `bin_edges`, a tuple.

    Raises:
        RuntimeError: shapes or dtypes do not fit, or a range is not finite, or not from small to large.
        NotImplementedError: `input` is of another dtype.

    Example:
        >>> histogramdd(tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]), bins=[2, 2]).hist
        tensor([[0., 1.],
                [1., 1.]])
    """
    tensors("histogramdd", input=input)
    if input.ndim < 2:
        raise expected("histogramdd", "input of 2 or more dimensions", input, error=RuntimeError)
    bins = (bins,) * input.shape[-1] if hasattr(bins, "__index__") and not isinstance(bins, Tensor) else tuple(bins)
    if len(bins) != input.shape[-1]:
        raise expected("histogramdd", f"bins for each of {input.shape[-1]} dimensions", f"{len(bins)}", error=RuntimeError)
    return histogramdd.pack(*_histogram("histogramdd", input, bins, range, weight, density))


@samples(histc)
def _(s):
    yield s(s.normal(20), bins=5, min=-2, max=2)
    yield s(s.normal(20), 4)
    yield s(s.tensor([1.0, 1.0, np.nan]), 3, 0, 2)


@samples(histogram)
def _(s):
    yield s(s.normal(20), 5)
    yield s(s.normal(20), 5, range=(-1.0, 1.0), density=True, weight=s.positive(20))
    yield s(s.normal(4, 5), s.tensor([-1, 0, 0.5, 2]))
    yield s(s.tensor([1, 1]), 4)


@samples(histogramdd)
def _(s):
    yield s(s.normal(20, 2), [3, 2])
    yield s(s.normal(4, 5, 2), 3, weight=s.positive(4, 5), density=True, range=[-1.0, 1.0, -2.0, 2.0])
    yield s(s.normal(20, 2), [s.tensor([-1, 0, 0.5, 2]), s.tensor([-1, 1])])


@refuses(histc)
def _(s):
    yield s(s.integers(3)).raises(NotImplementedError, "histc: expected input of a floating dtype")
    yield s(s.normal(3), 0).raises(RuntimeError, "histc: expected bins of 1 or more")
    yield s(s.normal(3), 2.5).raises(TypeError, "histc: expected bins to be a whole number")
    yield s(s.normal(3), min=2, max=1).raises(RuntimeError, "histc: expected a range from small to large")
    yield s(s.tensor([np.nan])).raises(RuntimeError, "histc: expected a finite range")


@refuses(histogram)
def _(s):
    yield s(s.integers(3), 2).raises(NotImplementedError, "histogram: expected input of float32 or float64")
    yield s(s.normal(3), s.normal(3), range=(0.0, 1.0)).raises(TypeError, "histogram: expected a range only where bins is a number")
    yield s(s.normal(3), 2, weight=s.normal(2)).raises(RuntimeError, "histogram: expected weight of shape (3,)")
    yield s(s.normal(3), 2, weight=s.integers(3)).raises(RuntimeError, "histogram: expected weight of float32")
    yield s(s.normal(3), s.normal(2, 2)).raises(RuntimeError, "histogram: expected bins to be vectors of float32")
    yield s(s.normal(3), s.normal(1)).raises(RuntimeError, "histogram: expected bins of 2 or more edges")
    yield s(s.normal(3), 2, range=(1.0, 0.0)).raises(RuntimeError, "histogram: expected a range from small to large")


@refuses(histogramdd)
def _(s):
    yield s(s.normal(3), [2]).raises(RuntimeError, "histogramdd: expected input of 2 or more dimensions")
    yield s(s.normal(3, 2), [2]).raises(RuntimeError, "histogramdd: expected bins for each of 2 dimensions, got 1")
    yield s(s.normal(3, 2), 2, range=[0.0, 1.0]).raises(RuntimeError, "histogramdd: expected range of 4 numbers")
