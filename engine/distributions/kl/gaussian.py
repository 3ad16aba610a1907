"""Divergences of normal distributions of vectors: half of log det q - log det p + trace(q^-1 p) + distance of the means - n."""

from __future__ import annotations

from typing import Any

from workbench.ext.core import _core

from ...errors import expected
from ...ops.linalg.triangular import linalg_solve_triangular
from ...ops.triangle import diag_embed
from ..lowrank_multivariate_normal import LowRankMultivariateNormal
from ..multivariate_normal import MultivariateNormal, half_log_det, mahalanobis
from .registry import register_kl

Tensor = _core.Tensor


def _squares(x: Tensor) -> Tensor:
    """The sum of squares of each matrix."""
    return x.square().sum((-2, -1))


def _whitened(q: Any, matrix: Tensor) -> Tensor:
    """L^-1 matrix, with L the factor of q."""
    return linalg_solve_triangular(q._unbroadcasted_scale_tril, matrix, upper=False)


def _checked(p: Any, q: Any) -> int:
    if p.event_shape != q.event_shape:
        raise expected("kl_divergence", f"q of event_shape {tuple(p.event_shape)}", f"{tuple(q.event_shape)}")
    return p.event_shape[0]


def _dense_log_det(d: Any) -> Tensor:
    return half_log_det(d._unbroadcasted_scale_tril)


@register_kl(MultivariateNormal, MultivariateNormal)
def _dense_dense(p: Any, q: Any) -> Tensor:
    n = _checked(p, q)
    trace = _squares(_whitened(q, p._unbroadcasted_scale_tril))
    distance = mahalanobis(q._unbroadcasted_scale_tril, q.loc - p.loc)
    return _dense_log_det(q) - _dense_log_det(p) + 0.5 * (trace + distance - n)


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _low_dense(p: Any, q: Any) -> Tensor:
    n = _checked(p, q)
    diagonal = diag_embed(p._unbroadcasted_cov_diag.sqrt())
    trace = _squares(_whitened(q, p._unbroadcasted_cov_factor)) + _squares(_whitened(q, diagonal))
    distance = mahalanobis(q._unbroadcasted_scale_tril, q.loc - p.loc)
    return _dense_log_det(q) - p._half_log_det() + 0.5 * (trace + distance - n)


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _dense_low(p: Any, q: Any) -> Tensor:
    n = _checked(p, q)
    factor = p._unbroadcasted_scale_tril
    trace = (factor.square().sum(-1) / q._unbroadcasted_cov_diag).sum(-1) - _squares(q._reduction @ factor)
    return q._half_log_det() - _dense_log_det(p) + 0.5 * (trace + q._distance(q.loc - p.loc) - n)


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _low_low(p: Any, q: Any) -> Tensor:
    n = _checked(p, q)
    factor, diagonal = p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag
    along = ((factor.square().sum(-1) + diagonal) / q._unbroadcasted_cov_diag).sum(-1)
    trace = along - _squares(q._reduction @ factor) - _squares(q._reduction * diagonal.sqrt().unsqueeze(-2))
    return q._half_log_det() - p._half_log_det() + 0.5 * (trace + q._distance(q.loc - p.loc) - n)
