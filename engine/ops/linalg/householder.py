"""Products of Householder reflections, which is how QR keeps its Q."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from .._define import formula, infer, op, refuses, samples
from .._space import alias
from ..errors import expected
from ..pieces import cat
from ._lapack import FIELDS, NO_FACTORS, adjoint, each, matrices, same_dtype, unit


def _reflection(A, i):
    """The vector of the i-th reflection, as a column: 0 above the diagonal, 1 on it, below it what `A` holds."""
    below = A[..., i + 1 :, i : i + 1]
    head = unit(A.shape[-2], A)[: i + 1, i : i + 1]
    return cat((head.expand(*A.shape[:-2], *head.shape), below), -2)


def _reflected(A, tau, X, order, conjugate=False):
    """X after the reflections 1 - tau v v^H in turn, from the left."""
    for i in order:
        v = _reflection(A, i)
        weight = adjoint(tau[..., None, i : i + 1]) if conjugate else tau[..., None, i : i + 1]
        X = X - weight * v @ (adjoint(v) @ X)
    return X


@op("call", tensors=2, spaces="linalg", methods=("orgqr",), dtypes=FIELDS, peer="linalg.householder_product", onnx=NO_FACTORS)
def householder_product(input, tau):
    """Multiply Householder reflections out, and keep the first columns.

    Q = (1 - tau_1 v_1 v_1^H) ... (1 - tau_k v_k v_k^H), where v_i is 0 above row i, 1 in it, and column i of `input` below it

    Args:
        input: What `geqrf` returns: the vectors below the diagonal; the rest is not read.
        tau: Their factors, of the same dtype.

    Shape:
        input: (*, m, n), m >= n; tau: (*, k), k <= n; result: (*, m, n).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> linalg.householder_product(tensor([[0.0], [0.0]]), tensor([2.0])).abs()
        tensor([[1.],
                [0.]])
    """
    from scipy.linalg import get_lapack_funcs

    if not tau.shape[-1]:
        return np.broadcast_to(np.eye(*input.shape[-2:]), input.shape)
    (orgqr,) = get_lapack_funcs(("ungqr" if input.dtype.kind == "c" else "orgqr",), (input,))
    return each(lambda a, t: orgqr(a, t)[:1], input.shape[:-2], [(input.shape[-2:], input.dtype)], input, tau)


@infer(householder_product)
def _(input, tau):
    matrices("linalg.householder_product", input=input)
    same_dtype("linalg.householder_product", input=input, tau=tau)
    m, n = input.shape[-2:]
    if m < n:
        raise expected("linalg.householder_product", "input with as many rows as columns, or more", input, error=RuntimeError)
    if tuple(tau.shape[:-1]) != tuple(input.shape[:-2]) or tau.ndim != input.ndim - 1 or tau.shape[-1] > n:
        what = f"tau of shape ({'*, ' if input.ndim > 2 else ''}k), k <= {n}"
        raise expected("linalg.householder_product", what, tau, error=RuntimeError)
    return [(tuple(input.shape), input.dtype)], (), ()


@formula(householder_product)
def _(A, tau):
    m, n = A.shape[-2:]
    eye = unit(m, A)[:, :n]
    return _reflected(A, tau, eye.expand(*A.shape), reversed(range(tau.shape[-1])))


@samples(householder_product)
def _(s):
    yield s(s.normal(3, 3), s.normal(3))
    yield s(s.normal(2, 4, 2), s.normal(2, 2))
    yield s(s.normal(4, 3), s.normal(1))


@refuses(householder_product)
def _(s):
    yield s(s.normal(2, 3), s.normal(2)).raises(RuntimeError, "linalg.householder_product: expected input with as many rows")
    yield s(s.normal(3, 2), s.normal(3)).raises(RuntimeError, "linalg.householder_product: expected tau of shape (k), k <= 2")


alias("torch", orgqr=householder_product)


@op("call", outputs=("a", "tau"), dtypes=FIELDS, onnx=NO_FACTORS)
def geqrf(input):
    """Factorise matrices into Q R, with Q kept as reflections; `linalg.qr` multiplies them out.

    Args:
        input: Matrices.

    Shape:
        input: (*, m, n); a: (*, m, n); tau: (*, min(m, n)).

    Returns:
        A named tuple: `a`, R with the vectors of the reflections below its diagonal, and their factors `tau`. They have no gradient.

    Raises:
        RuntimeError: `input` is no matrix, or of an integer or half-precision dtype.

    Example:
        >>> geqrf(tensor([[2.0]])).a
        tensor([[2.]])
    """
    from scipy.linalg import get_lapack_funcs

    (qr,) = get_lapack_funcs(("geqrf",), (input,))
    k = min(input.shape[-2:])
    return each(lambda a: qr(a)[:2], input.shape[:-2], [(input.shape[-2:], input.dtype), ((k,), input.dtype)], input)


@infer(geqrf)
def _(input):
    matrices("geqrf", input=input)
    return [(tuple(input.shape), input.dtype), ((*input.shape[:-2], min(input.shape[-2:])), input.dtype)], (), ()


@samples(geqrf)
def _(s):
    yield s(s.normal(2, 4, 3))
    yield s(s.normal(2, 3))


@refuses(geqrf)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "geqrf: expected input of 2 or more dimensions")


@op("call", tensors=3, dtypes=FIELDS, out="exact", onnx=NO_FACTORS)
def ormqr(input, tau, other, left=True, transpose=False):
    """Multiply matrices by a product of Householder reflections, without multiplying those out.

    Q other, Q^H other, or the same from the right, with the whole square Q

    Args:
        input: What `geqrf` returns: the vectors below the diagonal.
        tau: Their factors, of the same dtype.
        other: What is multiplied, of the same dtype.
        left: Whether Q stands on the left.
        transpose: Multiply by Q transposed and conjugated.

    Shape:
        input: (*, m, k); tau: (*, <= k); other: (*, m, n), or (*, n, m) from the right; result: that of other.

    Returns:
        Tensor of the dtype of `other`.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> ormqr(tensor([[0.0], [0.0]]), tensor([2.0]), tensor([[1.0], [1.0]]))
        tensor([[-1.],
                [ 1.]])
    """
    from scipy.linalg import get_lapack_funcs

    if not tau.shape[-1]:
        return other
    complex_ = input.dtype.kind == "c"
    (multiply,) = get_lapack_funcs(("unmqr" if complex_ else "ormqr",), (input,))
    how = ("L" if left else "R", ("C" if complex_ else "T") if transpose else "N")
    k = tau.shape[-1]

    def one(a, t, c):
        a = np.asfortranarray(a[:, :k])
        size = int(multiply(*how, a, t, c, -1)[1][0].real)
        return multiply(*how, a, t, c, size)[:1]

    return each(one, input.shape[:-2], [(other.shape[-2:], other.dtype)], input, tau, other)


@infer(ormqr)
def _(input, tau, other, left, transpose):
    matrices("ormqr", input=input, other=other)
    same_dtype("ormqr", input=input, tau=tau, other=other)
    m, k = input.shape[-2:]
    if other.shape[-2 if left else -1] != m or tuple(other.shape[:-2]) != tuple(input.shape[:-2]):
        raise expected("ormqr", f"other with {m} {'rows' if left else 'columns'} and the batch of input", other, error=RuntimeError)
    if tuple(tau.shape[:-1]) != tuple(input.shape[:-2]) or tau.ndim != input.ndim - 1 or tau.shape[-1] > min(m, k):
        raise expected("ormqr", f"tau of shape ({'*, ' if input.ndim > 2 else ''}k), k <= {min(m, k)}", tau, error=RuntimeError)
    return [(tuple(other.shape), other.dtype)], (), ()


@formula(ormqr)
def _(input, tau, other, left=True, transpose=False):
    ahead = range(tau.shape[-1])
    back = ahead[::-1]
    if left:
        return _reflected(input, tau, other, ahead if transpose else back, transpose)
    return adjoint(_reflected(input, tau, adjoint(other), back if transpose else ahead, not transpose))


@samples(ormqr)
def _(s):
    for options in ({}, {"transpose": True}, {"left": False}, {"left": False, "transpose": True}):
        yield s(s.normal(3, 3), s.normal(3), s.normal(3, 3), **options)
    yield s(s.normal(2, 4, 2), s.normal(2, 2), s.normal(2, 4, 3))


@refuses(ormqr)
def _(s):
    yield s(s.normal(3, 3), s.normal(3), s.normal(2, 2)).raises(RuntimeError, "ormqr: expected other with 3 rows")
    yield s(s.normal(3, 3), s.normal(4), s.normal(3, 2)).raises(RuntimeError, "ormqr: expected tau of shape (k), k <= 3")
