"""Batches of sequences of unequal length: padded to the longest, with their lengths and a mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import expected
from ..ops.padding import pad
from ..ops.pieces import stack
from .border import Tensor, to_array, to_tensor
from .collate import default_collate


class Padded(NamedTuple):
    """The sequences of a batch, padded.

    Shape:
        data: (samples, longest, *); lengths: (samples), int64; mask: (samples, longest), bool, True where data is no padding.
    """

    data: Any
    lengths: Any
    mask: Any


class PadCollate:
    """A `collate_fn` that pads sequences along their first dimension, and collates the rest as `default_collate` does.

    Args:
        values: What to pad with: a number where samples are sequences themselves; else a dict from the member of a sample that is a
            sequence (its key, or its place in a tuple) to a number. Other members are collated by default.
        side: "right" puts the padding behind the sequences, "left" before them.
        multiple_of: Round the padded length up to a multiple of this; > 0.

    Shape:
        sequences of a batch: (L_i, *); result: (samples, max L_i, *).

    Returns:
        By a call with a list of samples: a `Padded` where samples are sequences; where they are mappings a dict, where they are tuples a
        list, with a `Padded` for each member that `values` names.

    Raises:
        ValueError: side is neither of both, or multiple_of is not above 0; called with samples without one of the members.
        RuntimeError: called with sequences that differ beyond their first dimension.

    Example:
        >>> batch = PadCollate({"tokens": 0})([{"tokens": [5, 6, 7], "label": 1}, {"tokens": [8], "label": 0}])
        >>> batch["tokens"].data
        tensor([[5, 6, 7],
                [8, 0, 0]])
        >>> batch["tokens"].mask.sum().item(), batch["label"]
        (4, tensor([1, 0]))
    """

    def __init__(self, values: float | Mapping[Any, float] = 0, side: str = "right", multiple_of: int = 1) -> None:
        if side not in ("left", "right"):
            raise expected("PadCollate", 'side to be "left" or "right"', side)
        if not isinstance(multiple_of, int) or multiple_of <= 0:
            raise expected("PadCollate", "multiple_of to be an int above 0", multiple_of)
        self.values, self.side, self.multiple_of = values, side, multiple_of

    def __call__(self, batch: Sequence[Any]) -> Any:
        if not isinstance(self.values, Mapping):
            return self._pad(batch, self.values)
        first = batch[0]
        named = isinstance(first, Mapping)
        keys = list(first) if named else list(range(len(first)))
        if absent := [key for key in self.values if key not in keys]:
            raise expected("PadCollate", f"samples with the member {absent[0]!r}", f"one with {keys}", "name members that are there")
        columns = {key: [sample[key] for sample in batch] for key in keys}
        made = {k: self._pad(c, self.values[k]) if k in self.values else default_collate(c) for k, c in columns.items()}
        if named:
            return made
        return type(first)(*made.values()) if hasattr(first, "_fields") else list(made.values())

    def _pad(self, sequences: Sequence[Any], value: float) -> Padded:
        arrays: list[Any] = [to_array(s) if _plain(s) else s if isinstance(s, Tensor) else np.asarray(s) for s in sequences]
        filled = [a for a in arrays if 0 not in a.shape] or arrays[:1]
        rest = tuple(filled[0].shape[1:])
        for i, a in enumerate(arrays):
            if a.ndim == 0 or (len(a) and tuple(a.shape[1:]) != rest):
                what = f"sequences of shape ({', '.join(map(str, ('length', *rest)))})"
                raise expected("PadCollate", what, f"{tuple(a.shape)} in sample {i}", error=RuntimeError)
        lengths = np.array([len(a) for a in arrays], np.int64)
        longest = -(-int(lengths.max()) // self.multiple_of) * self.multiple_of
        mask = np.arange(longest) < lengths[:, None]
        mask = np.ascontiguousarray(mask[:, ::-1]) if self.side == "left" else mask
        if any(isinstance(a, Tensor) for a in arrays):
            data = self._of_tensors(arrays, filled[0], longest, value)
        else:
            whole = np.full((len(arrays), longest, *rest), value, np.result_type(*(a.dtype for a in filled)))
            whole[mask] = np.concatenate([a.reshape(len(a), *rest) for a in arrays])
            data = to_tensor(whole)
        return Padded(data, to_tensor(lengths), to_tensor(mask))

    def _of_tensors(self, arrays: Sequence[Any], first: Any, longest: int, value: float) -> Any:
        """By ops, which keep gradients and know bfloat16; `first` stands for sequences without elements."""
        padded = []
        for a in arrays:
            a = a if 0 not in a.shape else first[:0]
            a = a if isinstance(a, Tensor) else to_tensor(a)
            n = longest - len(a)
            padded.append(pad(a, (0, 0) * (a.ndim - 1) + ((0, n) if self.side == "right" else (n, 0)), value=value))
        return stack(padded)


def _plain(value: Any) -> bool:
    """Whether a value is a tensor that NumPy can stand for."""
    return isinstance(value, Tensor) and not value.requires_grad and not str(value.dtype).endswith("bfloat16")
