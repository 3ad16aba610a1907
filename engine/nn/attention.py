"""Multi-head attention."""

from __future__ import annotations

from typing import Any

from workbench.ext.core._core import Tensor

from ..ops.attention_heads import attend, check, project
from ..ops.errors import expected
from . import init
from .linear import NonDynamicallyQuantizableLinear
from .module import Module
from .parameter import Parameter, empty


class MultiheadAttention(Module):
    """Attention of several heads: each is softmax(q k^T / sqrt(head_dim)) v of its own projections; a projection joins their results.

    Args:
        embed_dim: Size E of the queries and of the result; divisible by num_heads.
        num_heads: Number of heads.
        dropout: Probability of dropping an attention weight, in training.
        bias: Whether the projections have biases.
        add_bias_kv: Append a learned key and value to every sequence.
        add_zero_attn: Append a key and value of zeros to every sequence.
        kdim: Size of the keys; E by default.
        vdim: Size of the values; E by default.
        batch_first: Whether tensors are (N, L, E) rather than (L, N, E).

    Shape:
        query: (L, N, E) or (L, E); key: (S, N, kdim); value: (S, N, vdim);
        key_padding_mask: (N, S); attn_mask: (L, S) or (N num_heads, L, S);
        result: like query, and weights (N, L, S), or (N, num_heads, L, S) with average_attn_weights=False.

    References:
        Vaswani et al. (2017), arXiv:1706.03762.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise expected("MultiheadAttention", "embed_dim and num_heads of 1 or more", f"{embed_dim} and {num_heads}")
        if embed_dim % num_heads:
            raise expected(
                "MultiheadAttention", f"embed_dim to be divisible by num_heads={num_heads}", f"{embed_dim}", error=AssertionError
            )
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn

        def made(*shape: int) -> Parameter:
            return Parameter(empty(shape, device=device, dtype=dtype))

        packed = self._qkv_same_embed_dim
        self.register_parameter("in_proj_weight", made(3 * embed_dim, embed_dim) if packed else None)
        for name, size in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            self.register_parameter(f"{name}_proj_weight", None if packed else made(embed_dim, size))
        self.register_parameter("in_proj_bias", made(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, made(1, 1, embed_dim) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            query: What asks.
            key: What is compared with the queries.
            value: What is averaged.
            key_padding_mask: True where a key does not count; or numbers to be added to its scores.
            need_weights: Also return the weights; without them a faster kernel is used.
            attn_mask: True where a query may not see a key; or numbers to be added to the scores.
            average_attn_weights: Return the mean of the heads' weights.
            is_causal: Says that attn_mask is the causal one, which is then not read; it must be given.
        """
        batched = check("MultiheadAttention", query, key, value, self.embed_dim, key_padding_mask, attn_mask, is_causal)
        separate = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        q, k, v = project(query, key, value, self.in_proj_weight, self.in_proj_bias, separate)
        if not batched:
            q, k, v = q.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0)
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
        elif not self.batch_first:
            q, k, v = q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1)
        attended, weights = attend(
            q, k, v, self.num_heads, (self.bias_k, self.bias_v), self.add_zero_attn, self.dropout if self.training else 0.0,
            key_padding_mask, need_weights, attn_mask, is_causal,
        )  # fmt: skip
        result = self.out_proj(attended)
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            return result.squeeze(0), None if weights is None else weights.squeeze(0)
        return (result if self.batch_first else result.transpose(0, 1)), weights
