"""The distribution of von Mises."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..ops.bessel import i0e, i1e
from ..ops.comparison import where
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, even

Tensor = _core.Tensor


class VonMises(Distribution):
    """The distribution of von Mises, of angles.

    p(x) = exp(concentration * cos(x - loc)) / (2 pi I0(concentration))

    Args:
        loc: Mean angle, in radians.
        concentration: Concentration, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        loc, concentration: shapes that broadcast to batch_shape; event: ().

    Raises:
        ValueError: a concentration is not positive.

    References:
        Best and Fisher (1979), Efficient simulation of the von Mises distribution, Applied Statistics 28.

    Example:
        >>> distributions.VonMises(tensor(0.0), tensor(1.0)).log_prob(tensor(0.0))
        tensor(-1.0738)
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False
    _params: ClassVar = {"loc": 0, "concentration": 0}

    def __init__(self, loc: Tensor, concentration: Tensor, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        k = self.concentration
        return k * ((value - self.loc).cos() - 1) - math.log(2 * math.pi) - i0e(k).log()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples in [-pi, pi), by rejection from a wrapped Cauchy distribution.

        Args:
            sample_shape: How many, as the first dimensions of the result.
        """
        shape = self._extended_shape(sample_shape)
        with _core.no_grad():
            k = self.concentration.double().expand(shape)
            tau = 1 + (1 + 4 * k.square()).sqrt()
            rho = (tau - (2 * tau).sqrt()) / (2 * k)
            # for small concentrations the difference above has no digits left
            r = where(k < 1e-5, 1 / k, (1 + rho.square()) / (2 * rho))
            cosine, done = k.new_zeros(shape), k.new_zeros(shape, dtype=_core.bool_)
            while not done.all():
                z = (math.pi * even(shape, k)).cos()
                f = (1 + r * z) / (r + z)
                c, u = k * (r - f), even(shape, k)
                accepted = (c * (2 - c) > u) | ((c / u).log() + 1 >= c)
                cosine, done = where(accepted & ~done, f, cosine), done | accepted
            side = where(even(shape, k) < 0.5, -1.0, 1.0)
            angle = side * cosine.clamp(min=-1, max=1).acos() + self.loc
            return ((angle + math.pi).remainder(2 * math.pi) - math.pi).to(self.loc.dtype)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The circular variance, 1 - I1(concentration) / I0(concentration)."""
        return 1 - i1e(self.concentration) / i0e(self.concentration)
