"""The normal distribution of vectors whose covariance is a diagonal and a matrix of low rank."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..ops.linalg.cholesky import linalg_cholesky
from ..ops.linalg.triangular import linalg_solve_triangular
from ..ops.order import broadcast_shapes
from ..ops.sequence import eye
from ..ops.triangle import diag_embed
from . import constraints
from .distribution import Distribution
from .multivariate_normal import half_log_det
from .utils import lazy_property, standard_normal

Tensor = _core.Tensor


class LowRankMultivariateNormal(Distribution):
    """The normal distribution of vectors with a covariance of the form W W^T + diag(d).

    Inverse and determinant follow from a matrix of the size of the rank, C = 1 + W^T diag(d)^-1 W.

    Args:
        loc: Mean.
        cov_factor: W.
        cov_diag: d, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        loc: (*, n); cov_factor: (*, n, rank); cov_diag: (*, n); event: (n,).

    Raises:
        ValueError: an argument has too few dimensions, another n, or is out of its range.

    References:
        Woodbury (1950), Inverting modified matrices.

    Example:
        >>> distributions.LowRankMultivariateNormal(zeros(2), tensor([[1.0], [0.0]]), ones(2)).variance
        tensor([2., 1.])
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True
    _params: ClassVar = {"loc": 1, "cov_factor": 2, "cov_diag": 1, "scale_tril": 2, "covariance_matrix": 2, "precision_matrix": 2}

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        name = "LowRankMultivariateNormal"
        if loc.ndim < 1:
            raise expected(name, "loc of one or more dimensions", loc)
        n = loc.shape[-1]
        if cov_factor.ndim < 2 or cov_factor.shape[-2] != n:
            raise expected(name, f"cov_factor of shape (*, {n}, rank)", cov_factor)
        if cov_diag.shape[-1:] != loc.shape[-1:]:
            raise expected(name, f"cov_diag of shape (*, {n})", cov_diag)
        try:
            batch = broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError:
            shapes = [tuple(x.shape) for x in (loc, cov_factor, cov_diag)]
            raise expected(name, "arguments of batches that broadcast", f"shapes {shapes}") from None
        self.loc, self.cov_diag = loc.expand((*batch, n)), cov_diag.expand((*batch, n))
        self.cov_factor = cov_factor.expand((*batch, *cov_factor.shape[-2:]))
        super().__init__(batch, (n,), validate_args=validate_args)
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        scaled = cov_factor.mT / cov_diag.unsqueeze(-2)
        self._capacitance_tril = linalg_cholesky(eye(cov_factor.shape[-1], dtype=loc.dtype) + scaled @ cov_factor)
        # with A below, the inverse of the covariance is diag(d)^-1 - A^T A
        self._reduction = linalg_solve_triangular(self._capacitance_tril, scaled, upper=False)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        for name in ("_unbroadcasted_cov_factor", "_unbroadcasted_cov_diag", "_capacitance_tril", "_reduction"):
            new.__dict__[name] = self.__dict__[name]

    def _spread(self, matrix: Tensor) -> Tensor:
        return matrix.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        found = self._unbroadcasted_cov_factor.square().sum(-1) + self._unbroadcasted_cov_diag
        return found.expand((*self._batch_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Tensor:
        # the diagonal taken out in front of the factorisation keeps it well conditioned
        root = self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1)
        inside = self._unbroadcasted_cov_factor / root
        return self._spread(root * linalg_cholesky(inside @ inside.mT + eye(self._event_shape[0], dtype=self.loc.dtype)))

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        factor = self._unbroadcasted_cov_factor
        return self._spread(factor @ factor.mT + diag_embed(self._unbroadcasted_cov_diag))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        return self._spread(diag_embed(self._unbroadcasted_cov_diag.reciprocal()) - self._reduction.mT @ self._reduction)

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        few = standard_normal((*shape[:-1], self.cov_factor.shape[-1]), self.loc)
        shared = (self._unbroadcasted_cov_factor @ few.unsqueeze(-1)).squeeze(-1)
        return self.loc + shared + self._unbroadcasted_cov_diag.sqrt() * standard_normal(shape, self.loc)

    def _distance(self, offset: Tensor) -> Tensor:
        """offset^T covariance^-1 offset."""
        along = (offset.square() / self._unbroadcasted_cov_diag).sum(-1)
        return along - (self._reduction @ offset.unsqueeze(-1)).squeeze(-1).square().sum(-1)

    def _half_log_det(self) -> Tensor:
        return half_log_det(self._capacitance_tril) + 0.5 * self._unbroadcasted_cov_diag.log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = self._distance(value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Tensor:
        result = self._half_log_det() + 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi))
        return result.expand(self._batch_shape)
