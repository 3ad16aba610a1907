"""Datasets: what a loader takes samples from, by number (map-style) or one after the other (iterable)."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np

from ..errors import expected
from ..random_keys import Key, Keys
from .border import index_rows, seed_of
from .context import current_key, use_key

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """A collection of samples that are found by number: subclasses define `__getitem__`, and `__len__` for samplers.

    Two optional methods make loading fast. `__getitems__(indices)` returns the list of samples of a batch at once. `__getbatch__(indices)`
    returns the batch itself, as `default_collate` would have made it; it is used where the loader collates by default. In both,
    `current_key()` gives the random streams of all samples of the batch.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__}: expected a __getitem__(index) of its own; define it in the subclass")

    def __add__(self, other: Dataset[T_co]) -> ConcatDataset[T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """A stream of samples: subclasses define `__iter__`.

    With several worker processes each iterates its own copy: divide the stream by `get_worker_info()`, or samples come repeatedly.
    """

    @abstractmethod
    def __iter__(self) -> Iterator[T_co]: ...

    def __add__(self, other: Dataset[T_co]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Any, ...]]):
    """Samples along the first dimension of several tensors: sample i is the tuple of their rows i.

    Args:
        tensors: Tensors of equal size in the first dimension.

    Example:
        >>> TensorDataset(tensor([[1.0], [2.0]]), tensor([0, 1]))[1]
        (tensor([2.]), tensor(1))
    """

    def __init__(self, *tensors: Any) -> None:
        sizes = [len(t) for t in tensors]
        if len(set(sizes)) > 1:
            raise expected("TensorDataset", "tensors of equal size in their first dimension", str(sizes), error=AssertionError)
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(t[index] for t in self.tensors)

    def __getbatch__(self, indices: Sequence[int]) -> list[Any]:
        return [index_rows(t, indices) for t in self.tensors]

    def __len__(self) -> int:
        return len(self.tensors[0])


class StackDataset(Dataset[Any]):
    """Several datasets side by side: sample i is the tuple, or for keyword arguments the dict, of their samples i."""

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if bool(args) == bool(kwargs):
            raise expected("StackDataset", "either positional or keyword datasets", f"{len(args)} and {len(kwargs)}")
        self.datasets: tuple[Any, ...] | dict[str, Any] = args or kwargs
        sizes = [len(d) for d in self._members()]
        if len(set(sizes)) > 1:
            raise expected("StackDataset", "datasets of equal length", str(sizes))
        self._length = sizes[0]

    def _members(self) -> list[Any]:
        return list(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)

    def _pack(self, values: Iterable[Any]) -> Any:
        return dict(zip(self.datasets, values, strict=True)) if isinstance(self.datasets, dict) else tuple(values)

    def __getitem__(self, index: int) -> Any:
        return self._pack(d[index] for d in self._members())

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        columns = [samples_of(d, indices) for d in self._members()]
        if any(len(c) != len(indices) for c in columns):
            raise expected("StackDataset", f"{len(indices)} samples from each __getitems__", str([len(c) for c in columns]))
        return [self._pack(values) for values in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Map-style datasets one after the other."""

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise expected("ConcatDataset", "at least one dataset", "none", error=AssertionError)
        for d in self.datasets:
            if isinstance(d, IterableDataset):
                raise expected("ConcatDataset", "map-style datasets", type(d).__name__, "use ChainDataset", AssertionError)
        self.cumulative_sizes = list(accumulate(len(d) for d in self.datasets))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T_co:
        if not -len(self) <= index < len(self):
            error = IndexError if index > 0 else ValueError
            raise expected("ConcatDataset", f"an index in [{-len(self)}, {len(self)})", index, error=error)
        index %= len(self)
        which = bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]


class ChainDataset(IterableDataset[Any]):
    """Iterable datasets one after the other."""

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def _members(self) -> Iterator[IterableDataset[Any]]:
        for d in self.datasets:
            if not isinstance(d, IterableDataset):
                raise expected("ChainDataset", "iterable datasets", type(d).__name__, "use ConcatDataset", AssertionError)
            yield d

    def __iter__(self) -> Iterator[Any]:
        for d in self._members():
            yield from d

    def __len__(self) -> int:
        return sum(len(d) for d in self._members())  # type: ignore[arg-type, misc]


class Subset(Dataset[T_co]):
    """The samples of a dataset at given indices."""

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    @property
    def __getbatch__(self) -> Callable[[Sequence[int]], Any]:
        """There only where the dataset below has it."""
        inner = self.dataset.__getbatch__  # type: ignore[attr-defined]
        return lambda indices: inner([self.indices[i] for i in indices])

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[int]) -> list[T_co]:
        return samples_of(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def samples_of(dataset: Dataset[T_co], indices: Sequence[Any]) -> list[T_co]:
    """The samples at `indices`, each made with its own stream as the current key."""
    if hasattr(dataset, "__getitems__"):
        return dataset.__getitems__(indices)
    keys = current_key()
    if not isinstance(keys, Keys) or len(keys) != len(indices):
        return [dataset[i] for i in indices]
    samples = []
    for n, i in enumerate(indices):
        with use_key(keys[n]):
            samples.append(dataset[i])
    return samples


def random_split(dataset: Dataset[T_co], lengths: Sequence[int | float], generator: Any = None) -> list[Subset[T_co]]:
    """Divide a dataset at random into disjoint parts.

    Which samples go where depends on the seed alone: that of `generator`, else the global one.

    Args:
        dataset: A map-style dataset.
        lengths: Sizes that sum to the dataset's, or fractions that sum to 1 (what rounding leaves goes one by one to the first parts).
        generator: Its seed decides; None takes that of `manual_seed`.

    Returns:
        One Subset for each length.

    Raises:
        ValueError: The lengths do not sum to the dataset's length, or a fraction is outside [0, 1].
        TypeError: Lengths that do not sum to 1 are no ints.

    Example:
        >>> [len(part) for part in random_split(list(range(10)), [0.8, 0.2])]
        [8, 2]
    """
    n = len(dataset)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1):
        if any(not 0 <= fraction <= 1 for fraction in lengths):
            raise expected("random_split", "fractions in [0, 1]", str(list(lengths)))
        sizes = [math.floor(n * fraction) for fraction in lengths]
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
        for i, size in enumerate(sizes):
            if size == 0:
                warnings.warn(f"random_split: part {i} is empty", stacklevel=2)
    else:
        for length in lengths:
            if not isinstance(length, (int, np.integer)):
                raise expected("random_split", "lengths to be ints, or fractions that sum to 1", length, error=TypeError)
        sizes = [int(size) for size in lengths]
    if sum(sizes) != n:
        raise expected("random_split", f"lengths that sum to the dataset's {n} samples", f"{list(lengths)}")
    order = Key(seed_of(generator), "split").permutation(n).tolist()
    return [Subset(dataset, order[end - size : end]) for end, size in zip(accumulate(sizes), sizes, strict=True)]
