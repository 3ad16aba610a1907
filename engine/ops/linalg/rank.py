"""What depends on which singular values count: ranks, condition numbers."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .._define import Unsupported, infer, op, refuses, samples
from .._help import made
from .._one_thread import one_thread
from ..bounds import maximum
from ..comparison import where
from ..complex_view import REAL
from ..errors import expected
from ._lapack import FIELDS, NO_FACTORS, matrices
from ._sample_matrices import hermitian, regular
from .norm import linalg_matrix_norm
from .solve import inverse_of
from .svd import singular_values


@op("call", spaces=(), methods=False, dtypes=FIELDS, onnx=Unsupported("an internal form"))
def sizes_of_eigenvalues(A):
    """The absolute values of the eigenvalues of Hermitian matrices, which are their singular values, from the lower triangle.

    Shape:
        A: (*, n, n); result: (*, n).
    """
    with one_thread:
        return np.abs(np.linalg.eigvalsh(A))


@infer(sizes_of_eigenvalues)
def _(A):
    return [(tuple(A.shape[:-1]), REAL.get(A.dtype, A.dtype))], (), ()


@samples(sizes_of_eigenvalues)
def _(s):
    yield s(hermitian(s, 2, 3, 3))


def tolerances(A, atol, rtol):
    """The two with their defaults: 0, and the precision of the dtype times the larger side, or 0 beside an `atol` above 0."""
    if rtol is None:
        rtol = float(np.finfo(A.dtype.numpy).eps) * max(A.shape[-2:])
        if atol is not None:
            rtol = where(atol > 0, 0.0, rtol) if isinstance(atol, core.Tensor) else 0.0 if atol > 0 else rtol
    return 0.0 if atol is None else atol, rtol


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.matrix_rank", onnx=NO_FACTORS)
def linalg_matrix_rank(input, tol=None, hermitian=False, *, atol=None, rtol=None):
    """Count the singular values that are above a tolerance, max(atol, rtol times the largest).

    Args:
        input: Matrices.
        tol: The older name of `atol`, beside which `rtol` is 0: a number, or a tensor of them that broadcasts with the batch.
        hermitian: Take the matrices for Hermitian ones, reading the lower triangle.
        atol: Absolute tolerance, likewise; None means 0.
        rtol: Relative tolerance, likewise; None means the precision of the dtype times the larger side, or 0 where `atol` > 0.

    Shape:
        input: (*, m, n); result: (*).

    Returns:
        Tensor of int64.

    Raises:
        RuntimeError: `input` is no matrix, not square though `hermitian`, or of an integer or half-precision dtype.
        LinAlgError: the singular values do not converge.

    Example:
        >>> linalg.matrix_rank(tensor([[1.0, 2.0], [2.0, 4.0]]))
        tensor(1)
    """
    matrices("linalg.matrix_rank", input=input)
    matrices("linalg.matrix_rank", square=bool(hermitian and input.numel()), input=input)
    if not input.numel():
        return made(tuple(input.shape[:-2]), core.int64, input.device)
    atol, rtol = tolerances(input, atol, rtol) if tol is None else (tol, 0.0)
    values = (sizes_of_eigenvalues if hermitian else singular_values)(input.detach())
    largest = values.amax(-1)
    bound = largest * rtol
    bound = maximum(bound, atol if isinstance(atol, core.Tensor) else made((), bound.dtype, bound.device, atol))
    return (values > bound.unsqueeze(-1)).sum(-1)


@samples(linalg_matrix_rank)
def _(s):
    yield s(s.normal(2, 3, 4))
    yield s(s.tensor([[1.0, 2.0], [2.0, 4.0]]))
    yield s(hermitian(s, 3, 3), hermitian=True)
    yield s(s.normal(2, 3, 3), atol=0.5)
    yield s(s.normal(2, 3, 3), rtol=0.3)
    yield s(s.normal(3, 3), 0.7)


@refuses(linalg_matrix_rank)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "linalg.matrix_rank: expected input of 2 or more dimensions")
    yield s(s.normal(2, 3), hermitian=True).raises(RuntimeError, "linalg.matrix_rank: expected input of square matrices")


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.cond", onnx=NO_FACTORS)
def linalg_cond(input, p=None):
    """Take condition numbers: by how much a system can amplify errors.

    |input| |input^-1| in a norm of matrices; for p = 2 the largest singular value divided by the smallest

    Args:
        input: Matrices; square ones unless `p` is None, 2 or -2.
        p: input norm of `linalg.matrix_norm`; None means 2.

    Shape:
        input: (*, m, n); result: (*).

    Returns:
        Real tensor; inf for singular matrices.

    Raises:
        RuntimeError: `input` is no matrix, not square where it has to be, or of an integer or half-precision dtype; `p` is no such norm.

    Example:
        >>> linalg.cond(tensor([[1.0, 0.0], [0.0, 4.0]]))
        tensor(4.)
    """
    if p not in (None, "fro", "nuc", 2, -2, 1, -1, float("inf"), -float("inf")):
        raise expected("linalg.cond", 'p to be None, "fro", "nuc", 1, -1, 2, -2, inf or -inf', p, error=RuntimeError)
    matrices("linalg.cond", input=input)
    if not input.numel():
        return made(tuple(input.shape[:-2]), REAL.get(input.dtype, input.dtype), input.device)
    if p in (None, 2, -2):
        values = singular_values(input)
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    matrices("linalg.cond", square=True, input=input)
    inverse, info = inverse_of(input)
    inverse = where((info != 0).unsqueeze(-1).unsqueeze(-1), float("inf"), inverse)
    return linalg_matrix_norm(input, p) * linalg_matrix_norm(inverse, p)


@samples(linalg_cond)
def _(s):
    for p in (None, 2, -2):
        yield s(regular(s, 3, 3), p)
    for norm in ("fro", "nuc", 1, -1, float("inf"), -float("inf")):
        yield s(regular(s, 3, 3), norm).without("peer_gradient", because="torch writes into the inverse that its backward needs")
    yield s(s.normal(2, 3, 4))


@refuses(linalg_cond)
def _(s):
    yield s(s.normal(3, 3), 3).raises(RuntimeError, "linalg.cond: expected p to be None")
    yield s(s.normal(2, 3), 1).raises(RuntimeError, "linalg.cond: expected input of square matrices")
    yield s(s.normal(3)).raises(RuntimeError, "linalg.cond: expected input of 2 or more dimensions")
