"""Cholesky factors of positive definite matrices, and systems with them."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._one_thread import one_thread
from ..errors import expected
from ..triangle import tril
from ._lapack import FIELDS, NO_FACTORS, LinAlgError, adjoint, batched_alike, each, matrices, refuse_singular, same_dtype, unit
from ._sample_matrices import positive, regular
from .triangular import triangular

FULL_GRADIENT = "torch gives the triangle that is not read a gradient too, which no difference confirms"
POSITIVE = "A of positive definite matrices"
READS_A_TRIANGLE = "one triangle is read, so that single elements have no differences; tests/ops/test_linalg.py has them"


@op(
    "call",
    spaces=(),
    methods=False,
    outputs=("L", "info"),
    holomorphic=False,
    dtypes=FIELDS,
    onnx=Unsupported("an internal form"),
    peer=lambda torch, A, upper: torch.linalg.cholesky_ex(A, upper=upper),
)
def cholesky_of(A, upper):
    """`linalg.cholesky_ex` without the check.

    Shape:
        A: (*, n, n); L: (*, n, n); info: (*).
    """
    lower = A.conj().swapaxes(-1, -2) if upper else A
    try:
        with one_thread:
            L, info = np.linalg.cholesky(lower), np.zeros(A.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        from scipy.linalg import get_lapack_funcs

        (potrf,) = get_lapack_funcs(("potrf",), (A,))
        L, info = each(lambda a: potrf(a, lower=True, clean=True), A.shape[:-2], [(A.shape[-2:], A.dtype), ((), np.int32)], lower)
    return (L.conj().swapaxes(-1, -2) if upper else L), info


@infer(cholesky_of)
def _(A, upper):
    return [(tuple(A.shape), A.dtype), (tuple(A.shape[:-2]), core.int32)], (), ()


def _cholesky_back(g, result, upper):
    """L^-H S L^-1, with 2 S the lower triangle of L^H g and its adjoint below the diagonal (Giles 2008, NA-08-01)."""
    Lh, g = (result[0], adjoint(g[0])) if upper else (adjoint(result[0]), g[0])
    inside = Lh @ g
    inside = 0.5 * (tril(inside) + adjoint(tril(inside, -1)))
    return adjoint(triangular(Lh, adjoint(triangular(Lh, inside, True, False)), True, False))


derivative(cholesky_of, A=_cholesky_back)


@samples(cholesky_of)
def _(s):
    yield s(positive(s, 3, 3), False).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)
    yield s(positive(s, 2, 3, 3), True).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)


@op("composite", spaces="linalg", methods=False, outputs=("L", "info"), dtypes=FIELDS, peer="linalg.cholesky_ex", onnx=NO_FACTORS)
def linalg_cholesky_ex(input, *, upper=False, check_errors=False):
    """Take Cholesky factors, and tell where there are none rather than raise.

    Args:
        input: Hermitian matrices; one triangle of them is read.
        upper: Return upper triangles, of which the adjoint stands on the left, from the upper triangle of `input`.
        check_errors: Raise where a matrix is not positive definite.

    Shape:
        input: (*, n, n); L: (*, n, n); info: (*).

    Returns:
        A named tuple: `L`, and `info` of int32, 0 or the order of the first leading minor that is not positive.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer or half-precision dtype.
        LinAlgError: with `check_errors`, a matrix is not positive definite.

    Example:
        >>> linalg.cholesky_ex(tensor([[4.0, 0.0], [0.0, -1.0]])).info
        tensor(2, dtype=torch.int32)
    """
    matrices("linalg.cholesky_ex", square=True, input=input)
    found = cholesky_of(input, bool(upper))
    if check_errors:
        refuse_singular("linalg.cholesky_ex", found.info, POSITIVE)
    return linalg_cholesky_ex.pack(*found)


@samples(linalg_cholesky_ex)
def _(s):
    yield s(positive(s, 3, 3)).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)
    yield s(positive(s, 3, 3), upper=True, check_errors=True).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)


@refuses(linalg_cholesky_ex)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "linalg.cholesky_ex: expected input of 2 or more dimensions")
    yield s(-positive(s, 2, 2), check_errors=True).raises(LinAlgError, "linalg.cholesky_ex: expected A of positive definite matrices")


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.cholesky", out="exact", onnx=NO_FACTORS)
def linalg_cholesky(input, *, upper=False):
    """Write positive definite matrices as products of triangular ones and their adjoints.

    input = L L^H, or input = U^H U

    Args:
        input: Hermitian matrices; one triangle of them is read.
        upper: Return U instead of L.

    Shape:
        input: (*, n, n); result: (*, n, n).

    Returns:
        Tensor of the dtype of `input`, with a positive diagonal.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer or half-precision dtype.
        LinAlgError: a matrix is not positive definite.

    Example:
        >>> linalg.cholesky(tensor([[4.0, 2.0], [2.0, 5.0]]))
        tensor([[2., 0.],
                [1., 2.]])
    """
    return _cholesky("linalg.cholesky", input, upper)


def _cholesky(name, A, upper):
    matrices(name, square=True, A=A)
    found = cholesky_of(A, bool(upper))
    refuse_singular(name, found.info, POSITIVE)
    return found.L


@op("composite", dtypes=FIELDS, onnx=NO_FACTORS)
def cholesky(input, upper=False):
    """Write positive definite matrices as products of triangular ones and their adjoints; the older form of `linalg.cholesky`.

    Args:
        input: Hermitian matrices; one triangle of them is read.
        upper: Return the upper factor instead of the lower one.

    Shape:
        input: (*, n, n); result: (*, n, n).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer or half-precision dtype.
        LinAlgError: a matrix is not positive definite.

    Example:
        >>> cholesky(tensor([[4.0, 2.0], [2.0, 5.0]]), upper=True)
        tensor([[2., 1.],
                [0., 2.]])
    """
    return _cholesky("cholesky", input, upper)


@samples(linalg_cholesky)
@samples(cholesky)
def _(s):
    checked = s(positive(s, 3, 3)).without("empty", because="of no rows and 3 columns, torch.cholesky does not ask for a square")
    yield checked.without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)
    yield s(positive(s, 2, 3, 3), upper=True).without("gradcheck", "gradgradcheck", because=READS_A_TRIANGLE)


@refuses(linalg_cholesky)
@refuses(cholesky)
def _(s):
    yield s(s.normal(3, 2)).raises(RuntimeError, "of square matrices")
    yield s(-positive(s, 2, 2)).raises(LinAlgError, "cholesky: expected A of positive definite matrices, got one that is not")


@op("composite", tensors=2, dtypes=FIELDS, onnx=NO_FACTORS)
def cholesky_solve(input, input2, upper=False):
    """Solve systems with positive definite matrices of which the Cholesky factors are known.

    (L L^H) X = input, or (U^H U) X = input, for the factors `input2`

    Args:
        input: Right-hand sides.
        input2: Cholesky factors, of the same dtype; the other triangle is not read.
        upper: Whether they are upper triangles.

    Shape:
        input: (*, n, k); input2: (*, n, n); result: (*, n, k).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    Example:
        >>> cholesky_solve(tensor([[8.0]]), tensor([[2.0]]))
        tensor([[2.]])
    """
    matrices("cholesky_solve", input=input)
    matrices("cholesky_solve", square=True, input2=input2)
    same_dtype("cholesky_solve", input=input, input2=input2)
    if input.shape[-2] != input2.shape[-1]:
        raise expected("cholesky_solve", f"input with {input2.shape[-1]} rows", input, error=RuntimeError)
    input, input2 = batched_alike("cholesky_solve", input, input2)
    first, second = (adjoint(input2), input2) if upper else (input2, adjoint(input2))
    return triangular(second, triangular(first, input, False, False), True, False)


def _factor(s, *shape):
    """Regular matrices with a positive diagonal."""
    return s.tensor(0.5 * np.linalg.cholesky(positive(s, *shape).numpy()) + 0.1 * regular(s, *shape).numpy().real)


@samples(cholesky_solve)
def _(s):
    for upper in (False, True):
        yield s(s.normal(2, 3, 2), _factor(s, 3, 3), upper).without("peer_gradient", because=FULL_GRADIENT)


@refuses(cholesky_solve)
def _(s):
    yield s(s.normal(2, 2), s.normal(3, 3)).raises(RuntimeError, "cholesky_solve: expected input with 3 rows")


@op("composite", dtypes=FIELDS, onnx=NO_FACTORS)
def cholesky_inverse(input, upper=False):
    """Invert positive definite matrices of which the Cholesky factors are known.

    (L L^H)^-1, or (U^H U)^-1

    Args:
        input: Cholesky factors; the other triangle is not read.
        upper: Whether they are upper triangles.

    Shape:
        input: (*, n, n); result: (*, n, n).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is no square matrix, or of an integer or half-precision dtype.

    Example:
        >>> cholesky_inverse(tensor([[2.0]]))
        tensor([[0.2500]])
    """
    matrices("cholesky_inverse", square=True, input=input)
    return cholesky_solve(unit(input.shape[-1], input, input.shape[:-2]), input, upper)


@samples(cholesky_inverse)
def _(s):
    yield s(_factor(s, 3, 3)).without("peer_gradient", because=FULL_GRADIENT)
    yield s(_factor(s, 2, 3, 3), True).without("peer_gradient", because=FULL_GRADIENT)


@refuses(cholesky_inverse)
def _(s):
    yield s(s.normal(2, 3)).raises(RuntimeError, "cholesky_inverse: expected input of square matrices")
