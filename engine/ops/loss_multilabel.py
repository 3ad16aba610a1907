"""Losses of samples that belong to several classes at once."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import op, refuses, samples
from ._help import floating, tensors
from .comparison import where
from .errors import expected
from .loss import LOSS
from .loss_class import reduced, reduction_of
from .smooth import logsigmoid


@op("composite", tensors=("input", "target"), spaces="functional", methods=False, onnx=LOSS)
def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Hinge loss of samples with several classes: the sum of max(0, 1 - x[right] + x[wrong]) over all such pairs, divided by C.

    Args:
        input: Scores of the classes.
        target: The right classes of each sample in front; what stands after the first negative number does not count.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input, target: (N, C) or (C), equal; result: (), or (N) without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes differ, `target` is not of int64, or names a class that there is not.

    Example:
        >>> functional.multilabel_margin_loss(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([[3, 0, -1, 1]]))
        tensor(0.8500)
    """
    reduction = reduction_of("multilabel_margin_loss", reduction, size_average, reduce)
    tensors("multilabel_margin_loss", input=input, target=target)
    floating("multilabel_margin_loss", input)
    if not input.ndim and not target.ndim:  # one class
        input, target = input.reshape(1), target.reshape(1)
    if input.ndim not in (1, 2) or input.shape != target.shape:
        shapes = f"{tuple(input.shape)} and {tuple(target.shape)}"
        raise expected("multilabel_margin_loss", "input and target of one shape, (N, C) or (C)", shapes, error=RuntimeError)
    if target.dtype is not core.int64:
        raise expected("multilabel_margin_loss", "target of dtype int64", target, "cast with target.long()", RuntimeError)
    classes = input.shape[-1]
    given = target.numpy()
    counted = np.logical_and.accumulate(given >= 0, axis=-1)
    safe = np.where(counted, given, 0)
    if safe.size and safe.max() >= classes:
        raise expected("multilabel_margin_loss", f"classes below {classes}", f"{safe.max()}", error=RuntimeError)
    right = (counted[..., None] & (safe[..., None] == np.arange(classes))).any(-2)
    pairs = core.from_numpy(counted[..., :, None] & ~right[..., None, :])
    loss = (1 - input.gather(-1, core.from_numpy(safe)).unsqueeze(-1) + input.unsqueeze(-2)).clamp(min=0)
    return reduced(where(pairs, loss, 0).sum((-2, -1)) / classes, reduction)


@samples(multilabel_margin_loss)
def _(s):
    target = s.tensor([[3, 0, -1, 1], [1, -1, 0, 2]], "int64")
    yield s(s.distinct(2, 4, margin=0.3), target).without("empty", because="PyTorch returns what happens to lie in memory")
    yield s(s.normal(3, 3), s.tensor([[0, 1, 2], [-1, 0, 0], [2, -1, -1]], "int64"), reduction="none")
    yield s(s.distinct(4, margin=0.3), s.tensor([1, 2, -1, 0], "int64"), reduction="sum")
    yield s(s.normal(), s.tensor(0, "int64"))


@refuses(multilabel_margin_loss)
def _(s):
    yield s(s.normal(3, 2), s.integers(3, high=2)).raises(RuntimeError, "multilabel_margin_loss: expected input and target of one shape")
    yield s(s.normal(2), s.tensor([2, -1], "int64")).raises(RuntimeError, "multilabel_margin_loss: expected classes below 2, got 2")
    yield s(s.normal(2), s.normal(2)).raises(RuntimeError, "multilabel_margin_loss: expected target of dtype int64")
    yield s(s.normal(2), 1).raises(TypeError, "multilabel_margin_loss: expected target to be a Tensor, got int")


@op("composite", tensors=("input", "target", "weight"), spaces="functional", methods=False, onnx=LOSS)
def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """Binary cross-entropy of each class's logit, averaged over the classes.

    Args:
        input: Logits.
        target: 1 for the classes that apply, else 0.
        weight: Factor of each class; None means 1.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input, target: (N, C) or (C), or what broadcasts; weight: (C); result: (), or (N) without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes do not broadcast.
        IndexError: `input` has no dimensions.

    Example:
        >>> multilabel_soft_margin_loss(tensor([[0.0, 0.0]]), tensor([[1.0, 0.0]]))
        tensor(0.6931)
    """
    reduction = reduction_of("multilabel_soft_margin_loss", reduction, size_average, reduce)
    tensors("multilabel_soft_margin_loss", input=input, target=target)
    floating("multilabel_soft_margin_loss", input)
    if not input.ndim:
        raise expected("multilabel_soft_margin_loss", "input of 1 or more dimensions", input, error=IndexError)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    weighted = loss if weight is None else loss * weight
    return reduced(weighted.sum(input.ndim - 1) / input.shape[-1], reduction)


@samples(multilabel_soft_margin_loss)
def _(s):
    yield s(s.normal(3, 4), s.uniform(3, 4))
    yield s(s.normal(3, 4), s.uniform(3, 4), s.positive(4), reduction="none")


@refuses(multilabel_soft_margin_loss)
def _(s):
    yield s(s.normal(3, 2), s.normal(3)).raises(RuntimeError, "expected shapes that broadcast")
    yield s(s.normal(), s.normal()).raises(IndexError, "multilabel_soft_margin_loss: expected input of 1 or more dimensions")
