"""Which elements are among others, and places as indices of dimensions."""

from __future__ import annotations

from operator import index as whole

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._arrays import array, whole_tensor
from ._define import NUMBER, Unsupported, infer, op, samples
from ._help import made, product, tensors
from ._space import public
from .creation import into
from .errors import expected

Tensor = core.Tensor


@op("call", tensors=2, spaces=(), methods=False, dtypes=NUMBER, onnx=Unsupported("ONNX has no sets; compare with each"), peer="isin")
def among(elements, test_elements, *, invert=False):
    """`isin` of two tensors."""
    return np.isin(elements, test_elements, invert=invert)


@infer(among)
def _(elements, test_elements, invert):
    return [(tuple(elements.shape), core.bool_)], (), ()


@samples(among)
def _(s):
    yield s(s.integers(3, 4), s.integers(5))
    yield s(s.tensor([1, 2, 3]), s.tensor([[3], [1]]), invert=True)


def _alike(number, t):
    """A number as a tensor that compares with another one: 0.1 is what the dtype of that makes of it."""
    dtype = t.dtype if t.dtype.is_floating_point else core.float64 if isinstance(number, float) else core.int64
    return made((), dtype, t.device, number)


@public("torch")
def isin(elements, test_elements, *, assume_unique=False, invert=False, out=None):
    """Tell for each element whether it is among others.

    Args:
        elements: What is looked for: a tensor, or a number.
        test_elements: Among what: a tensor, or a number.
        assume_unique: Accepted for PyTorch's sake: that no value is there twice.
        invert: Tell whether it is not among them.
        out: A tensor to write into.

    Shape:
        elements: (*); test_elements: any; result: (*).

    Returns:
        Tensor of bool.

    Raises:
        TypeError: both are numbers.
        RuntimeError: a tensor is bool or complex.

    Example:
        >>> isin(tensor([1, 2, 3]), tensor([3, 1]))
        tensor([ True, False,  True])
    """
    given = [x for x in (elements, test_elements) if isinstance(x, Tensor)]
    if not given:
        raise expected("isin", "elements or test_elements to be a Tensor", "two numbers", error=TypeError)
    for x in given:
        if x.dtype is core.bool_ or x.is_complex():
            raise expected("isin", "tensors of real numbers", x, error=RuntimeError)
    wanted, others = (x if isinstance(x, Tensor) else _alike(x, given[0]) for x in (elements, test_elements))
    return into(out, among(wanted, others, invert=invert))


@public("torch")
def unravel_index(indices, shape):
    """Turn places in a flattened tensor into an index for each dimension.

    Args:
        indices: Places, counted row by row; those beyond the end begin anew.
        shape: Sizes of the tensor, one number or a sequence.

    Shape:
        indices: (*); result: (*) for each dimension.

    Returns:
        Tuple of tensors of int64.

    Raises:
        TypeError: the places or the sizes are no whole numbers.
        ValueError: a size is negative.

    Example:
        >>> unravel_index(tensor([4, 5]), (2, 3))
        (tensor([1, 1]), tensor([1, 2]))
    """
    tensors("unravel_index", indices=indices)
    if indices.dtype.is_floating_point or indices.is_complex() or indices.dtype is core.bool_:
        raise expected("unravel_index", "indices of an integer dtype", indices, error=TypeError)
    try:
        shape = tuple(whole(n) for n in (shape if isinstance(shape, (tuple, list)) else (shape,)))
    except TypeError:
        raise expected("unravel_index", "shape of whole numbers", shape, error=TypeError) from None
    if any(n < 0 for n in shape):
        raise expected("unravel_index", "shape of numbers >= 0", shape)
    places = indices.long()
    return tuple((places // product(shape[d + 1 :])) % n for d, n in enumerate(shape))


@public("torch", methods=("nonzero_static",))
def nonzero_static(input, *, size, fill_value=-1, out=None):
    """Tell where elements are not 0, in a result whose size is known before.

    Args:
        input: Tensor.
        size: How many rows the result has: what is too much is left out.
        fill_value: What rows hold that are too many.
        out: A tensor to write into.

    Shape:
        input: of n dimensions; result: (size, n).

    Returns:
        Tensor of int64.

    Raises:
        RuntimeError: `size` is negative.

    Example:
        >>> nonzero_static(tensor([0, 1, 1]), size=3)
        tensor([[ 1],
                [ 2],
                [-1]])
    """
    tensors("nonzero_static", input=input)
    if size < 0:
        raise expected("nonzero_static", "size >= 0", size, error=RuntimeError)
    places = np.argwhere(array(input))[:size]
    rows = np.full((size, input.ndim), fill_value, np.int64)
    rows[: len(places)] = places
    return into(out, whole_tensor(rows))
