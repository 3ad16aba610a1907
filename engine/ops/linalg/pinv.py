"""Inverses of matrices that have none: of Moore and Penrose."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from .._define import Unsupported, derivative, infer, op, refuses, samples
from .._help import broadcast
from .._one_thread import one_thread
from ._lapack import FIELDS, NO_FACTORS, adjoint, matrices
from ._sample_matrices import hermitian as drawn_hermitian
from .rank import tolerances
from .svd import converged

ONE_TRIANGLE = "one triangle is read, and the gradient is that of the whole Hermitian matrix"


@op("call", spaces=(), methods=False, holomorphic=False, dtypes=FIELDS, onnx=Unsupported("an internal form"))
def pinv_of(A, atol, rtol, hermitian):
    """`linalg.pinv`, with tolerances as numbers or ndarrays.

    Shape:
        A: (*, m, n); atol, rtol: () or what broadcasts with *; result: (*, n, m).
    """
    lead = np.broadcast_shapes(A.shape[:-2], np.shape(atol), np.shape(rtol))
    if not A.size:
        return np.zeros((*lead, A.shape[-1], A.shape[-2]), A.dtype)
    if hermitian:
        values, U = converged("linalg.pinv", lambda: np.linalg.eigh(A))
        Vh = U.conj().swapaxes(-1, -2)
    else:
        U, values, Vh = converged("linalg.pinv", lambda: np.linalg.svd(A, full_matrices=False))
    bound = np.maximum(np.asarray(atol), rtol * np.abs(values).max(-1))[..., None]
    kept = np.abs(values) > bound
    inverse = np.where(kept, 1 / np.where(kept, values, 1), 0).astype(values.dtype)
    with one_thread:
        return Vh.conj().swapaxes(-1, -2) @ (inverse[..., None] * U.conj().swapaxes(-1, -2))


@infer(pinv_of)
def _(A, atol, rtol, hermitian):
    lead = broadcast("linalg.pinv", A.shape[:-2], np.shape(atol), np.shape(rtol))
    return [((*lead, A.shape[-1], A.shape[-2]), A.dtype)], (), ()


def pinv_back(g, A, result):
    """Of dP = -P dA P + P P^H dA^H (1 - A P) + (1 - P A) dA^H P^H P, where the rank stays (Golub and Pereyra 1973, 4.12)."""
    P, gh, Ph = result, adjoint(g), adjoint(result)
    back = gh @ P @ Ph + Ph @ (P @ gh) - Ph @ g @ Ph
    back = back - A @ (P @ (gh @ (P @ Ph))) - (Ph @ (P @ gh)) @ P @ A
    extra = back.ndim - A.ndim
    return back.sum_to_size(*A.shape) if extra or tuple(back.shape) != tuple(A.shape) else back


derivative(pinv_of, A=pinv_back)


@samples(pinv_of)
def _(s):
    yield s(s.normal(3, 3), 0.0, 1e-6, False)
    yield s(s.normal(2, 4, 2), 0.0, 1e-6, False)
    yield s(s.normal(2, 3), 0.0, np.array([1e-6, 1e-7]), False)
    yield s(drawn_hermitian(s, 3, 3), 0.0, 1e-6, True).without("gradcheck", "gradgradcheck", because=ONE_TRIANGLE)


@op("composite", spaces="linalg", methods=False, dtypes=FIELDS, peer="linalg.pinv", onnx=NO_FACTORS)
def linalg_pinv(input, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """Invert matrices as far as their singular values allow.

    P = V diag(1 / S where S > max(atol, rtol max(S)), else 0) U^H, for input = U diag(S) V^H

    Args:
        input: Matrices.
        rcond: The older name of `rtol`, beside which `atol` is 0: a number, or a tensor of them that broadcasts with the batch.
        hermitian: Take the matrices for Hermitian ones, reading the lower triangle.
        atol: Absolute tolerance, likewise; None means 0.
        rtol: Relative tolerance, likewise; None means the precision of the dtype times the larger side, or 0 where `atol` > 0.

    Shape:
        input: (*, m, n); result: (*, n, m).

    Returns:
        Tensor of the dtype of `input`. Its gradient is that for matrices of the same rank.

    Raises:
        RuntimeError: `input` is no matrix, not square though `hermitian`, or of an integer or half-precision dtype.
        LinAlgError: the singular values do not converge.

    References:
        Golub and Pereyra (1973), "The differentiation of pseudo-inverses and nonlinear least squares problems".

    Example:
        >>> linalg.pinv(tensor([[2.0, 0.0], [0.0, 0.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.0000]])
    """
    return _pinv("linalg.pinv", input, rcond, hermitian, atol, rtol)


def _pinv(name, input, rcond, hermitian, atol, rtol):
    matrices(name, input=input)
    matrices(name, square=bool(hermitian and input.numel()), input=input)
    atol, rtol = tolerances(input, atol, rtol) if rcond is None else (0.0, rcond)
    return pinv_of(input, _as_array(atol), _as_array(rtol), bool(hermitian))


def _as_array(tolerance):
    return tolerance.detach().numpy() if isinstance(tolerance, core.Tensor) else float(tolerance)


@op("composite", dtypes=FIELDS, onnx=NO_FACTORS)
def pinverse(input, rcond=1e-15):
    """Invert matrices as far as their singular values allow: `linalg.pinv` under its older name.

    Args:
        input: Matrices.
        rcond: Singular values below this, times the largest, are taken for 0.

    Shape:
        input: (*, m, n); result: (*, n, m).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: `input` is no matrix, or of an integer or half-precision dtype.

    Example:
        >>> pinverse(tensor([[2.0, 0.0]]))
        tensor([[0.5000],
                [0.0000]])
    """
    return _pinv("pinverse", input, rcond, False, None, None)


@samples(linalg_pinv)
def _(s):
    yield s(s.normal(2, 3, 4))
    yield s(s.normal(4, 2), atol=0.1)
    several = s(s.normal(2, 3, 3), rtol=s.tensor([1e-5, 1e-6], "float64"))
    yield several.without("peer_gradient", because="torch refuses tolerances that require grad")
    yield s(s.normal(3, 2), 1e-5)
    yield s(drawn_hermitian(s, 2, 3, 3), hermitian=True).without("gradcheck", "gradgradcheck", because=ONE_TRIANGLE)


@samples(pinverse)
def _(s):
    yield s(s.normal(3, 3))
    yield s(s.normal(2, 3, 2), 1e-5)


@refuses(pinverse)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "pinverse: expected input of 2 or more dimensions")


@refuses(linalg_pinv)
def _(s):
    yield s(s.normal(3)).raises(RuntimeError, "linalg.pinv: expected input of 2 or more dimensions")
    yield s(s.integers(3, 3)).raises(RuntimeError, "linalg.pinv: expected input of float32")
    yield s(s.normal(2, 3), hermitian=True).raises(RuntimeError, "linalg.pinv: expected input of square matrices")
