"""Transforms of single numbers."""

from __future__ import annotations

import math
from typing import Any

from workbench.ext.core import _core

from ...limits import finfo
from ...ops.creation import full_like
from ...ops.data import as_tensor
from ...ops.order import broadcast_shapes
from ...ops.smooth import softplus
from .. import constraints
from ..utils import sum_rightmost
from .transform import Shape, Transform

Tensor = _core.Tensor


class _Plain(Transform):
    """A transform without parameters: two of one class are equal."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    __hash__ = None


class _Rising(_Plain):
    bijective = True
    sign = +1
    domain = constraints.real


class ExpTransform(_Rising):
    """y = exp(x)

    Example:
        >>> distributions.ExpTransform()(tensor([0.0]))
        tensor([1.])
    """

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class SigmoidTransform(_Rising):
    """y = 1 / (1 + exp(-x)), kept apart from 0 and 1.

    Example:
        >>> distributions.SigmoidTransform()(tensor([0.0]))
        tensor([0.5000])
    """

    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        return _inside(x.sigmoid())

    def _inverse(self, y: Tensor) -> Tensor:
        y = _inside(y)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x) - softplus(x)


def _inside(p: Tensor) -> Tensor:
    """Between 0 and 1 by as little as the dtype allows."""
    info = finfo(p.dtype)
    return p.clamp(min=info.tiny, max=1.0 - info.eps)


class SoftplusTransform(_Rising):
    """y = log(1 + exp(x))

    Example:
        >>> distributions.SoftplusTransform()(tensor([0.0]))
        tensor([0.6931])
    """

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x)


class TanhTransform(_Rising):
    """y = tanh(x)

    Near -1 and 1 the inverse has few digits: a cache keeps them.

    Example:
        >>> distributions.TanhTransform()(tensor([0.0]))
        tensor([0.])
    """

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        # log(1 - tanh(x) ** 2) in a form that keeps its digits for large x
        return 2.0 * (math.log(2.0) - x - softplus(-2.0 * x))


class AbsTransform(_Plain):
    """y = abs(x); it has two inverses, of which the positive one is given.

    Example:
        >>> distributions.AbsTransform()(tensor([-1.0]))
        tensor([1.])
    """

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class PowerTransform(Transform):
    """y = x ** exponent

    Args:
        exponent: The exponent.
        cache_size: Whether the last argument and result are kept.

    Shape:
        exponent: a shape that broadcasts with that of x.

    Example:
        >>> distributions.PowerTransform(tensor(2.0))(tensor([3.0]))
        tensor([9.])
    """

    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    def __init__(self, exponent: Tensor | float, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.exponent = as_tensor(exponent)

    @property
    def sign(self) -> Any:
        return self.exponent.sign()

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else PowerTransform(self.exponent, cache_size=cache_size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and bool((self.exponent == other.exponent).all())

    __hash__ = None

    def _call(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape: Shape) -> Shape:
        return broadcast_shapes(shape, self.exponent.shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return broadcast_shapes(shape, self.exponent.shape)


class AffineTransform(Transform):
    """y = loc + scale * x

    Args:
        loc: What is added.
        scale: The factor, not 0.
        event_dim: How many dimensions an event has.
        cache_size: Whether the last argument and result are kept.

    Shape:
        loc, scale: shapes that broadcast with that of x.

    Example:
        >>> distributions.AffineTransform(1.0, 2.0)(tensor([3.0]))
        tensor([7.])
    """

    bijective = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.loc = loc
        self.scale = scale
        self._event_dim = event_dim

    @property
    def event_dim(self) -> int:
        return self._event_dim

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:
        return constraints.independent(constraints.real, self._event_dim) if self._event_dim else constraints.real

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:
        return self.domain

    def with_cache(self, cache_size: int = 1) -> Transform:
        same = self._cache_size == cache_size
        return self if same else AffineTransform(self.loc, self.scale, self._event_dim, cache_size=cache_size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineTransform):
            return False
        return all(bool((as_tensor(a) == as_tensor(b)).all()) for a, b in ((self.loc, other.loc), (self.scale, other.scale)))

    __hash__ = None

    @property
    def sign(self) -> Any:
        if isinstance(self.scale, Tensor):
            return self.scale.sign()
        return (self.scale > 0) - (self.scale < 0)

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        if isinstance(self.scale, Tensor):
            each = self.scale.abs().log()
        else:
            each = full_like(x, math.log(abs(self.scale)))
        n = self._event_dim
        return sum_rightmost(each.expand(broadcast_shapes(each.shape, x.shape[x.ndim - n :])), n).expand(x.shape[: x.ndim - n])

    def _shape(self, shape: Shape) -> Shape:
        return broadcast_shapes(shape, getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ()))

    def forward_shape(self, shape: Shape) -> Shape:
        return self._shape(shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return self._shape(shape)
