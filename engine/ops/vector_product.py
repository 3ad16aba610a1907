"""Products over last dimensions, of vectors with conjugation, and of every element with every element."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import COMPLEX, NUMBER, Unsupported, op, refuses, samples
from ._help import tensors
from .errors import expected
from .matmul import dot
from .tensordot import tensordot

Tensor = core.Tensor


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), out="exact", onnx=Unsupported("export matmul"))
def inner(input, other):
    """Sum the products of elements over the last dimension of both.

    y[..., *] = sum over k of input[..., k] other[*, k]

    Args:
        input: Tensor.
        other: Tensor.

    Shape:
        input: (*, K); other: (**, K); result: (*, **). A tensor without dimensions multiplies the other one.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the last sizes differ.

    Example:
        >>> inner(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([1.0, 10.0]))
        tensor([21., 43.])
    """
    tensors("inner", input=input, other=other)
    if not input.ndim or not other.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise expected("inner", f"other of a last size {input.shape[-1]}", f"shape {tuple(other.shape)}", error=RuntimeError)
    return tensordot(input, other, [[-1], [-1]])


@samples(inner)
def _(s):
    yield s(s.normal(4), s.normal(4))
    yield s(s.normal(2, 3), s.normal(4, 2, 3))
    yield s(s.normal(), s.normal(3))


@refuses(inner)
def _(s):
    yield s(s.normal(2, 3), s.normal(4, 2)).raises(RuntimeError, "inner: expected other of a last size 3")


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), out="exact", onnx=Unsupported("export dot"))
def vdot(input, other):
    """Sum of the products of two vectors, the first one conjugated.

    y = sum over k of conj(input[k]) other[k]

    Args:
        input: The vector that is conjugated.
        other: The other.

    Shape:
        input, other: (K); result: ().

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: an argument is no vector, or lengths or dtypes differ.

    Example:
        >>> vdot(tensor([1 + 1j, 1]), tensor([1 + 1j, 2]))
        tensor(4.+0.j)
    """
    tensors("vdot", input=input, other=other)
    return dot(input.conj() if input.is_complex() else input, other)


@samples(vdot)
def _(s):
    yield s(s.normal(4), s.normal(4))


@refuses(vdot)
def _(s):
    yield s(s.normal(4), s.normal(4, 1)).raises(RuntimeError, "dot: expected tensor of 1 dimension")


@op("composite", tensors=2, dtypes=(*NUMBER, *COMPLEX), onnx=Unsupported("it is a product of spread-out tensors"))
def kron(input, other):
    """Multiply every element of one tensor by the whole other one (Kronecker's product).

    Args:
        input: Tensor whose elements lie far apart in the result.
        other: Tensor whose elements lie close together.

    Shape:
        input: (a1, ..., ak); other: (b1, ..., bk); result: (a1 b1, ..., ak bk). The shorter shape gets sizes of 1 in front.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        TypeError: an argument is no tensor.

    Example:
        >>> kron(tensor([[1, 10]]), tensor([[1], [2]]))
        tensor([[ 1, 10],
                [ 2, 20]])
    """
    tensors("kron", input=input, other=other)
    n = max(input.ndim, other.ndim)
    a = (1,) * (n - input.ndim) + tuple(input.shape)
    b = (1,) * (n - other.ndim) + tuple(other.shape)
    far = input.reshape([m for size in a for m in (size, 1)])
    near = other.reshape([m for size in b for m in (1, size)])
    return (far * near).reshape([p * q for p, q in zip(a, b, strict=True)])


@samples(kron)
def _(s):
    yield s(s.normal(2, 3), s.normal(2, 2))
    yield s(s.normal(3), s.normal(2, 1, 2))
    yield s(s.normal(), s.normal(2))
