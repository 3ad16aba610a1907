"""Losses element by element: squared, absolute, Huber's, and binary cross-entropy."""

from __future__ import annotations

from workbench.ext.core import _core as core

from ._define import op, refuses, samples
from ._help import broadcast, floating, tensors
from .errors import expected
from .loss_class import REDUCTIONS, reduced, reduction_of
from .loss_element import BY_NAME, LOSS

Tensor = core.Tensor


def _pair(name, input, target):
    """Input and target in one shape and dtype. PyTorch broadcasts them, and warns where the shapes differ."""
    tensors(name, input=input, target=target)
    if input.shape != target.shape:
        import warnings

        shapes = f"{tuple(target.shape)} and {tuple(input.shape)}"
        warnings.warn(f"{name}: target and input have the shapes {shapes} and are broadcast; is that what is meant?", stacklevel=4)
        shape = broadcast(name, input.shape, target.shape)
        input, target = input.expand(shape), target.expand(shape)
    dtype = input.dtype if name == "huber_loss" else core.result_type(input, target)
    return input.to(dtype), target.to(dtype)


def _distance(name, input, target, size_average, reduce, reduction, parameter=0.0, weight=None):
    """What losses of a difference share: the checks, the weight, the call. `weight` comes with a function of the weighted losses."""
    reduction = reduction_of(name, reduction, size_average, reduce)
    shape = getattr(input, "shape", None)
    input, target = _pair(name, input, target)
    if input.dtype.is_complex and name == "l1_loss":
        return reduced((input - target).abs(), reduction)
    floating(name, input)
    if weight is None:
        return BY_NAME[name](input, target, REDUCTIONS.index(reduction), float(parameter))
    if weight.shape != shape:
        raise expected(name, f"weight of shape {tuple(shape)}", weight)
    loss = BY_NAME[name](input, target, 0, float(parameter)) * weight
    return loss.sum() / weight.sum() if reduction == "mean" and name != "huber_loss" else reduced(loss, reduction)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The squared difference: (input - target)^2.

    Args:
        input: Predictions.
        target: What they should be; of another shape they are broadcast, with a warning.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".
        weight: Factor of each element, of the shape of `input`; None means 1. The mean divides by its sum.

    Shape:
        input, target: any that broadcast; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype that both promote to.

    Raises:
        RuntimeError: the shapes do not broadcast.
        ValueError: the reduction is unknown.

    Example:
        >>> mse_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
        tensor(2.)
    """
    return _distance("mse_loss", input, target, size_average, reduce, reduction, weight=weight)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The absolute difference: |input - target|.

    Args:
        input: Predictions.
        target: What they should be; of another shape they are broadcast, with a warning.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".
        weight: Factor of each element, of the shape of `input`; None means 1. The mean divides by its sum.

    Shape:
        input, target: any that broadcast; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype that both promote to.

    Raises:
        RuntimeError: the shapes do not broadcast.
        ValueError: the reduction is unknown.

    Example:
        >>> l1_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
        tensor(1.)
    """
    return _distance("l1_loss", input, target, size_average, reduce, reduction, weight=weight)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """The absolute difference, rounded off near zero: with d = |input - target|, d^2 / (2 beta) below beta, else d - beta / 2.

    Args:
        input: Predictions.
        target: What they should be; of another shape they are broadcast, with a warning.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".
        beta: Where the square ends; 0 or more.

    Shape:
        input, target: any that broadcast; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype that both promote to.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes do not broadcast, or `beta` is negative.

    References:
        Girshick (2015), arXiv:1504.08083.

    Example:
        >>> smooth_l1_loss(tensor([0.0]), tensor([3.0]))
        tensor(2.5000)
    """
    if beta < 0:
        raise expected("smooth_l1_loss", "beta of 0 or more", beta, error=RuntimeError)
    return _distance("smooth_l1_loss", input, target, size_average, reduce, reduction, beta)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """Huber's loss: with d = |input - target|, d^2 / 2 up to delta, beyond it delta (d - delta / 2).

    Args:
        input: Predictions.
        target: What they should be; of another shape they are broadcast, with a warning.
        reduction: "mean", "sum" or "none".
        delta: Where the square ends; more than 0.
        weight: Factor of each element, of the shape of `input`; None means 1.

    Shape:
        input, target: any that broadcast; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype that both promote to.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes do not broadcast, or `delta` is not positive.

    References:
        Huber (1964), Robust estimation of a location parameter.

    Example:
        >>> huber_loss(tensor([0.0]), tensor([3.0]), delta=2.0)
        tensor(4.)
    """
    if delta <= 0:
        raise expected("huber_loss", "delta of more than 0", delta, error=RuntimeError)
    return _distance("huber_loss", input, target, None, None, reduction, delta, weight)


def _pairs(*more):
    def generate(s):
        for extra in ({}, {"reduction": "sum"}, {"reduction": "none"}, *more):
            given = {k: v(s) if callable(v) else v for k, v in extra.items()}
            yield s(s.normal(3, 4), s.normal(3, 4), **given)

    return generate


def _weights(s):
    return s.positive(3, 4)


_WEIGHTED = ({"weight": _weights}, {"weight": _weights, "reduction": "none"})
samples(mse_loss)(_pairs(*_WEIGHTED))
samples(l1_loss)(_pairs(*_WEIGHTED))
samples(smooth_l1_loss)(_pairs({"beta": 0.5}))
samples(huber_loss)(_pairs({"delta": 0.5}, *_WEIGHTED))


def _refused(s):
    """Bad for all of them."""
    yield s(s.normal(3), s.normal(3), reduction="avg").raises(ValueError, "expected reduction")
    yield s(s.normal(3), 1.0).raises(TypeError, "expected target to be a Tensor")
    yield s(s.integers(3), s.integers(3)).raises(NotImplementedError, "expected input of a floating dtype")


for _public in (mse_loss, l1_loss, smooth_l1_loss, huber_loss):
    refuses(_public)(_refused)


def _binary(name, input, target, size_average, reduce, reduction, weight):
    """What both forms of binary cross-entropy share."""
    reduction = reduction_of(name, reduction, size_average, reduce)
    tensors(name, input=input, target=target)
    if input.shape != target.shape:
        raise expected(name, f"target of shape {tuple(input.shape)}", target, "reshape one of them; this loss does not broadcast")
    floating(name, input)
    if weight is not None and broadcast(name, input.shape, weight.shape) != tuple(input.shape):
        raise expected(name, f"weight that broadcasts to {tuple(input.shape)}", weight, error=RuntimeError)
    if weight is None:
        return BY_NAME[name](input, target.to(input.dtype), REDUCTIONS.index(reduction), 0.0)
    return reduced(BY_NAME[name](input, target.to(input.dtype), 0, 0.0) * weight.to(input.dtype), reduction)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """Cross-entropy of probabilities: -(target log input + (1 - target) log(1 - input)), logarithms cut at -100.

    Args:
        input: Probabilities, 0 to 1.
        target: Probabilities that they should be, of the same shape.
        weight: Factor of each element; None means 1.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input, target: any, equal; weight: broadcasts to them; result: (), or that of input without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.
        RuntimeError: `input` leaves [0, 1].

    Example:
        >>> binary_cross_entropy(tensor([0.5]), tensor([1.0]))
        tensor(0.6931)
    """
    if isinstance(input, Tensor) and input.is_floating_point() and input.numel():
        low, high = input.detach().min().item(), input.detach().max().item()
        if not 0 <= low <= high <= 1:
            raise expected(
                "binary_cross_entropy", "input between 0 and 1", f"values from {low} to {high}", "use the form with logits", RuntimeError
            )
    if isinstance(target, Tensor) and isinstance(input, Tensor) and target.dtype is not input.dtype:
        raise expected("binary_cross_entropy", f"target of dtype {input.dtype.name}", target, error=RuntimeError)
    return _binary("binary_cross_entropy", input, target, size_average, reduce, reduction, weight)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None):
    """Cross-entropy of sigmoid(input), computed without overflow.

    Args:
        input: Logits.
        target: Probabilities, of the same shape.
        weight: Factor of each element; None means 1.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".
        pos_weight: Factor of the positive part, for each class; None means 1.

    Shape:
        input, target: any, equal; weight, pos_weight: broadcast to them; result: (), or that of input without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.

    Example:
        >>> binary_cross_entropy_with_logits(tensor([0.0]), tensor([1.0]))
        tensor(0.6931)
    """
    name = "binary_cross_entropy_with_logits"
    if isinstance(target, Tensor) and not target.is_floating_point():
        raise expected(name, "target of a floating dtype", target, "cast with target.float()", RuntimeError)
    if pos_weight is None:
        return _binary(name, input, target, size_average, reduce, reduction, weight).to(target.dtype)
    plain = _binary(name, input, target, None, None, "none", None)
    positive = _binary(name, input, core.fill(core.make_empty(tuple(input.shape), input.dtype), 1), None, None, "none", None)
    loss = plain + (pos_weight - 1) * target * positive
    return reduced(loss if weight is None else loss * weight, reduction_of(name, reduction, size_average, reduce)).to(target.dtype)


@samples(binary_cross_entropy)
def _(s):
    yield s(s.uniform(3, 4, low=0.1, high=0.9), s.uniform(3, 4, low=0.1, high=0.9))
    yield s(s.uniform(3, 4, low=0.1, high=0.9), s.uniform(3, 4, low=0.1, high=0.9), s.positive(4), reduction="sum").without(
        "peer_gradient", because="PyTorch has no gradient for weight"
    )


@samples(binary_cross_entropy_with_logits)
def _(s):
    yield s(s.normal(3, 4), s.uniform(3, 4))
    yield s(s.normal(3, 4), s.uniform(3, 4), s.positive(4), pos_weight=s.positive(4)).without(
        "peer_gradient", because="PyTorch has no gradient for weight"
    )


@refuses(binary_cross_entropy_with_logits)
def _(s):
    yield s(s.normal(3), s.normal(3), reduction="avg").raises(ValueError, "expected reduction")
    yield s(s.normal(3), 1.0).raises(TypeError, "expected target to be a Tensor")
    yield s(s.normal(3, 1), s.normal(3)).raises(ValueError, "expected target of shape (3, 1)")
    yield s(s.normal(3), s.integers(3)).raises(RuntimeError, "expected target of a floating dtype")
    yield s(s.normal(3), s.normal(3), s.normal(2, 3)).raises(RuntimeError, "expected weight that broadcasts to (3,)")


@refuses(binary_cross_entropy)
def _(s):
    yield s(s.normal(3) * 10, s.uniform(3)).raises(RuntimeError, "binary_cross_entropy: expected input between 0 and 1")
