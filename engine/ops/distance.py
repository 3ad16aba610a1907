"""Lengths of vectors and what is between two of them."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import Unsupported, op, refuses, samples
from ._help import broadcast, floating
from .errors import expected
from .magnitude import vector_norm

Tensor = core.Tensor
VECTORS = Unsupported("it is made of norms and products; export those")


def _checked(name, *tensors):
    for argument, t in tensors:
        if not isinstance(t, Tensor):
            raise expected(name, f"{argument} to be a Tensor", type(t).__name__, error=TypeError)
        floating(name, t, argument)


@op("composite", spaces="functional", methods=False, onnx=VECTORS)
def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Divide vectors by their norm: x / max(norm of x, eps).

    Args:
        input: Vectors.
        p: Order of the norm.
        dim: The dimension that a vector lies along.
        eps: The least divisor; > 0.
        out: Must be None.

    Shape:
        input: any; result: that of input.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        IndexError: there is no such dimension.
        NotImplementedError: `out` is given.

    Example:
        >>> normalize(tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    _checked("normalize", ("input", input))
    if out is not None:
        raise expected("normalize", "out to be None", out, "use the result", NotImplementedError)
    return input / vector_norm(input, p, dim, True).clamp(min=eps)


@samples(normalize)
def _(s):
    yield s(s.normal(3, 4))
    yield s(s.away(2, 3, 4), 1.0, -1)
    yield s(s.positive(5), 3.0, 0)


@refuses(normalize)
def _(s):
    yield s([1.0]).raises(TypeError, "normalize: expected input to be a Tensor, got list")
    yield s(s.normal(3, 2), out=s.normal(3, 2)).raises(NotImplementedError, "normalize: expected out to be None")


@op("composite", tensors=2, spaces=("torch", "functional"), methods=False, onnx=VECTORS)
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors: x1 · x2 / (max(norm of x1, eps) max(norm of x2, eps)).

    Args:
        x1: Vectors.
        x2: Vectors.
        dim: The dimension that a vector lies along, counted in the broadcast shape.
        eps: The least norm; > 0.

    Shape:
        x1, x2: shapes that broadcast; result: the broadcast shape without `dim`.

    Returns:
        Tensor of values in [-1, 1].

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> cosine_similarity(tensor([[3.0, 4.0]]), tensor([[4.0, 3.0]]))
        tensor([0.9600])
    """
    _checked("cosine_similarity", ("x1", x1), ("x2", x2))
    shape = broadcast("cosine_similarity", x1.shape, x2.shape)
    x1, x2 = x1.expand(shape), x2.expand(shape)
    a, b = (x / vector_norm(x, 2, dim, True).clamp(min=eps) for x in (x1, x2))
    return (a * b).sum(dim)


@samples(cosine_similarity)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4))
    yield s(s.normal(2, 3, 4), s.normal(3, 1), -2)
    yield s(s.normal(5), s.normal(5), 0)


@refuses(cosine_similarity)
def _(s):
    yield s(s.normal(3, 4), 1.0).raises(TypeError, "cosine_similarity: expected x2 to be a Tensor, got float")


@op("composite", tensors=2, spaces=("torch", "functional"), methods=False, onnx=VECTORS)
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The distance of vectors that lie along the last dimension: the norm of x1 - x2 + eps.

    Args:
        x1: Vectors.
        x2: Vectors.
        p: Order of the norm.
        eps: Added to every difference, so that the distance of equal vectors has a gradient.
        keepdim: Keep the last dimension, of size 1.

    Shape:
        x1, x2: (*, D), broadcasting; result: (*), or (*, 1) with `keepdim`.

    Returns:
        Tensor of values of 0 or more.

    Raises:
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> pairwise_distance(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0]]))
        tensor([5.0000])
    """
    _checked("pairwise_distance", ("x1", x1), ("x2", x2))
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


@samples(pairwise_distance)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4))
    yield s(s.normal(3, 4), s.normal(4), 1.0, 1e-3, True)


@refuses(pairwise_distance)
def _(s):
    yield s(s.normal(3, 4), 1.0).raises(TypeError, "pairwise_distance: expected x2 to be a Tensor, got float")
