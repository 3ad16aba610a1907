"""What tensors contain: places that are not 0, distinct values, counts."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array
from ._define import ALL, NUMBER, Unsupported, op, refuses, samples
from ._help import ordered
from .errors import expected

Tensor = core.Tensor


@op(
    "composite",
    dtypes=ALL,
    out="exact",
    onnx=lambda b, x, as_tuple: Unsupported("a tuple") if as_tuple else b.node("Transpose", b.node("NonZero", x)),
)
def nonzero(input, *, as_tuple=False):
    """Tell where elements are not 0.

    Args:
        input: Tensor.
        as_tuple: Give one vector for each dimension, which can serve as an index.

    Shape:
        input: (*); result: (number of such elements, dimensions of input).

    Returns:
        Tensor of int64, or a tuple of them.

    Example:
        >>> nonzero(tensor([0, 2, 3]))
        tensor([[1],
                [2]])
    """
    values = array(input)
    if as_tuple:
        return tuple(core.from_numpy(np.ascontiguousarray(i)) for i in np.nonzero(np.atleast_1d(values)))
    return core.from_numpy(np.argwhere(values))


@op("composite", dtypes=ALL, onnx=Unsupported("ONNX has Where; this is the search for places"))
def argwhere(input):
    """Tell where elements are not 0; the same as `nonzero`.

    Args:
        input: Tensor.

    Shape:
        input: (*); result: (number of such elements, dimensions of input).

    Returns:
        Tensor of int64.

    Example:
        >>> argwhere(tensor([0, 2, 3]))
        tensor([[1],
                [2]])
    """
    return nonzero(input)


@samples(nonzero)
@samples(argwhere)
def _(s):
    yield s(s.tensor([[0, 1, 1], [1, 0, 0]]))
    yield s(s.tensor([0, 0]))


@op("composite", dtypes=NUMBER, onnx=Unsupported("a size that depends on values"))
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """Take the distinct values, or the distinct slices along a dimension, in ascending order.

    Args:
        input: Tensor.
        sorted: Accepted for PyTorch's sake; the result is always in order.
        return_inverse: Also tell for each element which of the values it is.
        return_counts: Also tell how often each value occurs.
        dim: The dimension; None for single values.

    Shape:
        input: (*); result: (number of values,), or (*, number of slices, *).

    Returns:
        A tensor, or a tuple with the inverse and the counts where they are asked for.

    Example:
        >>> unique(tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
    """
    ordered("unique", input)
    values, _, inverse, counts = np.unique(array(input), True, True, True, dim, equal_nan=False)
    found = [core.from_numpy(np.ascontiguousarray(values)).to(input.dtype)]
    if return_inverse:
        found.append(core.from_numpy(inverse.reshape(input.shape if dim is None else -1)))
    if return_counts:
        found.append(core.from_numpy(counts))
    return found[0] if len(found) == 1 else tuple(found)


@samples(unique)
def _(s):
    yield s(s.tensor([3, 1, 3, 2]))
    yield s(s.tensor([[3, 1], [3, 2]]), return_inverse=True, return_counts=True)
    yield s(s.tensor([[3, 1], [0, 2], [3, 1]]), dim=0)


@op("composite", dtypes=NUMBER, onnx=Unsupported("a size that depends on values"))
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """Drop each element that equals the one before it.

    Args:
        input: Tensor.
        return_inverse: Also tell for each element which of the values it is.
        return_counts: Also tell how long each run is.
        dim: Drop slices along a dimension; None works on the flattened tensor.

    Shape:
        input: (*); result: (number of runs,), or (*, number of runs, *).

    Returns:
        A tensor, or a tuple with the inverse and the counts where they are asked for.

    Example:
        >>> unique_consecutive(tensor([1, 1, 2, 1]))
        tensor([1, 2, 1])
    """
    ordered("unique_consecutive", input)
    a = array(input).reshape(-1) if dim is None else np.moveaxis(array(input), dim, 0)
    new = np.ones(len(a), bool)
    if len(a) > 1:
        new[1:] = (a[1:] != a[:-1]).reshape(len(a) - 1, -1).any(1)
    values = a[new] if dim is None else np.moveaxis(a[new], 0, dim)
    found = [core.from_numpy(np.ascontiguousarray(values)).to(input.dtype)]
    if return_inverse:
        inverse = np.cumsum(new) - 1
        found.append(core.from_numpy(inverse.reshape(input.shape) if dim is None else inverse))
    if return_counts:
        found.append(core.from_numpy(np.diff(np.append(np.flatnonzero(new), len(a)))))
    return found[0] if len(found) == 1 else tuple(found)


@samples(unique_consecutive)
def _(s):
    yield s(s.tensor([3, 3, 1, 3]))
    yield s(s.tensor([[3, 3], [1, 3]]), True, True)
    yield s(s.tensor([[3, 1], [3, 1], [0, 2]]), dim=0)


@op("composite", tensors=("input", "weights"), dtypes=("int64", "int32", "uint8"), onnx=Unsupported("a count, not part of a network"))
def bincount(input, weights=None, minlength=0):
    """Count how often each whole number occurs.

    Args:
        input: Whole numbers >= 0.
        weights: What an occurrence counts; None means 1.
        minlength: Least length of the result.

    Shape:
        input, weights: (n,); result: (max(largest number + 1, minlength),).

    Returns:
        Tensor of int64; of the dtype of float weights, float64 for others.

    Raises:
        RuntimeError: `input` is not a vector of whole numbers >= 0.

    Example:
        >>> bincount(tensor([0, 2, 2]))
        tensor([1, 0, 2])
    """
    if input.ndim != 1 or input.dtype.is_floating_point or input.dtype is core.bool_:
        raise expected("bincount", "input to be a vector of whole numbers", input, error=RuntimeError)
    values = input.numpy()
    if values.size and values.min() < 0:
        raise expected("bincount", "input >= 0", f"one of {values.min()}", error=RuntimeError)
    if weights is None:
        return core.from_numpy(np.bincount(values, minlength=minlength).astype(np.int64))
    counts = np.bincount(values, weights.detach().numpy(), minlength)
    return core.from_numpy(counts.astype(np.float32) if weights.dtype is core.float32 else counts)


@samples(bincount)
def _(s):
    yield s(s.positive(6))
    yield s(s.positive(4), minlength=12)


@refuses(bincount)
def _(s):
    yield s(s.mask(3).float()).raises(RuntimeError, "bincount: expected input to be a vector")
