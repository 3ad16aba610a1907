"""Losses. reduction is "mean" (the default), "sum" or "none", which gives one value an element or sample.

The arguments size_average and reduce are PyTorch's deprecated ones; they are turned into a reduction, with a warning.
"""

from __future__ import annotations

from workbench.ext.core._core import Tensor

from ..ops.loss_class import reduction_of
from . import functional as F
from .module import Module


class _Loss(Module):
    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = reduction_of(type(self).__name__, reduction, size_average, reduce)
        self.reduction = reduction  # looked at by the function, as in PyTorch


class _WeightedLoss(_Loss):
    def __init__(
        self, weight: Tensor | None = None, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class L1Loss(_Loss):
    """|input - target|.

    Shape:
        input and target: (*); result: (), or like input with reduction="none".
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """(input - target)².

    Shape:
        input and target: (*); result: (), or like input with reduction="none".
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """d² / (2 beta) where d = |input - target| < beta, else d - beta / 2.

    Shape:
        input and target: (*); result: (), or like input with reduction="none".
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """d² / 2 where d = |input - target| < delta, else delta (d - delta / 2).

    Shape:
        input and target: (*); result: (), or like input with reduction="none".
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class NLLLoss(_WeightedLoss):
    """-weight[target] input[target] for log-probabilities; "mean" divides by the sum of the weights.

    Args:
        weight: A factor for each class.
        ignore_index: Targets that do not count.

    Shape:
        input: (C,), (N, C) or (N, C, *); target: () or (N,) or (N, *) of class indices.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class NLLLoss2d(NLLLoss):
    """NLLLoss under its former name for images.

    Shape:
        input: (N, C, H, W); target: (N, H, W) of class indices.
    """


class CrossEntropyLoss(_WeightedLoss):
    """-weight[target] log_softmax(input)[target]; "mean" divides by the sum of the weights.

    Args:
        weight: A factor for each class.
        ignore_index: Targets that do not count.
        label_smoothing: So much of the target is spread over all classes.

    Shape:
        input: (C,), (N, C) or (N, C, *) of logits; target: class indices of shape () or (N,) or (N, *), or probabilities like input.

    Example:
        >>> CrossEntropyLoss()(zeros(2, 4), tensor([0, 3]))
        tensor(1.3863)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCELoss(_WeightedLoss):
    """-weight (target log(input) + (1 - target) log(1 - input)), logarithms not below -100.

    Shape:
        input and target: (*); result: (), or like input with reduction="none".
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of sigmoid(input), computed without overflow.

    Args:
        weight: A factor for each element, broadcast.
        pos_weight: A factor for the positive part of each class, broadcast.

    Shape:
        input and target: (*); weight and pos_weight broadcast with them; result: (), or like input with reduction="none".
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction)


class KLDivLoss(_Loss):
    """target (log(target) - input) for log-probabilities input; with log_target the target is logarithmic too.

    reduction="batchmean" divides the sum by the size of the batch, which is the divergence itself; "mean" divides by all elements.

    Shape:
        input and target: (*); result: (), or like input with reduction="none".
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", log_target: bool = False
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """exp(input) - target input, or input - target log(input + eps) without log_input; full adds Stirling's term.

    Shape:
        input and target: (*); result: (), or like input with reduction="none".
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction)


class GaussianNLLLoss(_Loss):
    """(log(max(var, eps)) + (input - target)² / max(var, eps)) / 2; full adds the constant.

    Shape:
        input and target: (*); var: (*), or with a last size of 1; result: (), or like input with reduction="none".
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over classes of BCEWithLogitsLoss.

    Shape:
        input and target: (N, C); result: (), or like input with reduction="none".
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class CTCLoss(_Loss):
    """The negative log-likelihood of label sequences under all alignments with the input.

    Args:
        blank: The class that stands for no label.
        zero_infinity: Zero the losses of targets too long for their input.

    Shape:
        log_probs: (T, N, C) or (T, C); targets: (N, S) or concatenated; input_lengths, target_lengths: (N,) or ().

    References:
        Graves et al. (2006), Connectionist temporal classification.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
        return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity)
