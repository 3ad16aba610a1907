"""Slices made shorter than a bound, and the distance of two tensors as a whole."""

from __future__ import annotations

from ._define import COMPLEX, FLOATING, Unsupported, op, refuses, samples
from ._help import axis, tensors
from .comparison import where
from .errors import expected
from .magnitude import vector_norm


@op(
    "composite",
    inplace=True,
    dtypes=(*FLOATING, *COMPLEX),
    out=("exact", "whole"),
    onnx=Unsupported("it is made of norms and products; export those"),
)
def renorm(input, p, dim, maxnorm):
    """Scale those slices along a dimension that are longer than a bound to that length.

    y[i] = input[i] maxnorm / (norm of input[i] + 1e-7) where the norm exceeds maxnorm, else input[i]

    Args:
        input: Tensor of 2 or more dimensions.
        p: Order of the norm, > 0.
        dim: The dimension whose slices are measured.
        maxnorm: The largest norm, >= 0.

    Shape:
        input: (*); result: (*).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `p` or `maxnorm` is too small, there are fewer than 2 dimensions, or `input` holds whole numbers.
        IndexError: there is no such dimension.

    Example:
        >>> renorm(tensor([[3.0, 4.0], [0.0, 1.0]]), 2, 0, 1.0)
        tensor([[0.6000, 0.8000],
                [0.0000, 1.0000]])
    """
    tensors("renorm", input=input)
    if not p > 0:
        raise expected("renorm", "p > 0", p, error=RuntimeError)
    if not maxnorm >= 0:
        raise expected("renorm", "maxnorm >= 0", maxnorm, error=RuntimeError)
    if input.ndim < 2:
        raise expected("renorm", "input of 2 or more dimensions", input, error=RuntimeError)
    at = axis("renorm", dim, input.ndim)
    length = vector_norm(input, p, [d for d in range(input.ndim) if d != at], True)
    return input * where(length > maxnorm, maxnorm / (length + 1e-7), 1)


@samples(renorm)
def _(s):
    yield s(s.normal(3, 4), 2, 0, 1.0)
    yield s(s.normal(2, 3, 2), 1, -1, 3.0)


@refuses(renorm)
def _(s):
    yield s(s.normal(3, 4), 0, 0, 1.0).raises(RuntimeError, "renorm: expected p > 0")
    yield s(s.normal(3, 4), 2, 0, -1.0).raises(RuntimeError, "renorm: expected maxnorm >= 0")
    yield s(s.normal(3), 2, 0, 1.0).raises(RuntimeError, "renorm: expected input of 2 or more dimensions")


@op("composite", tensors=2, dtypes=(*FLOATING, *COMPLEX), onnx=Unsupported("it is made of norms and products; export those"))
def dist(input, other, p=2):
    """The norm of a difference.

    y = (sum of |input - other|^p)^(1 / p)

    Args:
        input: Tensor.
        other: Tensor.
        p: Order of the norm; 0 counts what differs, inf takes the largest difference.

    Shape:
        input, other: shapes that broadcast; result: ().

    Returns:
        Tensor of a real dtype.

    Raises:
        RuntimeError: the tensors hold whole numbers.

    Example:
        >>> dist(tensor([0.0, 3.0]), tensor([4.0, 0.0]))
        tensor(5.)
    """
    tensors("dist", input=input, other=other)
    return vector_norm(input - other, p)


@samples(dist)
def _(s):
    yield s(s.normal(3, 4), s.normal(4))
    yield s(s.normal(3), s.normal(3), 1)
    yield s(s.normal(3), s.normal(3), 3.0)
