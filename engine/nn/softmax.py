"""Softmax and its kin."""

from __future__ import annotations

from workbench.ext.core._core import Tensor

from . import functional as F
from .activation import _Activation


class Softmax(_Activation):
    """y = exp(x) / sum(exp(x)) along dim.

    Shape:
        input and result: (*).
    """

    _settings = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        self._set(dim=dim)

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


class Softmin(Softmax):
    """y = exp(-x) / sum(exp(-x)) along dim.

    Shape:
        input and result: (*).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


class LogSoftmax(Softmax):
    """y = x - log(sum(exp(x))) along dim.

    Shape:
        input and result: (*).
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)


class Softmax2d(_Activation):
    """Softmax over the channels of images.

    Shape:
        input and result: (N, C, H, W) or (C, H, W).
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input with 3 or 4 dimensions, got {input.ndim}")
        return F.softmax(input, -3)
