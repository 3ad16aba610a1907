"""Where values belong in a sorted sequence."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import NUMBER, Unsupported, infer, op, refuses, samples
from ._help import tensors
from .creation import number_type
from .errors import expected

Tensor = core.Tensor
NO_SEARCH = Unsupported("ONNX has no binary search")


@op("call", tensors=2, spaces=(), methods=False, dtypes=NUMBER, onnx=NO_SEARCH, peer=None)
def place_of(sequence, values, right, out_int32):
    """The number of elements of a sorted row that are smaller than a value, or with `right` not larger; nan is larger than everything.

    Shape:
        sequence: (n,) or (*, n); values: any or (*, m); result: that of values.
    """
    return _found(sequence, values, bool(right)).astype(np.int32 if out_int32 else np.int64)


@infer(place_of)
def _(sequence, values, right, out_int32):
    return [(tuple(values.shape), core.int32 if out_int32 else core.int64)], (), ()


def _found(sequence, values, right):
    ordered = sequence.dtype.kind != "f" or not (np.isnan(sequence).any() or np.isnan(values).any())
    if sequence.ndim == 1 and ordered:
        return np.searchsorted(sequence, values, "right" if right else "left")
    if sequence.ndim > 1 and ordered and values.size:
        rows = sequence.reshape(-1, sequence.shape[-1]), values.reshape(-1, values.shape[-1])
        return np.stack([np.searchsorted(s, v, "right" if right else "left") for s, v in zip(*rows)]).reshape(values.shape)
    low, high = np.zeros(values.shape, np.int64), np.full(values.shape, sequence.shape[-1])
    while (searching := low < high).any():
        middle = np.where(searching, (low + high) // 2, 0)
        there = sequence[middle] if sequence.ndim == 1 else np.take_along_axis(sequence, middle, -1)
        stop = there > values if right else there >= values
        low, high = np.where(searching & ~stop, middle + 1, low), np.where(searching & stop, middle, high)
    return low


@samples(place_of)
def _(s):
    yield s(s.tensor([1, 2, 2, 4]), s.uniform(2, 3, low=0, high=5), False, False)
    yield s(s.tensor([[1, 2, 2, 4], [0, 1, 1, 1]]), s.uniform(2, 3, low=0, high=5), True, True)


def _values(name, sequence, values):
    """Both in the dtype that they are compared in."""
    if not isinstance(values, Tensor):
        if isinstance(values, (bool, complex)) or not isinstance(values, (int, float)):
            raise expected(name, "input to be a Tensor or a number", values, error=TypeError)
        dtype = sequence.dtype if sequence.dtype.is_floating_point else number_type(values)
        values = core.fill(core.make_empty((), dtype, None), values)
    for argument, t in (("the sequence", sequence), ("input", values)):
        if t.is_complex():
            raise expected(name, f"{argument} of a real dtype", t, error=NotImplementedError)
    dtype = core.result_type(sequence, values)
    dtype = core.float32 if dtype is core.bfloat16 else core.uint8 if dtype is core.bool_ else dtype
    return sequence.detach().to(dtype), values.detach().to(dtype)


@op("composite", tensors=("boundaries",), methods=False, dtypes=NUMBER, out="exact", onnx=NO_SEARCH)
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """Tell between which boundaries values lie.

    y = i where boundaries[i - 1] < input <= boundaries[i], or with `right` boundaries[i - 1] <= input < boundaries[i]

    Args:
        input: Tensor, or a number.
        boundaries: From small to large.
        out_int32: Return int32 rather than int64.
        right: To which side a value belongs that is a boundary.

    Shape:
        input: (*); boundaries: (n,); result: (*).

    Returns:
        Tensor of whole numbers in [0, n]; n for nan.

    Raises:
        RuntimeError: `boundaries` is no vector.

    Example:
        >>> bucketize(tensor([0, 1, 2, 3]), tensor([1, 3]))
        tensor([0, 0, 1, 1])
    """
    tensors("bucketize", boundaries=boundaries)
    if boundaries.ndim != 1:
        raise expected("bucketize", "boundaries to be a vector", boundaries, error=RuntimeError)
    sequence, values = _values("bucketize", boundaries, input)
    return place_of(sequence, values, right, out_int32)


@op("composite", tensors=("sorted_sequence", "sorter"), methods=False, dtypes=NUMBER, out="exact", onnx=NO_SEARCH)
def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None):
    """Tell where values have to be put into sorted rows so that they stay sorted.

    y = i where sequence[i - 1] < input <= sequence[i], or with `right` sequence[i - 1] <= input < sequence[i]

    Args:
        sorted_sequence: Rows from small to large, or in the order that `sorter` gives.
        input: Tensor, or a number for a single row.
        out_int32: Return int32 rather than int64.
        right: Whether an equal value stands before the place; else behind it.
        side: "left" or "right", another way to say `right`.
        sorter: What sorts the rows, as `argsort` returns it; None means that they are.

    Shape:
        sorted_sequence, sorter: (n,) or (*, n); input: any or (*, m); result: that of input.

    Returns:
        Tensor of whole numbers in [0, n]; n for nan.

    Raises:
        RuntimeError: shapes do not fit, `side` is another word or contradicts `right`, or `sorter` holds no places, or not in int64.

    Example:
        >>> searchsorted(tensor([1.0, 3.0, 5.0]), tensor([3.0, 6.0]))
        tensor([1, 3])
    """
    name = "searchsorted"
    tensors(name, sorted_sequence=sorted_sequence)
    if side not in (None, "left", "right"):
        raise expected(name, 'side to be "left" or "right"', side, error=RuntimeError)
    if right and side == "left":
        raise expected(name, "side and right that agree", 'side "left" and right', error=RuntimeError)
    shape = tuple(sorted_sequence.shape)
    if not shape:
        raise expected(name, "sorted_sequence of 1 or more dimensions", sorted_sequence, error=RuntimeError)
    given = tuple(input.shape) if isinstance(input, Tensor) else ()
    if len(shape) != 1 and (len(given) != len(shape) or given[:-1] != shape[:-1]):
        raise expected(name, f"input of shape {(*shape[:-1], 'm')}", f"{given}", "give a single row, or rows alike", RuntimeError)
    if sorter is not None:
        if tuple(sorter.shape) != shape or sorter.dtype is not core.int64:
            raise expected(name, f"sorter of int64 and shape {shape}", sorter, error=RuntimeError)
        places = sorter.numpy()
        if places.size and (places.min() < 0 or places.max() >= shape[-1]):
            raise expected(name, f"places in [0, {shape[-1] - 1}] in sorter", "another one", error=RuntimeError)
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    sequence, values = _values(name, sorted_sequence, input)
    return place_of(sequence, values, bool(right) or side == "right", out_int32)


@samples(bucketize)
def _(s):
    yield s(s.uniform(2, 3, low=0, high=5), s.tensor([1, 2, 2, 4]))
    yield s(s.uniform(5, low=0, high=5), s.tensor([1, 2, 4]), right=True, out_int32=True)
    yield s(s.tensor([1, 2]), s.tensor([]))
    yield s(2, s.tensor([1, 2, 4]))


@samples(searchsorted)
def _(s):
    yield s(s.tensor([1, 2, 2, 4]), s.uniform(2, 3, low=0, high=5))
    yield s(s.tensor([[1, 2, 2, 4], [0, 1, 1, 1]]), s.uniform(2, 3, low=0, high=5), side="right")
    yield s(s.tensor([[4, 1, 2], [0, 3, 1]]), s.uniform(2, 2, low=0, high=5), sorter=s.tensor([[1, 2, 0], [0, 2, 1]], "int64"))
    yield s(s.tensor([1, 2]), 1.5, right=True)
    if s.floating:
        yield s(s.tensor([1, 2, np.nan, np.nan]), s.tensor([np.nan, 2, np.inf]), right=True)


@refuses(bucketize)
def _(s):
    yield s(s.normal(3), s.normal(2, 2)).raises(RuntimeError, "bucketize: expected boundaries to be a vector")
    yield s("x", s.normal(2)).raises(TypeError, "bucketize: expected input to be a Tensor or a number")
    yield s(s.normal(3) * 1j, s.normal(2)).raises(NotImplementedError, "bucketize: expected input of a real dtype")


@refuses(searchsorted)
def _(s):
    yield s(s.normal(3), s.normal(2), side="both").raises(RuntimeError, 'searchsorted: expected side to be "left" or "right"')
    yield s(s.normal(3), s.normal(2), side="left", right=True).raises(RuntimeError, "searchsorted: expected side and right that agree")
    yield s(s.normal(), s.normal(2)).raises(RuntimeError, "searchsorted: expected sorted_sequence of 1 or more dimensions")
    yield s(s.normal(2, 3), s.normal(3, 2)).raises(RuntimeError, "searchsorted: expected input of shape (2, 'm')")
    yield s(s.normal(2, 3), 1.0).raises(RuntimeError, "searchsorted: expected input of shape (2, 'm')")
    yield s(s.normal(3), s.normal(2), sorter=s.integers(2)).raises(RuntimeError, "searchsorted: expected sorter of int64 and shape (3,)")
    yield s(s.normal(3), s.normal(2), sorter=s.integers(3, low=5)).raises(RuntimeError, "searchsorted: expected places in [0, 2]")
