"""What programs take from inside of `torch.utils.data`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from ...data.dataset import Dataset, IterableDataset
from ...data.fetch import Fetcher as _BaseDatasetFetcher  # noqa: F401
from ...data.loader import DataLoader

_BaseDataLoaderIter = _SingleProcessDataLoaderIter = type(iter(DataLoader([0])))
MP_STATUS_CHECK_INTERVAL = 5.0
python_exit_status = False


class _MultiProcessingDataLoaderIter:
    """What PyTorch iterates with where there are workers; every loader has the same iterator here."""


def pin_memory(data: Any, device: Any = None) -> Any:
    """The data: the CPU reads all of its memory alike."""
    return data


class _Pipe:
    """What pipes have in common: pipes that are registered by a name are made by a method of it."""

    functions: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        if name in type(self).functions:
            return partial(type(self).functions[name], self)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class IterDataPipe(_Pipe, IterableDataset):
    """A dataset of a stream that others read from; PyTorch has given pipes up, and only the class and its decorator are here."""

    functions: ClassVar[dict[str, Callable[..., Any]]] = {}


class MapDataPipe(_Pipe, Dataset):
    """A dataset by index that others read from; see `IterDataPipe`."""

    functions: ClassVar[dict[str, Callable[..., Any]]] = {}


class functional_datapipe:  # noqa: N801 - PyTorch's name
    """A decorator of pipes: every pipe gets a method of this name that makes one of the decorated class.

    Args:
        name: That of the method.
        enable_df_api_tracing: Accepted for PyTorch's sake.
    """

    def __init__(self, name: str, enable_df_api_tracing: bool = False) -> None:
        self.name = name

    def __call__(self, cls: type) -> type:
        """Register `cls`.

        Raises:
            TypeError: It is no pipe.
        """
        kind = next((k for k in (IterDataPipe, MapDataPipe) if issubclass(cls, k)), None)
        if kind is None:
            raise TypeError(f"functional_datapipe: expected a class of pipes, got {cls.__name__}")
        kind.functions[self.name] = cls
        return cls
