"""Wishart's distribution."""

from __future__ import annotations

import math
from numbers import Number
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..ops.comparison import where
from ..ops.gamma import mvlgamma
from ..ops.linalg.cholesky import cholesky_inverse, cholesky_solve, linalg_cholesky
from ..ops.order import broadcast_shapes
from ..ops.sequence import arange
from ..ops.triangle import diag_embed
from . import constraints
from .chi2 import Chi2
from .exp_family import ExponentialFamily
from .multivariate_normal import factor_of_precision, half_log_det, one_matrix
from .utils import lazy_property, standard_normal

Tensor = _core.Tensor
_LOG_2 = math.log(2)


class Wishart(ExponentialFamily):
    """Wishart's distribution, of the sum of x x^T over df normal vectors x of mean 0.

    p(X) = det(X) ** ((df - n - 1) / 2) exp(-trace(V^-1 X) / 2) / (2 ** (df n / 2) det(V) ** (df / 2) gamma_n(df / 2)), with V the
    covariance

    Args:
        df: Degrees of freedom, above n - 1.
        covariance_matrix: Positive definite covariance.
        precision_matrix: The inverse of the covariance.
        scale_tril: Lower triangular factor of the covariance; one of the three is given.
        validate_args: Whether arguments are checked.

    Shape:
        df: (*); matrices: (*, n, n); event: (n, n).

    Raises:
        AssertionError: not exactly one matrix is given.
        ValueError: the matrix has too few dimensions, or an argument is out of its range.

    References:
        Smith and Hocking (1972), Algorithm AS 53: Wishart variate generator, Applied Statistics 21.

    Example:
        >>> distributions.Wishart(3.0, eye(2)).mean
        tensor([[3., 0.],
                [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0
    _params: ClassVar = {"df": 0, "covariance_matrix": 2, "precision_matrix": 2, "scale_tril": 2}

    def __init__(
        self,
        df: Tensor | float,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {"covariance_matrix": covariance_matrix, "scale_tril": scale_tril, "precision_matrix": precision_matrix}
        key, matrix = one_matrix("Wishart", AssertionError, **given)
        degrees: Any = matrix.new_tensor(df) if isinstance(df, Number) else df
        batch, n = broadcast_shapes(matrix.shape[:-2], degrees.shape), matrix.shape[-1]
        if (degrees <= n - 1).any():
            raise expected("Wishart", f"df above {n - 1}", f"{degrees!r}")
        self.df = degrees.expand(batch)
        setattr(self, key, matrix.expand((*batch, -1, -1)))
        super().__init__(batch, matrix.shape[-2:], validate_args=validate_args)
        if key == "scale_tril":
            self._unbroadcasted_scale_tril = matrix
        else:
            self._unbroadcasted_scale_tril = linalg_cholesky(matrix) if key == "covariance_matrix" else factor_of_precision(matrix)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril

    @property
    def arg_constraints(self) -> Any:
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    def _spread(self, matrix: Tensor) -> Tensor:
        return matrix.expand((*self._batch_shape, *self._event_shape))

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

    def _degrees(self) -> Tensor:
        return self.df.reshape((*self._batch_shape, 1, 1))

    @property
    def mean(self) -> Tensor:
        return self._degrees() * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self._degrees() - self._event_shape[0] - 1
        return where(factor > 0, factor, math.nan) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        V = self.covariance_matrix
        diagonal = V.diagonal(dim1=-2, dim2=-1)
        return self._degrees() * (V.square() + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def rsample(self, sample_shape: tuple[int, ...] = (), max_try_correction: int | None = None) -> Tensor:
        """Draw samples by Bartlett's decomposition, differentiable in the parameters.

        Args:
            sample_shape: How many, as the first dimensions of the result.
            max_try_correction: Accepted for PyTorch's sake: the diagonal of the factor is kept above 0, so that nothing is drawn again.
        """
        shape, n = self._extended_shape(sample_shape), self._event_shape[0]
        chi2 = Chi2(self.df.unsqueeze(-1) - arange(n, dtype=self.df.dtype), validate_args=False)
        noise = standard_normal(shape, self.df).tril(-1) + diag_embed(chi2.rsample(sample_shape).sqrt())
        factor = self._unbroadcasted_scale_tril @ noise
        return factor @ factor.mT

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        df, n, factor = self.df, self._event_shape[0], self._unbroadcasted_scale_tril
        trace = cholesky_solve(value, factor).diagonal(dim1=-2, dim2=-1).sum(-1)
        normalizer = df * (0.5 * n * _LOG_2 + half_log_det(factor)) + mvlgamma(0.5 * df, n)
        return (df - n - 1) * half_log_det(linalg_cholesky(value)) - 0.5 * trace - normalizer

    def entropy(self) -> Tensor:
        df, n = self.df, self._event_shape[0]
        slopes = sum((0.5 * df - 0.5 * i).digamma() for i in range(n))
        scale = (n + 1) * (0.5 * n * _LOG_2 + half_log_det(self._unbroadcasted_scale_tril))
        return scale + mvlgamma(0.5 * df, n) - 0.5 * (df - n - 1) * slopes + 0.5 * df * n

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return -0.5 * self.precision_matrix, 0.5 * (self.df - self._event_shape[0] - 1)

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        n = self._event_shape[0]
        half = y + 0.5 * (n + 1)
        return half * (n * _LOG_2 - 2 * half_log_det(linalg_cholesky(-2 * x))) + mvlgamma(half, n)
