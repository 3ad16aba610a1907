"""Attention by tiles: the matrix of weights is never whole in memory."""

from __future__ import annotations

import math

from workbench.ext.core import _core as core
from workbench.ext.core.lazy import np

from ._define import Unsupported, derivative, formula, infer, op, refuses, samples
from ._help import broadcast
from .comparison import where
from .dropping import dropout
from .errors import expected
from .matmul import matmul
from .softmax import softmax

Tensor = core.Tensor


def _scores(q, k, mask, causal, scale):
    """The reference's scores, with heads of q beyond those of k sharing them."""
    k = np.repeat(k, q.shape[1] // k.shape[1], 1)
    s = np.matmul(q, np.swapaxes(k, -1, -2)) * scale
    if mask is not None:
        s = np.where(mask, s, -np.inf) if mask.dtype == np.bool_ else s + mask
    if causal:
        s = np.where(np.tril(np.ones(s.shape[-2:], bool)), s, -np.inf)
    return s


def _weights(s):
    top = s.max(-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    e = np.exp(s - top)
    total = e.sum(-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, e / total, 0), (np.log(total) + top)[..., 0]


@op("call", tensors=("query", "key", "value", "mask"), spaces=(), methods=False, kernel="attention", extra=("logsumexp",),
    onnx=Unsupported("an internal form"))  # fmt: skip
def attention(query, key, value, mask, causal, scale):
    """softmax(query @ key.T * scale + mask) @ value; hidden, the logarithm of each row's sum of exponentials.

    Shape:
        query: (B, H, L, E); key: (B, Hk, S, E); value: (B, Hk, S, Ev); mask: (B, H, L, S) or None; result: (B, H, L, Ev);
        logsumexp: (B, H, L). Hk divides H.
    """
    w, lse = _weights(_scores(query.astype(np.float64), key, mask, causal, scale))
    return np.matmul(w, np.repeat(value, query.shape[1] // value.shape[1], 1)), lse


@infer(attention)
def _(query, key, value, mask, causal, scale):
    b, h, length, _ = query.shape
    outputs = [((b, h, length, value.shape[3]), query.dtype, query), ((b, h, length), query.dtype)]
    return outputs, (bool(causal), h // max(key.shape[1], 1)), (scale,)


@op("call", tensors=("grad", "query", "key", "value", "mask", "result", "logsumexp"), spaces=(), methods=False,
    onnx=Unsupported("a backward"))  # fmt: skip
def attention_backward(grad, query, key, value, mask, result, logsumexp, causal, scale):
    """The gradients of attention along query, key and value.

    Shape:
        as those of attention; results: those of query, key and value.
    """
    share = query.shape[1] // key.shape[1]
    q = query.astype(np.float64)
    k, v = np.repeat(key, share, 1), np.repeat(value, share, 1)
    w, _ = _weights(_scores(q, key, mask, causal, scale))
    dv = np.matmul(np.swapaxes(w, -1, -2), grad)
    dw = np.matmul(grad, np.swapaxes(v, -1, -2))
    ds = w * (dw - (dw * w).sum(-1, keepdims=True)) * scale
    fold = lambda x: x.reshape(x.shape[0], -1, share, *x.shape[2:]).sum(2)  # noqa: E731
    return np.matmul(ds, k), fold(np.matmul(np.swapaxes(ds, -1, -2), q)), fold(dv)


@infer(attention_backward)
def _(grad, query, key, value, mask, result, logsumexp, causal, scale):
    outputs = [(tuple(t.shape), t.dtype, t) for t in (query, key, value)]
    return outputs, (bool(causal), query.shape[1] // max(key.shape[1], 1)), (scale,)


@formula(attention_backward)
def _(grad, query, key, value, mask, result, logsumexp, causal, scale):
    share = query.shape[1] // key.shape[1]
    k, v = key.repeat_interleave(share, 1), value.repeat_interleave(share, 1)
    w = plain_weights(query, k, mask, causal, scale)
    dw = matmul(grad, v.transpose(-1, -2))
    ds = w * (dw - (dw * w).sum(-1, True)) * scale
    fold = lambda x: x.reshape(x.shape[0], -1, share, *x.shape[2:]).sum(2)  # noqa: E731
    return matmul(ds, k), fold(matmul(ds.transpose(-1, -2), query)), fold(matmul(w.transpose(-1, -2), grad))


def plain_weights(query, key, mask, causal, scale):
    """The matrix of attention weights, in plain ops.

    Shape:
        query: (B, H, L, E); key: (B, H, S, E); mask: broadcasts to (B, H, L, S) or None; result: (B, H, L, S).
    """
    s = matmul(query * scale, key.transpose(-1, -2))
    if causal:
        seen = core.from_numpy(np.tril(np.ones(tuple(s.shape[-2:]), bool)))
        mask = seen if mask is None else where(seen, mask, False if mask.dtype is core.bool_ else -math.inf)
    if mask is not None:
        s = where(mask, s, -math.inf) if mask.dtype is core.bool_ else s + mask
    w = softmax(s, -1)
    return where((s == -math.inf).all(-1, True), 0.0, w) if mask is not None else w


def _backward(g, query, key, value, mask, causal, scale, result, logsumexp, need):
    dq, dk, dv = attention_backward(_ready(g), query, key, value, mask, result, logsumexp, causal, scale)
    return dq, dk, dv, None


derivative(attention, together=_backward)


@samples(attention)
def _(s):
    strides = {"because": "its caller has settled the strides"}
    yield s(s.normal(2, 2, 3, 4), s.normal(2, 2, 5, 4), s.normal(2, 2, 5, 3), None, False, 0.5).without(
        "layout", "layout_gradient", **strides
    )
    yield s(s.normal(1, 2, 4, 4), s.normal(1, 1, 4, 4), s.normal(1, 1, 4, 4), None, True, 0.3).without(
        "layout", "layout_gradient", **strides
    )
    q, k, v = (s.normal(1, 1, 40, 8) for _ in range(3))
    yield s(q, k, v, None, True, 0.3).without(
        "layout", "layout_gradient", "gradcheck", "gradgradcheck", because="of several tiles: too large for finite differences"
    )


def _ready(t):
    """The last dimension must lie together in memory."""
    return t if t.stride(-1) == 1 or t.shape[-1] == 1 else t.contiguous()


def _alike(name, query, key, value, share):
    """The three with the same dimensions before the last two; with `share`, the last of these, the heads, may be fewer in key and value."""
    if query.shape[:-2] == key.shape[:-2] == value.shape[:-2]:
        return query, key, value
    heads = query.shape[-3] if share and min(t.ndim for t in (query, key, value)) > 2 else 0
    if not heads:
        lead = broadcast(name, *(t.shape[:-2] for t in (query, key, value)))
        return tuple(t.expand(*lead, *t.shape[-2:]) for t in (query, key, value))
    for argument, t in (("key", key), ("value", value)):
        if not t.shape[-3] or heads % t.shape[-3]:
            raise expected(name, f"{argument} of a number of heads that divides {heads}", f"{t.shape[-3]}", error=RuntimeError)
    if key.shape[-3] != value.shape[-3]:
        key, value = (t.repeat_interleave(heads // t.shape[-3], -3) for t in (key, value))
    lead = broadcast(name, *(t.shape[:-3] for t in (query, key, value)))
    return tuple(t.expand(*lead, *t.shape[-3:]) for t in (query, key, value))


@op("composite", tensors=("query", "key", "value", "attn_mask"), spaces="functional", methods=False,
    onnx=Unsupported("exported as the ops it stands for"))  # fmt: skip
def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    """Attention: softmax(query @ key.T * scale + mask) @ value.

    Args:
        query: What asks.
        key: What answers are found by.
        value: The answers.
        attn_mask: Added to the scores; or bools, True where a key takes part.
        dropout_p: Probability that a weight is dropped, 0 to 1; it applies whenever it is not 0.
        is_causal: Position i sees keys up to i; together with `attn_mask` only where there are 4 dimensions, and nothing is dropped.
        scale: Factor of the scores; None for 1 / sqrt(E).
        enable_gqa: Let several heads of `query` share one of `key` and `value`.

    Shape:
        query: (*, H, L, E); key: (*, Hk, S, E); value: (*, Hk, S, Ev); attn_mask: broadcasts to (*, H, L, S); result: (*, H, L, Ev).

    Returns:
        Tensor of the dtype of `query`.

    Raises:
        RuntimeError: the shapes do not fit, or both `is_causal` and `attn_mask` are given where only one may be.

    References:
        Vaswani et al. (2017), arXiv:1706.03762; Dao et al. (2022), arXiv:2205.14135, for the tiles.

    Example:
        >>> scaled_dot_product_attention(ones(1, 2, 2), ones(1, 2, 2), ones(1, 2, 2))
        tensor([[[1., 1.],
                 [1., 1.]]])
    """
    name = "scaled_dot_product_attention"
    for argument, t in (("query", query), ("key", key), ("value", value)):
        if not isinstance(t, Tensor):
            raise expected(name, f"{argument} to be a Tensor", type(t).__name__, error=TypeError)
        if t.ndim < 2 or not t.is_floating_point() or t.dtype is not query.dtype:
            raise expected(name, f"{argument} of 2 or more dimensions and query's floating dtype", t, error=RuntimeError)
    if key.shape[-1] != query.shape[-1] or key.shape[-2] != value.shape[-2]:
        wanted = f"key of shape (*, {value.shape[-2]}, {query.shape[-1]}) for these query and value"
        raise expected(name, wanted, key, error=RuntimeError)
    fused = query.ndim == key.ndim == value.ndim == 4 and not dropout_p
    if is_causal and attn_mask is not None and not (fused and not attn_mask.requires_grad):  # PyTorch's fused kernels take both
        raise expected(name, "is_causal or attn_mask", "both", "fold the causal mask into attn_mask", RuntimeError)
    if not 0.0 <= dropout_p <= 1.0:
        raise expected(name, "dropout_p in [0, 1]", dropout_p)
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1]) if query.shape[-1] else 1.0
    query, key, value = _alike(name, query, key, value, enable_gqa)
    shape = query.shape
    q, k, v = (
        _ready(t if t.ndim == 4 else t.reshape(-1, *t.shape[-3:]) if t.ndim > 4 else t[(None,) * (4 - t.ndim)]) for t in (query, key, value)
    )
    mask = attn_mask
    if mask is not None:
        if mask.dtype is not core.bool_ and mask.dtype is not q.dtype:
            mask = mask.to(q.dtype)
        full = (*shape[:-1], key.shape[-2])
        if mask.ndim > 4:
            mask = mask.expand(full).reshape(-1, *full[-3:])
        mask = mask.expand(q.shape[0], q.shape[1], q.shape[2], k.shape[2])
    if dropout_p or (mask is not None and mask.requires_grad):
        share = q.shape[1] // max(k.shape[1], 1)
        k, v = (k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)) if share > 1 else (k, v)
        out = matmul(dropout(plain_weights(q, k, mask, is_causal, scale), dropout_p), v)
    else:
        out = attention(q, k, v, mask, bool(is_causal), float(scale))
    return out.reshape(*shape[:-1], value.shape[-1])


@samples(scaled_dot_product_attention)
def _(s):
    yield s(s.normal(2, 2, 3, 4), s.normal(2, 2, 5, 4), s.normal(2, 2, 5, 4))
    yield s(s.normal(2, 2, 4, 4), s.normal(2, 2, 4, 4), s.normal(2, 2, 4, 4), is_causal=True)
    yield s(s.normal(2, 3, 4), s.normal(2, 3, 4), s.normal(2, 3, 4), scale=0.7)
    yield s(s.normal(1, 2, 3, 4), s.normal(1, 2, 3, 4), s.normal(1, 2, 3, 4), s.normal(1, 2, 3, 3))
    yield s(s.normal(1, 4, 3, 4), s.normal(1, 2, 3, 4), s.normal(1, 2, 3, 4), enable_gqa=True)
    seen = s.tensor([[[[1, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 1], [1, 1, 1, 0]]]], "bool")
    yield s(s.normal(1, 2, 4, 4), s.normal(1, 2, 4, 4), s.normal(1, 2, 4, 4), seen, is_causal=True)
    yield s(s.normal(2, 3, 4), s.normal(3, 2, 5, 4), s.normal(1, 5, 4))
    yield s(s.normal(2, 1, 4, 3, 4), s.normal(3, 2, 3, 4), s.normal(4, 3, 2), enable_gqa=True).without(
        "empty", because="torch divides by the number of heads, and dies of 0"
    )


@refuses(scaled_dot_product_attention)
def _(s):
    yield s(s.normal(1, 2, 3, 4), s.normal(1, 2, 3, 5), s.normal(1, 2, 3, 4)).raises(
        RuntimeError, "scaled_dot_product_attention: expected key of shape (*, 3, 4)"
    )
    yield s(s.normal(1, 4, 3, 4), s.normal(1, 2, 3, 4), s.normal(1, 2, 3, 4)).raises(RuntimeError, "expected shapes that broadcast")
    yield s(s.normal(1, 4, 3, 4), s.normal(1, 3, 3, 4), s.normal(1, 2, 3, 4), enable_gqa=True).raises(
        RuntimeError, "scaled_dot_product_attention: expected key of a number of heads that divides 4, got 3"
    )
    q, mask = s.normal(2, 3, 4), s.mask(2, 3, 3)
    yield s(q, q, q, mask, is_causal=True).raises(RuntimeError, "scaled_dot_product_attention: expected is_causal or attn_mask, got both")


@samples(attention_backward)
def _(s):
    q, k, v = s.normal(1, 2, 3, 4), s.normal(1, 2, 5, 4), s.normal(1, 2, 5, 4)
    out, lse = attention.with_extra(q, k, v, None, False, 0.5)
    yield s(s.normal(1, 2, 3, 4), q, k, v, None, out, lse, False, 0.5).without(
        "layout", "layout_gradient", "gradcheck", "gradgradcheck", because="its result and its strides belong to its inputs"
    )
