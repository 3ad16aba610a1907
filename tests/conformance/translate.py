"""Values from one library to the other: tensors with their bits and strides, dtypes, and whatever holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from workbench import engine as ours
from workbench.engine import nn

BITS = {1: torch.uint8, 2: torch.int16}
UNSUPPORTED = "torch only"


class OutOfScope(Exception):  # noqa: N818  (it is no error)
    """A sample uses what this engine does not have on purpose: sparse or nested tensors, quantised dtypes, other devices."""


def our_dtype(dtype: torch.dtype) -> Any:
    """The dtype of the same name."""
    name = str(dtype).removeprefix("torch.")
    found = getattr(ours, name, None)
    if not isinstance(found, ours.dtype):
        raise OutOfScope(f"dtype {name}")
    return found


def our_tensor(t: torch.Tensor) -> Any:
    """A copy with the same values, strides and `requires_grad`, as a leaf."""
    if t.layout != torch.strided or t.is_nested:
        raise OutOfScope(f"layout {t.layout}")
    if t.device.type != "cpu":
        raise OutOfScope(f"device {t.device}")
    if t.dim() > 12:
        raise OutOfScope("more than 12 dimensions")
    dtype = our_dtype(t.dtype)
    plain = t.detach().resolve_conj().resolve_neg()
    if t.dtype is torch.bfloat16:
        made = ours.from_numpy(_dense(plain.view(torch.int16)).copy(order="K")).view(ours.bfloat16)
    else:
        made = ours.from_numpy(_dense(plain).copy(order="K")).to(dtype)
    return made.requires_grad_(True) if t.requires_grad else made


def _dense(t: torch.Tensor) -> np.ndarray:
    return t.numpy()


def as_they_lie(value: Any) -> Any:
    """As `to_ours`, with tensors that share memory wherever PyTorch's do, and expanded ones expanded: what `out=` must not be."""
    memory: dict[tuple[int, int, torch.dtype], Any] = {}
    known: dict[int, Any] = {}  # a tensor that is given twice stays one

    def once(t: torch.Tensor) -> Any:
        if id(t) not in known:
            known[id(t)] = placed(t)
        return known[id(t)]

    def placed(t: torch.Tensor) -> Any:
        if t.device.type != "cpu" or t.layout != torch.strided or t.is_nested or t.dim() > 12:
            return to_ours(t)
        if not t.numel() or t.is_conj() or t.is_neg():
            return to_ours(t)
        where = t.untyped_storage().data_ptr(), t.untyped_storage().nbytes(), t.dtype
        if where not in memory:
            memory[where] = our_tensor(torch.empty(0, dtype=t.dtype).set_(t.untyped_storage()))  # type: ignore[call-overload]
        if t.storage_offset() + sum((n - 1) * s for n, s in zip(t.shape, t.stride())) >= memory[where].numel():
            raise OutOfScope("a tensor outside its memory: PyTorch had resized it as out=, and then refused to")
        made = memory[where].as_strided(tuple(t.shape), t.stride(), t.storage_offset())
        return made.requires_grad_(True) if t.requires_grad else made

    return to_ours(torch.utils._pytree.tree_map(lambda v: once(v) if isinstance(v, torch.Tensor) else v, value))


def to_ours(value: Any) -> Any:
    """PyTorch's value as ours."""
    if isinstance(value, torch.Tensor):
        return our_tensor(value)
    if isinstance(value, torch.dtype):
        return our_dtype(value)
    if isinstance(value, torch.device):
        return ours.device(str(value))
    if isinstance(value, torch.Size):
        return ours.Size(value)
    if isinstance(value, torch.memory_format):
        return getattr(ours, str(value).removeprefix("torch."))
    if isinstance(value, torch.layout):
        if value is not torch.strided:
            raise OutOfScope(f"layout {value}")
        return ours.strided
    if isinstance(value, torch.Generator):
        raise OutOfScope("a generator of torch")
    if type(value) in (tuple, list):
        return type(value)(to_ours(v) for v in value)
    if isinstance(value, tuple):
        return tuple(to_ours(v) for v in value)
    if isinstance(value, dict):
        return {k: to_ours(v) for k, v in value.items()}
    if isinstance(value, slice):
        return slice(to_ours(value.start), to_ours(value.stop), to_ours(value.step))
    if isinstance(value, torch.nn.Module):
        return layer(value)
    if callable(value) and getattr(value, "__module__", "").startswith("torch") and hasattr(nn.functional, getattr(value, "__name__", "")):
        return getattr(nn.functional, value.__name__)
    return value


def layer(theirs: torch.nn.Module) -> Any:
    """Our layer for one of PyTorch's that is an argument itself, made anew with what its attributes tell."""
    if isinstance(theirs, torch.nn.TransformerEncoderLayer):
        activation = getattr(theirs.activation, "__name__", None) or type(theirs.activation).__name__.lower()
        mine = nn.TransformerEncoderLayer(
            theirs.self_attn.embed_dim, theirs.self_attn.num_heads, theirs.linear1.out_features, theirs.dropout.p, activation,
            theirs.norm1.eps, theirs.self_attn.batch_first, theirs.norm_first, theirs.linear1.bias is not None,
        )  # fmt: skip
        mine = mine.to(to_ours(theirs.linear1.weight.dtype))
    else:
        mine = getattr(nn, type(theirs).__name__)()
        for option in getattr(theirs, "__constants__", ()):
            setattr(mine, option, getattr(theirs, option))
    mine.load_state_dict({k: to_ours(v) for k, v in theirs.state_dict().items()})
    return mine


def to_theirs(value: Any) -> Any:
    """Our tensors as PyTorch's, without history, so that both can be compared by one comparison."""
    if isinstance(value, ours.Tensor):
        value = value.detach()
        if value.dtype is ours.bfloat16:
            return torch.from_numpy(np.array(value.view(ours.int16).numpy())).view(torch.bfloat16)
        return torch.from_numpy(np.array(value.numpy()))
    if isinstance(value, ours.dtype):
        return getattr(torch, value.name)
    if isinstance(value, ours.Size):
        return torch.Size(value)
    if isinstance(value, (tuple, list)):
        return tuple(to_theirs(v) for v in value)
    if isinstance(value, dict):
        return {k: to_theirs(v) for k, v in value.items()}
    return value


def tensors(value: Any) -> list[Any]:
    """Every tensor of either library in a value, in order."""
    if isinstance(value, (ours.Tensor, torch.Tensor)):
        return [value]
    if isinstance(value, (tuple, list)):
        return [t for v in value for t in tensors(v)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in tensors(v)]
    return []
