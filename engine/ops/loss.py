"""Losses element by element: squared, absolute, Huber's, and binary cross-entropy."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, refuses, samples
from .comparison import where
from .errors import expected
from .loss_class import REDUCTIONS, reduced, reduction_of

Tensor = core.Tensor
LOSS = Unsupported("a loss is not part of an exported model")


def _sign(d):
    return (d > 0).to(d.dtype) - (d < 0).to(d.dtype)


def _safe_log(x):
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), -100)


# name: (value in NumPy, slope in NumPy, slope in ops); d is input - target, p the loss's parameter
FORMS = {
    "mse_loss": (lambda x, t, p: (x - t) ** 2, lambda x, t, p: 2 * (x - t), lambda x, t, p: (x - t) * 2),
    "l1_loss": (lambda x, t, p: abs(x - t), lambda x, t, p: np.sign(x - t), lambda x, t, p: _sign(x - t)),
    "smooth_l1_loss": (
        lambda x, t, p: np.where(abs(x - t) < p, 0.5 * (x - t) ** 2 / (p or 1), abs(x - t) - 0.5 * p),
        lambda x, t, p: np.where(abs(x - t) < p, (x - t) / (p or 1), np.sign(x - t)),
        lambda x, t, p: where((x - t).abs() < p, (x - t) / (p or 1), _sign(x - t)),
    ),
    "huber_loss": (
        lambda x, t, p: np.where(abs(x - t) <= p, 0.5 * (x - t) ** 2, p * (abs(x - t) - 0.5 * p)),
        lambda x, t, p: np.where(abs(x - t) <= p, x - t, p * np.sign(x - t)),
        lambda x, t, p: where((x - t).abs() <= p, x - t, _sign(x - t) * p),
    ),
    "binary_cross_entropy": (
        lambda x, t, p: -(t * _safe_log(x) + (1 - t) * _safe_log(1 - x)),
        lambda x, t, p: (x - t) / np.maximum(x * (1 - x), 1e-12),
        lambda x, t, p: (x - t) / (x * (1 - x)).clamp(min=1e-12),
    ),
    "binary_cross_entropy_with_logits": (
        lambda x, t, p: np.maximum(x, 0) - x * t + np.log1p(np.exp(-abs(x))),
        lambda x, t, p: 1 / (1 + np.exp(-x)) - t,
        lambda x, t, p: x.sigmoid() - t,
    ),
}


def _build(name):
    """The internal op of a loss, with its reduction as a number and its parameter, and its backward."""
    value, slope, plain = FORMS[name]

    def body(input, target, reduction, parameter):
        loss = value(input.astype(np.float64), target.astype(np.float64), parameter)
        return loss if reduction == 0 else loss.mean() if reduction == 1 else loss.sum()

    def back(grad, input, target, reduction, parameter):
        return grad * slope(input, target, parameter) / (input.size if reduction == 1 else 1)

    body.__name__, back.__name__ = f"{name}_of", f"{name}_backward"
    body.__doc__ = (
        f"{name} of two tensors of one shape.\n\n    Shape:\n        input, target: any, equal; result: the same for reduction 0, else ()."
    )
    back.__doc__ = (
        f"The gradient of {name} along its input.\n\n    Shape:\n        grad: () or that of input; input, target: equal; result: the same."
    )
    whole = op("call", tensors=2, spaces=(), methods=False, kernel=name, onnx=Unsupported("an internal form"))(body)
    backward = op("call", tensors=3, spaces=(), methods=False, onnx=Unsupported("a backward"))(back)
    infer(whole)(lambda input, target, reduction, p: ([(tuple(input.shape) if reduction == 0 else (), input.dtype)], (reduction,), (p,)))
    infer(backward)(lambda grad, input, target, reduction, p: ([(tuple(input.shape), input.dtype)], (reduction,), (p,)))

    @formula(backward)
    def _(grad, input, target, reduction, p):
        return grad * plain(input, target, p) * (1 / max(input.numel(), 1) if reduction == 1 else 1)

    def target_gradient(g, input, target, reduction, p):
        if name.startswith("binary"):
            odds = input if name.endswith("logits") else (input / (1 - input)).log()
            return -odds * g * (1 / max(input.numel(), 1) if reduction == 1 else 1)
        return -backward(g, input, target, reduction, p)

    derivative(
        whole,
        input=lambda g, input, target, reduction, parameter: backward(g, input, target, reduction, parameter),
        target=lambda g, input, target, reduction, parameter: target_gradient(g, input, target, reduction, parameter),
    )
    draw = (
        (lambda s, *shape: s.uniform(*shape, low=0.1, high=0.9)) if name == "binary_cross_entropy" else (lambda s, *shape: s.normal(*shape))
    )
    kind = (lambda s, *shape: s.uniform(*shape, low=0.1, high=0.9)) if name.startswith("binary") else (lambda s, *shape: s.normal(*shape))

    @samples(whole)
    def _(s):
        for reduction in range(3):
            yield s(draw(s, 3, 4), kind(s, 3, 4), reduction, 1.0)

    @samples(backward)
    def _(s):
        yield s(s.normal(), draw(s, 3, 4), kind(s, 3, 4), 1, 1.0)
        yield s(s.normal(3, 4), draw(s, 3, 4), kind(s, 3, 4), 0, 1.0)

    return whole


BY_NAME = {name: _build(name) for name in FORMS}


def _loss(name, input, target, size_average, reduce, reduction, parameter=0.0, weight=None):
    """What the public losses share: the checks, the weight, the call."""
    reduction = reduction_of(name, reduction, size_average, reduce)
    for argument, t in (("input", input), ("target", target)):
        if not isinstance(t, Tensor):
            raise expected(name, f"{argument} to be a Tensor", type(t).__name__, error=TypeError)
    if input.shape != target.shape:
        raise expected(name, f"target of shape {tuple(input.shape)}", target, "reshape one of them; losses do not broadcast")
    if not input.is_floating_point():
        raise expected(name, "input of a floating dtype", input, "cast with input.float()", RuntimeError)
    if target.dtype is not input.dtype:
        target = target.to(input.dtype)
    if weight is None:
        return BY_NAME[name](input, target, REDUCTIONS.index(reduction), float(parameter))
    return reduced(BY_NAME[name](input, target, 0, float(parameter)) * weight, reduction)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The squared difference: (input - target)^2.

    Args:
        input: Predictions.
        target: What they should be, of the same shape: losses do not broadcast.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".
        weight: Factor of each element; None means 1.

    Shape:
        input, target: any, equal; result: (), or that of input without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.

    Example:
        >>> mse_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
        tensor(2.)
    """
    return _loss("mse_loss", input, target, size_average, reduce, reduction, weight=weight)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The absolute difference: |input - target|.

    Args:
        input: Predictions.
        target: What they should be, of the same shape: losses do not broadcast.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".
        weight: Factor of each element; None means 1.

    Shape:
        input, target: any, equal; result: (), or that of input without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.

    Example:
        >>> l1_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
        tensor(1.)
    """
    return _loss("l1_loss", input, target, size_average, reduce, reduction, weight=weight)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """The absolute difference, rounded off near zero: with d = |input - target|, d^2 / (2 beta) below beta, else d - beta / 2.

    Args:
        input: Predictions.
        target: What they should be, of the same shape: losses do not broadcast.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".
        beta: Where the square ends; 0 or more.

    Shape:
        input, target: any, equal; result: (), or that of input without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.
        RuntimeError: `beta` is negative.

    References:
        Girshick (2015), arXiv:1504.08083.

    Example:
        >>> smooth_l1_loss(tensor([0.0]), tensor([3.0]))
        tensor(2.5000)
    """
    if beta < 0:
        raise expected("smooth_l1_loss", "beta of 0 or more", beta, error=RuntimeError)
    return _loss("smooth_l1_loss", input, target, size_average, reduce, reduction, beta)


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """Huber's loss: with d = |input - target|, d^2 / 2 up to delta, beyond it delta (d - delta / 2).

    Args:
        input: Predictions.
        target: What they should be, of the same shape: losses do not broadcast.
        reduction: "mean", "sum" or "none".
        delta: Where the square ends; more than 0.
        weight: Factor of each element; None means 1.

    Shape:
        input, target: any, equal; result: (), or that of input without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the shapes differ, or the reduction is unknown.
        RuntimeError: `delta` is not positive.

    References:
        Huber (1964), Robust estimation of a location parameter.

    Example:
        >>> huber_loss(tensor([0.0]), tensor([3.0]), delta=2.0)
        tensor(4.)
    """
    if delta <= 0:
        raise expected("huber_loss", "delta of more than 0", delta, error=RuntimeError)
    return _loss("huber_loss", input, target, None, None, reduction, delta, weight)


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
    return _loss("binary_cross_entropy", input, target, size_average, reduce, reduction, weight=weight)


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
    if pos_weight is None:
        return _loss(name, input, target, size_average, reduce, reduction, weight=weight)
    plain = _loss(name, input, target, None, None, "none")
    positive = _loss(name, input, core.fill(core.make_empty(tuple(input.shape), input.dtype), 1), None, None, "none")
    loss = plain + (pos_weight - 1) * target * positive
    return reduced(loss if weight is None else loss * weight, reduction_of(name, reduction, size_average, reduce))


def _pairs(*more):
    def generate(s):
        for extra in ({}, {"reduction": "sum"}, {"reduction": "none"}, *more):
            yield s(s.normal(3, 4), s.normal(3, 4), **extra)

    return generate


for _public, _more in ((mse_loss, ()), (l1_loss, ()), (smooth_l1_loss, ({"beta": 0.5},)), (huber_loss, ({"delta": 0.5},))):
    samples(_public)(_pairs(*_more))


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


def _refused(s):
    yield s(s.normal(3, 1), s.normal(3)).raises(ValueError, "expected target of shape (3, 1)")
    yield s(s.normal(3), s.normal(3), reduction="avg").raises(ValueError, "expected reduction")
    yield s(s.normal(3), 1.0).raises(TypeError, "expected target to be a Tensor")


for _public in (mse_loss, l1_loss, smooth_l1_loss, huber_loss, binary_cross_entropy_with_logits):
    refuses(_public)(_refused)


@refuses(binary_cross_entropy)
def _(s):
    yield s(s.normal(3) * 10, s.uniform(3)).raises(RuntimeError, "binary_cross_entropy: expected input between 0 and 1")
