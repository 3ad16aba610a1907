"""Transforms to vectors of probabilities."""

from __future__ import annotations

from workbench.ext.core import _core

from ...errors import expected
from ...limits import finfo
from ...ops.padding import pad
from ...ops.sequence import arange
from ...ops.smooth import logsigmoid
from .. import constraints
from .elementwise import _Plain
from .transform import Shape

Tensor = _core.Tensor


def _vector(name: str, shape: Shape) -> None:
    if not shape:
        raise expected(name, "a shape of one or more dimensions", repr(tuple(shape)))


class SoftmaxTransform(_Plain):
    """y = exp(x) / sum of exp(x); not bijective: adding a constant to x changes nothing.

    Shape:
        x, y: (*, k).

    Example:
        >>> distributions.SoftmaxTransform()(tensor([0.0, 0.0]))
        tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        return x.softmax(-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Shape) -> Shape:
        _vector("SoftmaxTransform", shape)
        return shape

    def inverse_shape(self, shape: Shape) -> Shape:
        _vector("SoftmaxTransform", shape)
        return shape


class StickBreakingTransform(_Plain):
    """Breaks a stick of length 1: each number says which part of what is left is broken off next.

    y_i = sigmoid(x_i - log(k - 1 - i)) * (1 - sum of y before), so that x = 0 gives equal parts

    Shape:
        x: (*, k - 1); y: (*, k).

    Example:
        >>> distributions.StickBreakingTransform()(tensor([0.0]))
        tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def _offset(self, x: Tensor) -> Tensor:
        n = x.shape[-1]
        return arange(n, 0, -1, dtype=x.dtype).log()

    def _call(self, x: Tensor) -> Tensor:
        part = (x - self._offset(x)).sigmoid()
        left = (1 - part).cumprod(-1)
        return pad(part, [0, 1], value=1) * pad(left, [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        broken = y[..., :-1]
        left = (1 - broken.cumsum(-1)).clamp(min=finfo(y.dtype).tiny)
        return broken.log() - left.log() + self._offset(broken)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        x = x - self._offset(x)
        return (logsigmoid(x) - x + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Shape) -> Shape:
        _vector("StickBreakingTransform", shape)
        return (*shape[:-1], shape[-1] + 1)

    def inverse_shape(self, shape: Shape) -> Shape:
        _vector("StickBreakingTransform", shape)
        return (*shape[:-1], shape[-1] - 1)
