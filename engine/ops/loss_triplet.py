"""Losses of triplets: what belongs to an anchor should be nearer to it than what does not."""

from __future__ import annotations

from ._define import op, refuses, samples
from ._help import tensors
from .distance import pairwise_distance
from .errors import expected
from .loss import LOSS
from .loss_class import reduced, reduction_of


def _triplet(name, margin, anchor, positive, negative):
    tensors(name, anchor=anchor, positive=positive, negative=negative)
    if margin <= 0:
        raise expected(name, "margin of more than 0", margin)
    if not anchor.ndim == positive.ndim == negative.ndim:
        shapes = ", ".join(str(tuple(t.shape)) for t in (anchor, positive, negative))
        raise expected(name, "tensors of as many dimensions", shapes, error=RuntimeError)


def _triplet_loss(distance, margin, swap, reduction, anchor, positive, negative):
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((near - far + margin).clamp(min=0), reduction)


@op("composite", tensors=("anchor", "positive", "negative"), spaces="functional", methods=False, onnx=LOSS)
def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, size_average=None, reduce=None, reduction="mean"
):
    """max(0, distance to the positive - distance to the negative + margin).

    Args:
        anchor: Vectors.
        positive: Vectors that belong to them.
        negative: Vectors that do not.
        margin: How much farther the negative should be; > 0.
        p: Order of the distance.
        eps: Added to every difference.
        swap: Take the negative's distance to the positive where that is smaller.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        anchor, positive, negative: (N, D) or (D), of as many dimensions; result: (), or (N) without reduction.

    Returns:
        Tensor of the dtype of the inputs.

    Raises:
        ValueError: the reduction is unknown, or the margin is not positive.
        RuntimeError: the numbers of dimensions differ.

    References:
        Balntas et al. (2016), Learning local feature descriptors with triplets.

    Example:
        >>> triplet_margin_loss(tensor([[0.0]]), tensor([[1.0]]), tensor([[1.5]]), eps=0.0)
        tensor(0.5000)
    """
    reduction = reduction_of("triplet_margin_loss", reduction, size_average, reduce)
    _triplet("triplet_margin_loss", margin, anchor, positive, negative)
    return _triplet_loss(lambda a, b: pairwise_distance(a, b, p, eps), margin, swap, reduction, anchor, positive, negative)


@samples(triplet_margin_loss)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4), s.normal(3, 4))
    yield s(s.normal(3, 4), s.normal(3, 4), s.normal(3, 4), 2.0, 1, swap=True, reduction="none")
    yield s(s.normal(4), s.normal(4), s.normal(4), reduction="sum")


@refuses(triplet_margin_loss)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4), s.normal(4)).raises(RuntimeError, "triplet_margin_loss: expected tensors of as many dimensions")
    yield s(s.normal(4), s.normal(4), s.normal(4), 0.0).raises(ValueError, "triplet_margin_loss: expected margin of more than 0")


@op("composite", tensors=("anchor", "positive", "negative"), spaces="functional", methods=False, onnx=LOSS)
def triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
    """max(0, distance to the positive - distance to the negative + margin), for any distance.

    Args:
        anchor: Vectors.
        positive: Vectors that belong to them.
        negative: Vectors that do not.
        distance_function: From two batches of vectors to their distances; None means `pairwise_distance`.
        margin: How much farther the negative should be; > 0.
        swap: Take the negative's distance to the positive where that is smaller.
        reduction: "mean", "sum" or "none".

    Shape:
        anchor, positive, negative: (N, D), of as many dimensions; result: (), or that of the distances without reduction.

    Returns:
        Tensor of the dtype of the distances.

    Raises:
        ValueError: the reduction is unknown, or the margin is not positive.
        RuntimeError: the numbers of dimensions differ.

    References:
        Balntas et al. (2016), Learning local feature descriptors with triplets.

    Example:
        >>> far = lambda a, b: (a - b).abs().sum(-1)
        >>> functional.triplet_margin_with_distance_loss(zeros(1, 2), ones(1, 2), ones(1, 2) * 2, distance_function=far, margin=3.0)
        tensor(1.)
    """
    name = "triplet_margin_with_distance_loss"
    reduction = reduction_of(name, reduction)
    _triplet(name, margin, anchor, positive, negative)

    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet_loss(distance, margin, swap, reduction, anchor, positive, negative)


@samples(triplet_margin_with_distance_loss)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4), s.normal(3, 4))
    yield s(s.normal(3, 4), s.normal(3, 4), s.normal(3, 4), distance_function=_squared, margin=2.0, swap=True, reduction="none")


def _squared(a, b):
    return ((a - b) ** 2).sum(-1)


@refuses(triplet_margin_with_distance_loss)
def _(s):
    x = s.normal(3, 4)
    yield s(x, x, s.normal(4)).raises(RuntimeError, "triplet_margin_with_distance_loss: expected tensors of as many dimensions")
    yield s(x, x, x, margin=-1.0).raises(ValueError, "triplet_margin_with_distance_loss: expected margin of more than 0")
    yield s(x, x, x, reduction="avg").raises(ValueError, "triplet_margin_with_distance_loss: expected reduction")
