"""Attention of several heads: what `nn.MultiheadAttention` computes, as a function of its weights."""

from __future__ import annotations

from math import inf, sqrt

from workbench.ext.core import _core as core

from ._help import tensors
from ._space import public
from .attention import scaled_dot_product_attention
from .dropping import dropout
from .errors import expected
from .linear import linear
from .padding import pad
from .pieces import cat
from .softmax import softmax

Tensor = core.Tensor
NAME = "multi_head_attention_forward"


def project(query, key, value, weight, bias, separate=None):
    """Queries, keys and values (..., E) by one weight (3 E, E) or three."""
    e = query.shape[-1]
    if weight is not None and query is key and key is value:
        return tuple(linear(query, weight, bias).split(e, -1))
    weights = weight.split(e, 0) if weight is not None else separate
    biases = (None,) * 3 if bias is None else bias.split(e, 0)
    return tuple(linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))


def attend(q, k, v, heads, bias_kv, add_zero_attn, dropout_p, padding, need_weights, mask, is_causal, static=(None, None)):
    """What the heads take from the values (N, L, E), and the weights (N, heads, L, S) if they are asked for.

    Args:
        q, k, v: Projected, (N, L, E) and (N, S, E).
        heads: Their number.
        bias_kv: A key and a value (1, 1, E) to be appended, or Nones.
        add_zero_attn: Append a key and a value of zeros.
        dropout_p: Probability of dropping a weight.
        padding: True where a key does not count, or numbers to be added; (N, S).
        need_weights: Whether to return the weights.
        mask: True where a query may not see a key, or numbers; (L, S) or (N heads, L, S).
        is_causal: Whether `mask` is the causal one.
        static: Keys and values (N heads, S, E / heads) in the place of k and v, or Nones.
    """
    n, length, e = q.shape
    size, added = e // heads, 0
    if bias_kv[0] is not None:
        if static != (None, None):
            raise expected(NAME, "no bias_k and bias_v beside static keys or values", "both", error=AssertionError)
        k, v = (cat([x, b.expand(n, 1, e)], 1) for x, b in zip((k, v), bias_kv, strict=True))
        added += 1
    q, k, v = (x.unflatten(-1, (heads, size)).transpose(1, 2) for x in (q, k, v))
    k, v = (x if s is None else _static(s, n, heads, size) for x, s in zip((k, v), static, strict=True))
    if add_zero_attn:
        k, v = (cat([x, x.new_zeros((n, heads, 1, size))], 2) for x in (k, v))
        added += 1
    causal = is_causal and padding is None and not need_weights  # the mask is not read, as in PyTorch, for keys appended either
    bias = None if causal else _bias(mask, padding, (n, heads, length, k.shape[2] - added), added, q.dtype)
    if not need_weights:
        found = scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout_p, is_causal=causal)
        return found.transpose(1, 2).flatten(2), None
    kind = q.dtype
    if kind in (core.float16, core.bfloat16):  # rounded once, at the end
        q, k, v, bias = (None if t is None else t.float() for t in (q, k, v, bias))
    scores = (q * (1 / sqrt(size))) @ k.transpose(-2, -1)
    weights = softmax(scores if bias is None else scores + bias, -1)
    if dropout_p:
        weights = dropout(weights, dropout_p)
    return (weights @ v).to(kind).transpose(1, 2).flatten(2), weights.to(kind)


def _static(given, n, heads, size):
    if given.ndim != 3 or given.shape[0] != n * heads or given.shape[2] != size:
        raise expected(NAME, f"static keys and values of shape ({n * heads}, S, {size})", given, error=AssertionError)
    return given.unflatten(0, (n, heads))


def _bias(mask, padding, shape, added, dtype):
    """What is added to the scores (N, heads, L, S) for both masks."""
    n, heads, length, keys = shape
    if mask is not None and padding is not None and (mask.dtype is core.bool_) != (padding.dtype is core.bool_):
        import warnings

        warnings.warn("attention: attn_mask and key_padding_mask should be of one dtype", stacklevel=4)
    total = None
    if mask is not None:
        if mask.ndim not in (2, 3):
            raise expected("attention", "attn_mask with 2 or 3 dimensions", mask, error=AssertionError)
        wanted = (length, keys) if mask.ndim == 2 else (n * heads, length, keys)
        if tuple(mask.shape) != wanted:
            raise expected("attention", f"attn_mask of shape {wanted}", mask, error=RuntimeError)
        total = _additive(mask if mask.ndim == 2 else mask.reshape(n, heads, length, keys), added, dtype)
    if padding is not None:
        if tuple(padding.shape) != (n, keys):
            raise expected("attention", f"key_padding_mask of shape {(n, keys)}", padding, error=AssertionError)
        more = _additive(padding, added, dtype).unsqueeze(1).unsqueeze(1)
        total = more if total is None else total + more
    return total


def _additive(mask, added, dtype):
    """A mask as numbers to add, with zeros for the keys appended."""
    if mask.dtype is core.bool_:
        mask = mask.new_zeros(mask.shape, dtype=dtype).masked_fill(mask, -inf)
    elif not mask.is_floating_point():
        raise expected("attention", "masks of dtype bool or floating", mask, error=AssertionError)
    return pad(mask, (0, added)) if added else mask


def check(name, query, key, value, embed_dim, key_padding_mask, attn_mask, is_causal):
    """What the function and the layer ask of their arguments; whether there is a batch."""
    tensors(name, query=query, key=key, value=value)
    dims = (query.ndim, key.ndim, value.ndim)
    if dims not in ((2, 2, 2), (3, 3, 3)):
        raise expected(name, "query, key and value with 2 or 3 dimensions each", ", ".join(map(str, dims)), error=AssertionError)
    if query.shape[-1] != embed_dim:
        raise expected(name, f"query of size {embed_dim} in its last dimension", query, error=AssertionError)
    if is_causal and attn_mask is None:
        raise expected(name, "attn_mask to be given with is_causal", "None", "make it with a triu of True", RuntimeError)
    if key_padding_mask is not None and key_padding_mask.ndim != query.ndim - 1:
        raise expected(name, f"key_padding_mask with {query.ndim - 1} dimensions", key_padding_mask, error=AssertionError)
    return query.ndim == 3


@public("functional")
def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """Attention of several heads, each softmax(q k^T / sqrt(E / heads)) v of its own projections, and a projection of their results.

    Args:
        query: What asks.
        key: What is compared with the queries.
        value: What is averaged.
        embed_dim_to_check: Size E of the queries.
        num_heads: Number of heads; divides E.
        in_proj_weight: Projections of queries, keys and values, one above the other.
        in_proj_bias: Their biases; None for none.
        bias_k: A key that is appended to every sequence; None for none.
        bias_v: Its value.
        add_zero_attn: Append a key and a value of zeros.
        dropout_p: Probability of dropping a weight, in training.
        out_proj_weight: Projection of the heads' results.
        out_proj_bias: Its bias; None for none.
        training: Whether weights are dropped.
        key_padding_mask: True where a key does not count; or numbers to be added to its scores.
        need_weights: Also return the weights; without them a faster kernel is used.
        attn_mask: True where a query may not see a key; or numbers to be added to the scores.
        use_separate_proj_weight: Take the three weights that follow instead of `in_proj_weight`.
        q_proj_weight: Projection of the queries.
        k_proj_weight: Projection of the keys.
        v_proj_weight: Projection of the values.
        static_k: Keys of the heads, in the place of the projected ones.
        static_v: Values of the heads, likewise.
        average_attn_weights: Return the mean of the heads' weights.
        is_causal: Says that attn_mask is the causal one; it must be given.

    Shape:
        query: (L, N, E) or (L, E); key, value: (S, N, *) or (S, *); in_proj_weight: (3 E, E); bias_k, bias_v: (1, 1, E);
        static_k, static_v: (N heads, S, E / heads); result: that of query, and weights (N, L, S) or (N, heads, L, S) or None.

    Returns:
        The result and the weights; without a batch, without that dimension.

    Raises:
        AssertionError: sizes do not fit.
        RuntimeError: a mask does not fit, or is missing with `is_causal`.

    References:
        Vaswani et al. (2017), arXiv:1706.03762.

    Example:
        >>> eye = tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> weights = cat([eye, eye, eye])
        >>> functional.multi_head_attention_forward(eye, eye, eye, 2, 1, weights, None, None, None, False, 0.0, eye, None)[0].shape
        torch.Size([2, 2])
    """
    batched = check(NAME, query, key, value, embed_dim_to_check, key_padding_mask, attn_mask, is_causal)
    if embed_dim_to_check % num_heads:
        raise expected(NAME, f"embed_dim_to_check divisible by num_heads={num_heads}", embed_dim_to_check, error=AssertionError)
    if use_separate_proj_weight and q_proj_weight is None:
        raise expected(NAME, "q_proj_weight, k_proj_weight and v_proj_weight", "None", error=AssertionError)
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = project(query, key, value, None if separate else in_proj_weight, in_proj_bias, separate)
    q, k, v = (x.transpose(0, 1) if batched else x.unsqueeze(0) for x in (q, k, v))
    padding = key_padding_mask if key_padding_mask is None or batched else key_padding_mask.unsqueeze(0)
    found, weights = attend(
        q, k, v, num_heads, (bias_k, bias_v), add_zero_attn, dropout_p if training else 0.0, padding, need_weights, attn_mask, is_causal,
        (static_k, static_v),
    )  # fmt: skip
    result = linear(found, out_proj_weight, out_proj_bias)
    if weights is not None and average_attn_weights:
        weights = weights.mean(1)
    if not batched:
        return result.squeeze(0), None if weights is None else weights.squeeze(0)
    return result.transpose(0, 1), weights
