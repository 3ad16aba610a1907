"""Exponential families: densities exp(<natural parameters, statistics> - log normalizer + carrier measure)."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.ext.core import _core

from .distribution import Distribution
from .utils import sum_rightmost

Tensor = _core.Tensor


class ExponentialFamily(Distribution):
    """A distribution with density p(x) = exp(<t(x), theta> - F(theta) + k(x)).

    Subclasses give theta as `_natural_params`, F as `_log_normalizer(*theta)` and the mean of k as `_mean_carrier_measure`; the entropy
    follows from them, by differentiating F.

    Shape:
        as of Distribution.

    References:
        Nielsen and Nock (2010), Entropies and cross-entropies of exponential families, ICIP.

    Example:
        >>> isinstance(distributions.Normal(0.0, 1.0), distributions.ExponentialFamily)
        True
    """

    _params: ClassVar[dict[str, int]] = {}

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any, **named: Any) -> Tensor:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """F(theta) - <theta, F'(theta)> - the mean of k."""
        carrier = self._mean_carrier_measure
        theta = self._natural_params
        normalizer, slopes = slopes_of(self, theta)
        result = -carrier + normalizer
        for t, slope in zip(theta, slopes):
            result = result - sum_rightmost(t * slope, t.ndim - len(self.batch_shape))
        return result


def slopes_of(p: ExponentialFamily, theta: tuple[Tensor, ...]) -> tuple[Tensor, list[Any]]:
    """The log normalizer of natural parameters and its gradient, both differentiable as far as the parameters are."""
    record = any(t.requires_grad for t in theta)
    with _core.enable_grad():
        points = [t if t.requires_grad else t.detach().requires_grad_() for t in theta]
        normalizer = p._log_normalizer(*points)
        slopes = _core.gradients([normalizer.sum()], [None], points, record, record)
    return normalizer if record else normalizer.detach(), slopes
