"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..ops.linalg.cholesky import cholesky_inverse, linalg_cholesky
from ..ops.linalg.triangular import linalg_solve_triangular
from ..ops.order import broadcast_shapes
from ..ops.sequence import eye
from . import constraints
from .distribution import Distribution
from .utils import lazy_property, standard_normal

Tensor = _core.Tensor


def factor_of_precision(precision: Tensor) -> Tensor:
    """The lower triangular L with L L^T the inverse of a positive definite matrix."""
    # the factor of the matrix read backwards, read backwards, is the inverse transposed of the one that is wanted
    backwards = linalg_cholesky(precision.flip((-2, -1))).flip((-2, -1)).mT
    return linalg_solve_triangular(backwards, eye(precision.shape[-1], dtype=precision.dtype), upper=False)


def whitened(factor: Tensor, x: Tensor) -> Tensor:
    """factor^-1 x for vectors with sample dimensions in front, solved for all samples of a factor at once.

    Shape:
        factor: (*factors, n, n), *factors broadcasts to *batch; x: (*samples, *batch, n); result: (*batch, n, number of samples).
    """
    n, batch = x.shape[-1], x.shape[x.ndim - factor.ndim + 1 : -1]
    columns = x.reshape((-1, *batch, n)).movedim(0, -1)
    return linalg_solve_triangular(factor, columns, upper=False)


def squared_lengths(y: Tensor, shape: Any) -> Tensor:
    """Sums of squares of what `whitened` gave, in a shape with the samples in front."""
    return y.square().sum(-2).movedim(-1, 0).reshape(shape)


def mahalanobis(factor: Tensor, x: Tensor) -> Tensor:
    """x^T (L L^T)^-1 x for vectors x."""
    return squared_lengths(whitened(factor, x), x.shape[:-1])


def half_log_det(factor: Tensor) -> Tensor:
    """Half the logarithm of the determinant of L L^T."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def one_matrix(name: str, error: type[Exception], **given: Tensor | None) -> tuple[str, Tensor]:
    """The one matrix that is given, by name."""
    present = [(key, matrix) for key, matrix in given.items() if matrix is not None]
    if len(present) != 1:
        raise expected(name, f"one of {', '.join(given)}", " and ".join(key for key, _ in present) or "none", error=error)
    key, matrix = present[0]
    if matrix.ndim < 2:
        raise expected(name, f"{key} of two or more dimensions", matrix)
    return key, matrix


class MultivariateNormal(Distribution):
    """The normal distribution of vectors.

    p(x) = exp(-(x - loc)^T covariance^-1 (x - loc) / 2) / sqrt((2 pi) ** n det(covariance))

    Args:
        loc: Mean.
        covariance_matrix: Positive definite covariance.
        precision_matrix: The inverse of the covariance.
        scale_tril: Lower triangular factor L of the covariance L L^T, with a positive diagonal; one of the three is given. Nothing has
            to be factorised then.
        validate_args: Whether arguments are checked.

    Shape:
        loc: (*, n); matrices: (*, n, n); event: (n,).

    Raises:
        ValueError: not exactly one matrix is given, an argument has too few dimensions, or is out of its range.

    Example:
        >>> distributions.MultivariateNormal(zeros(2), eye(2)).log_prob(zeros(2))
        tensor(-1.8379)
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _params: ClassVar = {"loc": 1, "covariance_matrix": 2, "precision_matrix": 2, "scale_tril": 2}

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.ndim < 1:
            raise expected("MultivariateNormal", "loc of one or more dimensions", loc)
        given = {"covariance_matrix": covariance_matrix, "scale_tril": scale_tril, "precision_matrix": precision_matrix}
        key, matrix = one_matrix("MultivariateNormal", ValueError, **given)
        batch = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, key, matrix.expand((*batch, -1, -1)))
        self.loc = loc.expand((*batch, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        # of the matrix as it was given: a factor serves the whole batch that it is broadcast to
        if key == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        else:
            self._unbroadcasted_scale_tril = linalg_cholesky(matrix) if key == "covariance_matrix" else factor_of_precision(matrix)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril

    def _spread(self, matrix: Tensor) -> Tensor:
        return matrix.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Tensor:
        return self._spread(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        factor = self._unbroadcasted_scale_tril
        return self._spread(factor @ factor.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        return self._spread(cholesky_inverse(self._unbroadcasted_scale_tril))

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._unbroadcasted_scale_tril.square().sum(-1).expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        noise = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + (self._unbroadcasted_scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        factor = self._unbroadcasted_scale_tril
        distance = mahalanobis(factor, value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - half_log_det(factor)

    def entropy(self) -> Tensor:
        result = half_log_det(self._unbroadcasted_scale_tril) + 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi))
        return result.expand(self._batch_shape)
