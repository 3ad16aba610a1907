"""Sequences of unequal length: padded to one length, or packed step by step."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from typing import Any

import numpy as np

from workbench.ext.core import _core as core
from workbench.ext.core._core import Tensor

from ...ops._help import made
from ...ops.errors import expected
from ...ops.pieces import cat

Packed = namedtuple("Packed", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"])


class PackedSequence(Packed):
    """Sequences of unequal length as the rows of their first steps, of their second steps and so on, the longest sequence first.

    Made by `pack_padded_sequence` and `pack_sequence`; recurrent layers take and give them.

    Args:
        data: The rows, (sum of batch_sizes, *).
        batch_sizes: How many sequences reach each step, (T,) of int64, not rising.
        sorted_indices: Which sequence of the batch stands at each place; None for the order given.
        unsorted_indices: Where each sequence of the batch stands; found from sorted_indices if None.

    Example:
        >>> pack_sequence([tensor([1, 2]), tensor([3])]).data
        tensor([1, 3, 2])
    """

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Tensor | None = None, sorted_indices: Tensor | None = None, unsorted_indices: Tensor | None = None
    ) -> PackedSequence:
        if batch_sizes is None:
            if not isinstance(data, (tuple, list)) or len(data) != 2:
                raise expected("PackedSequence", "data and batch_sizes, or a pair of both", data, error=AssertionError)
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequences with their data converted, as `Tensor.to` does it; itself if nothing changes."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def pin_memory(self) -> PackedSequence:
        """Itself: memory is not pinned on the CPU."""
        return self

    def cpu(self) -> PackedSequence:
        """The sequences on the CPU."""
        return self.to("cpu")

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequences on a CUDA device."""
        return self.to(core.as_device(args[0] if args else kwargs.get("device", "cuda")))

    def double(self) -> PackedSequence:
        """The sequences in float64."""
        return self.to(core.float64)

    def float(self) -> PackedSequence:
        """The sequences in float32."""
        return self.to(core.float32)

    def half(self) -> PackedSequence:
        """The sequences in float16."""
        return self.to(core.float16)

    def long(self) -> PackedSequence:
        """The sequences in int64."""
        return self.to(core.int64)

    def int(self) -> PackedSequence:
        """The sequences in int32."""
        return self.to(core.int32)

    def short(self) -> PackedSequence:
        """The sequences in int16."""
        return self.to(core.int16)

    def char(self) -> PackedSequence:
        """The sequences in int8."""
        return self.to(core.int8)

    def byte(self) -> PackedSequence:
        """The sequences in uint8."""
        return self.to(core.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether the data are on a CUDA device."""
        return "cuda" in str(self.data.device)

    def is_pinned(self) -> bool:
        """Whether the data lie in pinned memory: they never do."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another one.

    Args:
        permutation: Whole numbers from 0 in any order; None stays None.
    """
    return None if permutation is None else permutation.argsort()


def _whole(lengths: Any) -> np.ndarray:
    values = lengths.numpy() if isinstance(lengths, Tensor) else np.asarray(lengths)
    return values.astype(np.int64).reshape(-1)


def pack_padded_sequence(input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences that were padded to one length.

    Args:
        input: The sequences, (T, N, *), or (N, T, *) with batch_first.
        lengths: How long each is, from 1 to T.
        batch_first: Whether the batch is the first dimension.
        enforce_sorted: Whether the lengths have to fall; otherwise they are sorted here.

    Raises:
        RuntimeError: The lengths do not fit the input, or do not fall.
    """
    name = "pack_padded_sequence"
    x = input.transpose(0, 1) if batch_first else input
    if not input.numel():
        raise expected(name, "input with elements", input, error=RuntimeError)
    values = _whole(lengths)
    t, n = x.shape[:2]
    if values.shape != (n,):
        raise expected(name, f"{n} lengths", f"{values.size}", error=RuntimeError)
    if values.min() < 1 or values.max() > t:
        raise expected(name, f"lengths from 1 to {t}", f"{values.tolist()}", error=RuntimeError)
    order = None
    if not enforce_sorted:
        order = np.argsort(-values, kind="stable")
        values = values[order]
        x = x.index_select(1, core.from_numpy(order))
    elif (np.diff(values) > 0).any():
        raise expected(name, "lengths that fall", f"{values.tolist()}", "sort them, or give enforce_sorted=False", RuntimeError)
    there = np.arange(int(values.max()))[:, None] < values
    rows = x.flatten(0, 1).index_select(0, core.from_numpy(np.flatnonzero(there)))
    return PackedSequence(rows, core.from_numpy(there.sum(1)), None if order is None else core.from_numpy(order))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Pad packed sequences to one length: what undoes `pack_padded_sequence`.

    Args:
        sequence: The packed sequences.
        batch_first: Whether the batch is the first dimension of the result.
        padding_value: What stands behind the end of a sequence.
        total_length: The length they are padded to; None takes that of the longest.

    Returns:
        The sequences, (T, N, *) or (N, T, *), and the length of each.

    Raises:
        ValueError: total_length is less than the longest sequence.
    """
    sizes = sequence.batch_sizes.numpy()
    longest = len(sizes)
    if total_length is not None and total_length < longest:
        raise expected("pad_packed_sequence", f"total_length of {longest} or more", f"{total_length}")
    t, n = longest if total_length is None else total_length, int(sizes[0])
    rows = sequence.data
    # every place gets the number of its row, or that of a row of padding behind the last
    table = np.full((t, n), rows.shape[0])
    there = np.arange(n) < sizes[:, None]
    table[:longest][there] = np.arange(rows.shape[0])
    lengths = there.sum(0)
    if sequence.unsorted_indices is not None:
        back = sequence.unsorted_indices.numpy()
        table, lengths = table[:, back], lengths[back]
    padding = made((1, *rows.shape[1:]), rows.dtype, rows.device, padding_value)
    table = np.ascontiguousarray(table.T if batch_first else table)
    padded = cat((rows, padding), 0).index_select(0, core.from_numpy(table.reshape(-1)))
    return padded.reshape(*table.shape, *rows.shape[1:]), core.from_numpy(lengths)


def pad_sequence(sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right") -> Tensor:
    """Stack sequences, padded to the length of the longest.

    Args:
        sequences: Tensors (L, *) that differ in L alone.
        batch_first: Whether the batch is the first dimension of the result.
        padding_value: What they are padded with.
        padding_side: "right", behind the end, or "left", before the beginning.

    Returns:
        (T, N, *), or (N, T, *) with batch_first.

    Raises:
        RuntimeError: There are none, they differ in other sizes, or the side is another word.

    Example:
        >>> pad_sequence([tensor([1, 2]), tensor([3])], batch_first=True)
        tensor([[1, 2],
                [3, 0]])
    """
    if padding_side not in ("left", "right"):
        raise expected("pad_sequence", "padding_side to be left or right", padding_side, error=RuntimeError)
    if not isinstance(sequences, Iterable):
        raise expected("pad_sequence", "a list of tensors", sequences, error=RuntimeError)
    tensors = list(sequences.unbind(0)) if isinstance(sequences, Tensor) else list(sequences)
    if not tensors:
        raise expected("pad_sequence", "1 or more sequences", "none", error=RuntimeError)
    rest = tuple(tensors[0].shape[1:])
    if any(tuple(t.shape[1:]) != rest for t in tensors):
        shapes = ", ".join(str(tuple(t.shape)) for t in tensors)
        raise expected("pad_sequence", "sequences that differ in their first size alone", shapes, error=RuntimeError)
    lengths = np.array([t.shape[0] for t in tensors])
    longest, total = int(lengths.max()), int(lengths.sum())
    place = np.arange(longest) if padding_side == "right" else np.arange(longest) - (longest - lengths[:, None])
    there = (place >= 0) & (place < lengths[:, None])
    table = np.where(there, place + (np.cumsum(lengths) - lengths)[:, None], total)
    table = np.ascontiguousarray(table if batch_first else table.T)
    padding = made((1, *rest), tensors[0].dtype, tensors[0].device, padding_value)
    padded = cat((*tensors, padding), 0).index_select(0, core.from_numpy(table.reshape(-1)))
    return padded.reshape(*table.shape, *rest)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each with its length.

    Args:
        padded_sequences: (T, N, *), or (N, T, *) with batch_first.
        lengths: How long each is.
        batch_first: Whether the batch is the first dimension.
    """
    x = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[:n] for row, n in zip(x.unbind(0), _whole(lengths).tolist(), strict=False)]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences.

    Args:
        sequences: Tensors (L, *) that differ in L alone.
        enforce_sorted: Whether the lengths have to fall; otherwise they are sorted here.

    Raises:
        RuntimeError: They cannot be stacked, or their lengths do not fall.
    """
    return pack_padded_sequence(pad_sequence(sequences), [t.shape[0] for t in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that `pack_sequence` packed."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences, batch_first=True), batch_first=True)
