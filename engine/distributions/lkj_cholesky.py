"""The distribution of Lewandowski, Kurowicka and Joe."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from workbench.ext.core import _core

from ..errors import expected
from ..limits import finfo
from ..ops.gamma import mvlgamma
from ..ops.sequence import arange
from ..ops.triangle import diag_embed
from . import constraints
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all, standard_normal

Tensor = _core.Tensor


class LKJCholesky(Distribution):
    """The distribution of Cholesky factors of correlation matrices, by Lewandowski, Kurowicka and Joe.

    The correlation matrix M has a density in proportion to det(M) ** (concentration - 1): it is even at concentration 1.

    Args:
        dim: Size of the matrices, >= 2.
        concentration: Concentration at the unit matrix, > 0.
        validate_args: Whether arguments are checked.

    Shape:
        concentration: batch_shape; event: (dim, dim).

    Raises:
        ValueError: `dim` is less than 2, or a concentration is not positive.

    References:
        Lewandowski, Kurowicka and Joe (2009), Generating random correlation matrices, J. Multivariate Analysis 100.

    Example:
        >>> distributions.LKJCholesky(2, 1.0).log_prob(eye(2))
        tensor(-0.6931)
    """

    arg_constraints: ClassVar = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _params: ClassVar = {"concentration": 0}

    def __init__(self, dim: int, concentration: Tensor | float = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise expected("LKJCholesky", "dim of 2 or more", dim)
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)
        # how much of the squared length of each row lies below the diagonal: an onion that grows by one layer with each row
        layer = arange(-1, dim - 1, dtype=self.concentration.dtype).clamp(min=0)
        rest = self.concentration.unsqueeze(-1) + 0.5 * (dim - 2)
        self._beta = Beta(0.5 * layer + 0.5, rest - 0.5 * layer, validate_args=False)

    def _expand_into(self, new: Any, batch_shape: Any) -> None:
        super()._expand_into(new, batch_shape)
        new.dim = self.dim
        new._beta = self._beta.expand((*batch_shape, self.dim))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw factors by the onion method."""
        with _core.no_grad():
            share = self._beta.sample(sample_shape).unsqueeze(-1)
            direction = standard_normal(self._extended_shape(sample_shape), self.concentration).tril(-1)
            length = direction.square().sum(-1, True).sqrt()
            below = share.sqrt() * direction / length.clamp(min=finfo(length.dtype).tiny)  # nothing in the first row
            diagonal = (1 - below.square().sum(-1)).clamp(min=finfo(length.dtype).tiny).sqrt()
            return below + diag_embed(diagonal)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        n, dim = self.dim - 1, self.dim
        order = 2 * (self.concentration - 1).unsqueeze(-1) + dim - arange(2, dim + 1, dtype=self.concentration.dtype)
        density = (order * value.diagonal(dim1=-2, dim2=-1)[..., 1:].log()).sum(-1)
        alpha = self.concentration + 0.5 * n
        return density - 0.5 * n * math.log(math.pi) - mvlgamma(alpha - 0.5, n) + alpha.lgamma() * n
