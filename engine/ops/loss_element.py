"""The internal ops of the losses that are taken element by element, each with its reduction in the same pass."""

from __future__ import annotations

from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, samples
from .comparison import where

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
