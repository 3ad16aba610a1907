"""Reductions over runs of a dimension, whose lengths are said."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array, whole_tensor
from ._help import floating, made, tensors
from ._space import public
from .errors import expected

Tensor = core.Tensor
INFINITY = float("inf")
REDUCTIONS = {"sum": ("sum", 0.0), "mean": ("mean", 0.0), "prod": ("prod", 1.0), "max": ("amax", -INFINITY), "min": ("amin", INFINITY)}
OTHER_NAMES = {"amax": "max", "amin": "min"}


def _lengths(data, lengths, offsets, axis, unsafe):
    """The lengths of the runs, one row of them for each place before the axis."""
    if (lengths is None) == (offsets is None):
        what = "neither" if lengths is None else "both"
        raise expected("segment_reduce", "lengths or offsets", what, error=RuntimeError)
    given = array(lengths if offsets is None else offsets)
    if axis != given.ndim - 1:
        raise expected("segment_reduce", f"axis {given.ndim - 1}, the last dimension of the lengths", axis, error=RuntimeError)
    found = given if offsets is None else np.diff(given, axis=-1)
    if not unsafe:
        if (found < 0).any():
            raise expected("segment_reduce", "lengths >= 0", "negative ones", error=RuntimeError)
        if (found.sum(-1) != data.shape[axis]).any():
            raise expected("segment_reduce", f"lengths that sum to {data.shape[axis]}", "other sums", error=RuntimeError)
    return found


@public("torch")
def segment_reduce(data, reduce, *, lengths=None, indices=None, offsets=None, axis=0, unsafe=False, initial=None):
    """Reduce runs of neighbouring elements along a dimension.

    y[i] = sum, mean, prod, max or min of data[j] over the j of run i

    Args:
        data: Tensor of a floating dtype.
        reduce: "sum", "mean", "prod", "max" or "min".
        lengths: The lengths of the runs, which sum to the size of the dimension.
        indices: Must be None, as in PyTorch.
        offsets: In place of `lengths`: where each run begins, and the end of the last.
        axis: The dimension; the lengths have a row for each place before it.
        unsafe: Leave out the checks of the lengths.
        initial: What each run begins with; None means nothing: then empty runs give 0, 1, an infinity, or nan for means.

    Shape:
        data: (*, n, **); lengths: (*, s); result: (*, s, **).

    Returns:
        Tensor of the dtype of `data`.

    Raises:
        RuntimeError: the lengths do not fit, or `reduce` is another word.

    Example:
        >>> segment_reduce(tensor([1.0, 2.0, 3.0]), "sum", lengths=tensor([1, 2]))
        tensor([1., 5.])
    """
    tensors("segment_reduce", data=data)
    floating("segment_reduce", data, "data")
    reduce = OTHER_NAMES.get(reduce, reduce)
    if reduce not in REDUCTIONS:
        raise expected("segment_reduce", "reduce to be sum, prod, mean, max or min", reduce, error=RuntimeError)
    if indices is not None:
        raise expected("segment_reduce", "indices to be None", indices, "give lengths", NotImplementedError)
    sizes = _lengths(data, lengths, offsets, axis, unsafe)
    rows, runs = int(np.prod(sizes.shape[:-1])), sizes.shape[-1]
    flat = data.reshape(rows * data.shape[axis], -1)
    place = np.repeat(np.arange(rows * runs), sizes.reshape(-1))
    name, start = REDUCTIONS[reduce]
    first = made((rows * runs, flat.shape[1]), data.dtype, data.device, start if initial is None else float(initial))
    index = whole_tensor(place).unsqueeze(1).expand(len(place), flat.shape[1])
    # PyTorch's mean counts the elements of a run, not its beginning
    found = first.scatter_reduce(0, index, flat, "sum" if name == "mean" else name, include_self=True)
    if name == "mean":
        count = core.from_numpy(sizes.reshape(-1, 1).astype(np.float64)).to(data.dtype)
        count = count if initial is None else count.clamp(min=1)
        found = found / count
    return found.reshape((*sizes.shape, *data.shape[axis + 1 :]))
