"""Divergences of distributions of different families: the mean of -log q under p, less the entropy of p."""

from __future__ import annotations

import math
from typing import Any

from workbench.ext.core import _core

from ...ops.comparison import where
from ...ops.creation import full_like
from ..bernoulli import Bernoulli
from ..beta import Beta
from ..binomial import Binomial
from ..continuous_bernoulli import ContinuousBernoulli
from ..exponential import Exponential
from ..gamma import Gamma
from ..gumbel import Gumbel
from ..laplace import Laplace
from ..normal import Normal
from ..pareto import Pareto
from ..poisson import Poisson
from ..uniform import Uniform
from ..utils import euler_constant
from .registry import register_kl

Tensor = _core.Tensor


def _under_normal(mean: Tensor, variance: Tensor, q: Any) -> Tensor:
    """The mean of -log q, q normal, under a distribution of given mean and variance."""
    return 0.5 * math.log(2 * math.pi) + q.scale.log() + 0.5 * (variance + (mean - q.loc).square()) / q.scale.square()


def _under_exponential(mean: Tensor, q: Any) -> Tensor:
    return q.rate * mean - q.rate.log()


def _under_gamma(mean: Tensor, mean_log: Tensor, q: Any) -> Tensor:
    a = q.concentration
    return a.lgamma() - a * q.rate.log() - (a - 1) * mean_log + q.rate * mean


def _under_continuous_bernoulli(mean: Tensor, q: Any) -> Tensor:
    return -mean * q.logits - (-q.probs).log1p() - q._log_constant()


def _under_gumbel(mean: Tensor, mean_exp: Tensor, q: Any) -> Tensor:
    """mean_exp: the mean of exp(-(x - loc) / scale)."""
    return q.scale.log() + (mean - q.loc) / q.scale + mean_exp


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Any, q: Any) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _beta_continuous_bernoulli(p: Any, q: Any) -> Tensor:
    return _under_continuous_bernoulli(p.mean, q) - p.entropy()


@register_kl(Beta, Exponential)
@register_kl(ContinuousBernoulli, Exponential)
@register_kl(Gamma, Exponential)
def _exponential(p: Any, q: Any) -> Tensor:
    return _under_exponential(p.mean, q) - p.entropy()


@register_kl(Beta, Gamma)
def _beta_gamma(p: Any, q: Any) -> Tensor:
    mean_log = p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    return _under_gamma(p.mean, mean_log, q) - p.entropy()


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Uniform, Normal)
def _normal(p: Any, q: Any) -> Tensor:
    return _under_normal(p.mean, p.variance, q) - p.entropy()


def _kept(p: Any, least: float) -> tuple[Tensor, Pareto]:
    """Where the tail is too heavy for a moment, and the distribution with a harmless power there, so that gradients are finite."""
    heavy = p.alpha <= least
    return heavy, Pareto(p.scale, where(heavy, least + 1.0, p.alpha), validate_args=False)


@register_kl(Pareto, Normal)
def _pareto_normal(p: Any, q: Any) -> Tensor:
    heavy, kept = _kept(p, 2)
    return where(heavy, math.inf, _under_normal(kept.mean, kept.variance, q) - p.entropy())


@register_kl(Beta, Uniform)
@register_kl(ContinuousBernoulli, Uniform)
def _unit_uniform(p: Any, q: Any) -> Tensor:
    return where((q.low > 0) | (q.high < 1), math.inf, (q.high - q.low).log() - p.entropy())


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Any, q: Any) -> Tensor:
    return _under_gamma(p.mean, -euler_constant - p.rate.log(), q) - p.entropy()


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p: Any, q: Any) -> Tensor:
    product = p.rate * q.scale
    return _under_gumbel(p.mean, (q.loc / q.scale).exp() * product / (product + 1), q) - p.entropy()


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p: Any, q: Any) -> Tensor:
    mean_exp = (q.loc / q.scale).exp() * (1 + 1 / (p.rate * q.scale)).pow(-p.concentration)
    return _under_gumbel(p.mean, mean_exp, q) - p.entropy()


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Any, q: Any) -> Tensor:
    mean_exp = (0.5 * (p.scale / q.scale).square() - (p.loc - q.loc) / q.scale).exp()
    return _under_gumbel(p.mean, mean_exp, q) - p.entropy()


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p: Any, q: Any) -> Tensor:
    low, high = (p.low - q.loc) / q.scale, (p.high - q.loc) / q.scale
    return _under_gumbel(p.mean, ((-low).exp() - (-high).exp()) / (high - low), q) - p.entropy()


@register_kl(Normal, Laplace)
def _normal_laplace(p: Any, q: Any) -> Tensor:
    offset = p.loc - q.loc
    ratio = offset / p.scale
    # the mean distance of a normal variable from a point
    distance = math.sqrt(2 / math.pi) * p.scale * (-0.5 * ratio.square()).exp() + offset * (math.sqrt(0.5) * ratio).erf()
    return (2 * q.scale).log() + distance / q.scale - p.entropy()


@register_kl(Pareto, Exponential)
def _pareto_exponential(p: Any, q: Any) -> Tensor:
    heavy, kept = _kept(p, 1)
    return where(heavy, math.inf, _under_exponential(kept.mean, q) - p.entropy())


@register_kl(Pareto, Gamma)
def _pareto_gamma(p: Any, q: Any) -> Tensor:
    heavy, kept = _kept(p, 1)
    return where(heavy, math.inf, _under_gamma(kept.mean, p.scale.log() + p.alpha.reciprocal(), q) - p.entropy())


def _mean_log(low: Tensor, high: Tensor) -> Tensor:
    """The mean of log x over an interval."""
    return (high.xlogy(high) - low.xlogy(low)) / (high - low) - 1


@register_kl(Uniform, Beta)
def _uniform_beta(p: Any, q: Any) -> Tensor:
    a, b = q.concentration1, q.concentration0
    logs = (a - 1) * _mean_log(p.low, p.high) + (b - 1) * _mean_log(1 - p.high, 1 - p.low)
    result = a.lgamma() + b.lgamma() - (a + b).lgamma() - logs - p.entropy()
    return where((p.low < 0) | (p.high > 1), math.inf, result)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Any, q: Any) -> Tensor:
    return where((p.low < 0) | (p.high > 1), math.inf, _under_continuous_bernoulli(p.mean, q) - p.entropy())


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Any, q: Any) -> Tensor:
    return where(p.low < 0, math.inf, _under_exponential(p.mean, q) - p.entropy())


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Any, q: Any) -> Tensor:
    return where(p.low < 0, math.inf, _under_gamma(p.mean, _mean_log(p.low, p.high), q) - p.entropy())


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Any, q: Any) -> Tensor:
    result = (q.alpha + 1) * _mean_log(p.low, p.high) - q.alpha.log() - q.alpha * q.scale.log() - p.entropy()
    return where(p.low < q.scale, math.inf, result)


@register_kl(Beta, Pareto)
@register_kl(ContinuousBernoulli, Pareto)
@register_kl(Poisson, Binomial)
@register_kl(Poisson, Bernoulli)
@register_kl(Exponential, Beta)
@register_kl(Exponential, ContinuousBernoulli)
@register_kl(Exponential, Pareto)
@register_kl(Exponential, Uniform)
@register_kl(Gamma, Beta)
@register_kl(Gamma, ContinuousBernoulli)
@register_kl(Gamma, Pareto)
@register_kl(Gamma, Uniform)
@register_kl(Pareto, Beta)
@register_kl(Pareto, ContinuousBernoulli)
@register_kl(Pareto, Uniform)
def _endless(p: Any, q: Any) -> Tensor:
    """q rules out values that p does not."""
    return full_like(p.mean, math.inf)


for _whole_line in (Normal, Laplace, Gumbel):
    for _part in (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform):
        register_kl(_whole_line, _part)(_endless)
