"""`torch.nn.attention.flex_attention`: attention whose scores and mask are functions of the program's own, of whole tensors of places.

A function of (score, batch, head, query, key) gets all scores at once and tensors of places that broadcast over them, so it is one of
elementwise operations and of looking places up in tensors, as PyTorch asks for too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...errors import expected
from ...ops import space

_ops = space("torch")
_score_mod_signature = _mask_mod_signature = Callable[..., Tensor]
_DEFAULT_SPARSE_BLOCK_SIZE = 128


class AuxRequest(NamedTuple):
    """What `flex_attention` shall give beside the result."""

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """What it gives: logarithms of the softmax's sums, and the largest scores."""

    lse: Tensor | None = None
    max_scores: Tensor | None = None


def noop_mask(batch: Any, head: Any, token_q: Any, token_kv: Any) -> Tensor:
    """Let every query see every key."""
    return _ops["ones"]((), dtype=core.bool_)


def _places(sizes: tuple[int, int, int, int]) -> list[Tensor]:
    """The numbers of batch, head, query and key, each along its own dimension."""
    return [_ops["arange"](n).reshape([n if i == d else 1 for i in range(4)]) for d, n in enumerate(sizes)]


def create_mask(mod_fn: Callable[..., Tensor], B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = "cpu") -> Tensor:
    """The mask of a function of (batch, head, query, key), of shape (B, H, Q_LEN, KV_LEN): True where a query sees a key.

    Args:
        mod_fn: The function.
        B: Batches; 1 if None.
        H: Heads; 1 if None.
        Q_LEN: Queries.
        KV_LEN: Keys.
        device: Where the mask lies.
    """
    sizes = (B or 1, H or 1, Q_LEN, KV_LEN)
    return mod_fn(*_places(sizes)).expand(sizes).contiguous()


class BlockMask:
    """A mask as a function with its sizes. PyTorch leaves out whole blocks by it; here the mask is made when it is used.

    Args:
        mask_mod: A function of (batch, head, query, key).
        shape: (B, H, Q_LEN, KV_LEN).
        block_size: Accepted for PyTorch's sake.
    """

    def __init__(
        self, mask_mod: Callable[..., Tensor], shape: tuple[int, int, int, int], block_size: Any = _DEFAULT_SPARSE_BLOCK_SIZE
    ) -> None:
        self.mask_mod, self.shape = mask_mod, shape
        self.seq_lengths = shape[2:]
        self.BLOCK_SIZE = block_size if isinstance(block_size, tuple) else (block_size, block_size)

    def __repr__(self) -> str:
        return f"BlockMask(shape={self.shape}, mask_mod={getattr(self.mask_mod, '__name__', self.mask_mod)})"

    def to(self, device: Any) -> BlockMask:
        """The mask itself: there is one device."""
        return self

    def numel(self) -> int:
        """Places of the mask."""
        b, h, q, k = self.shape
        return b * h * q * k

    def to_dense(self) -> Tensor:
        """1 for each block in which some query sees some key."""
        b, h, q, k = self.shape
        rows, columns = self.BLOCK_SIZE
        padded = _ops["zeros"](b, h, -(-q // rows) * rows, -(-k // columns) * columns)
        padded[:, :, :q, :k] = create_mask(self.mask_mod, *self.shape).to(padded.dtype)
        return padded.reshape(b, h, -(-q // rows), rows, -(-k // columns), columns).amax((3, 5)).to(core.int32)

    def sparsity(self) -> float:
        """Percent of blocks in which no query sees any key."""
        dense = self.to_dense()
        return 100.0 * (1.0 - float(dense.sum()) / dense.numel())


def create_block_mask(
    mask_mod: Callable[..., Tensor],
    B: int | None,
    H: int | None,
    Q_LEN: int,
    KV_LEN: int,
    device: Any = None,
    BLOCK_SIZE: Any = _DEFAULT_SPARSE_BLOCK_SIZE,
    _compile: bool = False,
    **options: Any,
) -> BlockMask:
    """A mask for `flex_attention`; arguments as for `create_mask`."""
    return BlockMask(mask_mod, (B or 1, H or 1, Q_LEN, KV_LEN), BLOCK_SIZE)


def and_masks(*mask_mods: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A mask where all of some masks hold."""

    def both(b: Any, h: Any, q: Any, k: Any) -> Any:
        result = mask_mods[0](b, h, q, k)
        for mask in mask_mods[1:]:
            result = result & mask(b, h, q, k)
        return result

    return both if mask_mods else noop_mask


def or_masks(*mask_mods: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A mask where one of some masks holds."""

    def either(b: Any, h: Any, q: Any, k: Any) -> Any:
        result = mask_mods[0](b, h, q, k)
        for mask in mask_mods[1:]:
            result = result | mask(b, h, q, k)
        return result

    return either


def flex_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    score_mod: Callable[..., Tensor] | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    return_lse: bool = False,
    kernel_options: Any = None,
    *,
    return_aux: AuxRequest | None = None,
    **options: Any,
) -> Any:
    """Attention with scores changed by a function and masked by another.

    softmax(score_mod(query key^T scale) where block_mask) value; a query that sees nothing gets zeros.

    Args:
        query: (B, H, L, E).
        key: (B, H, S, E); fewer heads with `enable_gqa`.
        value: (B, H, S, V).
        score_mod: A function of (scores, batch, head, query, key), where the last four are places.
        block_mask: From `create_block_mask`.
        scale: What scores are multiplied by; 1 / sqrt(E) if None.
        enable_gqa: Let groups of query heads share a head of key and value.
        return_lse: Give the logarithms of the softmax's sums too.
        kernel_options: Accepted for PyTorch's sake.
        return_aux: What to give beside the result.
        options: Accepted for PyTorch's sake.
    """
    if query.ndim != 4 or key.ndim != 4 or value.ndim != 4:
        raise expected("flex_attention", "query, key and value of 4 dimensions", f"{query.ndim}, {key.ndim} and {value.ndim}")
    if key.shape[1] != query.shape[1]:
        if not enable_gqa:
            raise expected("flex_attention", f"key of {query.shape[1]} heads", key.shape[1], "enable_gqa=True lets heads be shared")
        key, value = (t.repeat_interleave(query.shape[1] // key.shape[1], dim=1) for t in (key, value))
    scores = (query @ key.transpose(-2, -1)) * (query.shape[-1] ** -0.5 if scale is None else scale)
    sizes = tuple(scores.shape)
    if score_mod is not None:
        scores = score_mod(scores, *_places(sizes))
    if block_mask is not None:
        scores = scores.masked_fill(~block_mask.mask_mod(*_places(sizes)).expand(sizes), -float("inf"))
    lse = scores.logsumexp(-1, keepdim=True)
    blind = lse == -float("inf")
    weights = (scores - lse.masked_fill(blind, 0.0)).exp().masked_fill(blind, 0.0)
    result = weights.to(query.dtype) @ value
    if return_aux is not None:
        return result, AuxOutput(lse.squeeze(-1) if return_aux.lse else None, scores.amax(-1) if return_aux.max_scores else None)
    return (result, lse.squeeze(-1)) if return_lse else result
