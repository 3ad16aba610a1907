"""Transformers: encoder and decoder layers, their stacks, and both together.

Sequences are (L, N, E), or (N, L, E) with batch_first. Masks are as in MultiheadAttention: True (or -inf) where attention may not go.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ..ops._help import made
from ..ops.errors import expected
from . import functional as F
from . import init
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .norm import LayerNorm

Activation = Callable[[Tensor], Tensor]


def _activation(activation: str | Activation) -> Activation:
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise expected("transformer", "activation to be 'relu', 'gelu' or a function", repr(activation), error=RuntimeError)
    return getattr(F, activation)


class _Layer(Module):
    """What encoder and decoder layers share: self-attention and the feed-forward part."""

    def _make(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: str | Activation,
        eps: float,
        batch_first: bool,
        norm_first: bool,
        bias: bool,
        n_attentions: int,
        device: Any,
        dtype: Any,
    ) -> None:
        factory = {"device": device, "dtype": dtype}
        names = ("self_attn", "multihead_attn")[:n_attentions]
        for name in names:
            setattr(self, name, MultiheadAttention(d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **factory))
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **factory)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **factory)
        self.norm_first = norm_first
        for i in range(1, n_attentions + 2):
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=eps, bias=bias, **factory))
        for i in range(1, n_attentions + 2):
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation)
        self.activation_relu_or_gelu = 1 if self.activation is F.relu else 2 if self.activation is F.gelu else 0

    def _feed_forward(self, x: Tensor, dropout: Dropout) -> Tensor:
        return dropout(self.linear2(self.dropout(self.activation(self.linear1(x)))))

    def _attend(self, attention: Any, x: Tensor, memory: Tensor, mask: Any, padding: Any, causal: bool, dropout: Dropout) -> Tensor:
        out = attention(x, memory, memory, key_padding_mask=padding, need_weights=False, attn_mask=mask, is_causal=causal)
        return dropout(out[0])


class TransformerEncoderLayer(_Layer):
    """Self-attention and a feed-forward network, each with a residual connection and layer norm.

    Args:
        d_model: Size E of the features.
        nhead: Number of heads.
        dim_feedforward: Size between the two linear layers.
        dropout: Probability of dropout, also on the attention's weights.
        activation: "relu", "gelu" or a function, between the two linear layers.
        layer_norm_eps: eps of the layer norms.
        batch_first: Whether sequences are (N, L, E).
        norm_first: Normalise before attention and feed-forward rather than after.
        bias: Whether linear layers and norms have biases.

    Shape:
        src and result: (L, N, E), (N, L, E) with batch_first, or (L, E).

    References:
        Vaswani et al. (2017), arXiv:1706.03762.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._make(d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, 1, device, dtype)

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None, is_causal: bool = False
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            return self._attend(self.self_attn, x, x, src_mask, src_key_padding_mask, is_causal, self.dropout1)

        if self.norm_first:
            x = src + attend(self.norm1(src))
            return x + self._feed_forward(self.norm2(x), self.dropout2)
        x = self.norm1(src + attend(src))
        return self.norm2(x + self._feed_forward(x, self.dropout2))


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's memory and a feed-forward network; arguments as for TransformerEncoderLayer.

    Shape:
        tgt and result: (T, N, E), (N, T, E) with batch_first, or (T, E); memory: (L, N, E), ...
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._make(d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, 2, device, dtype)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        def own(x: Tensor) -> Tensor:
            return self._attend(self.self_attn, x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal, self.dropout1)

        def other(x: Tensor) -> Tensor:
            return self._attend(self.multihead_attn, x, memory, memory_mask, memory_key_padding_mask, memory_is_causal, self.dropout2)

        if self.norm_first:
            x = tgt + own(self.norm1(tgt))
            x = x + other(self.norm2(x))
            return x + self._feed_forward(self.norm3(x), self.dropout3)
        x = self.norm1(tgt + own(tgt))
        x = self.norm2(x + other(x))
        return self.norm3(x + self._feed_forward(x, self.dropout3))


def _is_causal(mask: Tensor | None, is_causal: bool | None, length: int) -> bool:
    """Whether the mask is the causal one: as said, or by looking."""
    if is_causal is not None:
        return is_causal
    if mask is None or tuple(mask.shape) != (length, length):
        return False
    blocked = mask if mask.dtype == core.bool_ else mask == float("-inf")
    return bool((blocked == made((length, length), core.bool_, None, True).triu(1)).all())


class TransformerEncoder(Module):
    """A stack of `num_layers` copies of an encoder layer.

    Args:
        encoder_layer: The layer; every copy begins with the same weights.
        num_layers: Number of copies.
        norm: What is applied to the result, or None.
        enable_nested_tensor: Give zeros for padding where PyTorch, going over nested tensors in evaluation, would.
        mask_check: Whether padding has to be at the end for that.

    Shape:
        src and result: (L, N, E), (N, L, E) with batch_first, or (L, E).
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = self.use_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def _leaves_padding_out(self, src: Tensor, mask: Tensor | None, padding: Tensor | None) -> bool:
        """Whether PyTorch's encoder would not compute what stands at padding, and give zeros there."""
        first = self.layers[0]
        if not self.enable_nested_tensor or padding is None or mask is not None or src.ndim != 3 or self.training:
            return False
        if core.is_grad_enabled() or not isinstance(first, TransformerEncoderLayer) or padding.dtype != core.bool_:
            return False
        attention = first.self_attn
        usual = attention.batch_first and attention.in_proj_bias is not None and attention.num_heads % 2 == 0 and not first.norm_first
        if not usual or first.activation_relu_or_gelu == 0 or first.norm1.eps != first.norm2.eps:
            return False
        return not self.mask_check or not bool((padding[:, :-1] & ~padding[:, 1:]).any())

    def forward(
        self, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None, is_causal: bool | None = None
    ) -> Tensor:
        length = src.shape[-2] if src.ndim == 2 or self.layers[0].self_attn.batch_first else src.shape[0]
        causal = _is_causal(mask, is_causal, length)
        for layer in self.layers:
            src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=causal)
        if self._leaves_padding_out(src, mask, src_key_padding_mask):
            src = src.masked_fill(src_key_padding_mask.unsqueeze(-1), 0)  # type: ignore[union-attr]
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """A stack of `num_layers` copies of a decoder layer; arguments as for TransformerEncoder.

    Shape:
        tgt and result: (T, N, E), (N, T, E) with batch_first, or (T, E); memory: (L, N, E), ...
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(decoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        length = tgt.shape[-2] if tgt.ndim == 2 or self.layers[0].self_attn.batch_first else tgt.shape[0]
        causal = _is_causal(tgt_mask, tgt_is_causal, length)
        for layer in self.layers:
            tgt = layer(tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, causal, memory_is_causal)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder and a decoder; arguments as for TransformerEncoderLayer.

    Args:
        num_encoder_layers: Layers of the encoder.
        num_decoder_layers: Layers of the decoder.
        custom_encoder: Taken instead of the encoder made here.
        custom_decoder: Taken instead of the decoder made here.

    Shape:
        src: (L, N, E); tgt and result: (T, N, E); N first with batch_first.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        settings = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(TransformerEncoderLayer(*settings), num_encoder_layers, norm())
        self.decoder = custom_decoder or TransformerDecoder(TransformerDecoderLayer(*settings), num_decoder_layers, norm())
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal, memory_is_causal
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask: -inf above the diagonal, 0 elsewhere. Shape (sz, sz)."""
        return made((sz, sz), dtype, device, float("-inf")).triu(1)
