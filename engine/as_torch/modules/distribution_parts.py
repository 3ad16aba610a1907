"""What programs take from inside of `torch.distributions`: draws, sums, and the pieces of normal distributions of vectors."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core

from ...distributions.multivariate_normal import factor_of_precision as _precision_to_scale_tril  # noqa: F401
from ...distributions.multivariate_normal import half_log_det
from ...distributions.multivariate_normal import mahalanobis as _batch_mahalanobis  # noqa: F401
from ...distributions.transforms.elementwise import _inside
from ...distributions.transforms.transform import _InverseTransform as _InverseTransform
from ...distributions.utils import sum_rightmost as _sum_rightmost  # noqa: F401
from ...ops.linalg.cholesky import linalg_cholesky
from ...ops.linalg.triangular import linalg_solve_triangular
from ...ops.random import randn
from ...ops.sequence import eye

Tensor = _core.Tensor


def _standard_normal(shape: Any, dtype: Any, device: Any) -> Tensor:
    """Standard normal numbers."""
    return randn(tuple(shape), dtype=dtype, device=device)


def _clipped_sigmoid(x: Tensor) -> Tensor:
    """The sigmoid, kept away from 0 and 1 by as little as the dtype allows."""
    return _inside(x.sigmoid())


def _batch_mv(bmat: Tensor, bvec: Tensor) -> Tensor:
    """Products of matrices and vectors.

    Shape:
        bmat: (*, n, n); bvec: (*, n); result: (*, n).
    """
    return (bmat @ bvec.unsqueeze(-1)).squeeze(-1)


def _batch_capacitance_tril(W: Tensor, D: Tensor) -> Tensor:
    """The factor of 1 + W^T diag(D)^-1 W.

    Shape:
        W: (*, n, rank); D: (*, n); result: (*, rank, rank).
    """
    return linalg_cholesky(eye(W.shape[-1], dtype=W.dtype) + (W.mT / D.unsqueeze(-2)) @ W)


def _batch_lowrank_logdet(W: Tensor, D: Tensor, capacitance_tril: Tensor) -> Tensor:
    """The logarithm of the determinant of W W^T + diag(D), by the lemma that it is that of the small matrix times that of D."""
    return 2 * half_log_det(capacitance_tril) + D.log().sum(-1)


def _batch_lowrank_mahalanobis(W: Tensor, D: Tensor, x: Tensor, capacitance_tril: Tensor) -> Tensor:
    """x^T (W W^T + diag(D))^-1 x, by Woodbury's identity."""
    inside = ((W.mT / D.unsqueeze(-2)) @ x.unsqueeze(-1)).squeeze(-1)
    small = linalg_solve_triangular(capacitance_tril, inside.unsqueeze(-1), upper=False).squeeze(-1)
    return (x.square() / D).sum(-1) - small.square().sum(-1)
