"""The largest values of the cells of a grid, whatever the input's size: one dimension after the other, from the last."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import op, refuses, samples
from ._help import product
from .pooling import _check
from .pooling_adaptive import _adaptive_form, _adaptive_size


def _table(size, cells):
    """The places of each cell as rows; shorter cells repeat their last place."""
    low = np.arange(cells) * size // cells
    high = -(-(np.arange(cells) + 1) * size // cells)
    longest = int((high - low).max(initial=0))
    return np.minimum(low[:, None] + np.arange(longest), high[:, None] - 1)


def _largest(x, places, dim, cells):
    """The largest values over the cells of one dimension, and the places that they came from."""
    table = _table(x.shape[dim], cells)
    index = core.from_numpy(table.reshape(-1))
    shape = (*x.shape[:dim], *table.shape, *x.shape[dim + 1 :])
    values, at = x.index_select(dim, index).reshape(shape).max(dim + 1)
    return values, places.index_select(dim, index).reshape(shape).gather(dim + 1, at.unsqueeze(dim + 1)).squeeze(dim + 1)


def _adaptive_max(name, n, input, output_size, return_indices):
    _check(name, input, n, adaptive=True)
    size = _adaptive_size(name, n, input, output_size)
    spatial = tuple(input.shape[-n:])
    if 0 in size:  # pieces that nothing is taken from
        nothing = (..., *[slice(0, 0)] * n)
        values = input[nothing].reshape(*input.shape[:-n], *size)
        return (values, values.long()) if return_indices else values
    places = core.from_numpy(np.arange(product(spatial)).reshape(spatial)).expand(input.shape)
    values, lead = input, input.ndim - n
    for i in reversed(range(n)):
        values, places = _largest(values, places, lead + i, size[i])
    return (values, places) if return_indices else values


@op("composite", spaces="functional", methods=False, onnx=_adaptive_form("Max"))
def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The largest value of each of `output_size` pieces of a sequence.

    Args:
        input: Sequences.
        output_size: Number of pieces; None keeps the input's.
        return_indices: Also return where each value came from.

    Shape:
        input: (N, C, L) or (C, L); result: (N, C, output_size).

    Returns:
        Tensor of the dtype of `input`; with indices, a pair.

    Raises:
        RuntimeError: `input` has another number of dimensions.

    Example:
        >>> functional.adaptive_max_pool1d(tensor([[1.0, 2.0, 3.0, 4.0]]), 2)
        tensor([[2., 4.]])
    """
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


@op("composite", spaces="functional", methods=False, onnx=_adaptive_form("Max"))
def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The largest value of each cell of a grid laid over the image, whatever its size.

    Args:
        input: Images.
        output_size: Cells: an int or (rows, columns); None keeps the input's size.
        return_indices: Also return where each value came from, as an index into its plane.

    Shape:
        input: (N, C, H, W) or (C, H, W); result: (N, C, *output_size).

    Returns:
        Tensor of the dtype of `input`; with indices, a pair.

    Raises:
        RuntimeError: `input` has another number of dimensions.

    Example:
        >>> functional.adaptive_max_pool2d(tensor([[[1.0, 2.0], [3.0, 4.0]]]), 1)
        tensor([[[4.]]])
    """
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


@op("composite", spaces="functional", methods=False, onnx=_adaptive_form("Max"))
def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The largest value of each cell of a grid laid over the volume, whatever its size.

    Args:
        input: Volumes.
        output_size: Cells: an int or three; None keeps the input's size.
        return_indices: Also return where each value came from, as an index into its volume.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W); result: (N, C, *output_size).

    Returns:
        Tensor of the dtype of `input`; with indices, a pair.

    Raises:
        RuntimeError: `input` has another number of dimensions.

    Example:
        >>> functional.adaptive_max_pool3d(tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 1)
        tensor([[[[4.]]]])
    """
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


COUNT = "ONNX counts indices over the whole tensor, and has no unequal cells"


@samples(adaptive_max_pool1d)
def _(s):
    yield s(s.distinct(2, 3, 6), 3)
    yield s(s.distinct(3, 7), 4, True).without("onnx", because=COUNT)
    yield s(s.distinct(1, 3, 3), 5).without("onnx", because=COUNT)


@samples(adaptive_max_pool2d)
def _(s):
    yield s(s.distinct(2, 3, 4, 6), (2, 3))
    yield s(s.distinct(2, 3, 4, 5), 1)
    yield s(s.distinct(2, 3, 4, 5), (3, 2), True).without("onnx", because=COUNT)
    yield s(s.distinct(3, 4, 5), (None, 7), return_indices=True).without("onnx", because=COUNT)


@samples(adaptive_max_pool3d)
def _(s):
    yield s(s.distinct(2, 2, 4, 2, 6), (2, 1, 3))
    yield s(s.distinct(1, 2, 3, 4, 5), (2, 3, 2), True).without("onnx", because=COUNT)
    yield s(s.distinct(2, 3, 4, 5), (None, 2, 1), return_indices=True).without("onnx", because=COUNT)


@refuses(adaptive_max_pool1d)
def _(s):
    yield s(s.normal(4), 2).raises(RuntimeError, "adaptive_max_pool1d: expected input of 3 dimensions")


@refuses(adaptive_max_pool2d)
def _(s):
    yield s(s.normal(4, 4), 2).raises(ValueError, "adaptive_max_pool2d: expected input of 3 dimensions or more")
    yield s(s.normal(1, 2, 4, 4), (1, 2, 3)).raises(RuntimeError, "adaptive_max_pool2d: expected output_size of 2 numbers")


@refuses(adaptive_max_pool3d)
def _(s):
    yield s(s.normal(4, 4), 2).raises(ValueError, "adaptive_max_pool3d: expected input of 4 dimensions or more")
