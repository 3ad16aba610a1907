"""Normalisation, dropout and embedding bags as `torch` offers them, with what their backward passes need beside the result."""

from __future__ import annotations

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from . import embedding_bag as bags
from ._arrays import array, whole_tensor
from ._help import made, sizes
from ._space import public
from .drawing import dropped
from .errors import expected
from .generator import key_of
from .linalg.norm import norm
from .magnitude import vector_norm
from .native_form import chosen
from .norm_batch import batch_norm

Tensor = core.Tensor


def _normalised(input, dims, eps):
    """The result, the means and the reciprocal deviations over dimensions."""
    mean = input.mean(dims, True)
    centred = input - mean
    rstd = ((centred * centred).mean(dims, True) + eps).rsqrt()
    return centred * rstd, mean, rstd


def _scaled(x, weight, bias):
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


@public("torch")
def native_layer_norm(input, normalized_shape, weight, bias, eps):
    """`layer_norm`, and the means and reciprocal deviations that it divides by.

    Args:
        input: Activations of a floating dtype.
        normalized_shape: Sizes of the dimensions to normalise over, as they end `input.shape`.
        weight: Scale, or None.
        bias: Shift, or None.
        eps: Added to the variance, > 0.

    Shape:
        input: (*, *normalized_shape); results: that of input, and (*, 1, ...) twice.

    Returns:
        Tuple of the result, the means and the reciprocal deviations, of which the result alone has a gradient.

    Raises:
        RuntimeError: `input.shape` does not end with `normalized_shape`.
    """
    shape = sizes("native_layer_norm", normalized_shape, "normalized_shape")
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise expected("native_layer_norm", f"input of shape (*, {', '.join(map(str, shape))})", input, error=RuntimeError)
    x, mean, rstd = _normalised(input, tuple(range(input.ndim - len(shape), input.ndim)), eps)
    return _scaled(x, weight, bias), mean.detach(), rstd.detach()


@public("torch")
def native_group_norm(input, weight, bias, N, C, HxW, group, eps):
    """`group_norm`, and the means and reciprocal deviations that it divides by.

    Args:
        input: Activations of a floating dtype.
        weight: Scale of each channel, or None.
        bias: Shift of each channel, or None.
        N: Number of samples.
        C: Number of channels.
        HxW: Number of positions.
        group: Number of groups of channels.
        eps: Added to the variance, > 0.

    Shape:
        input: (N, C, *); results: that of input, and (N, group) twice.

    Returns:
        Tuple of the result, the means and the reciprocal deviations.

    Raises:
        RuntimeError: `C` is no multiple of `group`.
    """
    if group < 1 or C % group:
        raise expected("native_group_norm", "C to be a multiple of group", f"{C} and {group}", error=RuntimeError)
    x, mean, rstd = _normalised(input.reshape(N, group, C // group * HxW), (2,), eps)
    shape = (C,) + (1,) * (input.ndim - 2)
    parts = (None if p is None else p.reshape(shape) for p in (weight, bias))
    return _scaled(x.reshape(input.shape), *parts), mean.squeeze(2), rstd.squeeze(2)


@public("torch")
def native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
    """`batch_norm`, and the means and reciprocal deviations of the batch that it divides by.

    Args:
        input: Activations of a floating dtype.
        weight: Scale of each channel, or None.
        bias: Shift of each channel, or None.
        running_mean: Means to use in evaluation, moved towards those of the batch in training; or None.
        running_var: Variances in the same way.
        training: Whether the batch's own statistics are used.
        momentum: Weight of the batch in the running statistics.
        eps: Added to the variance, > 0.

    Shape:
        input: (N, C, *); results: that of input, and (C,) twice; in evaluation (0,).

    Returns:
        Tuple of the result, the means and the reciprocal deviations, of which the result alone has a gradient.

    Raises:
        RuntimeError: statistics are missing in evaluation.
    """
    result = batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        empty = made((0,), input.dtype, input.device)
        return result, empty, empty.clone()
    dims = tuple(d for d in range(input.ndim) if d != 1)
    _, mean, rstd = _normalised(input, dims, eps)
    return result, mean.detach().reshape(-1), rstd.detach().reshape(-1)


@public("torch")
def native_dropout(input, p, train):
    """`dropout`, and the mask of what is kept.

    Args:
        input: Activations.
        p: Probability of 0, in [0, 1].
        train: Whether anything is dropped; None means that it is.

    Shape:
        input: (*); results: (*) twice.

    Returns:
        Tuple of the result and of bools.

    Raises:
        RuntimeError: `p` is not in [0, 1].
    """
    if not 0 <= p <= 1:
        raise expected("native_dropout", "p in [0, 1]", p, error=RuntimeError)
    if train is False or p in (0, 1):
        keep = p != 1 or train is False
        return input * float(keep), made(input.shape, core.bool_, input.device, keep)
    ones = made(input.shape, input.dtype, input.device, 1)
    scale = dropped(ones, p, key_of(None))
    return input * scale, scale != 0


@public("torch")
def norm_except_dim(v, pow=2, dim=0):
    """The norms of the slices along a dimension, with the shape that scales them; -1 means one norm of everything.

    Args:
        v: Tensor.
        pow: Order of the norm.
        dim: The dimension, or -1.

    Shape:
        v: (*, n, *); result: (1, n, 1), or ().

    Returns:
        Tensor.
    """
    if dim == -1:
        return v.norm(pow)
    rows = v.transpose(0, dim).reshape(v.shape[dim], -1).norm(pow, 1)
    return rows.reshape([n if d == dim else 1 for d, n in enumerate(v.shape)])


@public("torch")
def embedding_bag(
    weight, indices, offsets, scale_grad_by_freq=False, mode=0, sparse=False, per_sample_weights=None, include_last_offset=False,
    padding_idx=None,
):  # fmt: skip
    """`nn.functional.embedding_bag`, the table first, with what its backward needs.

    Args:
        weight: Table.
        indices: Rows that are looked up.
        offsets: Where each bag begins.
        scale_grad_by_freq: Divide gradients by how often a row is looked up.
        mode: 0 for sums, 1 for means, 2 for maxima.
        sparse: Accepted for PyTorch's sake.
        per_sample_weights: Factors of the rows, for sums; or None.
        include_last_offset: Whether the last offset is the end of the last bag.
        padding_idx: A row that is left out, or None.

    Shape:
        weight: (V, D); indices: (n,); offsets: (B,) or (B + 1,); results: (B, D), (n,), (B,), and (B,) or of maxima (B, D).

    Returns:
        Tuple of the result, the bag of each index, the sizes of the bags, and of maxima the rows that they come from; of sums, the
        first is empty and the others are zeros, as in PyTorch.

    Raises:
        RuntimeError: `mode` is another number.
    """
    how = chosen("embedding_bag", "mode", ("sum", "mean", "max"), mode)
    result = bags.embedding_bag(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, how, sparse, per_sample_weights, include_last_offset, padding_idx
    )
    n = result.shape[0]
    if mode == 0:
        return result, whole_tensor([]), whole_tensor([0] * n), whole_tensor([0] * n)
    i, starts = array(indices).reshape(-1), array(offsets)[:n]
    bag = np.searchsorted(starts, np.arange(len(i)), "right") - 1
    kept = np.ones(len(i), bool) if padding_idx is None else i != padding_idx
    count = np.bincount(bag[kept], minlength=n)
    if mode == 1:
        return result, whole_tensor(bag), whole_tensor(count), whole_tensor(count)
    table, winner = array(weight), np.zeros((n, weight.shape[1]), np.int64)
    for b in range(n):
        rows = i[kept & (bag == b)]
        if len(rows):
            winner[b] = rows[table[rows].argmax(0)]
    return result, whole_tensor(bag), whole_tensor(count), whole_tensor(winner)


@public("torch")
def frobenius_norm(input, dim, keepdim=False, *, out=None):
    """The root of the sum of squares over dimensions, of which () means all: an older form of `linalg.vector_norm`."""
    return vector_norm(input, 2, dim if dim != () and dim != [] else None, keepdim, out=out)


@public("torch")
def nuclear_norm(input, dim=(-2, -1), keepdim=False, *, out=None):
    """The sum of the singular values of matrices: an older form of `linalg.matrix_norm`."""
    dim, keepdim = ((-2, -1), dim) if isinstance(dim, bool) else (dim, keepdim)
    return norm(input, "nuc", tuple(dim), keepdim) if out is None else out.copy_(norm(input, "nuc", tuple(dim), keepdim))
