"""Cross-entropy of scores that a linear map gives."""

from __future__ import annotations

from ._define import op, refuses, samples
from ._help import product, tensors
from .errors import expected
from .linear import linear
from .loss_class import cross_entropy
from .loss_element import LOSS

NAME = "linear_cross_entropy"


@op("composite", tensors=("input", "linear_weight", "target", "linear_bias", "weight"), spaces="functional", methods=False, onnx=LOSS)
def linear_cross_entropy(
    input,
    linear_weight,
    target,
    *,
    linear_bias=None,
    weight=None,
    reduction="mean",
    ignore_index=None,
    label_smoothing=0.0,
    options=None,
):
    """`cross_entropy` of the scores input linear_weight^T + linear_bias.

    Args:
        input: Activations.
        linear_weight: The linear map, the classes first.
        target: Class indices, or probabilities of the classes.
        linear_bias: Its bias; None means none.
        weight: Weight of each class; None means 1.
        reduction: "mean", "sum" or "none".
        ignore_index: A target that does not count; None means -100, and has to be None for probabilities.
        label_smoothing: Share of the probability that is spread evenly over the classes, 0 to 1.
        options: How PyTorch cuts the batch to save memory, `nn.LinearCrossEntropyOptions`; accepted, everything is computed at once here.

    Shape:
        input: (N, D) or (D); linear_weight: (C, *, D); linear_bias: (C, *); target: (N, *) or () of indices, or (N, C, *) or (C) of
        probabilities; weight: (C); result: (), or (N, *) without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the shapes do not fit, or `ignore_index` is given beside probabilities.
        ValueError: the reduction is unknown.
        IndexError: a target is no class.

    Example:
        >>> functional.linear_cross_entropy(ones(1, 2), zeros(3, 2), tensor([1]))
        tensor(1.0986)
    """
    tensors(NAME, input=input, linear_weight=linear_weight, target=target)
    if input.ndim not in (1, 2):
        raise expected(NAME, "input of 1 or 2 dimensions", input, error=RuntimeError)
    if linear_weight.ndim < 2 or linear_weight.shape[-1] != input.shape[-1]:
        raise expected(NAME, f"linear_weight of shape (C, ..., {input.shape[-1]})", linear_weight, error=RuntimeError)
    classes, more = linear_weight.shape[0], tuple(linear_weight.shape[1:-1])
    if linear_bias is not None and tuple(linear_bias.shape) != (classes, *more):
        raise expected(NAME, f"linear_bias of shape {(classes, *more)}", linear_bias, error=RuntimeError)
    if more and input.ndim == 1:
        raise expected(NAME, f"input of 2 dimensions for linear_weight of shape {tuple(linear_weight.shape)}", input, error=RuntimeError)
    shape = (*input.shape[:-1], classes, *more)
    if tuple(target.shape) == shape and ignore_index is not None:
        raise expected(NAME, "no ignore_index beside probabilities as target", f"{ignore_index}", error=RuntimeError)
    flat = linear_weight.reshape(classes * product(more), -1) if more else linear_weight
    scores = linear(input, flat, linear_bias if linear_bias is None else linear_bias.reshape(-1)).reshape(shape)
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(scores, target, weight, ignore_index=ignored, reduction=reduction, label_smoothing=label_smoothing)


@samples(linear_cross_entropy)
def _(s):
    yield s(s.normal(4, 3), s.normal(5, 3), s.integers(4, high=5), linear_bias=s.normal(5))
    yield s(s.normal(4, 3), s.normal(5, 2, 3), s.integers(4, 2, high=5), reduction="none", ignore_index=1, label_smoothing=0.1)
    yield s(s.normal(3), s.normal(5, 3), s.integers(high=5), reduction="sum")


@refuses(linear_cross_entropy)
def _(s):
    x, w, t = s.normal(4, 3), s.normal(5, 3), s.integers(4, high=5)
    yield s(s.normal(1, 4, 3), w, t).raises(RuntimeError, "linear_cross_entropy: expected input of 1 or 2 dimensions")
    yield s(x, s.normal(5, 2), t).raises(RuntimeError, "linear_cross_entropy: expected linear_weight of shape (C, ..., 3)")
    yield s(x, w, t, linear_bias=s.normal(4)).raises(RuntimeError, "linear_cross_entropy: expected linear_bias of shape (5,)")
    yield s(s.normal(3), s.normal(5, 2, 3), t).raises(RuntimeError, "linear_cross_entropy: expected input of 2 dimensions")
    yield s(x, w, s.uniform(4, 5), ignore_index=1).raises(RuntimeError, "linear_cross_entropy: expected no ignore_index")
