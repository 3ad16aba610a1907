"""Layers' functions as `torch` has them: other orders of arguments than `nn.functional`, and numbers where that has words.

Where no reduction is given, nothing is reduced: that is what PyTorch computes, though its stubs say otherwise.
"""

from __future__ import annotations

from workbench.ext.core import _core as core

from . import conv, conv_other, conv_transpose, ctc, dropping, loss, loss_likelihood, loss_margin, loss_triplet, norm, norm_group
from . import embedding as rows
from ._space import public
from .drawing import dropped
from .errors import expected
from .generator import key_of
from .grid import affine_grid, grid_sample
from .norm_batch import batch_norm as batch_norm_of_layers
from .order import broadcast_tensors
from .pooling import max_pool1d
from .pooling_adaptive_max import adaptive_max_pool1d as adaptive_max_pool1d_of_layers
from .randomized import rrelu_with

Tensor = core.Tensor
REDUCTIONS = ("none", "mean", "sum")
MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


def chosen(name, what, words, number):
    """The word that a number stands for."""
    if not 0 <= number < len(words):
        raise expected(name, f"{what} in [0, {len(words) - 1}] for {', '.join(words)}", number, error=RuntimeError)
    return words[number]


def reduced(name, number):
    return chosen(name, "reduction", REDUCTIONS, number)


@public("torch")
def batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled):
    """`nn.functional.batch_norm`; `cudnn_enabled` has no meaning on the CPU."""
    return batch_norm_of_layers(input, running_mean, running_var, weight, bias, training, momentum, eps)


@public("torch")
def instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled):
    """`nn.functional.instance_norm`; `cudnn_enabled` has no meaning on the CPU."""
    return norm_group.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


@public("torch")
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True):
    """`nn.functional.layer_norm`; `cudnn_enable` has no meaning on the CPU."""
    return norm.layer_norm(input, normalized_shape, weight, bias, eps)


@public("torch")
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5, cudnn_enabled=True):
    """`nn.functional.group_norm`; `cudnn_enabled` has no meaning on the CPU."""
    return norm_group.group_norm(input, num_groups, weight, bias, eps)


@public("torch")
def embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """`nn.functional.embedding`, the table first; `padding_idx` -1 means none."""
    return rows.embedding(indices, weight, None if padding_idx == -1 else padding_idx, None, 2.0, scale_grad_by_freq, sparse)


@public("torch")
def embedding_renorm_(input, indices, max_norm, norm_type):
    """Scale those rows of a table that are looked up to at most a norm, in place."""
    rows.renormalise(input, indices, max_norm, norm_type)
    return input


@public("torch")
def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction=0, zero_infinity=False):
    """`nn.functional.ctc_loss`, with a number for the reduction."""
    return ctc.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, reduced("ctc_loss", reduction), zero_infinity)


@public("torch")
def kl_div(input, target, reduction=0, *, log_target=False):
    """`nn.functional.kl_div`, with a number for the reduction."""
    result = loss_likelihood.kl_div(input, target, reduction="none", log_target=log_target)
    how = reduced("kl_div", reduction)
    return result if how == "none" else getattr(result, how)()


@public("torch")
def poisson_nll_loss(input, target, log_input, full, eps, reduction):
    """`nn.functional.poisson_nll_loss`, with a number for the reduction."""
    how = reduced("poisson_nll_loss", reduction)
    return loss_likelihood.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=how)


@public("torch")
def binary_cross_entropy_with_logits(input, target, weight=None, pos_weight=None, reduction=0):
    """`nn.functional.binary_cross_entropy_with_logits`, with a number for the reduction."""
    how = reduced("binary_cross_entropy_with_logits", reduction)
    if tuple(input.shape) != tuple(target.shape):
        input, target = broadcast_tensors(input, target)
    return loss.binary_cross_entropy_with_logits(input, target, weight, reduction=how, pos_weight=pos_weight)


@public("torch")
def margin_ranking_loss(input1, input2, target, margin=0.0, reduction=0):
    """`nn.functional.margin_ranking_loss`, with a number for the reduction."""
    return loss_margin.margin_ranking_loss(input1, input2, target, margin, reduction=reduced("margin_ranking_loss", reduction))


@public("torch")
def hinge_embedding_loss(input, target, margin=1.0, reduction=0):
    """`nn.functional.hinge_embedding_loss`, with a number for the reduction."""
    return loss_margin.hinge_embedding_loss(input, target, margin, reduction=reduced("hinge_embedding_loss", reduction))


@public("torch")
def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction=0):
    """`nn.functional.cosine_embedding_loss`, with a number for the reduction."""
    return loss_margin.cosine_embedding_loss(input1, input2, target, margin, reduction=reduced("cosine_embedding_loss", reduction))


@public("torch")
def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction=0):
    """`nn.functional.triplet_margin_loss`, with a number for the reduction."""
    how = reduced("triplet_margin_loss", reduction)
    return loss_triplet.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=how)


@public("torch")
@public("torch", name="grid_sampler_2d")
@public("torch", name="grid_sampler_3d")
def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """`nn.functional.grid_sample`, with numbers for the modes."""
    mode = chosen("grid_sampler", "interpolation_mode", MODES, interpolation_mode)
    return grid_sample(input, grid, mode, chosen("grid_sampler", "padding_mode", PADDINGS, padding_mode), align_corners)


@public("torch")
def affine_grid_generator(theta, size, align_corners):
    """`nn.functional.affine_grid`."""
    return affine_grid(theta, size, align_corners)


@public("torch")
def max_pool1d_with_indices(input, kernel_size, stride=(), padding=0, dilation=1, ceil_mode=False):
    """`nn.functional.max_pool1d`, with the places of the maxima."""
    return max_pool1d(input, kernel_size, stride or None, padding, dilation, ceil_mode, True)


@public("torch")
def adaptive_max_pool1d(input, output_size):
    """`nn.functional.adaptive_max_pool1d`, with the places of the maxima."""
    return adaptive_max_pool1d_of_layers(input, output_size, True)


@public("torch", "functional")
def conv_tbc(input, weight, bias, pad=0):
    """Convolve sequences whose time comes first.

    Args:
        input: Sequences.
        weight: Kernels.
        bias: Added to each output channel.
        pad: Zeros at both ends.

    Shape:
        input: (T, N, C); weight: (k, C, D); bias: (D,); result: (T + 2 pad - k + 1, N, D).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes do not fit.
    """
    return conv_other.conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1)


@public("torch")
def convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups):
    """Any convolution over 1 to 3 dimensions, or its transpose.

    Args:
        input: Signals.
        weight: Kernels.
        bias: Added to each output channel, or None.
        stride: Distance of neighbouring positions.
        padding: Zeros at both ends.
        dilation: Distance of neighbouring elements of a kernel.
        transposed: Take the transpose of the convolution.
        output_padding: Of a transpose: how much longer the result is at one side.
        groups: Number of groups of channels that do not mix.

    Shape:
        input: (N, C, *); weight: (D, C / groups, *), of a transpose (C, D / groups, *); result: (N, D, *).

    Returns:
        Tensor of the dtype of `input`.

    Raises:
        RuntimeError: the sizes do not fit.
    """
    n = weight.ndim - 2
    if n not in (1, 2, 3):
        raise expected("convolution", "weight of 3 to 5 dimensions", weight, error=RuntimeError)
    if transposed:
        f = getattr(conv_transpose, f"conv_transpose{n}d")
        return f(input, weight, bias, tuple(stride), tuple(padding), tuple(output_padding), groups, tuple(dilation))
    f = (conv_other.conv1d, conv.conv2d, conv_other.conv3d)[n - 1]
    return f(input, weight, bias, tuple(stride), tuple(padding), tuple(dilation), groups)


def feature_dropout_of_layers(input, p, train, inplace=False):
    """Set whole channels to 0 at random: the first two dimensions say which."""
    if not train or p == 0:
        return input
    if input.ndim < 2:
        raise expected("feature_dropout", "input of 2 or more dimensions", input, error=RuntimeError)
    ones = core.fill(core.make_empty((*input.shape[:2], *(1,) * (input.ndim - 2)), input.dtype, input.device), 1)
    result = input * (dropped(ones, p, key_of(None)) if p < 1 else ones * 0)
    return input.copy_(result) if inplace else result


def _dropout(name, function):
    """`name` and `name_`, whose third argument is called `train`."""

    def checked(input, p, train, inplace):
        if not 0 <= p <= 1:
            raise expected(name, "p in [0, 1]", p, error=RuntimeError)  # where nn.functional raises ValueError
        return function(input, p, train, inplace)

    def call(input, p, train):
        return checked(input, p, train, False)

    def in_place(input, p, train):
        return checked(input, p, train, True)

    for f, end, doc in ((call, "", f"`nn.functional.{name}`, with all arguments."), (in_place, "_", f"In-place form of `{name}`.")):
        f.__name__ = f.__qualname__ = name + end
        f.__doc__ = doc
        public("torch")(f)


_dropout("dropout", dropping.dropout)
_dropout("alpha_dropout", dropping.alpha_dropout)
_dropout("feature_dropout", feature_dropout_of_layers)
_dropout("feature_alpha_dropout", dropping.feature_alpha_dropout)


@public("torch")
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, generator=None):
    """`nn.functional.rrelu`, with a generator to draw the slopes from."""
    return rrelu_with(input, lower, upper, training, False, generator)


@public("torch")
def rrelu_(input, lower=1.0 / 8, upper=1.0 / 3, training=False, generator=None):
    """In-place form of `rrelu`."""
    return rrelu_with(input, lower, upper, training, True, generator)
