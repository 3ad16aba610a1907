"""Determinants."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._one_thread import one_thread
from ..comparison import eq, where
from ..complex import conj
from ..complex_view import REAL
from ..exponential import log
from ._lapack import FIELDS, NO_FACTORS, adjoint, matrices, unit
from ._sample_matrices import regular
from .solve import inverse_of
from .svd import svd_of


@op("call", dtypes=FIELDS, onnx="Det")
def det(input):
    """Take determinants.

    Args:
        input: Square matrices.

    Shape:
        input: (*, n, n); result: (*).

    Returns:
        Tensor of the dtype of `input`; 1 for matrices without elements.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer or half-precision dtype.

    Example:
        >>> det(tensor([[2.0, 1.0], [1.0, 2.0]]))
        tensor(3.)
    """
    with one_thread:
        return np.linalg.det(input)


@infer(det)
def _(input):
    matrices("det", square=True, input=input)
    return [(tuple(input.shape[:-2]), input.dtype)], (), ()


def _cofactors(A, determinants):
    """The derivative of the determinant: det(A) A^-T, or where that is 0 / 0, by singular values.

    With A = U diag(s) V^H the transposed adjugate is det(U V^H) conj(U) diag(product of the other s) V^T.
    """
    if not bool(eq(determinants, 0).any()):
        return determinants.unsqueeze(-1).unsqueeze(-1) * inverse_of(A).inverse.mT
    U, s, Vh = svd_of(A, True)
    n = s.shape[-1]
    others = where(unit(n, s).bool(), 1, s.unsqueeze(-2)).prod(-1)
    turn = (det(U) * det(Vh)).unsqueeze(-1).unsqueeze(-1)
    return turn * (conj(U) * others.unsqueeze(-2) @ conj(Vh))


derivative(det, input=lambda g, input, result: g.unsqueeze(-1).unsqueeze(-1) * _cofactors(input, result))


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.det", out="exact", onnx="Det")
def linalg_det(A):
    """Take determinants.

    Args:
        A: Square matrices.

    Shape:
        A: (*, n, n); result: (*).

    Returns:
        Tensor of the dtype of `A`; 1 for matrices without elements.

    Raises:
        RuntimeError: `A` is no square matrix, or of an integer or half-precision dtype.

    Example:
        >>> linalg.det(tensor([[2.0, 1.0], [1.0, 2.0]]))
        tensor(3.)
    """
    return det(A)


@samples(det)
@samples(linalg_det)
def _(s):
    yield s(regular(s, 3, 3))
    yield s(regular(s, 2, 2, 3, 3))
    singular = s(s.tensor([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 1.0, 3.0]]))
    singular = singular.without("gradgradcheck", because="which formula is taken depends on whether the determinant is exactly 0")
    yield singular.without("peer_gradient", because="torch multiplies the determinant by an inverse, and gives 0 where it is exactly 0")


@refuses(det)
@refuses(linalg_det)
def _(s):
    yield s(s.normal(3, 2)).raises(RuntimeError, "det: expected input of square matrices")
    yield s(s.integers(2, 2)).raises(RuntimeError, "det: expected input of float32")


@op("call", outputs=("sign", "logabsdet"), holomorphic=False, dtypes=FIELDS, onnx=Unsupported("take Log and Sign of Det"))
def slogdet(input):
    """Take determinants as their sign and the logarithm of their size, which neither overflow nor vanish.

    Args:
        input: Square matrices.

    Shape:
        input: (*, n, n); results: (*).

    Returns:
        A named tuple: `sign` of the dtype of `input`, of size 1 or 0, and `logabsdet`, real, -inf where the determinant is 0.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer or half-precision dtype.

    Example:
        >>> slogdet(tensor([[0.0, 1.0], [1.0, 0.0]])).sign
        tensor(-1.)
    """
    with one_thread:
        return tuple(np.linalg.slogdet(input))


@infer(slogdet)
def _(input):
    matrices("slogdet", square=True, input=input)
    shape = tuple(input.shape[:-2])
    return [(shape, input.dtype), (shape, REAL.get(input.dtype, input.dtype))], (), ()


def _slogdet_back(g, input, result):
    """With t = tr(A^-1 dA): d log|det| = Re(t), d sign = i sign Im(t)."""
    sign, size = g
    weight = made_zero(result[1]) if size is None else size
    if input.is_complex() and sign is not None:
        weight = weight - 1j * (conj(sign) * result[0]).imag
    return weight.unsqueeze(-1).unsqueeze(-1) * adjoint(inverse_of(input).inverse)


def made_zero(t):
    """Zeros in the shape of `t`."""
    return t.detach() * 0


derivative(slogdet, input=_slogdet_back)


@op("composite", spaces="linalg", methods=False, outputs=("sign", "logabsdet"), dtypes=FIELDS, peer="linalg.slogdet", onnx=NO_FACTORS)
def linalg_slogdet(A):
    """Take determinants as their sign and the logarithm of their size, which neither overflow nor vanish.

    Args:
        A: Square matrices.

    Shape:
        A: (*, n, n); results: (*).

    Returns:
        A named tuple: `sign` of the dtype of `A`, of size 1 or 0, and `logabsdet`, real, -inf where the determinant is 0.

    Raises:
        RuntimeError: `A` is no square matrix, or of an integer or half-precision dtype.

    Example:
        >>> linalg.slogdet(tensor([[0.0, 1.0], [1.0, 0.0]])).sign
        tensor(-1.)
    """
    return linalg_slogdet.pack(*slogdet(A))


@samples(slogdet)
@samples(linalg_slogdet)
def _(s):
    yield s(regular(s, 3, 3))
    yield s(-regular(s, 2, 3, 3))


@refuses(slogdet)
@refuses(linalg_slogdet)
def _(s):
    yield s(s.normal(3, 2)).raises(RuntimeError, "slogdet: expected input of square matrices")


@op("composite", dtypes=FIELDS, onnx=NO_FACTORS)
def logdet(input):
    """Take logarithms of determinants.

    Args:
        input: Square matrices.

    Shape:
        input: (*, n, n); result: (*).

    Returns:
        Tensor of the dtype of `input`; nan where a real determinant is negative, -inf where it is 0.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer or half-precision dtype.

    Example:
        >>> logdet(tensor([[1.0, 0.0], [0.0, 1.0]]))
        tensor(0.)
    """
    sign, size = slogdet(input)
    return log(sign) + size if input.is_complex() else where(eq(sign, -1), float("nan"), size)


@samples(logdet)
def _(s):
    yield s(regular(s, 3, 3))
    yield s(-regular(s, 3, 3)).without("gradcheck", "gradgradcheck", because="nan in a real dtype")


@refuses(logdet)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "slogdet: expected input of 2 or more dimensions")
