"""Products of vectors in space, and of vectors along a dimension."""

from __future__ import annotations

from ._define import COMPLEX, FLOATING, NUMBER, Unsupported, op, refuses, samples
from ._help import axis, broadcast, tensors
from .complex import conj
from .errors import expected
from .pieces import stack


def _cross(name, x, y, dim):
    tensors(name, input=x, other=y)
    if x.ndim != y.ndim:
        raise expected(name, f"other of {x.ndim} dimensions, as input has", y, error=RuntimeError)
    d = axis(name, dim, x.ndim)
    if not x.ndim or x.shape[d] != 3 or y.shape[d] != 3:
        raise expected(name, f"size 3 in dimension {d}", f"{tuple(x.shape)} and {tuple(y.shape)}", error=RuntimeError)
    if x.dtype is not y.dtype:
        raise expected(name, f"other of dtype {x.dtype.name}", y, "cast one of them", RuntimeError)
    if x.dtype.name == "bool":
        raise expected(name, "input of another dtype than bool", "bool", error=NotImplementedError)
    shape = broadcast(name, x.shape, y.shape)
    (a, b, c), (p, q, r) = x.expand(shape).unbind(d), y.expand(shape).unbind(d)
    return stack((b * r - c * q, c * p - a * r, a * q - b * p), d)


@op("composite", tensors=2, spaces="linalg", methods=False, dtypes=(*NUMBER, *COMPLEX), peer="linalg.cross",
    out=("exact", "apart"), onnx=Unsupported("export Mul and Sub of its parts"))  # fmt: skip
def linalg_cross(input, other, *, dim=-1):
    """Take cross products of vectors in space.

    y = (b r - c q, c p - a r, a q - b p), with input = (a, b, c) and other = (p, q, r)

    Args:
        input: Vectors.
        other: Vectors, of the same dtype.
        dim: The dimension, of size 3, that a vector lies along.

    Shape:
        input, other: (*, 3, *), with the same number of dimensions, broadcasting; result: the broadcast shape.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: sizes or dtypes do not fit.
        IndexError: there is no such dimension.

    Example:
        >>> linalg.cross(tensor([1, 0, 0]), tensor([0, 1, 0]))
        tensor([0, 0, 1])
    """
    return _cross("linalg.cross", input, other, dim)


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), out=("exact", "apart"), onnx=Unsupported("export Mul and Sub of its parts"))
def cross(input, other, dim=None):
    """Take cross products of vectors in space; `linalg.cross`, which takes the last dimension, is the newer form.

    Args:
        input: Vectors.
        other: Vectors, of the same dtype.
        dim: The dimension, of size 3, that a vector lies along; None means the first of that size.

    Shape:
        input, other: (*, 3, *), with the same number of dimensions, broadcasting; result: the broadcast shape.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: sizes or dtypes do not fit.
        IndexError: there is no such dimension.

    Example:
        >>> cross(tensor([1, 0, 0]), tensor([0, 1, 0]))
        tensor([0, 0, 1])
    """
    tensors("cross", input=input, other=other)
    if dim is None:
        dim = next((d for d, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise expected("cross", "a dimension of size 3", input, error=RuntimeError)
    return _cross("cross", input, other, dim)


@op("composite", tensors=("x", "y"), spaces="linalg", methods=False, dtypes=(*FLOATING, *COMPLEX), peer="linalg.vecdot",
    out="exact", onnx=Unsupported("export MatMul"))  # fmt: skip
def vecdot(x, y, *, dim=-1):
    """Take inner products of vectors, the first ones conjugated.

    z = sum over k of conj(x_k) y_k

    Args:
        x: Vectors.
        y: Vectors, of the same dtype.
        dim: The dimension that a vector lies along, counted in the broadcast shape.

    Shape:
        x, y: (*, n, *), broadcasting; result: the broadcast shape without `dim`.

    Returns:
        Tensor of the dtype of `x`.

    Raises:
        RuntimeError: sizes or dtypes do not fit, or numbers are whole.

    Example:
        >>> linalg.vecdot(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 10.0]))
        tensor([21., 43.])
    """
    tensors("linalg.vecdot", x=x, y=y)
    if not (x.is_floating_point() or x.is_complex()):
        raise expected("linalg.vecdot", "x of a floating or complex dtype", x, "cast with x.float()", RuntimeError)
    if x.dtype is not y.dtype:
        raise expected("linalg.vecdot", f"y of dtype {x.dtype.name}", y, "cast one of them", RuntimeError)
    return ((conj(x) if x.is_complex() else x) * y).sum(dim)


@samples(linalg_cross)
def _(s):
    yield s(s.normal(3), s.normal(3))
    yield s(s.normal(2, 3), s.normal(1, 3))
    yield s(s.normal(3, 4), s.normal(3, 4), dim=0)


@samples(cross)
def _(s):
    yield s(s.normal(3), s.normal(3))
    yield s(s.normal(3, 3), s.normal(3, 3), -1)
    yield s(s.normal(2, 3), s.normal(2, 3)).without("empty", because="a dimension of size 3 is looked for")


@samples(vecdot)
def _(s):
    yield s(s.normal(3), s.normal(3))
    yield s(s.normal(2, 3), s.normal(3))
    yield s(s.normal(2, 3), s.normal(2, 1), dim=0)


@refuses(linalg_cross)
def _(s):
    yield s(s.normal(3), 1.0).raises(TypeError, "cross: expected other to be a Tensor")
    yield s(s.normal(3), s.normal(2, 3)).raises(RuntimeError, "cross: expected other of 1 dimensions")
    yield s(s.normal(3), s.normal(2)).raises(RuntimeError, "cross: expected size 3 in dimension 0")
    yield s(s.normal(3), s.integers(3)).raises(RuntimeError, "cross: expected other of dtype float32")
    yield s(s.mask(3), s.mask(3)).raises(NotImplementedError, "cross: expected input of another dtype than bool")
    yield s(s.normal(3), s.normal(3), dim=1).raises(IndexError, "cross: expected dim")


@refuses(cross)
def _(s):
    yield s(s.normal(2, 4), s.normal(2, 4)).raises(RuntimeError, "cross: expected a dimension of size 3")


@refuses(vecdot)
def _(s):
    yield s(s.integers(3), s.integers(3)).raises(RuntimeError, "linalg.vecdot: expected x of a floating or complex dtype")
    yield s(s.normal(3), s.integers(3)).raises(RuntimeError, "linalg.vecdot: expected y of dtype float32")
