"""Losses that are likelihoods, and the divergence of distributions."""

from __future__ import annotations

from math import log, pi

from workbench.ext.core import _core as core

from ._define import op, refuses, samples
from ._help import floating, tensors
from .comparison import where
from .errors import expected
from .information import xlogy
from .loss import LOSS
from .loss_class import reduced, reduction_of

Tensor = core.Tensor


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """The divergence of Kullback and Leibler, element by element: target (log(target) - input), 0 where the target is 0.

    Args:
        input: Logarithms of the probabilities predicted.
        target: Probabilities, or their logarithms with `log_target`.
        size_average: Older form of `reduction`.
        reduce: Older form of `reduction`.
        reduction: "batchmean" (the sum, divided by the first size, which is the divergence), "mean", "sum" or "none".
        log_target: Whether `target` holds logarithms.

    Shape:
        input, target: any that broadcast; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the reduction is unknown.
        NotImplementedError: `input` or `target` is not floating.

    Example:
        >>> kl_div(tensor([[-0.6931, -0.6931]]), tensor([[1.0, 0.0]]), reduction="batchmean")
        tensor(0.6931)
    """
    tensors("kl_div", input=input, target=target)
    for argument, t in (("input", input), ("target", target)):
        floating("kl_div", t, argument)
    older = size_average is not None or reduce is not None
    if reduction == "mean" and not older:
        import warnings

        warnings.warn("kl_div: reduction='mean' divides by all elements; the divergence itself is reduction='batchmean'", stacklevel=2)
    loss = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    if reduction == "batchmean" and not older:
        return loss.sum() / input.shape[0] if input.ndim else loss.sum()
    return reduced(loss, reduction_of("kl_div", reduction, size_average, reduce))


@samples(kl_div)
def _(s):
    yield s(s.normal(3, 4), s.positive(3, 4), reduction="sum")
    yield s(s.normal(3, 4), s.normal(3, 4), reduction="batchmean", log_target=True)
    yield s(s.normal(2), s.tensor([0.0, 1.0]), reduction="none").without(
        "gradcheck", "gradgradcheck", "peer_gradient", because="the slope of t log t at 0 is infinite"
    )


@refuses(kl_div)
def _(s):
    yield s(s.normal(3), 1.0).raises(TypeError, "kl_div: expected target to be a Tensor, got float")
    yield s(s.normal(3), s.normal(3), reduction="avg").raises(ValueError, "kl_div: expected reduction")


@op("composite", tensors=2, spaces="functional", methods=False, onnx=LOSS)
def poisson_nll_loss(input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction="mean"):
    """The negative logarithm of Poisson's probability of a count: exp(input) - target input, or input - target log(input + eps).

    Args:
        input: Logarithms of the rates, or the rates without `log_input`.
        target: Counts.
        log_input: Whether `input` holds logarithms.
        full: Add Stirling's approximation of log(target!) where the target is more than 1.
        size_average: Older form of `reduction`.
        eps: Keeps the logarithm of the rate finite.
        reduce: Older form of `reduction`.
        reduction: "mean", "sum" or "none".

    Shape:
        input, target: any that broadcast; result: (), or the broadcast shape without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the reduction is unknown.

    Example:
        >>> poisson_nll_loss(tensor([0.0]), tensor([2.0]))
        tensor(1.)
    """
    reduction = reduction_of("poisson_nll_loss", reduction, size_average, reduce)
    tensors("poisson_nll_loss", input=input, target=target)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        safe = where(target > 1, target, 2)
        loss = loss + where(target > 1, safe * safe.log() - safe + 0.5 * (safe * (2 * pi)).log(), 0)
    return reduced(loss, reduction)


@samples(poisson_nll_loss)
def _(s):
    yield s(s.normal(3, 4), s.positive(3, 4))
    yield s(s.positive(3, 4), s.away(3, 4, kinks=(1,)), False, True, reduction="none").without(
        "peer_gradient", because="PyTorch adds the approximation in place, without its gradient"
    )
    yield s(s.normal(3), s.positive(3), reduction="sum")


@refuses(poisson_nll_loss)
def _(s):
    yield s(s.normal(3), 1.0).raises(TypeError, "poisson_nll_loss: expected target to be a Tensor, got float")


@op("composite", tensors=("input", "target", "var"), spaces="functional", methods=False, onnx=LOSS)
def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """The negative logarithm of a normal density: (log(v) + (input - target)^2 / v) / 2 with v = max(var, eps).

    Args:
        input: Means.
        target: What they should be.
        var: Variances, or one number for all.
        full: Add log(2 pi) / 2.
        eps: The least variance; > 0. It bounds the value alone: the gradient passes.
        reduction: "mean", "sum" or "none".

    Shape:
        input, target: (*, D), equal; var: the same, the same with one size 1, or (*); result: (), or that of input without reduction.

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        ValueError: the reduction is unknown, `var` is of another shape, or holds negative values.

    References:
        Nix and Weigend (1994), Estimating the mean and variance of the target probability distribution.

    Example:
        >>> gaussian_nll_loss(tensor([1.0]), tensor([3.0]), tensor([1.0]))
        tensor(2.)
    """
    reduction = reduction_of("gaussian_nll_loss", reduction)
    tensors("gaussian_nll_loss", input=input, target=target)
    if not isinstance(var, Tensor):
        var = core.fill(core.make_empty(tuple(input.shape), input.dtype), float(var))
    whole, have = tuple(input.shape), tuple(var.shape)
    if have != whole:
        if have == whole[:-1]:
            var = var.unsqueeze(-1)
        elif len(have) != len(whole) or [b for a, b in zip(whole, have) if a != b] != [1]:
            raise expected("gaussian_nll_loss", f"var of shape {whole}, the same with one size 1, or {whole[:-1]}", var)
    least = var.detach().min().item() if var.numel() else 0
    if least < 0:
        raise expected("gaussian_nll_loss", "var of 0 or more", f"a value of {least}")
    var = var + (eps - var.detach()).clamp(min=0)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    return reduced(loss + 0.5 * log(2 * pi) if full else loss, reduction)


@samples(gaussian_nll_loss)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4), s.positive(3, 4))
    yield s(s.normal(3, 4), s.normal(3, 4), s.positive(3), True, reduction="none")
    yield s(s.normal(3, 4), s.normal(3, 4), s.positive(3, 1), reduction="sum")
    yield s(s.normal(3, 4), s.normal(3, 4), s.positive(1, 4))


@refuses(gaussian_nll_loss)
def _(s):
    yield s(s.normal(3, 4), s.normal(3, 4), s.positive(4)).raises(ValueError, "gaussian_nll_loss: expected var of shape (3, 4)")
    yield s(s.normal(3), s.normal(3), s.positive(3) - 10).raises(ValueError, "gaussian_nll_loss: expected var of 0 or more")
