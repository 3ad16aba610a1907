"""Dropout: in training, zero at random; in evaluation, the identity."""

from __future__ import annotations

from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from . import functional as F
from .module import Module


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise expected(type(self).__name__, "p to be a probability from 0 to 1", f"{p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zero each element with probability p and multiply the others by 1 / (1 - p).

    Shape:
        input and result: (*).

    References:
        Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Zero whole channels of sequences.

    Shape:
        input and result: (N, C, L) or (C, L).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Zero whole channels of images.

    Shape:
        input and result: (N, C, H, W) or (C, H, W).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Zero whole channels of volumes.

    Shape:
        input and result: (N, C, D, H, W) or (C, D, H, W).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance of SELU activations: dropped elements get SELU's lower limit.

    Shape:
        input and result: (*).

    References:
        Klambauer et al. (2017), arXiv:1706.02515.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """Alpha dropout of whole channels.

    Shape:
        input and result: (N, C, *).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
