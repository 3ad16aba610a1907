"""Dirichlet's distribution."""

from __future__ import annotations

from typing import ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..ops.comparison import where
from ..ops.one_hot import one_hot
from ..ops.sampling import _sample_dirichlet
from . import constraints
from .exp_family import ExponentialFamily

Tensor = _core.Tensor


class Dirichlet(ExponentialFamily):
    """Dirichlet's distribution, of vectors of probabilities.

    p(x) = gamma(sum of a) * product of x_i ** (a_i - 1) / gamma(a_i), with a the concentration

    Args:
        concentration: Concentrations of the categories, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        concentration: (*batch_shape, k); event: (k,).

    Raises:
        ValueError: a concentration is not positive, or there is no dimension of categories.

    Example:
        >>> distributions.Dirichlet(tensor([1.0, 3.0])).mean
        tensor([0.2500, 0.7500])
    """

    arg_constraints: ClassVar = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    _params: ClassVar = {"concentration": 1}

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise expected("Dirichlet", "concentration of one or more dimensions", concentration)
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    def rsample(self, sample_shape: tuple[int, ...] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return _sample_dirichlet(self.concentration.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        a = self.concentration
        return (a - 1).xlogy(value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0)
        mode = above / above.sum(-1, True)
        # where no concentration is above 1 the density is largest at a corner
        corner = one_hot(self.concentration.argmax(-1), above.shape[-1]).to(mode.dtype)
        return where((self.concentration < 1).all(-1, True), corner, mode)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.square() * (total + 1))

    def entropy(self) -> Tensor:
        a, k = self.concentration, self.concentration.shape[-1]
        total = a.sum(-1)
        return a.lgamma().sum(-1) - total.lgamma() - (k - total) * total.digamma() - ((a - 1) * a.digamma()).sum(-1)

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.concentration,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return x.lgamma().sum(-1) - x.sum(-1).lgamma()
