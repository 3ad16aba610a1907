"""Losses that ask for a margin between right and wrong."""

from __future__ import annotations

from ._define import op, refuses, samples
from ._help import floating, tensors
from .comparison import where
from .errors import expected
from .loss import LOSS
from .loss_class import reduced, reduction_of
from .sequence import arange
from .smooth import logsigmoid


@op("composite", tensors=("input",), spaces="functional", methods=False, onnx=LOSS)
def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"):
    """For distances: x where the target is 1, max(0, margin - x) where it is -1.

    Args:
        input: Distances.
        target: 1 for pairs that belong together, -1 for others.
        margin: How far apart the others should be.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input, target: any that broadcast; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the reduction is unknown.

    Example:
        >>> hinge_embedding_loss(tensor([0.5, 0.25]), tensor([1, -1]), reduction="none")
        tensor([0.5000, 0.7500])
    """
    reduction = reduction_of("hinge_embedding_loss", reduction, size_average, reduce)
    tensors("hinge_embedding_loss", input=input, target=target)
    loss = where(target != 1, (margin - input).clamp(min=0), 0) + where(target != -1, input, 0)
    return reduced(loss, reduction)


@samples(hinge_embedding_loss)
def _(s):
    sign = s.tensor([[1, -1], [-1, 1], [1, -1]], "int64")
    yield s(s.away(3, 2, kinks=(1,)), sign)
    yield s(s.away(3, 2, kinks=(0.5,)), sign, 0.5, reduction="none")


@refuses(hinge_embedding_loss)
def _(s):
    yield s(s.normal(3), 1).raises(TypeError, "hinge_embedding_loss: expected target to be a Tensor, got int")


@op("composite", tensors=("input1", "input2"), spaces="functional", methods=False, onnx=LOSS)
def cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """For pairs of vectors: 1 - cos where the target is 1, max(0, cos - margin) where it is -1.

    Args:
        input1: Vectors.
        input2: Vectors.
        target: 1 for pairs that belong together, -1 for others.
        margin: The cosine that others may have; -1 to 1.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input1, input2: (N, D) or (D); target: (N) or (); result: (), or that of target without reduction.

    Returns:
        Tensor of the dtype of the inputs.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the target has not one dimension less than the inputs.

    Example:
        >>> cosine_embedding_loss(tensor([[3.0, 4.0]]), tensor([[4.0, 3.0]]), tensor([-1]), reduction="none")
        tensor([0.9600])
    """
    reduction = reduction_of("cosine_embedding_loss", reduction, size_average, reduce)
    tensors("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    if target.ndim not in (0, 1) or input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        shapes = ", ".join(str(tuple(t.shape)) for t in (input1, input2, target))
        raise expected("cosine_embedding_loss", "inputs (N, D) and target (N), or (D) and ()", shapes, error=RuntimeError)
    eps = 1e-12
    dot = (input1 * input2).sum(-1)
    cosine = dot / (((input1 * input1).sum(-1) + eps) * ((input2 * input2).sum(-1) + eps)).sqrt()
    return reduced(where(target == 1, 1 - cosine, 0) + where(target == -1, (cosine - margin).clamp(min=0), 0), reduction)


@samples(cosine_embedding_loss)
def _(s):
    yield s(s.positive(4, 3), s.positive(4, 3), s.tensor([1, -1, 1, -1], "int64"))
    yield s(s.positive(3), s.positive(3), s.tensor(-1, "int64"), 0.2, reduction="sum")


@refuses(cosine_embedding_loss)
def _(s):
    yield s(s.normal(3), s.normal(3), s.normal(3)).raises(RuntimeError, "cosine_embedding_loss: expected inputs (N, D) and target (N)")


@op("composite", tensors=("input1", "input2", "target"), spaces="functional", methods=False, onnx=LOSS)
def margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"):
    """For pairs of scores: max(0, margin - target (input1 - input2)).

    Args:
        input1: Scores.
        input2: Scores.
        target: 1 where the first should be higher, -1 where the second should.
        margin: By how much.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input1, input2, target: any that broadcast, of as many dimensions; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype of the inputs.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the numbers of dimensions differ.

    Example:
        >>> margin_ranking_loss(tensor([1.0]), tensor([0.5]), tensor([-1.0]))
        tensor(0.5000)
    """
    reduction = reduction_of("margin_ranking_loss", reduction, size_average, reduce)
    tensors("margin_ranking_loss", input1=input1, input2=input2, target=target)
    if not input1.ndim == input2.ndim == target.ndim:
        shapes = ", ".join(str(tuple(t.shape)) for t in (input1, input2, target))
        raise expected("margin_ranking_loss", "tensors of as many dimensions", shapes, error=RuntimeError)
    return reduced((-target * (input1 - input2) + float(margin)).clamp(min=0), reduction)  # whole numbers end as floating ones


@samples(margin_ranking_loss)
def _(s):
    yield s(s.away(6), s.tensor([0.0] * 6), s.tensor([1.0, -1, 1, -1, -1, 1]))
    yield s(s.away(6, kinks=(0.5,)), s.tensor([0.0] * 6), s.tensor([1.0] * 6), 0.5, reduction="none")
    yield s(s.tensor([250, 3], "uint8"), s.tensor([1, 200], "uint8"), s.tensor([1, 255], "uint8"), 0.5, reduction="none")
    yield s(s.tensor([100, 3], "int8"), s.tensor([-100, 100], "int8"), s.tensor([1, -1], "int8"))


@refuses(margin_ranking_loss)
def _(s):
    yield s(s.normal(3), s.normal(3), s.normal(3, 1)).raises(RuntimeError, "margin_ranking_loss: expected tensors of as many dimensions")


@op("composite", tensors=("input", "target"), spaces="functional", methods=False, onnx=LOSS)
def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """The logistic loss of two classes: log(1 + exp(-target input)).

    Args:
        input: Scores.
        target: 1 or -1.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input, target: any that broadcast; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes do not broadcast.

    Example:
        >>> soft_margin_loss(tensor([0.0]), tensor([1.0]))
        tensor(0.6931)
    """
    reduction = reduction_of("soft_margin_loss", reduction, size_average, reduce)
    tensors("soft_margin_loss", input=input, target=target)
    floating("soft_margin_loss", input)
    return reduced(-logsigmoid(input * target.to(input.dtype)), reduction)


@samples(soft_margin_loss)
def _(s):
    for extra in ({}, {"reduction": "sum"}, {"reduction": "none"}):
        yield s(s.normal(2, 2), s.tensor([[1.0, -1], [-1, 1]]), **extra).without("peer_gradient", because="PyTorch has none for the target")
    yield s(s.normal(2, 3), s.tensor([1, -1, 1], "int64"))


@refuses(soft_margin_loss)
def _(s):
    yield s(s.normal(3), s.normal(2)).raises(RuntimeError, "expected shapes that broadcast")


@op("composite", tensors=("input", "weight"), spaces="functional", methods=False, onnx=LOSS)
def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"):
    """Hinge loss of many classes: the sum over wrong classes j of max(0, margin - x[target] + x[j])^p, divided by their number C.

    Args:
        input: Scores of the classes.
        target: Classes, whole numbers below C.
        p: 1 or 2.
        margin: How much higher the right score should be.
        weight: Factor of each class, taken at the target; None means 1.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input: (N, C) or (C); target: (N) or (); weight: (C); result: (), or (N) without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the reduction is unknown, p is neither 1 nor 2, or `weight` has not one dimension.
        RuntimeError: the target has not the shape of the input without its last dimension, or `weight` another size.

    Example:
        >>> multi_margin_loss(tensor([[0.5, 0.0]]), tensor([0]))
        tensor(0.2500)
    """
    reduction = reduction_of("multi_margin_loss", reduction, size_average, reduce)
    tensors("multi_margin_loss", input=input, target=target)
    if p not in (1, 2):
        raise expected("multi_margin_loss", "p of 1 or 2", p)
    if weight is not None and weight.ndim != 1:
        raise expected("multi_margin_loss", "weight of one dimension", weight)
    if not input.ndim or (input.ndim == 1 and tuple(target.shape) == (1,)):  # PyTorch takes one class and one sample so too
        input, target = input.reshape(-1), target.reshape(())
    if input.ndim not in (1, 2) or not input.shape[-1] or target.shape != input.shape[:-1]:
        shapes = f"{tuple(input.shape)} and {tuple(target.shape)}"
        raise expected("multi_margin_loss", "input (N, C) and target (N), or (C) and ()", shapes, error=RuntimeError)
    if weight is not None and weight.shape[0] != input.shape[-1]:
        raise expected("multi_margin_loss", f"weight of shape ({input.shape[-1]},)", weight, error=RuntimeError)
    index = target.unsqueeze(-1)
    right = input.gather(-1, index)
    loss = (margin - right + input).clamp(min=0) ** p
    if weight is not None:
        loss = loss * weight[index]
    classes = arange(input.shape[-1])
    return reduced(where(classes == index, 0, loss).sum(-1) / input.shape[-1], reduction)


@samples(multi_margin_loss)
def _(s):
    torch_empty = "PyTorch returns what happens to lie in memory"
    yield s(s.normal(4, 3), s.integers(4, low=0, high=3)).without("empty", because=torch_empty)
    weighted = s(s.normal(4, 3), s.integers(4, low=0, high=3), 2, 0.5, s.positive(3), reduction="sum")
    yield weighted.without("peer_gradient", because="PyTorch has no gradient for weight").without("empty", because=torch_empty)
    yield s(s.normal(4, 3), s.integers(4, low=0, high=3), reduction="none")
    yield s(s.normal(3), s.integers(1, low=0, high=3))


@refuses(multi_margin_loss)
def _(s):
    yield s(s.normal(4, 3), s.integers(4, high=3), weight=s.normal()).raises(ValueError, "expected weight of one dimension")
    yield s(s.normal(4, 3), s.integers(4, high=3), weight=s.normal(4)).raises(RuntimeError, "expected weight of shape (3,)")
    yield s(s.normal(4, 3), s.integers(4, low=0, high=3), 3).raises(ValueError, "multi_margin_loss: expected p of 1 or 2, got 3")
    yield s(s.normal(4, 3), s.integers(4, 3, low=0, high=3)).raises(RuntimeError, "multi_margin_loss: expected input (N, C)")
