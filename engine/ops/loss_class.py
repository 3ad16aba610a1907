"""Losses of classification: cross-entropy and the negative log-likelihood."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, refuses, samples
from ._help import floating
from .comparison import where
from .errors import expected
from .softmax import log_softmax

Tensor = core.Tensor
REDUCTIONS = ("none", "mean", "sum")
INTERNAL, BACKWARD = Unsupported("an internal form"), Unsupported("a backward")


def reduction_of(name, reduction, size_average=None, reduce=None):
    """The reduction's name, checked; PyTorch's two older flags are understood, with its warning."""
    if size_average is not None or reduce is not None:
        import warnings

        older = ("sum" if size_average is False else "mean") if reduce is not False else "none"
        warnings.warn(f"{name}: size_average and reduce are out of use; pass reduction={older!r}", stacklevel=4)
        return older
    if reduction not in REDUCTIONS:
        raise expected(name, f"reduction to be one of {', '.join(REDUCTIONS)}", reduction)
    return reduction


def reduced(loss, reduction):
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def _total(loss, weight, reduction):
    return loss if reduction == 0 else loss.sum() / weight if reduction == 1 else loss.sum()


def _counted(target, classes, weight, ignore_index):
    """The weight of each row, and a target that is safe to index with."""
    kept = target != ignore_index
    safe = np.where(kept, target, 0)
    if safe.size and (safe.min() < 0 or safe.max() >= classes):
        raise expected(
            "cross_entropy", f"targets in the range [0, {classes - 1}]", f"one from {safe.min()} to {safe.max()}", error=IndexError
        )
    each = kept.astype(np.float64) if weight is None else np.where(kept, weight[safe].astype(np.float64), 0)
    return kept, safe, each


@op(
    "call", tensors=("input", "target", "weight"), spaces=(), methods=False, kernel="cross_entropy", extra=("slope", "total"), onnx=INTERNAL
)
def cross_entropy_rows(input, target, weight, reduction, ignore_index, label_smoothing):
    """Cross-entropy of rows of scores and class indices; hidden, its slope along `input` and the total weight.

    Shape:
        input, slope: (N, C); target: (N); weight: (C) or None; result: (N) for reduction 0, else (); total: ().
    """
    n, c = input.shape
    kept, safe, each = _counted(target, c, weight, ignore_index)
    z = input.astype(np.float64) - input.max(1, keepdims=True) if c else input.astype(np.float64)
    logp = z - np.log(np.exp(z).sum(1, keepdims=True))
    w = np.ones(c) if weight is None else weight.astype(np.float64)
    hot = np.zeros((n, c))
    hot[np.arange(n), safe] = 1
    a, b = (1 - label_smoothing) * each, label_smoothing / c * kept
    loss = -a * logp[np.arange(n), safe] - b * (w * logp).sum(1)
    slope = (a + b * w.sum())[:, None] * np.exp(logp) - b[:, None] * w - a[:, None] * hot
    total = each.sum()
    if reduction == 1:
        slope = slope / total
    return _total(loss, total, reduction), slope, total


@infer(cross_entropy_rows)
def _(input, target, weight, reduction, ignore_index, label_smoothing):
    shape = (input.shape[0],) if reduction == 0 else ()
    outputs = [(shape, input.dtype), (tuple(input.shape), input.dtype), ((), input.dtype)]
    return outputs, (reduction, ignore_index), (label_smoothing,)


@formula(cross_entropy_rows)
def _(input, target, weight, reduction, ignore_index, label_smoothing):
    kept = target != ignore_index
    safe = where(kept, target, 0)
    logp = log_softmax(input, 1)
    picked = logp.gather(1, safe.unsqueeze(1)).squeeze(1)
    each = kept.to(input.dtype) if weight is None else where(kept, weight.gather(0, safe), 0)
    spread = (logp if weight is None else logp * weight).sum(1)
    loss = -(1 - label_smoothing) * each * picked - label_smoothing / input.shape[1] * kept.to(input.dtype) * spread
    return _total(loss, each.sum(), reduction)


@op("call", tensors=("grad", "slope"), spaces=(), methods=False, kernel="cross_entropy_backward", onnx=BACKWARD)
def scaled_slope(grad, slope):
    """The slope of each row times its gradient.

    Shape:
        grad: () or (N); slope: (N, C); result: (N, C).
    """
    return slope * (grad[:, None] if grad.ndim else grad)


@infer(scaled_slope)
def _(grad, slope):
    return [(tuple(slope.shape), slope.dtype)], (), ()


def _class_backward(g, input, target, weight, reduction, ignore_index, label_smoothing, slope, need):
    if core.is_grad_enabled():
        return (_differentiable_slope(g, input, target, weight, reduction, ignore_index, label_smoothing), None, None)
    return scaled_slope(g, slope), None, None


def _differentiable_slope(g, input, target, weight, reduction, ignore_index, label_smoothing):
    """The same gradient in plain ops of `input`, for second derivatives."""
    kept = target != ignore_index
    safe = where(kept, target, 0)
    each = kept.to(input.dtype) if weight is None else where(kept, weight.gather(0, safe), 0)
    a, b = (1 - label_smoothing) * each, label_smoothing / input.shape[1] * kept.to(input.dtype)
    p = log_softmax(input, 1).exp()
    w = weight.detach() if weight is not None else core.fill(core.make_empty((input.shape[1],), input.dtype), 1)
    ones = core.fill(core.make_empty((safe.shape[0], 1), input.dtype), 1)
    hot = core.fill(core.make_empty(tuple(input.shape), input.dtype), 0).scatter(1, safe.unsqueeze(1), ones)
    slope = (a + b * w.sum()).unsqueeze(1) * p - b.unsqueeze(1) * w - a.unsqueeze(1) * hot
    if reduction == 1:
        slope = slope / each.sum()
    return slope * (g.unsqueeze(1) if g.ndim else g)


derivative(cross_entropy_rows, together=_class_backward)
derivative(
    scaled_slope,
    grad=lambda g, grad_shape, slope: (g * slope).sum(1) if len(grad_shape) else (g * slope).sum(),
    slope=lambda g, grad: g * (grad.unsqueeze(1) if grad.ndim else grad),
)


@samples(cross_entropy_rows)
def _(s):
    yield s(s.normal(4, 3), s.integers(4, high=3), None, 1, -100, 0.0)
    yield s(s.normal(4, 3), s.integers(4, high=3), None, 0, 1, 0.1)
    yield s(s.normal(4, 3), s.integers(4, high=3), None, 2, -100, 0.0)
    for classes in (1, 2, 4, 8):  # few classes and many rows: a row in each lane
        for reduction in (0, 1):
            yield s(s.normal(19, classes) * 4, s.integers(19, high=classes), None, reduction, classes - 2, 0.0)


@samples(scaled_slope)
def _(s):
    yield s(s.normal(), s.normal(3, 4))
    yield s(s.normal(3), s.normal(3, 4))


def _rows(name, input, target, weight):
    """Scores as rows and targets as a vector, and the shape that the losses have; the classes are dimension 1 (0 without a batch)."""
    if not isinstance(input, Tensor) or not isinstance(target, Tensor):
        bad = input if not isinstance(input, Tensor) else target
        raise expected(name, f"{'input' if bad is input else 'target'} to be a Tensor", type(bad).__name__, error=TypeError)
    floating(name, input)
    if input.ndim == 0:
        raise expected(name, "input of 1 or more dimensions", input, error=ValueError)
    at = 1 if input.ndim > 1 else 0
    c = input.shape[at]
    wanted = (*input.shape[:at], *input.shape[at + 1 :])
    if input.ndim == 1 and tuple(target.shape) == (1,):
        target = target.squeeze(0)
    if tuple(target.shape) != wanted:
        raise expected(
            name, f"target of shape {wanted} for input of shape {tuple(input.shape)}", f"{tuple(target.shape)}", error=ValueError
        )
    if target.dtype is core.uint8:  # PyTorch takes it beside int64
        target = target.to(core.int64)
    if target.dtype is not core.int64:
        raise expected(name, "target of dtype int64", target.dtype.name, "cast with target.long()", RuntimeError)
    if weight is not None and tuple(weight.shape) != (c,):
        raise expected(name, f"weight of shape ({c},)", weight, error=RuntimeError)
    if weight is not None and weight.dtype is not input.dtype:
        raise expected(name, f"weight of dtype {input.dtype.name}", weight, "cast it with weight.to(input.dtype)", RuntimeError)
    rows = input if input.ndim == 2 else input.unsqueeze(0) if input.ndim == 1 else input.movedim(1, -1).reshape(-1, c)
    return rows, target.reshape(-1), wanted


@op("composite", tensors=("input", "target", "weight"), spaces="functional", methods=False,
    onnx=Unsupported("a loss is not part of an exported model"))  # fmt: skip
def cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean", label_smoothing=0.0):
    """Cross-entropy between scores and classes: -log softmax(input)[target], in one pass.

    Args:
        input: Unnormalised scores.
        target: Class indices, or probabilities of the classes with the shape of `input`.
        weight: Weight of each class; None means 1.
        ignore_index: A target that does not count.
        reduction: "mean" (over the weights of the targets that count), "sum" or "none".
        label_smoothing: Share of the probability that is spread evenly over the classes, 0 to 1.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.

    Shape:
        input: (C), (N, C) or (N, C, *); target: the same without C, or the same; weight: (C); result: (), or target's shape without C.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the shapes do not fit, or the reduction is unknown.
        IndexError: a target is no class.

    References:
        Szegedy et al. (2015), arXiv:1512.00567, for label smoothing.

    Example:
        >>> cross_entropy(tensor([[0.0, 0.0]]), tensor([1]))
        tensor(0.6931)
    """
    reduction = reduction_of("cross_entropy", reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise expected("cross_entropy", "label_smoothing in [0, 1]", label_smoothing, error=RuntimeError)
    if isinstance(target, Tensor) and isinstance(input, Tensor) and target.is_floating_point() and target.shape == input.shape:
        if ignore_index >= 0:
            what = "no ignore_index beside probabilities as target"
            raise expected("cross_entropy", what, f"{ignore_index}", "give such rows the weight 0", RuntimeError)
        return _soft(input, target, weight, reduction, label_smoothing)
    rows, flat, shape = _rows("cross_entropy", input, target, weight)
    loss = cross_entropy_rows(rows, flat, weight, REDUCTIONS.index(reduction), int(ignore_index), float(label_smoothing))
    return loss.reshape(shape) if reduction == "none" else loss


def _soft(input, target, weight, reduction, label_smoothing):
    at = 1 if input.ndim > 1 else 0
    c = input.shape[at]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / c
    logp = log_softmax(input, at)
    if weight is not None:
        logp = logp * weight.reshape(-1, *(1,) * (input.ndim - at - 1))
    loss = -(logp * target).sum(at)
    return loss if reduction == "none" else loss.sum() / (max(input.numel() // c, 1) if reduction == "mean" else 1)


@samples(cross_entropy)
def _(s):
    yield s(s.normal(4, 3), s.integers(4, high=3))
    yield s(s.normal(4, 3), s.integers(4, high=3), reduction="sum", label_smoothing=0.2)
    yield s(s.normal(2, 3, 4), s.integers(2, 4, high=3), reduction="none")
    yield s(s.normal(3), s.integers(high=3))
    yield s(s.normal(4, 3), s.integers(4, high=3), ignore_index=1)
    yield s(s.normal(4, 3), s.integers(4, high=3), -s.positive(3)).without(
        "gradcheck", "gradgradcheck", "peer_gradient", because="neither has a gradient for weight"
    )
    yield s(s.normal(3), s.integers(1, high=3)).without("peer_gradient", because="PyTorch's backward refuses what its forward takes")


@refuses(cross_entropy)
def _(s):
    yield s(s.normal(4, 3), s.integers(3, high=3)).raises(ValueError, "cross_entropy: expected target of shape (4,)")
    yield s(s.normal(4, 3), s.integers(4, low=3, high=5)).raises(IndexError, "cross_entropy")
    yield s(s.normal(4, 3), s.integers(4, high=3), reduction="avg").raises(ValueError, "cross_entropy: expected reduction")
    yield s(s.normal(4, 3), s.uniform(4, 3), ignore_index=1).raises(RuntimeError, "cross_entropy: expected no ignore_index")
    yield s(s.normal(4, 3), s.integers(4, high=3), s.integers(3)).raises(RuntimeError, "cross_entropy: expected weight of dtype")
    yield s(s.normal(4, 3), s.integers(4, high=3), label_smoothing=2.0).raises(RuntimeError, "cross_entropy: expected label_smoothing")


@op("call", tensors=("input", "target", "weight"), spaces=(), methods=False, kernel="nll_loss", extra=("total",), onnx=INTERNAL)
def nll_rows(input, target, weight, reduction, ignore_index):
    """-weight[target] * input[target] for rows; hidden, the total weight.

    Shape:
        input: (N, C); target: (N); weight: (C) or None; result: (N) for reduction 0, else (); total: ().
    """
    _, safe, each = _counted(target, input.shape[1], weight, ignore_index)
    total = each.sum()
    return _total(-each * input[np.arange(len(safe)), safe], total, reduction), total


@infer(nll_rows)
def _(input, target, weight, reduction, ignore_index):
    return [((input.shape[0],) if reduction == 0 else (), input.dtype), ((), input.dtype)], (reduction, ignore_index), ()


@op("call", tensors=("grad", "target", "weight", "total"), spaces=(), methods=False, kernel="nll_loss_backward", onnx=BACKWARD)
def nll_backward(grad, target, weight, total, classes, reduction, ignore_index):
    """The gradient of nll_rows along its input.

    Shape:
        grad: () or (N); target: (N); weight: (C) or None; total: (); result: (N, C).
    """
    _, safe, each = _counted(target, classes, weight, ignore_index)
    out = np.zeros((len(target), classes), grad.dtype)
    out[np.arange(len(target)), safe] = -each * grad / (total if reduction == 1 else 1)
    return out


@infer(nll_backward)
def _(grad, target, weight, total, classes, reduction, ignore_index):
    return [((target.shape[0], classes), grad.dtype)], (reduction, ignore_index), ()


derivative(
    nll_rows,
    input=lambda g, input_shape, target, weight, reduction, ignore_index, total: nll_backward(
        g, target, weight, total, input_shape[1], reduction, ignore_index
    ),
)


def _nll_twice(g, target, weight, total, reduction, ignore_index):
    found = nll_rows(g, target, weight, 0, ignore_index)
    return found if reduction == 0 else found.sum() / total if reduction == 1 else found.sum()


derivative(nll_backward, grad=_nll_twice)


@samples(nll_rows)
def _(s):
    yield s(s.normal(4, 3), s.integers(4, high=3), None, 1, -100)
    yield s(s.normal(4, 3), s.integers(4, high=3), None, 0, 1)


@samples(nll_backward)
def _(s):
    yield s(s.normal(), s.integers(4, high=3), None, s.positive(), 3, 2, -100)


@op("composite", tensors=("input", "target", "weight"), spaces="functional", methods=False,
    onnx=Unsupported("a loss is not part of an exported model"))  # fmt: skip
def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """The negative log-likelihood: -input[target], from log-probabilities.

    Args:
        input: Log-probabilities.
        target: Class indices.
        weight: Weight of each class; None means 1.
        ignore_index: A target that does not count.
        reduction: "mean" (over the weights of the targets that count), "sum" or "none".
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.

    Shape:
        input: (C), (N, C) or (N, C, *); target: the same without C; weight: (C); result: (), or that of target.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the shapes do not fit, or the reduction is unknown.
        IndexError: a target is no class.

    Example:
        >>> nll_loss(tensor([[-1.0, -2.0]]), tensor([1]))
        tensor(2.)
    """
    reduction = reduction_of("nll_loss", reduction, size_average, reduce)
    rows, flat, shape = _rows("nll_loss", input, target, weight)
    loss = nll_rows(rows, flat, weight, REDUCTIONS.index(reduction), int(ignore_index))
    return loss.reshape(shape) if reduction == "none" else loss


@samples(nll_loss)
def _(s):
    yield s(s.normal(4, 3), s.integers(4, high=3))
    yield s(s.normal(2, 3, 4), s.integers(2, 4, high=3), reduction="none")
    yield s(s.normal(4, 3), s.integers(4, high=3), ignore_index=2, reduction="sum")


@refuses(nll_loss)
def _(s):
    yield s(s.normal(4, 3), s.integers(3, high=3)).raises(ValueError, "nll_loss: expected target of shape (4,)")
