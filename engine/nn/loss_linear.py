"""Cross-entropy together with the linear layer before it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops.errors import expected
from . import functional as F
from .linear import Linear
from .loss import _WeightedLoss

_POLICIES = ("auto", "accurate", "balanced", "compact")


@dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """How PyTorch cuts the batch of `linear_cross_entropy` to save memory: checked, and without effect on the numbers here.

    Args:
        allow_retain_graph: Whether backward may run twice.
        batch_chunk_size: Rows computed at once.
        chunking_method: "auto", "aspect_ratio", "aspect_ratio:N" or None.
        acc_policy: "auto", "accurate", "balanced" or "compact".
        acc_dtype: Floating dtype of sums, or None.

    Raises:
        ValueError: An option is none of these.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        name, method, size = type(self).__name__, self.chunking_method, self.batch_chunk_size
        if self.acc_policy not in _POLICIES:
            raise expected(name, f"acc_policy to be one of {', '.join(_POLICIES)}", self.acc_policy)
        if method not in (None, "auto"):
            kind, colon, times = str(method).partition(":")
            if kind != "aspect_ratio" or (colon and not (times.isdigit() and int(times) > 0)):
                raise expected(name, 'chunking_method to be "auto", "aspect_ratio", "aspect_ratio:N" or None', method)
        if size is not None and not (isinstance(size, int) and size > 0):
            raise expected(name, "batch_chunk_size of 1 or more, or None", size)
        if self.acc_dtype not in (None, core.float16, core.bfloat16, core.float32, core.float64):
            raise expected(name, "acc_dtype to be a floating dtype or None", str(self.acc_dtype))


class LinearCrossEntropyLoss(_WeightedLoss):
    """CrossEntropyLoss of the scores of a linear layer of its own, `linear`.

    Args:
        in_features: Size of the input.
        num_classes: Number of classes C.
        out_features: Further sizes of the scores, which have classes each.
        bias: Whether the linear layer has a bias.
        reduction: "mean", "sum" or "none".
        weight: A factor for each class.
        ignore_index: A target that does not count; None means -100.
        label_smoothing: So much of the target is spread over all classes.
        options: See LinearCrossEntropyOptions.

    Shape:
        input: (N, in_features) or (in_features,); target: (N, *) or () of class indices, or (N, C, *) or (C,) of probabilities;
        result: (), or (N, *) with reduction="none".

    Raises:
        RuntimeError: weight is not of shape (C,), or label_smoothing not in [0, 1].
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        name = type(self).__name__
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise expected(name, f"weight of shape ({num_classes},)", weight, error=RuntimeError)
        if not 0 <= label_smoothing <= 1:
            raise expected(name, "label_smoothing in [0, 1]", label_smoothing, error=RuntimeError)
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.linear = Linear(in_features, math.prod(out_features, start=num_classes), bias=bias, device=device, dtype=dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        shape = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape((*shape, self.linear.in_features)),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )
