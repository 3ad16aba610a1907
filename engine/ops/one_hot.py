"""Classes as vectors."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, infer, op, refuses, samples
from .errors import expected


@op("call", spaces="functional", methods=False, dtypes=("int64",), onnx=Unsupported("export eye and Gather"))
def one_hot(tensor, num_classes=-1):
    """Write classes as vectors of zeros with a one.

    Args:
        tensor: Classes, of dtype int64, >= 0.
        num_classes: How many there are; -1 means the largest class and one more.

    Shape:
        tensor: (*); result: (*, num_classes).

    Returns:
        Tensor of int64.

    Raises:
        RuntimeError: a class is negative or too large, or `tensor` is not of int64.

    Example:
        >>> functional.one_hot(tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    n = int(tensor.max()) + 1 if num_classes < 0 else num_classes
    return (tensor[..., None] == np.arange(n)).astype(np.int64)


@infer(one_hot)
def _(tensor, num_classes):
    if tensor.dtype is not core.int64:
        raise expected("one_hot", "tensor of dtype int64", tensor, "cast with tensor.long()", RuntimeError)
    values = tensor.numpy()
    if not values.size and num_classes <= 0:
        raise expected("one_hot", "num_classes for a tensor without elements", num_classes, error=RuntimeError)
    low, high = (int(values.min()), int(values.max())) if values.size else (0, -1)
    if low < 0 or 0 <= num_classes <= high:
        raise expected("one_hot", f"classes in the range [0, {num_classes})", f"one from {low} to {high}", error=RuntimeError)
    return [((*tensor.shape, high + 1 if num_classes < 0 else num_classes), core.int64)], [num_classes], []


@samples(one_hot)
def _(s):
    yield s(s.integers(3, 2, high=4))
    yield s(s.integers(3, high=4), 6)


@refuses(one_hot)
def _(s):
    yield s(s.tensor([-1], "int64")).raises(RuntimeError, "one_hot: expected classes")
    yield s(s.tensor([3], "int64"), 3).raises(RuntimeError, "one_hot: expected classes")
    yield s(s.mask(3)).raises(RuntimeError, "one_hot: expected tensor of dtype int64")
