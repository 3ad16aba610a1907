"""Transforms to factors of matrices and to positive definite matrices."""

from __future__ import annotations

import math

from workbench.ext.core import _core

from ...errors import expected
from ...limits import finfo
from ...ops.linalg.cholesky import linalg_cholesky
from ...ops.padding import pad
from ...ops.sequence import eye
from ...ops.smooth import softplus
from ...ops.triangle import diag_embed
from .. import constraints
from ..utils import tril_matrix_to_vec, vec_to_tril_matrix
from .elementwise import _Plain
from .transform import Shape, Transform

Tensor = _core.Tensor


class CorrCholeskyTransform(Transform):
    """Vectors to the Cholesky factors of correlation matrices.

    With t = tanh(x) below the diagonal, row by row, each row of the factor is a stick of squared length 1: y_ij ** 2 is the part t_ij ** 2
    of what the columns before j leave, and the diagonal has the rest.

    Shape:
        x: (*, n (n - 1) / 2); y: (*, n, n).

    References:
        Lewandowski, Kurowicka and Joe (2009), Generating random correlation matrices, J. Multivariate Analysis 100.

    Example:
        >>> distributions.CorrCholeskyTransform()(tensor([0.0]))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        eps = finfo(x.dtype).eps
        t = vec_to_tril_matrix(x.tanh().clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - t.square()).sqrt().cumprod(-1)
        return (t + eye(t.shape[-1], dtype=t.dtype)) * pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        left = pad(1 - y.square().cumsum(-1)[..., :-1], [1, 0], value=1)
        return (tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()).atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = 1 - y.square().cumsum(-1)
        sticks = 0.5 * tril_matrix_to_vec(left, diag=-2).log().sum(-1) if y.shape[-1] > 2 else 0.0
        return sticks - 2 * (x + softplus(-2 * x) - math.log(2.0)).sum(-1)

    def forward_shape(self, shape: Shape) -> Shape:
        if not shape:
            raise expected("CorrCholeskyTransform", "a shape of one or more dimensions", repr(tuple(shape)))
        n = (1 + math.isqrt(1 + 8 * shape[-1])) // 2
        if n * (n - 1) // 2 != shape[-1]:
            raise expected("CorrCholeskyTransform", "as many elements as a triangle has", f"{shape[-1]}")
        return (*shape[:-1], n, n)

    def inverse_shape(self, shape: Shape) -> Shape:
        if len(shape) < 2 or shape[-2] != shape[-1]:
            raise expected("CorrCholeskyTransform", "a shape of square matrices", repr(tuple(shape)))
        n = shape[-1]
        return (*shape[:-2], n * (n - 1) // 2)


class LowerCholeskyTransform(_Plain):
    """Matrices to lower triangular ones with a positive diagonal: exp on the diagonal, nothing above it.

    Shape:
        x, y: (*, n, n).

    Example:
        >>> distributions.LowerCholeskyTransform()(tensor([[0.0, 5.0], [2.0, 0.0]]))
        tensor([[1., 0.],
                [2., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + diag_embed(x.diagonal(dim1=-2, dim2=-1).exp())

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + diag_embed(y.diagonal(dim1=-2, dim2=-1).log())


class PositiveDefiniteTransform(_Plain):
    """Matrices to positive definite ones: the product of a `LowerCholeskyTransform` with its transpose.

    Shape:
        x, y: (*, n, n).

    Example:
        >>> distributions.PositiveDefiniteTransform()(tensor([[0.0, 5.0], [2.0, 0.0]]))
        tensor([[1., 2.],
                [2., 5.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(linalg_cholesky(y))
