"""What the ops of linear algebra share: LAPACK over batches, checks of matrices, adjoints, and the error of a singular one."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import TYPE_CHECKING, np

from .._define import COMPLEX, FLOATING, Unsupported
from .._help import broadcast, made
from .._one_thread import one_thread
from .._space import alias
from ..complex import conj
from ..errors import expected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

Tensor = core.Tensor
NO_FACTORS = Unsupported("ONNX has no operators that factorise or solve")
FIELDS = (*FLOATING, *COMPLEX)  # the dtypes that LAPACK computes in


class LinAlgError(RuntimeError):
    """Raised where a matrix does not allow what was asked: singular, not positive definite, or an iteration without end."""


alias("linalg", LinAlgError=LinAlgError)


def matrices(name: str, square: bool = False, **given: Any) -> None:
    """Raise unless every argument is a (square) matrix, or a batch of them, in a dtype that LAPACK computes in."""
    for argument, t in given.items():
        if not isinstance(t, Tensor):
            raise expected(name, f"{argument} to be a Tensor", type(t).__name__, error=TypeError)
        if t.dtype.name not in FIELDS:
            raise expected(name, f"{argument} of float32, float64, complex64 or complex128", t, "cast it", RuntimeError)
        if t.ndim < 2:
            raise expected(name, f"{argument} of 2 or more dimensions", t, error=RuntimeError)
        if square and t.shape[-1] != t.shape[-2]:
            raise expected(name, f"{argument} of square matrices", t, error=RuntimeError)


def same_dtype(name: str, **given: Tensor) -> None:
    """Raise unless all have the dtype of the first."""
    (first, t), *rest = given.items()
    for argument, other in rest:
        if other.dtype is not t.dtype:
            raise expected(name, f"{argument} of the dtype of {first}, {t.dtype.name}", other, "cast one of them", RuntimeError)


def batched_alike(name: str, *ts: Tensor, core_dims: int = 2) -> tuple[Tensor, ...]:
    """The tensors with their leading dimensions broadcast."""
    lead = broadcast(name, *(t.shape[: t.ndim - core_dims] for t in ts))
    return tuple(t if tuple(t.shape[:-core_dims]) == lead else t.expand(*lead, *t.shape[-core_dims:]) for t in ts)


def adjoint(A: Tensor) -> Tensor:
    """Each matrix transposed and conjugated."""
    return conj(A.mT) if A.is_complex() else A.mT


def unit(n: int, like: Tensor, lead: Sequence[int] = ()) -> Tensor:
    """Unit matrices of the dtype of `like`."""
    whole = made((*lead, n, n), like.dtype, like.device)
    core.fill(whole.diagonal(0, -2, -1), 1)
    return whole


def on_diagonal(values: Tensor) -> Tensor:
    """Diagonal matrices: (*, n) to (*, n, n)."""
    return values.unsqueeze(-1) * unit(values.shape[-1], values)


def each(f: Callable[..., Any], lead: Sequence[int], results: Sequence[tuple[Sequence[int], Any]], *arrays: Any) -> tuple[Any, ...]:
    """What `f` gives for every matrix of a batch.

    Args:
        f: Takes one matrix of each array and returns a tuple.
        lead: The dimensions of the batch.
        results: Shape and NumPy dtype of each result of one call. Where a matrix has no elements, `f` is not called and these are 0.
        arrays: ndarrays of shape (*lead, ...).
    """
    outs = tuple(np.zeros((*lead, *shape), dtype) for shape, dtype in results)
    if all(a[()].size for a in arrays):
        with one_thread:
            for i in np.ndindex(*lead):
                for out, value in zip(outs, f(*(a[i] for a in arrays))):
                    out[i] = value
    return outs


def refuse_singular(name: str, info: Tensor, what: str) -> None:
    """Raise LinAlgError if a matrix of the batch was not `what`; `info` is LAPACK's, 0 for success."""
    codes = info.numpy()
    if codes.any():
        at = tuple(int(i) for i in np.argwhere(codes)[0])
        where = f" (matrix {at if len(at) > 1 else at[0]} of the batch)" if at else ""
        raise expected(name, what, f"one that is not, which shows at its diagonal element {int(codes[at])}{where}", error=LinAlgError)
